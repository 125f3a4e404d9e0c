"""What can be pressed on a campaign's pages, beside what the guides do: settings, versions, sync runs."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.stack.stack import Stack
from shared.adapters.clock import SystemChance, SystemClock
from shared.adapters.dynamodb.sync.runs import DynamoSyncRuns
from shared.adapters.dynamodb.table import Table
from shared.domain.sync.run import RunState, SyncRun
from shared.domain.sync.source import SyncSettings
from tests.browser.console.pressing import card, save, take_back, version
from tests.browser.windows import (
    answer,
    call,
    choose,
    chosen,
    end_faults,
    go_to,
    heading,
    holds,
    keep_picture,
    order_fault,
    says,
    sign_in,
    until,
)
from tests.support.clock import NOW

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]


def test_a_missing_attribute_is_created_from_the_dropdown(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/#/campaigns/1/rewards")
    rewards = page.get_by_role("tabpanel", name="Rewards")
    reward = rewards.get_by_label("Last reward", exact=True)
    reward.click()
    reward.fill("newest_reward")
    rewards.get_by_role("option", name="Create “newest_reward” (text)").click()
    says(page, "newest_reward is now in Intercom")
    chosen(reward, "custom_attributes.newest_reward")

    save(page, stack)

    names = [one["name"] for one in call(stack, "GET", "/api/attributes?refresh=true")["items"]]
    assert "custom_attributes.newest_reward" in names


def test_an_older_version_is_compared_and_restored(page: Page, stack: Stack) -> None:
    page.get_by_role("tab", name="Versions").click()
    versions = page.get_by_role("tabpanel", name="Versions")
    versions.get_by_text("What changed since version 1").click()
    versions.get_by_role("table", name="What differs").get_by_text("newest_reward").wait_for()
    keep_picture(page, "console-versions")
    versions.get_by_role("button", name="Restore version 1").click()
    says(page, "The page shows version 1")

    save(page, stack)

    assert call(stack, "GET", "/api/campaigns/1")["rewards"]["last_reward"] is None


def test_a_person_who_signed_up_lately_is_previewed(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/#/campaigns/1/invited")
    invited = page.get_by_role("tabpanel", name="Person invited")
    invited.get_by_text("Change the example").click()
    invited.get_by_role("button", name="Choose somebody who signed up").click()
    invited.get_by_label("Who", exact=True).select_option("801")
    invited.get_by_role("button", name="Show what would be sent").click()
    invited.get_by_role("table", name="What would be sent").get_by_role(
        "row", name=re.compile("ivo@example.com")
    ).first.wait_for()


def test_a_campaign_that_does_nothing_is_not_activated(page: Page, stack: Stack) -> None:
    go_to(page, "Campaigns")
    page.goto(f"{stack.url}/#/campaigns/2")
    heading(page, "Partner programme").wait_for()
    page.get_by_role("tabpanel", name="Person invited").get_by_role(
        "radio", name=re.compile("^Nothing")
    ).check()  # a lead is proposed
    page.get_by_role("button", name="Activate").click()
    says(page, "Nobody would go to Intercom.")
    take_back(page)


def test_fields_are_suggested_and_missing_attributes_created(page: Page, stack: Stack) -> None:
    go_to(page, "Campaigns")
    page.goto(f"{stack.url}/#/campaigns/2")
    heading(page, "Partner programme").wait_for()
    invited = page.get_by_role("tabpanel", name="Person invited")
    invited.get_by_label("Create a lead").check()
    invited.get_by_role("button", name="Suggest fields").click()

    says(page, "Added")

    targets = [invited.get_by_label(f"Row {row}: to").get_attribute("data-value") for row in range(1, 7)]
    assert targets[:3] == ["name", "email", "custom_attributes.referral_link"]
    assert "custom_attributes.referrer_email" in targets

    take_back(page)


def test_what_is_missing_is_said_at_its_place_as_one_types(page: Page, stack: Stack) -> None:
    go_to(page, "Campaigns")
    page.goto(f"{stack.url}/#/campaigns/2")
    heading(page, "Partner programme").wait_for()
    invited = page.get_by_role("tabpanel", name="Person invited")
    missing = invited.get_by_text("First name is not mapped")

    invited.get_by_label("Create a lead").check()

    assert missing.count() == 0

    invited.get_by_role("button", name="Remove row 1, First name").click()
    missing.wait_for()
    invited.get_by_role("button", name="Add a row", exact=True).click()
    invited.get_by_label("Row 2: from").select_option("type")
    invited.get_by_text("Choose an attribute, or remove the row").wait_for()
    page.locator("#tab-invited .count", has_text="2").wait_for()
    page.get_by_role("button", name="Activate").click()
    says(page, "Not saved")
    invited.get_by_label("Row 2: from").select_option("first_name")
    chosen(invited.get_by_label("Row 2: to"), "name")  # where it usually goes
    missing.wait_for(state="detached")

    assert invited.locator(".remark", has_text="Choose an attribute, or remove the row").count() == 0

    page.get_by_role("tab", name="Qualification").click()
    trigger = page.get_by_role("tabpanel", name="Qualification")
    trigger.get_by_label("An attribute changes").check()
    trigger.get_by_text("Choose the attribute to track.").wait_for()
    choose(trigger.get_by_label("Attribute to track"), "referral_status")
    trigger.get_by_text("Choose at least one value").wait_for()
    trigger.get_by_role("checkbox", name="Connected").check()
    trigger.get_by_label("First value").select_option("Connected")
    trigger.get_by_text("is also a qualified value").wait_for()
    trigger.get_by_label("First value").select_option("New")
    page.get_by_text("still to fill in").wait_for(state="detached")

    assert page.locator(".remark").count() == 0

    take_back(page)


def test_what_the_application_refuses_is_marked_at_the_row_that_the_page_shows(page: Page, stack: Stack) -> None:
    """An empty row is not sent, so the application counts the rows after it differently."""
    page.goto(f"{stack.url}/#/campaigns/2")
    heading(page, "Partner programme").wait_for()
    invited = page.get_by_role("tabpanel", name="Person invited")
    invited.get_by_label("Create a lead").check()
    invited.get_by_role("button", name="Add a row", exact=True).click()
    invited.get_by_role("button", name="Add a row", exact=True).click()
    invited.get_by_label("Row 4: from").select_option("type")
    problems = [invited.locator(f'[data-place^="person_invited.mapping[{row}]"] .remark.problem') for row in (2, 3)]
    for press in ("Activate", "Show what would be sent"):
        page.get_by_role("button", name=press, exact=True).first.click()
        problems[1].first.wait_for()
        assert problems[0].count() == 0
        invited.get_by_label("Row 4: from").select_option("source")
        problems[1].first.wait_for(state="detached")
    invited.get_by_label("Row 4: from").select_option("url")
    chosen(invited.get_by_label("Row 4: to"), "custom_attributes.referral_link")
    page.get_by_role("tab", name="Sync").click()
    sync = page.get_by_role("tabpanel", name="Sync")
    sync.get_by_label("Once").check()
    sync.get_by_role("button", name="Add a row").click()
    page.get_by_role("tab", name="More").click()
    page.get_by_text("All settings as text").click()

    settings = page.get_by_role("tabpanel", name="More").locator("pre", has_text="campaign_id")  # filled after it is opened

    sent = json.loads(settings.inner_text())
    assert [row["to"] for row in sent["sync"]["mapping"]] == ["first_name", "email"]
    assert [row["from"] for row in sent["person_invited"]["mapping"]] == ["first_name", "email", "url"]

    take_back(page)


def test_what_was_filled_in_is_kept_whatever_one_clicks(page: Page) -> None:
    """Nobody is asked, no history is broken: Back and a reload bring the changes back, until they are saved or taken back."""
    go_to(page, "Campaigns")
    page.get_by_role("link", name="Set up Partner programme").click()
    heading(page, "Partner programme").wait_for()
    page.get_by_role("link", name="All campaigns").click()
    heading(page, "Campaigns").wait_for()
    page.get_by_role("link", name="Set up Partner programme").click()
    heading(page, "Partner programme").wait_for()
    user = page.get_by_role("tabpanel", name="Person invited").get_by_label("Create a user")
    user.check()
    page.get_by_role("link", name="Help with this tab").click()
    says(page, "Your changes are kept in this browser")
    heading(page, "Help").wait_for()

    page.go_back()
    heading(page, "Partner programme").wait_for()

    assert user.is_checked()

    page.reload()
    page.get_by_text("They are not saved yet.").wait_for()

    assert user.is_checked()

    keep_picture(page, "console-draft")
    page.get_by_role("button", name="Take them back").click()
    says(page, "The page is blank again")

    assert not user.is_checked()

    page.go_back()  # to where one was before, not to a copy of this page
    heading(page, "Campaigns").wait_for()


def test_two_editors_never_overwrite_each_other_silently(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/#/campaigns/1")
    heading(page, "Friends of ours").wait_for()
    other = page.context.new_page()
    sign_in(other, stack, "#/campaigns/1")  # a sign-in is of one tab
    for window, name in ((other, "Friends of theirs"), (page, "Friends of mine")):
        window.get_by_label("Name of the campaign").fill(name)
    save(other, stack)
    theirs = version(stack)
    page.get_by_role("button", name="Save", exact=True).click()

    dialog = page.get_by_role("dialog", name="Somebody else saved meanwhile")
    dialog.get_by_text("Friends of theirs").wait_for()
    dialog.get_by_text("Friends of mine").wait_for()

    assert version(stack) == theirs

    keep_picture(page, "console-conflict")
    dialog.get_by_role("button", name="Take mine there, and save").click()
    says(page, f"Saved as version {theirs + 1}")
    other.close()


def test_changes_of_two_editors_to_different_settings_are_both_kept(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/#/campaigns/1/more")
    heading(page, "Friends of mine").wait_for()
    document = call(stack, "GET", "/api/campaigns/1")
    document["person_invited"]["defaults"]["custom_attributes.lead_source"] = "theirs"
    call(stack, "PUT", "/api/campaigns/1", document, **{"If-Match": f'"{version(stack)}"'})
    page.get_by_label("Send people who joined before the campaign became active, too").check()
    page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog", name="Somebody else saved meanwhile")
    dialog.get_by_text("They changed other settings than you did").wait_for()
    wanted = version(stack) + 1
    dialog.get_by_role("button", name="Save both").click()
    says(page, f"Saved as version {wanted}")

    kept = call(stack, "GET", "/api/campaigns/1")

    assert (kept["backfill"], kept["person_invited"]["defaults"]["custom_attributes.lead_source"]) == (True, "theirs")


def test_a_sign_in_that_ends_in_the_middle_of_an_edit_costs_nothing(page: Page, stack: Stack) -> None:
    """It is renewed silently; where it cannot be, the changes are there after the next sign-in, on the same page."""
    end = (
        "(renewal) => { const kept = JSON.parse(sessionStorage.session); kept.expires = 0; "
        "if (!renewal) delete kept.renewal; sessionStorage.session = JSON.stringify(kept); }"
    )
    go_to(page, "Campaigns")  # not the page that is open already
    page.goto(f"{stack.url}/#/campaigns/1/invited")
    heading(page, "Friends of mine").wait_for()
    page.get_by_label("Name of the campaign").fill("Friends for ever")
    page.evaluate(end, True)
    page.get_by_role("button", name="Refresh attributes").first.click()
    until(page, lambda: page.evaluate("JSON.parse(sessionStorage.session).expires") > time.time() * 1000, lambda: None)
    heading(page, "Friends of mine").wait_for()  # nobody was sent to the sign-in
    page.evaluate(end, False)
    page.get_by_role("button", name="Refresh attributes").first.click()
    page.get_by_text("Please sign in again: your changes are kept.").wait_for()
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Mara Marketer").click()
    holds(page.get_by_label("Name of the campaign"), "Friends for ever")
    take_back(page)


def test_a_sync_run_is_watched_and_cancelled(page: Page, stack: Stack) -> None:
    order_fault(stack.referral_factory_pages_url, kind="delay", method="POST", path="^/api/v2/users", seconds=4)
    page.goto(f"{stack.url}/#/campaigns/1/sync")
    sync = page.get_by_role("tabpanel", name="Sync")
    sync.get_by_label("Once").check()
    save(page, stack)
    sync.get_by_role("button", name="Sync now").click()
    page.get_by_role("dialog").get_by_text("Referral links for all contacts").wait_for()
    answer(page, "Sync now?", "Start the sync")
    says(page, "A sync run has started")
    sync.get_by_role("progressbar", name="Progress of the run").wait_for()
    sync.get_by_text(re.compile(r"\d+ of \d+ contacts")).wait_for(timeout=60_000)
    keep_picture(page, "console-sync-run")
    sync.get_by_role("button", name="Cancel").click()
    answer(page, "Cancel this run?", "Cancel the run")
    sync.get_by_text("Cancelled", exact=True).wait_for(timeout=60_000)
    end_faults(stack.referral_factory_pages_url)
    page.goto(f"{stack.url}/#/syncs")
    heading(page, "Sync runs").wait_for()
    card(page, "Friends of mine").get_by_text("Cancelled", exact=True).wait_for()


def test_older_runs_are_there_to_be_read(page: Page, stack: Stack) -> None:
    clock, chance = SystemClock(), SystemChance()
    tables = (Table(stack.client("dynamodb"), stack.resources[name], chance) for name in ("CampaignsTable", "ReferralsTable"))
    runs = DynamoSyncRuns(*tables, chance, clock)
    for number in range(1, 13):  # before those that are there
        runs.start(
            SyncRun(1, number, RunState.DONE, NOW, 1, SyncSettings(), requested_by=f"person {number}", finished_at=NOW),
            scheduled=False,
        )
        runs.close(1, number)
    page.goto(f"{stack.url}/#/campaigns/1/sync")
    sync = page.get_by_role("tabpanel", name="Sync")

    shown = sync.locator("article.run")
    shown.nth(9).wait_for()

    assert shown.count() == 10

    sync.get_by_role("button", name="Older runs").click()
    shown.nth(11).wait_for()

    assert [one for one in shown.locator("span.soft").all_inner_texts() if one.startswith("person")] == [
        f"person {number}" for number in range(12, 0, -1)
    ]
    assert sync.get_by_role("button", name="Older runs").count() == 0


def test_older_versions_are_there_to_be_read(page: Page, stack: Stack, campaign: dict[str, Any]) -> None:
    for number in range(22):
        document = {**campaign, "campaign_id": 3, "name": f"Name {number}", "status": "draft"}
        call(stack, "PUT", "/api/campaigns/3", document, **({"If-Match": f'"{number}"'} if number else {}))
    page.goto(f"{stack.url}/#/campaigns/3/versions")
    versions = page.get_by_role("tabpanel", name="Versions")
    versions.get_by_text("Version 4", exact=True).wait_for()
    versions.get_by_role("button", name="Older versions").click()
    versions.get_by_text("Version 1", exact=True).wait_for()

    titles = versions.locator("summary").all_inner_texts()

    assert titles == [*(f"What changed since version {number}" for number in range(21, 0, -1)), "The settings"]
    assert versions.get_by_role("button", name="Older versions").count() == 0


def test_a_campaign_is_deleted_after_the_console_has_said_what_that_means(page: Page, stack: Stack) -> None:
    campaign = {"campaign_id": 4, "name": "Last year's", "status": "draft"}
    call(stack, "PUT", "/api/campaigns/4", campaign)
    page.goto(f"{stack.url}/#/campaigns/4/versions")
    page.get_by_role("tabpanel", name="Versions").get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog", name="Delete this campaign?")
    dialog.get_by_text("Nothing is deleted in Referral Factory or Intercom.").wait_for()

    dialog.get_by_role("button", name="Cancel").click()

    assert call(stack, "GET", "/api/campaigns/4")["name"] == "Last year's"

    page.get_by_role("tabpanel", name="Versions").get_by_role("button", name="Delete…").click()
    dialog.get_by_role("button", name="Delete it").click()
    says(page, "The settings of campaign 4 are deleted.")
    page.get_by_role("heading", name="Campaigns", level=1).wait_for()

    assert 4 not in [one["campaign_id"] for one in call(stack, "GET", "/api/campaigns")["items"]]
