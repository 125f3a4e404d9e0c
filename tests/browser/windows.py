"""What the browser's tests do in its windows."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from sandbox.stack.stack import Stack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

ARTEFACTS = Path(__file__).parents[2] / "artefacts"
STORY_SECONDS = 60.0
CALL_SECONDS = 60.0
PATIENCE = 90_000
"""Milliseconds that anything on a page may take, on a machine that has other work as well."""
PAUSE = 700
"""Milliseconds between two looks."""
_numbers = itertools.count(1)


@contextmanager
def fresh_context(browser: Browser) -> Iterator[BrowserContext]:
    """As a private window: no cookies of anybody's."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    try:
        yield context
    finally:
        context.close()


def sign_in(page: Page, stack: Stack, place: str = "") -> None:
    """One click, as the person who may do everything. A link to a page leads on to the sign-in by itself."""
    page.goto(f"{stack.url}/{place}")
    if not place:
        page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Mara Marketer").click()
    page.get_by_role("navigation", name="Pages").wait_for()
    page.locator("main:not([aria-busy]) h1").wait_for()


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", level=1, name=name)


def keep_picture(page: Page, name: str, *, whole: bool = True) -> None:
    """Of the whole page, or of what the window shows of it."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=whole)


def numbered(story: str) -> Callable[[Page, str], None]:
    """Pictures in the order of a story."""

    def keep(page: Page, name: str) -> None:
        keep_picture(page, f"{story}-{next(_numbers):02}-{name}")

    return keep


def go_to(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()
    heading(page, name).wait_for()


def says(page: Page, text: str) -> None:
    page.get_by_role("status").filter(has_text=text).first.wait_for()


def holds(field: Locator, value: str) -> None:
    """Waits until a form's field holds this."""
    from playwright.sync_api import expect

    expect(field).to_have_value(value, timeout=PATIENCE)


def choose(field: Locator, name: str) -> None:
    """In a list that one can search: types the name and takes the entry of that name."""
    field.click()
    field.fill(name)
    field.locator("xpath=..").get_by_role("option", name=re.compile(rf"^{re.escape(name)}\b", re.IGNORECASE)).first.click()


def chosen(field: Locator, value: str) -> None:
    """Waits until that entry of such a list is chosen."""
    from playwright.sync_api import expect

    expect(field).to_have_attribute("data-value", value, timeout=PATIENCE)


def answer(page: Page, title: str, choice: str) -> None:
    """Presses a button of the dialog that is open."""
    dialog = page.get_by_role("dialog", name=title)
    dialog.get_by_role("button", name=choice).click()
    dialog.wait_for(state="detached")


def until(page: Page, seen: Callable[[], Any], again: Callable[[], Any], *, seconds: float = STORY_SECONDS) -> None:
    """Looks, and does ``again`` until it is seen."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, page.get_by_role("main").inner_text()
        again()
        page.wait_for_timeout(PAUSE)


def sign_up(page: Page, address: str, first_name: str, email: str) -> None:
    """In Referral Factory's campaign page."""
    page.goto(address)
    page.get_by_label("First Name").fill(first_name)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Last Name").fill("Example")
    page.get_by_role("button", name="Sign up").click()
    page.locator("#referral-link").wait_for()


def call(stack: Stack, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """The API, for what a test needs beforehand."""
    headers["Authorization"] = f"Bearer {stack.token()}"
    answer = requests.request(method, stack.url + path, json=body, headers=headers, timeout=CALL_SECONDS)
    assert answer.status_code < 300, answer.text
    return answer.json()


def post_webhook(stack: Stack, body: Any, *, event: str = "joined", secret: str | None = None) -> int:
    """As Referral Factory; the answer's status."""
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"X-Webhook-Secret": secret or stack.settings.webhook_secret, "Content-Type": "application/json"}
    address = f"{stack.url}/webhooks/referral-factory/1/{event}"
    return requests.post(address, data=text.encode(), headers=headers, timeout=CALL_SECONDS).status_code


def order_fault(address: str, **order: Any) -> None:
    """A stand-in plays it from now on; see ``sandbox.vendors.faults``."""
    assert requests.post(f"{address}/__admin/faults", json=order, timeout=CALL_SECONDS).status_code < 300


def end_faults(address: str) -> None:
    assert requests.delete(f"{address}/__admin/faults", timeout=CALL_SECONDS).status_code < 300
