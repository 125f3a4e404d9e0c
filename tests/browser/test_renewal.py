"""Pages that renew themselves, over the whole application in memory: what has the focus, is opened or scrolled stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from functions.console import handler
from shared.domain.person import Audience, Person, Referrer
from shared.domain.signup.referral import Referral, State
from tests.browser.windows import PATIENCE
from tests.support.clock import NOW
from tests.support.console_api import CONSOLE, Console
from tests.support.syncing import SyncApp

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route

pytestmark = pytest.mark.browser
SESSION = '{"token": "x", "name": "Mara", "email": "mara@example.com", "expires": 9e15}'
VIOLATIONS = (
    "addEventListener('securitypolicyviolation', ({ violatedDirective }) => console.error('violation of ' + violatedDirective))"
)
TELEPHONE = {"width": 390, "height": 800}


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """Campaign 1 is active, three friends came by Rita."""
    values = {
        "STAGE": "local",
        "OIDC_ISSUER": "https://issuer.example.com",
        "OIDC_CLIENT_ID": "console",
        "OIDC_SCOPES": "openid",
        "SIGN_IN_URL": "",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    for cached in (handler._settings, handler._page):
        cached.cache_clear()
    console = Console()
    console.app.configure()
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
    for number in (1, 2, 3):
        join(console, number)
    yield console
    handler._settings.cache_clear()


def join(console: Console, number: int, state: State = State.DELIVERED) -> None:
    by = Referrer(41, "Rita", "rita@example.com")
    person = Person(
        number, audience=Audience.PERSON_INVITED, first_name=f"Friend {number}", email=f"f{number}@example.com", referrer=by
    )
    console.app.environment.referrals.add(Referral(1, number, state, person, NOW - 600 + number, reason="Intercom: 400"))


@pytest.fixture
def window(browser: Browser, console: Console) -> Iterator[Page]:
    """The signed-in marketer's window; its clock is moved by hand. Nothing in it may fail or break the policy."""
    wrong: list[str] = []
    context = browser.new_context(base_url=CONSOLE)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.add_init_script(f"if (location.hash) {{ {VIOLATIONS}; sessionStorage.setItem('session', '{SESSION}') }}")
    page.clock.install(time=NOW)
    page.route("**/*", lambda route: answer(route, console))
    yield page
    context.close()
    assert wrong == []


def answer(route: Route, console: Console) -> None:
    url, method = urlsplit(route.request.url), route.request.method
    if url.path.startswith("/api/"):
        given = console.call(method, url.path, route.request.post_data, url.query)
        route.fulfill(status=given.status, headers=given.headers, body=given.text)
        return
    event = {"rawPath": url.path, "headers": {}, "requestContext": {"http": {"method": method, "path": url.path}}}
    file = handler.lambda_handler(event, None)
    route.fulfill(status=file["statusCode"], headers=file["headers"], body=file["body"])


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


def scrolled(page: Page, label: str) -> int:
    left: int = page.get_by_role("group", name=label).first.evaluate("(view) => view.scrollLeft")
    return left


def test_the_overview_keeps_focus_what_is_opened_and_how_far_it_is_scrolled(window: Page, console: Console) -> None:
    window.set_viewport_size(TELEPHONE)
    window.goto("/#/overview")
    window.get_by_text("The same in numbers").click()
    chart = "Friends invited, by day"
    window.get_by_role("group", name=chart).first.evaluate("(view) => (view.scrollLeft = 40)")
    window.get_by_role("link", name="Rita").focus()
    join(console, 4)
    console.app.wait(60)
    renew(window, window.get_by_role("link", name="Friends invited: 4"))
    assert focused(window) == "Rita"
    assert window.get_by_role("table", name="Days in numbers").is_visible()
    assert scrolled(window, chart) == 40


