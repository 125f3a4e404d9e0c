"""Samples of qualifications: webhooks of Intercom, and messages of the qualification queue."""

from __future__ import annotations

from typing import Any

from sandbox.vendors.referral_factory.records import Person
from shared.messages import QualifyReferral
from shared.ports.signup import Pointer
from tests.support.builders import EMAIL, App
from tests.unit.runtime.events.playing import body, invoke, sample

IVOS_CONTACT = "6961d43b372591e999b3ea56"


def connect(app: App, user_id: int = 42) -> None:
    """Ivo is delivered; his contact gets the id that the samples name."""
    app.sign_up(id=user_id)
    pointer = Pointer("local-workspace", contact_id=IVOS_CONTACT)
    app.environment.referrals.point(pointer, 1, user_id)
    app.forget_calls()
    app.clock.at += 10


@sample(
    "intercom_webhook_user_updated", "intercom_webhook_lead_updated", "intercom_webhook_signed_up", "intercom_webhook_merged"
)
def test_what_can_matter_is_queued(app: App, event: dict[str, Any]) -> None:
    connect(app)

    assert invoke(app, "intercom_webhook", event)["statusCode"] == 200

    (message,) = app.queued("qualification")
    assert isinstance(message, QualifyReferral)
    assert (message.contact_id, message.values) == (IVOS_CONTACT, {"custom_attributes.referral_status": "Connected"})
    assert not app.calls("intercom", "referral_factory"), "a receiver calls no vendor"


@sample("intercom_webhook_archived", "intercom_webhook_deleted")
def test_a_contacts_end_is_queued(app: App, event: dict[str, Any]) -> None:
    connect(app)

    assert invoke(app, "intercom_webhook", event)["statusCode"] == 200

    (message,) = app.queued("qualification")
    assert isinstance(message, QualifyReferral)
    assert (message.contact_id, message.email) == (IVOS_CONTACT, None)


@sample(
    "intercom_webhook_another_value",
    "intercom_webhook_another_workspace",
    "intercom_webhook_unknown_topic",
    "intercom_webhook_ping",
    "intercom_webhook_head",
)
def test_what_cannot_matter_is_answered_and_dropped(app: App, event: dict[str, Any]) -> None:
    connect(app)
    assert invoke(app, "intercom_webhook", event)["statusCode"] == 200
    assert not app.queued("qualification")


@sample("intercom_webhook_wrong_signature", "intercom_webhook_no_signature")
def test_an_unsigned_notification_is_refused(app: App, event: dict[str, Any]) -> None:
    connect(app)
    assert invoke(app, "intercom_webhook", event)["statusCode"] == 401
    assert not app.queued("qualification")


@sample("intercom_webhook_uninstall")
def test_an_uninstall_puts_the_connection_in_doubt(app: App, event: dict[str, Any]) -> None:
    connect(app)
    assert invoke(app, "intercom_webhook", event)["statusCode"] == 200
    connection = app.connection()
    assert connection.doubted_at is not None


@sample("intercom_webhook_health")
def test_health_is_reported(app: App, event: dict[str, Any]) -> None:
    connect(app)
    assert body(invoke(app, "intercom_webhook", event)) == {"state": "OK"}


@sample("qualify_referral_notification")
def test_a_referral_is_qualified_once(app: App, event: dict[str, Any]) -> None:
    connect(app)
    ivo = Person(42, 1, "Ivo", EMAIL, "Iv0K0de1", "Referred", app.clock.at, referrer_id=41)
    app.referral_factory.account.people.add(ivo)
    for _ in range(2):
        assert invoke(app, "qualify_referral", event) == {"batchItemFailures": []}
    looked_up = "GET /api/v2/users/42?with=user.analytics"
    assert app.calls("intercom", "referral_factory") == [looked_up, "PUT /api/v2/users/qualification"]


@sample("qualify_referral_young_contact")
def test_a_contact_that_may_be_ours_waits_in_the_queue(app: App, event: dict[str, Any]) -> None:
    connect(app)
    answer = invoke(app, "qualify_referral", event)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}


@sample("qualify_referral_by_hand")
def test_referral_factory_is_asked_whether_somebody_is_qualified(app: App, event: dict[str, Any]) -> None:
    connect(app)
    assert invoke(app, "qualify_referral", event) == {"batchItemFailures": []}
    assert app.calls("intercom", "referral_factory") == ["GET /api/v2/users/42?with=user.analytics"]


@sample("qualify_referral_enqueued")
def test_nothing_is_reported_when_nothing_was_seen(app: App, event: dict[str, Any]) -> None:
    connect(app)
    assert invoke(app, "qualify_referral", event) == {"batchItemFailures": []}
    assert not app.calls("intercom", "referral_factory")
