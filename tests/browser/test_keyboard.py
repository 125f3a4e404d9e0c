"""The guide by keyboard alone: what is focused is always seen, nothing is lost on the way, and every question is answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.stack.stack import Stack
from tests.browser.windows import call, fresh_context, heading, keep_picture, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]
MOST_TABS = 160
SEEN = """() => {
    const one = document.activeElement;
    const box = one.getBoundingClientRect();
    const [x, y] = [box.left + Math.min(box.width / 2, 40), box.top + Math.min(box.height / 2, 20)];
    const there = document.elementFromPoint(x, y);
    const name = (one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent ?? "").trim();
    const covered = one !== document.body && there !== null && !one.contains(there) && !there.contains(one)
        && ![...(one.labels ?? [])].some((label) => label.contains(there));
    return { name, covered, off: box.bottom < 0 || box.top > innerHeight, lost: one === document.body };
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    """Signed in by keyboard."""
    with fresh_context(browser) as context:
        page = context.new_page()
        page.goto(stack.url)
        page.get_by_role("button", name="Sign in").wait_for()
        reach(page, "Sign in")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Mara Marketer").wait_for()
        page.get_by_role("button", name="Mara Marketer").focus()  # the issuer's page is not ours
        page.keyboard.press("Enter")
        page.get_by_role("navigation", name="Pages").wait_for()
        page.locator("main:not([aria-busy]) h1").wait_for()
        yield page


def reach(page: Page, name: str, *, back: bool = False) -> None:
    """Tabs on until something of that name has the focus. On the way nothing that has it is covered or out of sight."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        seen: dict[str, Any] = page.evaluate(SEEN)
        assert not seen["covered"], f"{seen['name']} has the focus and is covered"
        assert not seen["off"], f"{seen['name']} has the focus and is out of sight"
        if seen["name"].startswith(name):
            return
    raise AssertionError(f"no way to {name}")


def reach_choice(page: Page, name: str) -> None:
    """Tabs into the group that has this choice, and goes on to it by arrows."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") != "radio":
            continue
        for _ in range(8):
            if focused(page).startswith(name):
                page.keyboard.press("Space")
                return
            page.keyboard.press("ArrowDown")
    raise AssertionError(f"no way to the choice {name}")


def focused(page: Page) -> str:
    seen = page.evaluate(SEEN)
    assert not seen["lost"], "nothing has the focus any more"
    return str(seen["name"])


def test_a_campaign_is_set_up_and_activated(page: Page, stack: Stack) -> None:
    reach(page, "Campaigns")
    page.keyboard.press("Enter")
    heading(page, "Campaigns").wait_for()
    reach(page, "Set up Friends of ours")
    page.keyboard.press("Enter")
    heading(page, "Friends of ours").wait_for()
    reach(page, "Person invited")
    reach(page, "Create a lead")
    reach(page, "Suggest fields")
    page.keyboard.press("Enter")

    says(page, "Added")

    assert focused(page) == "Suggest fields"

    reach(page, "Remove row 7", back=True)
    page.keyboard.press("Enter")

    assert focused(page).startswith("Remove row 6")

    page.keyboard.press("Enter")

    assert focused(page).startswith("Remove row 5")

    reach(page, "Add a row")
    page.keyboard.press("Enter")

    assert focused(page) == "Row 6: from"

    page.keyboard.type("Campaign n")

    assert focused(page) == "Row 6: from"

    reach(page, "Row 6: to")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("referral_camp")
    page.keyboard.press("Enter")

    assert page.get_by_label("Row 6: to").get_attribute("data-value") == "custom_attributes.referral_campaign"
    assert focused(page) == "Row 6: to"

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")  # closes the list and nothing else

    assert page.get_by_label("Row 6: to").get_attribute("data-value") == "custom_attributes.referral_campaign"

    reach(page, "Next: Person referring")
    page.keyboard.press("Enter")

    assert focused(page).startswith("Person referring")

    reach(page, "Save")
    page.keyboard.press("Enter")
    says(page, "Saved as version 1")
    keep_picture(page, "keyboard-saved")

    assert focused(page) == "Activate"

    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Activate this campaign?").wait_for()
    reach(page, "Activate it")
    page.keyboard.press("Enter")
    says(page, "The campaign is active")

    assert call(stack, "GET", "/api/campaigns/1")["status"] == "active"

    focused(page)


