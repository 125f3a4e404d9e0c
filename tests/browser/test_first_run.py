"""From an empty stack to a qualified referral by the checklist alone, each press and each field of the console counted."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from sandbox.stack.stack import Stack
from tests.browser.windows import PATIENCE, STORY_SECONDS, call, fresh_context, heading, numbered, says, sign_up, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]
FRIEND = "fay+personinvited@example.com"
MOST_ACTIONS = 30
keep_picture = numbered("first-run")


class Hand:
    """What a person does on our pages, counted; what they do on the vendors' own is not."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.done: list[str] = []

    def press(self, what: Locator, words: str) -> None:
        self.done.append(f"press {words}")
        what.click()

    def fill(self, field: Locator, text: str, words: str) -> None:
        self.done.append(f"fill {words}")
        field.fill(text)

    def choose(self, field: Locator, value: str, words: str) -> None:
        self.done.append(f"choose {words}")
        field.select_option(value)

    def go_on(self, step: str) -> None:
        """Back to the checklist, and to where its next step leads."""
        self.press(self.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Overview"), "Overview")
        self.begin(step)

    def begin(self, step: str) -> None:
        self.press(self.page.get_by_role("link", name=re.compile(rf"^{re.escape(step)}.*: open$")), step)


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_connected(stack: Stack) -> None:
    """As after a deployment: no token and no key is stored yet."""
    client = stack.client("secretsmanager")
    for name, empty in (("IntercomSecret", {"access_token": ""}), ("ReferralFactorySecret", {"api_key": ""})):
        client.put_secret_value(SecretId=stack.resources[name], SecretString=json.dumps(empty))


def test_the_checklist_leads_from_nothing_to_a_qualified_referral(page: Page, browser: Browser, stack: Stack) -> None:
    hand = Hand(page)

    page.reload()
    heading(page, "Overview").wait_for()
    page.get_by_role("heading", name="Set up: 0 of 7 done").wait_for()

    assert page.get_by_text("All is well.").count() == 0

    keep_picture(page, "nothing")

    hand.begin("Connect Intercom")
    hand.press(page.get_by_role("button", name="Connect with Intercom"), "Connect with Intercom")
    page.get_by_role("button", name="Allow").click()  # Intercom's own screen
    heading(page, "Connection").wait_for()
    hand.go_on("Connect Referral Factory")
    hand.fill(page.get_by_label("API key"), stack.settings.referral_factory_key, "API key")
    hand.press(page.get_by_role("button", name="Connect", exact=True), "Connect")
    says(page, "Connected. The account has")

    hand.go_on("Choose a campaign")
    hand.press(page.get_by_role("link", name="Set up Friends of ours"), "Set up Friends of ours")
    invited = page.get_by_role("tabpanel", name="Person invited")
    invited.get_by_label("Create a lead").wait_for()

    assert invited.get_by_label("Create a lead").is_checked()  # a sensible default

    hand.press(invited.get_by_role("button", name="Suggest fields"), "Suggest fields")
    says(page, "Added")
    hand.press(page.get_by_role("tab", name="Qualification"), "Qualification")
    trigger = page.get_by_role("tabpanel", name="Qualification")
    hand.press(trigger.get_by_label("An attribute changes"), "An attribute changes")
    attribute = trigger.get_by_label("Attribute to track")
    hand.fill(attribute, "referral_status", "Attribute to track")
    hand.press(trigger.get_by_role("option", name=re.compile("^referral_status")).first, "referral_status")
    hand.choose(trigger.get_by_label("First value"), "New", "First value")
    hand.press(trigger.get_by_role("checkbox", name="Connected"), "Connected")
    hand.press(page.get_by_role("button", name="Activate"), "Activate")
    hand.press(page.get_by_role("dialog").get_by_role("button", name="Activate it"), "Activate it")
    says(page, "The campaign is active")
    keep_picture(page, "active")

    hand.go_on("Set up the webhooks")
    heading(page, "Connection").wait_for()
    hand.press(page.get_by_role("button", name="Copy everything for this campaign"), "Copy everything")
    hand.press(page.get_by_role("button", name="Copy all topics"), "Copy all topics")
    # Here they are pasted into the vendors' own screens; the stand-ins have them already.

    hand.go_on("Sign up a test person")
    heading(page, "Friends of ours").wait_for()
    hand.press(page.get_by_role("button", name="Try it now"), "Try it now")
    dialog = page.get_by_role("dialog", name="Try it now")
    address = str(dialog.get_by_role("link", name=re.compile("^Open the campaign.s page")).get_attribute("href"))
    with fresh_context(browser) as referrer, fresh_context(browser) as friend:
        window = referrer.new_page()
        sign_up(window, address, "Rita", "rita+personreferring@example.com")
        link = window.locator("#referral-link").inner_text()
        sign_up(friend.new_page(), link, "Fay", FRIEND)
    hand.press(dialog.get_by_role("button", name="Close"), "Close")

    hand.press(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Activity"), "Activity")
    row = page.get_by_role("row").filter(has_text=FRIEND)
    row.get_by_text("In Intercom", exact=True).wait_for(timeout=PATIENCE)  # the page renews itself
    hand.press(row.get_by_role("link", name="Fay"), "Fay")
    contact = page.get_by_role("link", name="Open the contact in Intercom")
    with fresh_context(browser) as team:
        window = team.new_page()
        window.goto(str(contact.get_attribute("href")))
        window.get_by_label("custom_attributes.referral_status", exact=True).select_option("Connected")
        window.get_by_role("button", name="Save custom_attributes.referral_status").click()
    page.get_by_text("Qualified in Referral Factory.", exact=True).wait_for(timeout=STORY_SECONDS * 1000)
    keep_picture(page, "qualified")

    assert len(hand.done) <= MOST_ACTIONS, hand.done

    print(f"{len(hand.done)} actions: {'; '.join(hand.done)}")  # noqa: T201 - the figure that the test is about

    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="Converted: 1. Show them").wait_for()
    health = page.get_by_role("region", name="Health")
    until(page, health.get_by_text("All is well.").count, page.reload)

    assert page.get_by_role("heading", name=re.compile("^Set up:")).count() == 0  # what is done is out of the way
    assert call(stack, "GET", "/api/health")["complete"] is True

    keep_picture(page, "done")
