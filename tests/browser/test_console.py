"""The guides' own steps, clicked by a browser that knows nothing but the pages."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from sandbox.stack.stack import Stack
from tests.browser.conftest import ARTEFACTS, fresh_context

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]
STORY_SECONDS = 60
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def problems() -> list[str]:
    """What went wrong in the pages' scripts."""
    return []


@pytest.fixture(scope="module")
def page(browser: Browser, stack: Stack, problems: list[str]) -> Iterator[Page]:
    """The marketer's window, signed in."""
    with fresh_context(browser) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
        page.goto(f"{stack.url}/")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Mara Marketer").click()
        heading(page, "Overview").wait_for()
        yield page


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", level=1, name=name)


def keep_picture(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"console-{next(NUMBERS):02}-{name}.png", full_page=True)


def go_to(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()
    heading(page, name).wait_for()


def told(page: Page, text: str) -> None:
    page.get_by_role("status").filter(has_text=text).first.wait_for()


def sign_up(page: Page, address: str, first_name: str, email: str) -> None:
    page.goto(address)
    page.get_by_label("First Name").fill(first_name)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Last Name").fill("Example")
    page.get_by_role("button", name="Sign up").click()
    page.locator("#referral-link").wait_for()


def test_the_connection_is_shown_with_the_addresses_to_copy(page: Page, stack: Stack) -> None:
    go_to(page, "Connection")
    assert page.get_by_text("Connected", exact=True).count() == 2
    assert page.get_by_text("must be off").is_visible()
    assert page.get_by_text(f"{stack.url}/webhooks/intercom", exact=True).is_visible()
    page.get_by_role("button", name="Check permissions").click()
    page.get_by_text("All permissions are there").wait_for()
    keep_picture(page, "connection")


def test_a_campaign_is_set_up_by_clicking(page: Page) -> None:
    go_to(page, "Campaigns")
    page.get_by_role("link", name="Set up Friends of ours").click()
    heading(page, "Friends of ours").wait_for()
    invited = page.get_by_role("tabpanel", name="Person invited")
    invited.get_by_label("Create a lead").check()
    invited.get_by_role("button", name="Add referrer information").click()
    told(page, "Added")
    invited.get_by_role("button", name="Add a row").click()
    invited.get_by_label("Row 6: from").select_option(label="Referral link")
    invited.get_by_label("Row 6: to").select_option("custom_attributes.referral_link")
    invited.get_by_role("button", name="Add a default").click()
    invited.get_by_label("Default 1: attribute").select_option("custom_attributes.lead_source")
    invited.get_by_label("Default 1: value").fill("referral")
    page.get_by_role("tab", name="Qualification").click()
    trigger = page.get_by_role("tabpanel", name="Qualification")
    trigger.get_by_label("An attribute changes").check()
    trigger.get_by_label("Attribute to track").select_option("custom_attributes.referral_status")
    trigger.get_by_label("First value").select_option("New")
    trigger.get_by_role("checkbox", name="Connected").check()
    keep_picture(page, "qualification")
    page.get_by_role("button", name="Save", exact=True).click()
    told(page, "Saved as version 1")


def test_the_preview_shows_each_field_and_sends_nothing(page: Page) -> None:
    page.get_by_role("tab", name="Person invited").click()
    page.get_by_role("button", name="Show what would be sent").click()
    page.get_by_text("a lead is created").wait_for()
    fields = page.get_by_role("table", name="What would be sent")
    assert fields.get_by_role("row", name=re.compile("referrer_email.*bob@example.com")).is_visible()
    keep_picture(page, "person-invited")


def test_what_is_missing_is_told_at_its_place(page: Page) -> None:
    invited = page.get_by_role("tabpanel", name="Person invited")
    invited.get_by_role("button", name=re.compile("Remove row 1")).click()
    page.get_by_role("button", name="Activate").click()
    told(page, "Not saved")
    assert invited.get_by_text("First name is not mapped").is_visible()
    keep_picture(page, "problem")
    invited.get_by_role("button", name="Add a row", exact=True).click()
    invited.get_by_label("Row 6: from").select_option(label="First name")
    invited.get_by_label("Row 6: to").select_option("name")


def test_the_campaign_is_activated(page: Page) -> None:
    page.get_by_role("button", name="Activate").click()
    told(page, "The campaign is active")
    page.get_by_role("tab", name="Versions").click()
    page.get_by_role("tabpanel", name="Versions").get_by_text("Version 2", exact=True).wait_for()
    page.get_by_text("What changed since version 1").click()
    page.get_by_role("table", name="What differs").wait_for()
    keep_picture(page, "versions")


def test_the_friend_of_a_referrer_is_in_intercom_and_in_activity(page: Page, browser: Browser, stack: Stack) -> None:
    with fresh_context(browser) as referrer:
        window = referrer.new_page()
        sign_up(window, f"{stack.referral_factory_pages_url}/friends", "Rita", "rita+referring@example.com")
        link = window.locator("#referral-link").inner_text()
    with fresh_context(browser) as friend:
        sign_up(friend.new_page(), link, "<b>Fred</b>", "fred+invited@example.com")

    go_to(page, "Activity")
    row = page.get_by_role("row").filter(has_text="fred+invited@example.com")
    end = time.monotonic() + STORY_SECONDS
    while not row.get_by_text("In Intercom", exact=True).count():
        assert time.monotonic() < end, page.get_by_role("main").inner_text()
        page.get_by_role("button", name="Refresh").click()
        page.wait_for_timeout(1000)
    keep_picture(page, "activity")
    row.get_by_role("link", name="<b>Fred</b>").click()
    page.get_by_text("A contact was created in Intercom.").wait_for()
    assert page.get_by_role("heading", level=1).inner_text() == "<b>Fred</b>"
    keep_picture(page, "story")

    with fresh_context(browser) as team:
        contact = team.new_page()
        contact.goto(str(page.get_by_role("link", name="Open the contact in Intercom").get_attribute("href")))
        shown = contact.locator("main").inner_text()
        values = contact.locator("input, select, textarea").evaluate_all("all => all.map(each => each.value)")
        keep_picture(contact, "contact-in-intercom")
    for wanted in ("fred+invited@example.com", "Rita", "rita+referring@example.com", "Friends of ours", "referral", "New"):
        assert wanted in shown or wanted in values, wanted


def test_replay_is_safe_to_press_twice(page: Page) -> None:
    page.get_by_role("button", name="Replay").click()
    told(page, "delivered again now")
    page.locator("button:not([aria-busy])", has_text="Replay").click()  # while the first press runs, a second does nothing
    told(page, "waiting to be delivered already")


def test_two_editors_never_overwrite_each_other_silently(page: Page, stack: Stack) -> None:
    go_to(page, "Campaigns")
    page.get_by_role("link", name="Friends of ours").click()
    heading(page, "Friends of ours").wait_for()
    other = page.context.new_page()
    other.goto(f"{stack.url}/#/campaigns/1")
    other.get_by_role("button", name="Sign in").click()  # a sign-in is of one tab
    other.get_by_role("button", name="Mara Marketer").click()
    for window, name in ((other, "Friends of theirs"), (page, "Friends of mine")):
        window.get_by_label("Name of the campaign").fill(name)
        window.get_by_role("button", name="Save", exact=True).click()
        if window is other:
            told(window, "Saved as version 3")
    dialog = page.get_by_role("dialog", name="Somebody else saved in between")
    dialog.get_by_text("Friends of theirs").wait_for()
    assert dialog.get_by_text("Friends of mine").is_visible()
    keep_picture(page, "conflict")
    dialog.get_by_role("button", name="Save mine as the next version").click()
    told(page, "Saved as version 4")
    other.close()


def test_the_overview_counts_it_and_help_describes_the_api(page: Page) -> None:
    go_to(page, "Overview")
    assert page.get_by_role("heading", name="Limits of the vendors").is_visible()
    keep_picture(page, "overview")
    go_to(page, "Help")
    page.get_by_text("/api/campaigns/{id}/preview", exact=True).wait_for()
    keep_picture(page, "help")


@pytest.mark.parametrize("name", ["overview", "campaigns/1", "activity", "connection"])
def test_a_telephone_shows_it_without_scrolling_sideways(page: Page, stack: Stack, name: str) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.goto(f"{stack.url}/#/{name}")
    page.locator("main:not([aria-busy]) h1").wait_for()
    page.wait_for_timeout(1500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    keep_picture(page, f"phone-{name.replace('/', '-')}")


def test_no_script_failed_and_nothing_broke_the_policy(page: Page, problems: list[str]) -> None:
    assert page.url
    assert problems == []