def test_the_qualification_is_set_up(page: Page, stack: Stack) -> None:
    page.evaluate("location.hash = '#/campaigns/1/qualification'")
    page.get_by_role("tab", name="Qualification", selected=True).wait_for()
    page.locator("main:not([aria-busy]) h1").wait_for()
    reach(page, "Qualification")
    reach_choice(page, "An attribute changes")
    reach(page, "Attribute to track")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("referral_stat")

    page.keyboard.press("Enter")

    assert page.get_by_label("Attribute to track").get_attribute("data-value") == "custom_attributes.referral_status"
    assert focused(page) == "Attribute to track"

    reach(page, "First value")
    page.keyboard.type("New")
    reach(page, "Connected")
    page.keyboard.press("Space")
    reach(page, "Save")
    page.keyboard.press("Enter")
    says(page, "Saved as version 3")
    focused(page)
    trigger = call(stack, "GET", "/api/campaigns/1")["qualification"]["trigger"]

    assert (trigger["initial_value"], trigger["qualified_values"]) == ("New", ["Connected"])


def test_the_sync_is_set_up_and_started(page: Page, stack: Stack) -> None:
    page.evaluate("location.hash = '#/campaigns/1/sync'")
    page.get_by_role("tab", name="Sync", selected=True).wait_for()
    page.locator("main:not([aria-busy]) h1").wait_for()
    reach(page, "Sync")
    reach_choice(page, "Once")
    reach_choice(page, "All users")
    reach(page, "Referral link")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("referral_link")

    page.keyboard.press("Enter")

    assert page.get_by_label("Referral link", exact=True).get_attribute("data-value") == "custom_attributes.referral_link"
    assert focused(page) == "Referral link"

    reach(page, "Save")
    page.keyboard.press("Enter")
    says(page, "Saved as version 4")
    reach(page, "Sync now", back=True)
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Sync now?").wait_for()
    reach(page, "Start the sync")
    page.keyboard.press("Enter")
    page.locator("article.run").first.wait_for()

    assert page.get_by_text("No run yet.").count() == 0
    assert focused(page) == "Sync now"

    keep_picture(page, "keyboard-sync")

    assert call(stack, "GET", "/api/campaigns/1/syncs")["items"]


def test_the_webhooks_are_copied_ticked_and_listened_for(page: Page) -> None:
    page.evaluate("location.hash = '#/connection'")
    heading(page, "Connection").wait_for()
    page.locator("main:not([aria-busy]) h1").wait_for()
    reach(page, "Copy everything for this campaign")
    page.keyboard.press("Enter")

    if page.get_by_role("dialog").count():  # a browser that keeps the clipboard to itself shows the text
        reach(page, "Close")
        page.keyboard.press("Enter")

    assert focused(page) == "Copy everything for this campaign"

    reach(page, "Set up in Referral Factory")
    page.keyboard.press("Space")

    assert page.get_by_label("Set up in Referral Factory").first.is_checked()

    reach(page, "Test it")
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text=re.compile("Waiting two minutes|this webhook works")).wait_for()

    assert focused(page) == "Test it"

    reach(page, "Copy all topics")
    page.keyboard.press("Enter")
    focused(page)
    page.keyboard.press("Escape")


def test_the_tabs_are_moved_by_arrows(page: Page) -> None:
    page.evaluate("location.hash = '#/campaigns/1/referring'")
    page.get_by_role("tab", name="Person referring", selected=True).wait_for()
    page.locator("main:not([aria-busy]) h1").wait_for()
    reach(page, "Person referring")

    page.keyboard.press("ArrowRight")

    assert focused(page).startswith("Qualification")

    page.keyboard.press("End")

    assert focused(page).startswith("Versions")

    page.keyboard.press("Home")

    assert focused(page).startswith("Person invited")


def test_a_message_of_something_wrong_can_be_closed(page: Page) -> None:
    page.keyboard.press("Home")
    page.evaluate("location.hash = '#/connection'")
    heading(page, "Connection").wait_for()
    reach(page, "Change the API key")
    page.keyboard.press("Enter")
    reach(page, "API key")
    page.keyboard.press("Enter")
    says(page, "Paste the API key first.")
    reach(page, "Close this message", back=True)
    page.keyboard.press("Enter")
    page.get_by_text("Paste the API key first.").wait_for(state="detached")
