"""The two guides, step by step, clicked by a browser that knows nothing but the pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sandbox.stack.stack import Stack
from tests.browser.windows import answer, choose, chosen, fresh_context, go_to, heading, holds, numbered, says, sign_up, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]
REFERRER, FRIEND = "rita+personreferring@example.com", "fred+personinvited@example.com"
keep_picture = numbered("guide")


def test_the_marketer_connects_intercom_by_allowing_the_app(page: Page) -> None:
    go_to(page, "Connection")
    intercom = page.locator("section.card", has=page.get_by_role("heading", name="Intercom", exact=True))
    intercom.get_by_role("button", name="Disconnect").click()
    answer(page, "Disconnect Intercom?", "Disconnect")
    intercom.get_by_text("Not connected", exact=True).wait_for()
    page.get_by_text("must be off").wait_for()
    intercom.get_by_role("button", name="Connect with Intercom").click()
    page.get_by_role("heading", name="Allow the app to connect?").wait_for()
    keep_picture(page, "allow")
    page.get_by_role("button", name="Allow").click()
    heading(page, "Connection").wait_for()
    intercom.get_by_text("Connected", exact=True).first.wait_for()
    intercom.get_by_text("Local workspace (local-workspace)").wait_for()
    intercom.get_by_text("The app has all permissions").wait_for()
    keep_picture(page, "connected")


def test_the_campaign_is_set_up_by_clicking(page: Page) -> None:
    go_to(page, "Campaigns")
    page.get_by_role("link", name="Set up Friends of ours").click()
    heading(page, "Friends of ours").wait_for()
    invited = page.get_by_role("tabpanel", name="Person invited")
    invited.get_by_label("Create a lead").check()
    invited.get_by_role("button", name="Refresh attributes").click()
    invited.get_by_role("button", name="Add referrer information").click()
    says(page, "Added")
    invited.get_by_role("button", name="Add a row").click()
    invited.get_by_label("Row 6: from").select_option(label="Referral link")
    chosen(invited.get_by_label("Row 6: to"), "custom_attributes.referral_link")  # where it usually goes
    invited.get_by_role("button", name="Add a row").click()
    invited.get_by_label("Row 7: from").select_option(label="Last Name")
    choose(invited.get_by_label("Row 7: to"), "Name")
    invited.get_by_role("button", name="Add a default").click()
    choose(invited.get_by_label("Default 1: attribute"), "lead_source")

    invited.get_by_label("Default 1: value").fill("referral")

    assert invited.get_by_label("Leave the contact as it is").is_checked()

    keep_picture(page, "person-invited")
    page.get_by_role("tab", name="Qualification").click()
    trigger = page.get_by_role("tabpanel", name="Qualification")
    trigger.get_by_label("An attribute changes").check()
    choose(trigger.get_by_label("Attribute to track"), "referral_status")
    trigger.get_by_label("First value").select_option("New")
    trigger.get_by_role("checkbox", name="Connected").check()
    keep_picture(page, "qualification")
    page.get_by_role("button", name="Save", exact=True).click()
    says(page, "Saved as version 1")


def test_the_preview_shows_each_field_and_sends_nothing(page: Page) -> None:
    page.get_by_role("tab", name="Person invited").click()
    page.get_by_role("button", name="Show what would be sent").click()
    page.get_by_text("a lead is created").first.wait_for()
    fields = page.get_by_role("table", name="What would be sent")
    fields.get_by_role("row", name=re.compile("referrer_email.*bob@example.com")).wait_for()
    keep_picture(page, "preview")


def test_what_is_missing_is_shown_at_its_place(page: Page) -> None:
    invited = page.get_by_role("tabpanel", name="Person invited")
    unfinished = page.get_by_text("still to fill in")  # reported as one types, before anything is saved

    assert unfinished.count() == 0

    invited.get_by_role("button", name=re.compile("Remove row 1")).click()
    unfinished.wait_for()
    page.get_by_role("button", name="Activate").click()
    says(page, "Not saved")
    invited.get_by_text("First name is not mapped").wait_for()
    keep_picture(page, "problem")
    invited.get_by_role("button", name="Add a row", exact=True).click()
    invited.get_by_label("Row 7: from").select_option(label="First name")
    chosen(invited.get_by_label("Row 7: to"), "name")
    unfinished.wait_for(state="hidden")
    invited.get_by_role("button", name="Move row 7 up").click()
    holds(invited.get_by_label("Row 6: from"), "first_name")


def test_the_campaign_is_activated_once_its_effect_was_shown(page: Page) -> None:
    page.get_by_role("button", name="Activate").click()
    page.get_by_role("dialog").get_by_text("People invited become a lead in Intercom, with").wait_for()
    keep_picture(page, "activate")
    answer(page, "Activate this campaign?", "Activate it")
    says(page, "The campaign is active")


def test_two_people_sign_up_and_both_are_in_the_users_page(page: Page, browser: Browser, stack: Stack) -> None:
    with fresh_context(browser) as referrer:
        window = referrer.new_page()
        sign_up(window, f"{stack.referral_factory_pages_url}/friends", "Rita", REFERRER)
        keep_picture(window, "share-page")
        link = window.locator("#referral-link").inner_text()
    with fresh_context(browser) as friend:
        window = friend.new_page()
        sign_up(window, link, "<b>Fred</b>", FRIEND)
        window.goto(f"{stack.referral_factory_pages_url}/users")
        for email, kind in ((REFERRER, "Direct"), (FRIEND, "Referred")):
            window.get_by_role("row").filter(has_text=email).filter(has_text=kind).wait_for()  # strict: one
        keep_picture(window, "users-page")


def test_the_friend_is_in_intercom_with_all_that_was_mapped(page: Page, browser: Browser) -> None:
    go_to(page, "Activity")
    row = page.get_by_role("row").filter(has_text=FRIEND)
    again = page.get_by_role("button", name="Refresh", exact=True)
    until(page, row.get_by_text("In Intercom", exact=True).count, again.click)
    keep_picture(page, "activity")
    row.get_by_role("link", name="<b>Fred</b>").click()
    page.get_by_text("A contact was created in Intercom.").wait_for()
    page.get_by_role("region", name="One person").get_by_role("heading", name="<b>Fred</b>").wait_for()
    keep_picture(page, "story")
    with fresh_context(browser) as team:
        contact = team.new_page()
        contact.goto(str(page.get_by_role("link", name="Open the contact in Intercom").get_attribute("href")))
        wanted = {
            "name": "<b>Fred</b> Example",
            "email": FRIEND,
            "role": "lead",
            "custom_attributes.referrer_first_name": "Rita",
            "custom_attributes.referrer_email": REFERRER,
            "custom_attributes.referral_campaign": "Friends of ours",
            "custom_attributes.lead_source": "referral",
            "custom_attributes.referral_status": "New",
        }
        shown = {name: contact.get_by_label(name, exact=True).input_value() for name in wanted}
        link = contact.get_by_label("custom_attributes.referral_link", exact=True).input_value()
        keep_picture(contact, "contact-in-intercom")
        assert shown == wanted
        assert link.startswith("http")


def test_a_changed_attribute_qualifies_the_referral(page: Page, browser: Browser, stack: Stack) -> None:
    with fresh_context(browser) as team:
        contact = team.new_page()
        contact.goto(str(page.get_by_role("link", name="Open the contact in Intercom").get_attribute("href")))
        contact.get_by_label("custom_attributes.referral_status", exact=True).select_option("Connected")
        contact.get_by_role("button", name="Save custom_attributes.referral_status").click()
        contact.locator("option[selected]", has_text="Connected").wait_for(state="attached")
    # The story renews itself; nobody presses anything.
    page.get_by_text("The referral is qualified in Referral Factory.").wait_for(timeout=60_000)
    page.get_by_text("Qualified in Referral Factory.", exact=True).wait_for()
    keep_picture(page, "qualified")
    with fresh_context(browser) as window:
        users = window.new_page()
        users.goto(f"{stack.referral_factory_pages_url}/users")
        users.get_by_role("row").filter(has_text=FRIEND).get_by_role("button", name="Unqualify").wait_for()
        users.get_by_role("row").filter(has_text=REFERRER).get_by_text("(1 qualified)").first.wait_for()


def test_a_segment_is_synced_and_its_people_have_links(page: Page, browser: Browser, stack: Stack) -> None:
    page.goto(f"{stack.url}/#/campaigns/1/sync")
    sync = page.get_by_role("tabpanel", name="Sync")
    sync.get_by_label("Once").check()
    sync.get_by_label("Segments (active lists)").check()
    sync.get_by_role("checkbox", name=re.compile("^All users")).check()

    for label, name in (("link", "referral_link"), ("code", "referral_code"), ("count", "referral_count")):
        choose(sync.get_by_label(f"Referral {label}", exact=True), name)

    assert not sync.get_by_role("checkbox", name="Referral Factory may e-mail").is_checked()

    keep_picture(page, "sync")
    page.get_by_role("button", name="Save", exact=True).click()
    says(page, "Saved as version")
    sync = page.get_by_role("tabpanel", name="Sync")
    sync.get_by_role("button", name="Sync now").click()
    page.get_by_role("dialog").get_by_text(re.compile("Referral links for All users, once: [0-9,]+ contacts")).wait_for()
    keep_picture(page, "sync-now")
    answer(page, "Sync now?", "Start the sync")
    says(page, "A sync run has started")
    sync.get_by_text("Done", exact=True).wait_for(timeout=60_000)
    sync.get_by_text(re.compile(r"[1-9]\d* got a link")).wait_for()
    keep_picture(page, "synced")
    with fresh_context(browser) as team:
        contact = team.new_page()
        contact.goto(f"{stack.intercom_url}/ui")
        contact.get_by_role("link", name="Ada Stone").click()
        link = contact.get_by_label("custom_attributes.referral_link", exact=True).input_value()
        code = contact.get_by_label("custom_attributes.referral_code", exact=True).input_value()
        assert code
        assert link.endswith(code)


def test_the_overview_tells_what_it_brought(page: Page) -> None:
    go_to(page, "Overview")
    page.get_by_role("link", name="Friends invited: 1. Show them").wait_for()
    page.get_by_role("link", name="In Intercom: 1. Show them").wait_for()
    page.get_by_role("table", name="Who refers most").get_by_role("row", name=re.compile("Rita.*1.*1")).wait_for()
    keep_picture(page, "overview")
    page.get_by_role("link", name="Converted: 1. Show them").click()
    page.get_by_role("table", name="People, newest first").get_by_text(FRIEND).wait_for()


def test_whoever_looks_after_it_sees_how_well_it_works(page: Page) -> None:
    go_to(page, "Health")
    page.get_by_role("heading", name="each limit is used").wait_for()
    page.get_by_role("table", name="When each webhook last came").get_by_text("contact.lead.updated").wait_for()
    page.get_by_role("table", name="Who did what").wait_for()
    keep_picture(page, "health")


def test_no_script_failed_and_nothing_broke_the_policy(page: Page, problems: list[str]) -> None:
    assert page.url
    assert problems == []
