"""Samples of signups: webhooks of Referral Factory, and messages of the delivery queue."""

from __future__ import annotations

from typing import Any

from shared.domain.signup.state import Origin, State
from shared.messages import DeliverContact, ReconcileCampaigns
from tests.support.builders import App
from tests.unit.runtime.events.playing import invoke, remember_ivo, sample


@sample(
    "signup_webhook_joined_json",
    "signup_webhook_joined_form",
    "signup_webhook_joined_query",
    "signup_webhook_joined_multipart",
    "signup_webhook_joined_latin_1",
    "signup_webhook_joined_utf_16",
    "signup_webhook_joined_repeated_names",
    "signup_webhook_joined_trailing_slash",
)
def test_joined_is_queued_and_delivered(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "signup_webhook", event)["statusCode"] == 202

    (message,) = app.queued()
    assert isinstance(message, DeliverContact)
    assert (message.campaign_id, message.event) == (1, "joined")
    assert not app.wire.calls, "a receiver calls no vendor"

    app.work()
    contact = app.contact()
    assert (contact.role, contact.name) == ("lead", "Ivo Lindqvist")
    assert contact.custom_attributes["referrer_first_name"] == "Rita"
    assert contact.custom_attributes["lead_source"] == "referral"


@sample("signup_webhook_qualified", "signup_webhook_rewarded")
def test_other_events_report_a_person_too(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "signup_webhook", event)["statusCode"] == 202

    (message,) = app.queued()
    assert message.event == event["pathParameters"]["event"]

    app.work()

    assert app.row().origin is Origin.RECONCILE
    assert len(app.contacts()) == 1


@sample("signup_webhook_without_user_id")
def test_without_a_user_id_reconcile_is_woken(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "signup_webhook", event)["statusCode"] == 202

    app.work()
    (message,) = app.queued("reconcile")
    assert isinstance(message, ReconcileCampaigns)
    assert not app.rows_of("")


@sample("signup_webhook_unreadable")
def test_what_cannot_be_read_is_quarantined_and_not_refused(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "signup_webhook", event)["statusCode"] == 202
    assert not app.queued()

    (row,) = app.environment.quarantine.list(10).items
    assert "a field comes twice with different values: id" in row.reason
    assert [type(message) for message in app.queued("reconcile")] == [ReconcileCampaigns]


@sample("signup_webhook_wrong_secret", "signup_webhook_no_secret")
def test_a_stranger_is_refused_and_leaves_nothing(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "signup_webhook", event)["statusCode"] == 401
    assert not app.queued()
    assert not app.rows_of("")


@sample("deliver_contact_webhook")
def test_a_webhooks_message_becomes_row_and_contact(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "deliver_contact", event) == {"batchItemFailures": []}

    row = app.row()
    contact = app.contact()
    assert row.state == State.DELIVERED
    assert row.origin == Origin.WEBHOOK
    assert row.contact_id == contact.id


@sample("deliver_contact_enqueued")
def test_an_enqueued_message_delivers_what_the_ledger_holds(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "deliver_contact", event) == {"batchItemFailures": []}
    assert not app.contacts(), "nobody is made up for a message without a row"

    remember_ivo(app)

    assert invoke(app, "deliver_contact", event) == {"batchItemFailures": []}
    assert app.row().state is State.DELIVERED


@sample("deliver_contact_replay")
def test_a_replay_opens_a_finished_row_again(app: App, event: dict[str, Any]) -> None:
    remember_ivo(app)
    app.environment.referrals.update(1, 42, lambda row: row.done(State.FAILED, "an attribute was missing"))

    assert invoke(app, "deliver_contact", event) == {"batchItemFailures": []}

    row = app.row()
    assert row.state is State.DELIVERED
    assert "replay" in [line.what for line in row.history]


@sample("deliver_contact_without_user_id")
def test_a_message_without_a_user_id_wakes_reconcile(app: App, event: dict[str, Any]) -> None:
    assert invoke(app, "deliver_contact", event) == {"batchItemFailures": []}
    assert [type(message) for message in app.queued("reconcile")] == [ReconcileCampaigns]


@sample("deliver_contact_batch")
def test_a_bad_record_never_touches_its_neighbours(app: App, event: dict[str, Any]) -> None:
    answer = invoke(app, "deliver_contact", event)
    good, newer, garbage = (record["messageId"] for record in event["Records"])
    assert answer == {"batchItemFailures": [{"itemIdentifier": newer}, {"itemIdentifier": garbage}]}
    assert good
    assert len(app.contacts()) == 1
