"""Pages that cannot show what they should, and people who may not see them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sandbox.stack.stack import Stack
from tests.browser.console.pressing import save
from tests.browser.windows import (
    chosen,
    fresh_context,
    go_to,
    heading,
    holds,
    keep_picture,
    order_fault,
    until,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]


def test_the_console_works_while_intercom_is_down_and_says_so(page: Page, stack: Stack) -> None:
    order_fault(stack.intercom_url, kind="status", status=503)
    page.goto(f"{stack.url}/#/campaigns/1/invited")
    page.reload()
    invited = page.get_by_role("tabpanel", name="Person invited")
    invited.get_by_role("button", name="Refresh attributes").click()
    invited.get_by_text("Intercom does not answer now").first.wait_for(timeout=60_000)
    chosen(invited.get_by_label("Row 1: to"), "name")  # the list from before can still be chosen from
    invited.get_by_text("The list is from before, today").first.wait_for()
    page.get_by_label("Name of the campaign").fill("Friends while it is down")
    save(page, stack)
    keep_picture(page, "console-intercom-down")


def test_the_attributes_that_came_last_are_kept_for_a_page_that_opens_while_intercom_is_down(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/#/campaigns/1/invited")
    page.reload()
    invited = page.get_by_role("tabpanel", name="Person invited")
    invited.get_by_text("attributes in your Intercom workspace").wait_for()
    down = {"title": "Service unavailable", "status": 503, "detail": "Intercom does not answer now."}
    page.route("**/api/attributes", lambda route: route.fulfill(status=503, json=down))
    try:
        page.reload()
        invited.get_by_text("The list is from before, today").first.wait_for()
        invited.get_by_label("Row 1: to").click()
        invited.get_by_role("option", name=re.compile("^referral_link")).wait_for()
    finally:
        page.unroute("**/api/attributes")


def test_an_invalid_address_says_so(page: Page, stack: Stack) -> None:
    for place in ("activity/%E0%A4%A", "%", "nonsense", "constructor", "campaigns/%E0%A4%A"):
        page.goto(f"{stack.url}/#/overview")
        heading(page, "Overview").wait_for()
        page.goto(f"{stack.url}/#/{place}")
        heading(page, "There is no such page").wait_for()
        page.reload()
        heading(page, "There is no such page").wait_for()
    page.get_by_role("link", name="Go to the overview").click()
    heading(page, "Overview").wait_for()


@pytest.mark.parametrize("days", ["9999", "-1", "much", "20"])
def test_a_period_that_is_not_offered_is_the_usual_one(page: Page, stack: Stack, days: str) -> None:
    go_to(page, "Help")
    page.goto(f"{stack.url}/#/overview?days={days}")
    holds(page.get_by_label("Period"), "30")


def test_a_campaign_that_the_account_lacks_is_not_set_up(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/#/campaigns/77")
    page.get_by_text("Your Referral Factory account has no campaign with the id 77.").wait_for()
    page.get_by_role("link", name="Choose one of its campaigns").click()
    heading(page, "Campaigns").wait_for()


def test_a_click_in_the_navigation_forgets_the_filter(page: Page, stack: Stack) -> None:
    go_to(page, "Activity")
    page.get_by_role("button", name="Needs attention").click()
    until(page, lambda: "attention" in page.url, lambda: None)
    go_to(page, "Activity")
    page.get_by_role("button", name="All", pressed=True).wait_for()


def test_somebody_without_the_group_reads_so(browser: Browser, stack: Stack) -> None:
    with fresh_context(browser) as context:
        page = context.new_page()
        page.goto(stack.url)
        page.get_by_role("button", name="Sign in").wait_for()
        assert "null" not in page.get_by_role("main").inner_text()
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Otto Outsider").click()
        heading(page, "You may not see this").wait_for()
        keep_picture(page, "console-outsider")
