"""Never green while it is not: whatever is wrong, no line, badge or sentence of any page says that all is well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.stack.stack import Stack
from tests.browser.windows import call, end_faults, go_to, heading, keep_picture, order_fault, post_webhook, until
from tests.support.documents import example

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]
SECONDS = 150.0
"""Until a pause is over, and for the next look at what waits."""


def sign_up(stack: Stack, number: int) -> None:
    person = {"id": number, "first_name": "Ivo", "email": f"ivo{number}@example.com", "source": "Referred", "referrer_id": 5}
    assert post_webhook(stack, person) == 202


def configure(stack: Stack, **changes: Any) -> None:
    versions = call(stack, "GET", "/api/campaigns/1/versions")["items"] if call(stack, "GET", "/api/campaigns")["items"] else []
    last = {"If-Match": f'"{versions[0]["version"]}"'} if versions else {}
    call(stack, "PUT", "/api/campaigns/1", {**example(), "qualification": None, **changes}, **last)


@pytest.fixture(autouse=True)
def working(page: Page, stack: Stack) -> None:
    """The set-up is complete and all is well, and the page says so: whatever is wrong later was not wrong before."""
    configure(stack)
    sign_up(stack, 1)
    go_to(page, "Campaigns")
    go_to(page, "Overview")
    until(page, line(page).get_by_text("All is well.").count, lambda: look_again(page), seconds=SECONDS)
    until(page, campaigns(page).get_by_text("Active", exact=True).count, lambda: look_again(page), seconds=SECONDS)


def line(page: Page) -> Locator:
    """Under the header of every page."""
    return page.get_by_role("region", name="Health")


def look_again(page: Page) -> None:
    page.reload()
    page.locator("main:not([aria-busy]) h1").wait_for()
    line(page).wait_for()


def campaigns(page: Page) -> Locator:
    return page.locator("section.card", has=page.get_by_role("heading", name="Campaigns", exact=True))


def nothing_is_green(page: Page, stack: Stack, sentence: str) -> None:
    """On no page."""
    for name in ("Overview", "Campaigns", "Health"):
        go_to(page, name)
        look_again(page)
        until(page, line(page).get_by_text(sentence).count, lambda: look_again(page), seconds=SECONDS)
        assert "All is well." not in page.locator("body").inner_text()
        assert "Nothing is wrong" not in page.locator("body").inner_text()
        assert page.locator(".health.good").count() == 0
        assert page.get_by_text("Active", exact=True).count() == 0
    page.goto(f"{stack.url}/#/campaigns/1")
    heading(page, "Friends of ours").wait_for()
    badge = page.locator(".head .badge")
    assert badge.inner_text() != "Active"
    assert "good" not in str(badge.get_attribute("class"))


def free(page: Page) -> int:
    """How many vendors the page Health says can be called freely."""
    go_to(page, "Health")
    page.get_by_role("heading", name="How much of each limit is used").wait_for()
    return page.locator(".limit .badge").filter(has_text="Free").count()


@contextmanager
def disconnected(stack: Stack, *vendors: str) -> Iterator[None]:
    for vendor in vendors:
        call(stack, "POST", "/api/connection/disconnect", {"vendor": vendor})
    try:
        yield
    finally:
        call(stack, "POST", "/api/connection/intercom", {"access_token": stack.settings.intercom_token})
        call(stack, "PUT", "/api/connection/referral-factory", {"api_key": stack.settings.referral_factory_key})


def test_with_both_disconnected(page: Page, stack: Stack) -> None:
    assert free(page) == 2
    with disconnected(stack, "intercom", "referral_factory"):
        nothing_is_green(page, stack, "Intercom was disconnected by a person. And 1 more.")
        keep_picture(page, "green-disconnected")
        assert free(page) == 0


def test_with_referral_factory_alone_disconnected(page: Page, stack: Stack) -> None:
    with disconnected(stack, "referral_factory"):
        nothing_is_green(page, stack, "Referral Factory was disconnected by a person.")
        assert free(page) == 1


def test_with_intercom_that_answers_503(page: Page, stack: Stack) -> None:
    order_fault(stack.intercom_url, kind="status", status=503)
    try:
        for number in range(10, 22):
            sign_up(stack, number)
        nothing_is_green(page, stack, "does not answer")
        keep_picture(page, "green-503")
        assert free(page) == 1
        page.goto(f"{stack.url}/#/campaigns/1")
        page.locator(".head").get_by_text(re.compile("^Signups wait: .*does not answer")).wait_for()
    finally:
        end_faults(stack.intercom_url)


def test_with_nothing_chosen(page: Page, stack: Stack) -> None:
    nothing = {"action": "none"}
    configure(stack, person_invited=nothing, person_referring=nothing, sync={"mode": "off"})
    nothing_is_green(page, stack, "Nobody is sent")
    keep_picture(page, "green-nothing-chosen")


def test_with_no_place_for_the_link(page: Page, stack: Stack) -> None:
    configure(stack, sync={**example()["sync"], "mode": "ongoing", "write_back": {}})
    nothing_is_green(page, stack, "Referral links have nowhere to go")


def test_while_the_application_cannot_tell(page: Page, stack: Stack) -> None:
    down = {"title": "Service unavailable", "status": 503, "detail": "The application does not answer now."}
    page.route("**/api/health", lambda route: route.fulfill(status=503, json=down))
    try:
        go_to(page, "Campaigns")
        look_again(page)
        line(page).get_by_text("does not answer now").wait_for()
        page.get_by_text("The application did not say whether it works now.").wait_for()
        assert page.locator(".badge.good, .health.good").count() == 0
        page.goto(f"{stack.url}/#/campaigns/1")
        heading(page, "Friends of ours").wait_for()
        assert "good" not in str(page.locator(".head .badge").get_attribute("class"))
    finally:
        page.unroute("**/api/health")
