"""The console over the whole application in memory: no stack to start, and the time is the test's."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from functions.console import handler
from shared.domain.person import Audience, Person, Referrer
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from tests.support.builders import APPLICATION
from tests.support.clock import NOW
from tests.support.console_api import CONSOLE, Console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page, Route

PATIENCE = 60_000
"""Milliseconds: no other process is waited for."""
SETTINGS = {
    "STAGE": "local",
    "OIDC_ISSUER": "https://issuer.example.com",
    "OIDC_CLIENT_ID": "console",
    "OIDC_SCOPES": "openid",
    "SIGN_IN_URL": "",
}
"""The environment of the function that serves the files."""
SESSION = '{"token": "x", "name": "Mara", "email": "mara@example.com", "expires": 9e15}'
VIOLATIONS = (
    "addEventListener('securitypolicyviolation', ({ violatedDirective }) => console.error('violation of ' + violatedDirective))"
)


@contextmanager
def signed_in(browser: Browser, console: Console, *, faulty: bool = False, **context: Any) -> Iterator[Page]:
    """The marketer's window; its clock is moved by hand. Nothing in it may fail or break the policy; calls may where the
    application is ``faulty``."""
    wrong: list[str] = []
    opened = browser.new_context(base_url=CONSOLE, **context)
    opened.set_default_timeout(PATIENCE)
    page = opened.new_page()
    is_refusal = re.compile("Failed to load resource").match if faulty else lambda _: None
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" and not is_refusal(line.text) else None)
    page.add_init_script(f"if (location.hash) {{ {VIOLATIONS}; sessionStorage.setItem('session', '{SESSION}') }}")
    page.clock.install(time=console.app.clock.at)
    page.route("**/*", lambda route: answer(route, console))
    yield page
    opened.close()
    assert wrong == []


def answer(route: Route, console: Console) -> None:
    url, method = urlsplit(route.request.url), route.request.method
    if not route.request.url.startswith(CONSOLE):
        return route.abort()  # where people sign in: nobody is there
    if url.path.startswith("/api/"):
        sent = {name: value for name, value in route.request.headers.items() if name in {"accept", "if-match"}}
        given = console.call(method, url.path, route.request.post_data, url.query, **sent)
        return route.fulfill(status=given.status, headers=given.headers, body=given.text)
    if url.path.startswith("/oauth/"):
        back = console.callback(url.query)
        return route.fulfill(status=back.status, headers=back.headers, body=back.text)
    event = {"rawPath": url.path, "headers": {}, "requestContext": {"http": {"method": method, "path": url.path}}}
    file = handler.lambda_handler(event, None)
    return route.fulfill(status=file["statusCode"], headers=file["headers"], body=file["body"])


def at_our_own_address(console: Console) -> Console:
    """A made-up person comes by our own webhook."""
    console.app.settings = replace(console.app.settings, console_url=f"{APPLICATION}/")
    console.app.environment = console.app.new_environment()
    return console


def join(console: Console, number: int, state: State = State.DELIVERED) -> None:
    by = Referrer(41, "Rita", "rita@example.com")
    person = Person(
        number, audience=Audience.PERSON_INVITED, first_name=f"Friend {number}", email=f"f{number}@example.com", referrer=by
    )
    console.app.environment.referrals.add(Referral(1, number, state, person, NOW - 600 + number, reason="Intercom: 400"))


def renew(page: Page, seen: Locator) -> None:
    """Time passes, until the page shows what is new."""
    for _ in range(20):
        page.clock.run_for(5_000)
        page.wait_for_timeout(50)
        if seen.count():
            return
    seen.wait_for()


def focused(page: Page) -> str:
    name: str = page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent")
    return name
