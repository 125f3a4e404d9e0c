"""Each thing that can be pressed in the console, beside what the guides do; and how all of it looks."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.stack.stack import Stack
from shared.adapters.clock import SystemChance, SystemClock
from shared.adapters.dynamodb.operations.figures import DynamoFigures
from shared.adapters.dynamodb.sync.runs import DynamoSyncRuns
from shared.adapters.dynamodb.table import Table
from shared.adapters.dynamodb.vendor.strikes import DynamoStrikes
from shared.domain.connection.connection import CAME_WITH_NEXT, Vendor
from shared.domain.sync.run import RunState, SyncRun
from shared.domain.sync.source import SyncSettings
from tests.browser.windows import (
    answer,
    call,
    choose,
    chosen,
    end_faults,
    fresh_context,
    go_to,
    heading,
    holds,
    keep_picture,
    order_fault,
    post_webhook,
    says,
    sign_in,
    until,
)
from tests.support.clock import NOW
from tests.support.documents import example

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]


@pytest.fixture(scope="module", autouse=True)
def campaign(stack: Stack) -> dict[str, Any]:
    """Active, with settings as the repository's own example has them."""
    document: dict[str, Any] = example()
    call(stack, "PUT", "/api/campaigns/1", document)
    post_webhook(stack, {"id": 801, "first_name": "=Ivo", "email": "ivo@example.com", "source": "Referred", "referrer_id": 5})
    return document


@pytest.fixture(autouse=True)
def no_fault_stays(stack: Stack) -> Iterator[None]:
    """What a test ordered of the stand-ins is over with it, also when it failed."""
    yield
    for address in (stack.intercom_url, stack.referral_factory_pages_url):
        end_faults(address)


def take_back(page: Page) -> None:
    """What the test changed and did not save; then it goes to the list of campaigns."""
    page.reload()
    page.get_by_role("button", name="Take them back").click()
    page.get_by_role("link", name="All campaigns").click()
    heading(page, "Campaigns").wait_for()


def version(stack: Stack) -> int:
    """The newest of the campaign's settings."""
    return int(call(stack, "GET", "/api/campaigns/1/versions")["items"][0]["version"])


def save(page: Page, stack: Stack) -> None:
    """Presses the button, and waits until the page says that it is the next version."""
    wanted = version(stack) + 1
    page.get_by_role("button", name="Save", exact=True).click()
    says(page, f"Saved as version {wanted}")


def card(page: Page, title: str) -> Locator:
    return page.locator("section.card", has=page.get_by_role("heading", name=title, exact=True))


# -- connection -------------------------------------------------------------------------------------------------------


def test_a_second_workspace_is_refused_while_one_is_connected(page: Page, stack: Stack) -> None:
    call(stack, "POST", "/api/connection/intercom", {"access_token": stack.settings.intercom_token})
    go_to(page, "Connection")
    intercom = card(page, "Intercom")
    intercom.get_by_text("Connect again or change the credentials").click()
    intercom.get_by_text("Paste an access token instead").click()
    intercom.get_by_role("button", name="Use the access token").click()
    says(page, "Paste the access token first.")
    stack.change_settings(stack.intercom_url, workspace_id="another-workspace")
    try:
        intercom.get_by_label("Access token").fill(stack.settings.intercom_token)
        intercom.get_by_role("button", name="Use the access token").click()
        says(page, "is connected. Disconnect it before another one is connected")
        keep_picture(page, "console-second-workspace")
    finally:
        stack.change_settings(stack.intercom_url, workspace_id="local-workspace")
    intercom.get_by_role("button", name="Use the access token").click()
    says(page, "Connected to Local workspace")


def test_everybody_at_referral_factory_is_accounted_for(page: Page, stack: Stack) -> None:
    """A webhook that names nobody has the whole list read."""
    assert post_webhook(stack, {"first_name": "Nobody"}) == 202

    go_to(page, "Overview")
    row = card(page, "Campaigns").get_by_role("listitem").filter(has_text="accounted for")

    def look_again() -> None:
        page.reload()
        card(page, "Campaigns").wait_for()

    until(page, row.count, look_again)
    row.first.get_by_role("link").click()
    page.get_by_text("At Referral Factory: ").wait_for()
    people = call(stack, "GET", "/api/health")["campaigns"][0]["completeness"]["people"]
    page.get_by_text(f"{people} people, {people} accounted for, checked today").wait_for()
    keep_picture(page, "console-accounted-for")


