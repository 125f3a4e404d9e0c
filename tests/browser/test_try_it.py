"""*Try it now*, and the offer to send those who were missed: what a person does before relying on a campaign."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.stack.ministack import ROOT
from sandbox.stack.stack import Stack
from tests.browser.windows import answer, call, fresh_context, go_to, heading, keep_picture, post_webhook, says, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]


@pytest.fixture(scope="module", autouse=True)
def campaign(stack: Stack) -> dict[str, Any]:
    """Active, with settings as the repository's own example has them."""
    document: dict[str, Any] = json.loads((ROOT / "campaigns" / "1.json").read_text())
    call(stack, "PUT", "/api/campaigns/1", document)
    return document


def test_a_made_up_person_goes_the_whole_way_and_is_taken_back_with_one_click(
    page: Page, browser: Browser, stack: Stack
) -> None:
    page.goto(f"{stack.url}/#/campaigns/1")
    heading(page, "Friends of ours").wait_for()
    page.get_by_role("button", name="Try it now").click()
    dialog = page.get_by_role("dialog", name="Try it now")
    dialog.get_by_text("a lead is created").wait_for()
    dialog.get_by_text("Referral Factory itself is not told.").wait_for()
    dialog.get_by_text("All its fields").click()
    fields = dialog.get_by_role("table", name="What Intercom gets")
    fields.get_by_role("row", name=re.compile("referrer_email.*bob@example.com")).wait_for()

    email = fields.get_by_role("row", name=re.compile(r"^email ")).get_by_role("cell").nth(1).inner_text()

    assert "+trial" in email

    keep_picture(page, "try-before")

    assert call(stack, "GET", "/api/referrals")["items"] == []  # nothing is sent by looking

    dialog.get_by_role("button", name="Send the made-up person").click()
    dialog.get_by_text("The webhook came").wait_for()
    contact_link = dialog.get_by_role("link", name="Open the contact in Intercom")
    contact_link.wait_for()  # it arrives while one watches; nobody presses anything
    dialog.get_by_text("The contact is in Intercom with all mapped values.").wait_for()
    keep_picture(page, "try-arrived")
    address = str(contact_link.get_attribute("href"))
    with fresh_context(browser) as team:
        contact = team.new_page()
        contact.goto(address)
        assert contact.get_by_label("email", exact=True).input_value() == email
        assert contact.get_by_label("custom_attributes.referrer_first_name", exact=True).input_value() == "Bob"
    dialog.get_by_role("button", name="Close").click()
    page.reload()  # it is still there to be taken back
    page.get_by_role("button", name="Try it now").click()
    dialog.get_by_role("button", name="Take it back").click()
    says(page, "The made-up person is gone, here and in Intercom.")
    dialog.get_by_role("button", name="Send the made-up person").wait_for()
    dialog.get_by_role("button", name="Close").click()
    with fresh_context(browser) as team:
        gone = team.new_page()
        gone.goto(address)
        assert gone.get_by_label("email", exact=True).count() == 0
    assert call(stack, "GET", "/api/referrals")["items"] == []

    health = call(stack, "GET", "/api/health")
    assert {step["kind"]: step["is_done"] for step in health["steps"]} | {"webhooks": False} == {
        step["kind"]: step["kind"] != "webhooks" for step in health["steps"]
    }

    go_to(page, "Overview")
    page.get_by_text("Nobody was invited in this time.").wait_for()


def test_those_who_were_missed_while_nobody_was_sent_are_offered_and_follow(
    page: Page, stack: Stack, campaign: dict[str, Any]
) -> None:
    nothing = {**campaign, "person_invited": {"action": "none"}, "qualification": None}
    nothing["person_referring"] = {**campaign["person_invited"], "defaults": {}}
    version = len(call(stack, "GET", "/api/campaigns/1/versions")["items"])

    call(stack, "PUT", "/api/campaigns/1", nothing, **{"If-Match": f'"{version}"'})

    assert (
        post_webhook(
            stack, {"id": 901, "first_name": "Mia", "email": "mia@example.com", "source": "Referred", "referrer_id": 5}
        )
        == 202
    )

    go_to(page, "Activity")
    row = page.get_by_role("row").filter(has_text="mia@example.com")
    again = page.get_by_role("button", name="Refresh", exact=True)
    until(page, row.get_by_text("Not sent", exact=True).count, again.click)
    page.goto(f"{stack.url}/#/campaigns/1/invited")
    invited = page.get_by_role("tabpanel", name="Person invited")
    invited.get_by_label("Create a lead").check()
    if invited.get_by_role("button", name=re.compile("Remove row 1")).count() == 0:
        invited.get_by_role("button", name="Suggest fields").click()
    page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog", name="Send those who were missed?")
    dialog.get_by_text("1 person signed up while your settings sent no people invited to Intercom.").wait_for()
    keep_picture(page, "try-missed")
    answer(page, "Send those who were missed?", "Send them")
    says(page, "1 person on the way to Intercom.")
    go_to(page, "Activity")
    until(page, row.get_by_text("In Intercom", exact=True).count, again.click)


def test_a_sync_that_makes_no_sense_is_refused_before_it_begins(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/#/campaigns/1/sync")
    sync = page.get_by_role("tabpanel", name="Sync")
    start = sync.get_by_role("button", name="Sync now")
    start.click()
    says(page, "The sync is off.")
    sync.get_by_label("Once").check()
    start.click()
    says(page, "Save your changes first")
    page.get_by_role("button", name="Save", exact=True).click()
    says(page, "Saved as version")
    version = len(call(stack, "GET", "/api/campaigns/1/versions")["items"])
    document = call(stack, "GET", "/api/campaigns/1")
    call(
        stack,
        "PUT",
        "/api/campaigns/1",
        {**document, "sync": {**document["sync"], "write_back": {}}, "status": "paused"},
        **{"If-Match": f'"{version}"'},
    )
    go_to(page, "Campaigns")
    page.goto(f"{stack.url}/#/campaigns/1/sync")
    start.click()

    says(page, "nowhere to go")

    assert call(stack, "GET", "/api/campaigns/1/syncs")["items"] == []


def test_no_script_failed_and_nothing_broke_the_policy(page: Page, problems: list[str]) -> None:
    assert page.url
    assert problems == []
