"""The guide by keyboard alone: what is focused is always seen, nothing is lost on the way, and every question is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.stack.stack import Stack
from tests.browser.windows import call, fresh_context, heading, keep_picture, told

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
    told(page, "Added")
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
    told(page, "Saved as version 1")
    keep_picture(page, "keyboard-saved")
    assert focused(page) == "Activate"
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Activate this campaign?").wait_for()
    reach(page, "Activate it")
    page.keyboard.press("Enter")
    told(page, "The campaign is active")
    assert call(stack, "GET", "/api/campaigns/1")["status"] == "active"
    focused(page)


def test_the_tabs_are_moved_by_arrows(page: Page) -> None:
    reach(page, "Person referring", back=True)
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
    told(page, "Paste the API key first.")
    reach(page, "Close this message", back=True)
    page.keyboard.press("Enter")
    page.get_by_text("Paste the API key first.").wait_for(state="detached")