def test_disconnecting_stops_deliveries_and_reconnecting_catches_up(page: Page, stack: Stack) -> None:
    go_to(page, "Connection")
    intercom = card(page, "Intercom")
    intercom.get_by_role("button", name="Disconnect").click()
    answer(page, "Disconnect Intercom?", "Disconnect")

    says(page, "Intercom is disconnected")

    assert post_webhook(stack, {"id": 802, "first_name": "Lea", "email": "lea@example.com", "source": "Referred"}) == 202

    go_to(page, "Activity")
    row = page.get_by_role("row").filter(has_text="lea@example.com")
    again = page.get_by_role("button", name="Refresh", exact=True)
    until(page, row.get_by_text("On its way", exact=True).count, again.click)
    go_to(page, "Overview")
    page.get_by_text("Intercom was disconnected by a person.").first.wait_for()
    keep_picture(page, "console-disconnected")
    page.get_by_text("All is well.").first.wait_for(state="detached")
    health = page.get_by_role("region", name="Health")
    health.get_by_text("Intercom was disconnected by a person.").wait_for()
    go_to(page, "Campaigns")
    page.get_by_role("row").filter(has_text="Signups wait: Intercom was disconnected by a person.").first.wait_for()

    assert page.get_by_text("Active", exact=True).count() == 0

    keep_picture(page, "console-campaigns-disconnected")
    go_to(page, "Connection")
    intercom.get_by_text("Paste an access token instead").click()
    intercom.get_by_role("button", name="Use the access token").click()
    says(page, "Paste the access token first.")
    intercom.get_by_label("Access token").fill(stack.settings.intercom_token)
    intercom.get_by_role("button", name="Use the access token").click()
    says(page, "Connected to Local workspace")
    go_to(page, "Activity")
    until(page, row.get_by_text("In Intercom", exact=True).count, again.click, seconds=120)


def came_with_the_next_secret(stack: Stack) -> bool:
    table = Table(stack.client("dynamodb"), stack.resources["CampaignsTable"], SystemChance())
    return CAME_WITH_NEXT in DynamoFigures(table).last_received(Vendor.REFERRAL_FACTORY)


def test_the_webhook_secret_is_rotated_without_a_webhook_lost(page: Page, stack: Stack) -> None:
    go_to(page, "Connection")
    secrets = card(page, "Webhook secret")
    secrets.get_by_role("button", name="Make a new secret").click()
    dialog = page.get_by_role("dialog", name="The new webhook secret")
    new = dialog.locator(".copy", has_text="Header value").locator("code").inner_text()
    dialog.get_by_role("button", name="I have copied it").click()
    secrets.get_by_text("A new one waits").wait_for()
    secrets.get_by_role("button", name="Drop the new one").click()

    answer(page, "Drop the new secret?", "Cancel")  # nothing is dropped unasked
    secrets.get_by_text("A new one waits").wait_for()

    person = {"id": 801, "first_name": "=Ivo", "email": "ivo@example.com", "source": "Referred", "referrer_id": 5}
    assert post_webhook(stack, person) == 202

    until(page, lambda: post_webhook(stack, person, secret=new) == 202, lambda: None, seconds=90)
    until(page, lambda: came_with_the_next_secret(stack), lambda: None, seconds=90)
    secrets.get_by_role("button", name="switch over").click()
    answer(page, "Switch over?", "Switch over")
    says(page, "within five minutes only the new secret counts")

    assert post_webhook(stack, person, secret=new) == 202
    assert new not in page.content()

    client, secret = stack.client("secretsmanager"), stack.resources["WebhookSecret"]
    assert json.loads(client.get_secret_value(SecretId=secret)["SecretString"]) == {
        "current": new,
        "next": "",
        "next_made_at": "",
    }

    before = {"current": stack.settings.webhook_secret, "next": new}  # for the tests that follow
    client.put_secret_value(SecretId=secret, SecretString=json.dumps(before))
    until(page, lambda: post_webhook(stack, person) == 202, lambda: None, seconds=90)


def test_the_stop_after_two_warnings_is_lifted(page: Page, stack: Stack) -> None:
    strikes = DynamoStrikes(Table(stack.client("dynamodb"), stack.resources["CampaignsTable"], SystemChance()))
    for at in (time.time() - 400, time.time()):
        strikes.update(Vendor.REFERRAL_FACTORY, lambda one, at=at: one.struck(at))
    page.reload()
    factory = card(page, "Referral Factory")
    factory.get_by_text("We have stopped all calls").wait_for()
    keep_picture(page, "console-stopped")
    factory.get_by_role("button", name="Lift the stop").click()
    answer(page, "Lift the stop?", "Lift it")
    says(page, "The stop is lifted")
    factory.get_by_role("button", name="Forget the warnings").click()
    answer(page, "Forget the warnings?", "Forget them")
    says(page, "The warnings are forgotten")
    factory.get_by_text("warned").wait_for(state="detached")