def test_health_keeps_focus_and_what_is_opened_while_a_problem_appears(window: Page, console: Console) -> None:
    window.goto("/#/health")
    window.get_by_text("The same in numbers").click()
    window.get_by_role("link", name="Look at them").first.focus()
    join(console, 4, State.FAILED)
    console.app.wait(60)
    renew(window, window.locator(".tile", has_text="Need attention").get_by_text("1", exact=True))
    window.locator("#main").get_by_text("1 person needs somebody to look").first.wait_for()
    assert focused(window) == "Look at them"
    assert window.get_by_role("table", name="Days in numbers").is_visible()


def test_the_header_says_what_is_wrong_now(window: Page, console: Console) -> None:
    window.goto("/#/help")
    header = window.get_by_role("region", name="Health", exact=True)
    header.get_by_role("link").focus()
    join(console, 4, State.FAILED)
    console.app.wait(60)
    renew(window, header.get_by_text(re.compile("somebody to look|things need")))
    assert window.evaluate("document.activeElement.closest('#health') !== null")


@pytest.mark.parametrize("address", ["#/activity/1/42", "#/activity?open=1-42"])
def test_a_persons_story_keeps_the_opened_call_while_calls_are_added(window: Page, console: Console, address: str) -> None:
    app = console.app
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts"})
    app.sign_up()
    window.goto(f"/{address}")
    window.get_by_text("For developers: ").click()
    opened = window.locator("details.call").last
    opened.locator("summary").click()
    opened.locator("summary").focus()
    app.wire.faults.clear()
    app.wait(40)
    app.work()
    renew(window, window.locator("details.call:nth-of-type(2)"))
    assert window.locator("details.developers").get_attribute("open") is not None
    assert opened.get_attribute("open") is not None
    assert opened.locator("summary").evaluate("(summary) => summary === document.activeElement")


def test_the_list_keeps_the_focus_while_somebody_new_comes_in(window: Page, console: Console) -> None:
    window.goto("/#/activity")
    people = window.get_by_role("table", name="People, newest first")
    people.get_by_role("link", name="Friend 2").focus()
    join(console, 4)
    renew(window, people.get_by_role("link", name="Friend 4"))
    assert focused(window) == "Friend 2"
    assert people.locator("tbody a.person-name").all_inner_texts() == ["Friend 4", "Friend 3", "Friend 2", "Friend 1"]
    people.get_by_label("Select Friend 3").check()
    window.get_by_text("1 person selected").wait_for()
    assert people.locator("tr.chosen").get_by_role("link", name="Friend 3").count() == 1
    assert people.get_by_label("Select everybody shown").evaluate("(box) => box.indeterminate")


def test_a_run_that_goes_on_keeps_the_focus_on_its_button(window: Page, console: Console) -> None:
    app = SyncApp()
    fresh = Console(app)
    console.app, app.environment = fresh.app, fresh.app.environment
    app.choose()
    app.add_many(60)
    app.start()
    window.goto("/#/syncs")
    window.locator(".run").get_by_text("Waiting").wait_for()
    window.get_by_role("button", name="Sync now").focus()
    app.step()
    renew(window, window.locator(".run").get_by_text("60 of 60 contacts"))
    assert focused(window) == "Sync now"
    assert window.get_by_role("progressbar").count() == 0


def test_every_page_is_shown_and_nothing_goes_wrong_in_its_scripts(window: Page, console: Console) -> None:
    join(console, 4, State.FAILED)
    tabs = ("", "/invited", "/referring", "/qualification", "/rewards", "/sync", "/versions")
    pages = ["overview", "health", "campaigns", "activity?text=f1@example.com", "quarantine", "syncs", "connection", "help"]
    for address in [*pages, *(f"campaigns/1{tab}" for tab in tabs)]:
        window.goto(f"/#/{address}")
        window.locator("main:not([aria-busy]) h1").wait_for()
        window.clock.run_for(2_000)
        assert window.locator("main").get_by_text("cannot be shown").count() == 0, address
        assert window.locator("main").get_by_text("[object Object]").count() == 0, address
