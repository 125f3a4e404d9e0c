"""What can be pressed on the page Connection, beside what the guides do."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from sandbox.stack.stack import Stack
from shared.adapters.clock import SystemChance
from shared.adapters.dynamodb.operations.figures import DynamoFigures
from shared.adapters.dynamodb.table import Table
from shared.adapters.dynamodb.vendor.strikes import DynamoStrikes
from shared.domain.connection.connection import CAME_WITH_NEXT, Vendor
from tests.browser.console.pressing import card
from tests.browser.windows import (
    answer,
    call,
    go_to,
    keep_picture,
    post_webhook,
    says,
    until,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.stack]


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