def test_a_test_of_a_webhook_sees_it_come(page: Page, stack: Stack) -> None:
    go_to(page, "Connection")
    joined = page.locator("article.run", has=page.get_by_role("heading", name="New user joined"))
    before = joined.locator(".lamp").inner_text()
    press = joined.get_by_role("button", name="Test it")
    until(
        page, page.get_by_role("status").filter(has_text="Waiting two minutes for this webhook").count, press.click, seconds=90
    )
    post_webhook(stack, {"id": 801, "first_name": "=Ivo", "email": "ivo@example.com", "source": "Referred", "referrer_id": 5})
    says(page, "It came: this webhook works")
    until(page, lambda: joined.locator(".lamp").inner_text() != before, lambda: None)


# -- campaign ---------------------------------------------------------------------------------------------------------


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


# -- activity ---------------------------------------------------------------------------------------------------------


def test_activity_renews_itself_while_it_is_watched(page: Page, stack: Stack) -> None:
    def sign_up(user_id: int) -> Locator:
        person = {"id": user_id, "first_name": "Ada", "email": f"ada{user_id}@example.com", "source": "Referred"}
        assert post_webhook(stack, person) == 202
        return page.get_by_role("row").filter(has_text=person["email"])

    go_to(page, "Activity")
    first = page.get_by_role("table").get_by_role("link").first
    first.focus()
    focused = first.get_attribute("href")
    sign_up(811).wait_for()

    assert page.evaluate("document.activeElement.getAttribute('href')") == focused

    page.get_by_label("Find").focus()
    row = sign_up(812)
    page.wait_for_timeout(15_000)

    assert row.count() == 0  # nothing moves under the hands of who filters

    page.get_by_role("button", name="Export as CSV").focus()
    row.wait_for()


def test_replay_is_safe_to_press_twice(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/#/activity/1/801")
    page.get_by_text("A contact was created in Intercom.").wait_for()
    order_fault(stack.intercom_url, kind="delay", path="^/contacts", seconds=8, times=1)  # else it may be there already
    page.get_by_role("button", name="Send again").click()
    says(page, "goes to Intercom again now")
    page.locator("button:not([aria-busy])", has_text="Send again").click()  # while the first press runs, a second does nothing
    says(page, "on its way to Intercom already")
    end_faults(stack.intercom_url)


def test_all_that_failed_are_replayed(page: Page, stack: Stack) -> None:
    refusal = {"type": "error.list", "errors": [{"code": "parameter_invalid", "field": "email", "message": "Email is invalid"}]}
    order_fault(
        stack.intercom_url, kind="status", status=400, method="POST", path="^/contacts$", times=1, body=json.dumps(refusal)
    )
    post_webhook(stack, {"id": 803, "first_name": "Nele", "email": "nele@example.com", "source": "Referred"})
    go_to(page, "Activity")
    page.get_by_role("button", name="Needs attention").click()
    row = page.get_by_role("row").filter(has_text="nele@example.com")
    again = page.get_by_role("button", name="Refresh", exact=True)
    until(page, row.count, again.click)
    row.get_by_text("Put right what the reason names, then press Send again.").wait_for()
    keep_picture(page, "console-failed")
    page.get_by_role("button", name="Send all that match again").click()
    answer(page, "Send all that match again?", "Send again")
    says(page, "1 person sent again")
    page.get_by_role("group", name="Which people").get_by_role("button", name="In Intercom").click()
    until(page, row.count, again.click)


def test_a_table_for_spreadsheets_holds_no_formula(page: Page, tmp_path: Path) -> None:
    go_to(page, "Activity")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    file = tmp_path / "people.csv"
    download.value.save_as(file)

    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))

    assert {"'=Ivo", "Lea", "Nele"} <= {row["first_name"] for row in rows}


def test_what_nobody_could_read_is_looked_at_read_again_and_discarded(page: Page, stack: Stack) -> None:
    assert post_webhook(stack, "{this is no JSON") == 202

    go_to(page, "Activity")
    page.get_by_role("link", name="Messages we could not read").click()
    heading(page, "Messages we could not read").wait_for()
    page.get_by_role("button", name="Look").click()
    page.get_by_role("dialog", name="The message").get_by_text("{this is no JSON").wait_for()
    answer(page, "The message", "Close")
    keep_picture(page, "console-quarantine")
    page.get_by_role("button", name="Read again").click()
    says(page, "still")
    page.get_by_role("button", name="Discard").click()
    answer(page, "Discard this message?", "Discard")
    page.get_by_text("There are none: we could read every message").wait_for()


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


def test_no_script_failed_and_nothing_broke_the_policy(page: Page, problems: list[str]) -> None:
    assert page.url
    assert problems == []
