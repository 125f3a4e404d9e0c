"""Notifications: topics, envelope, signature, retry, and what a receiver's answer does."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.support.intercom_builder import IntercomUnderTest

URL = "http://127.0.0.1:1/webhooks/intercom"


@pytest.fixture
def intercom() -> IntercomUnderTest:
    return listening()


def listening(**settings: Any) -> IntercomUnderTest:
    """With the HEAD request that a new address gets already taken."""
    intercom = IntercomUnderTest(webhook_url=URL, **settings)
    assert [webhook.method for webhook in intercom.webhooks()] == ["HEAD"]
    return intercom


def topics(intercom: IntercomUnderTest) -> list[str]:
    return [notification["topic"] for notification in intercom.notifications()]


def test_a_new_address_gets_a_head_request() -> None:
    intercom = IntercomUnderTest()
    intercom.vendor.change_settings({"webhook_url": URL})
    [head] = intercom.webhooks()

    assert head.method == "HEAD"
    assert head.url == URL
    assert head.body == b""

    intercom.vendor.webhook_answered(head, 200)

    assert intercom.vendor.notifier.url_check == 200


def test_without_an_address_nothing_is_sent() -> None:
    intercom = IntercomUnderTest()
    intercom.a_user()
    assert intercom.webhooks() == []


def test_the_envelope_is_as_recorded(intercom: IntercomUnderTest) -> None:
    user = intercom.a_user(name="Ada", custom_attributes={"referral_status": "New"})
    [notification] = intercom.notifications()
    item = notification["data"].pop("item")

    identifier = notification.pop("id")

    assert identifier.startswith("notif_")
    assert notification == {
        "type": "notification_event",
        "app_id": "local-workspace",
        "data": {"type": "notification_event_data"},
        "links": {},
        "topic": "contact.user.created",
        "delivery_status": "pending",
        "delivery_attempts": 1,
        "delivered_at": 0,
        "first_sent_at": 1795003200,
        "created_at": 1795003200,
        "self": None,
    }
    assert item["id"] == user["id"]
    assert item["email"] == "ada@example.com"
    assert item["custom_attributes"] == {"referral_status": "New"}
    assert item["created_at"] == "2026-11-18T12:00:00.000+00:00"
    assert item["signed_up_at"] is None
    assert item["utm_campaign"] is None


def test_the_signature_is_over_the_raw_bytes(intercom: IntercomUnderTest) -> None:
    intercom.a_user(name="Zoë")
    [webhook] = intercom.webhooks()
    digest = hmac.new(b"local-client-secret", webhook.body, hashlib.sha1).hexdigest()

    assert webhook.headers["X-Hub-Signature"] == f"sha1={digest}"
    assert "Zoë".encode() in webhook.body


def test_each_change_has_its_topic(intercom: IntercomUnderTest) -> None:
    lead = intercom.a_lead("")

    assert topics(intercom) == ["contact.lead.created"]

    path = f"/contacts/{lead['id']}"
    steps: list[tuple[str, str, Any, list[str]]] = [
        ("PUT", path, {"name": "x"}, ["contact.lead.updated"]),
        ("PUT", path, {"email": "a@example.com"}, ["contact.lead.updated", "contact.lead.added_email"]),
        ("PUT", path, {"email": "b@example.com"}, ["contact.lead.updated", "contact.email.updated"]),
        ("PUT", path, {"role": "user"}, ["contact.lead.signed_up"]),
        ("PUT", path, {"unsubscribed_from_emails": True}, ["contact.user.updated", "contact.unsubscribed"]),
        ("PUT", path, {"unsubscribed_from_emails": False}, ["contact.user.updated", "contact.subscribed"]),
        ("POST", f"{path}/archive", None, ["contact.archived"]),
        ("POST", f"{path}/unarchive", None, ["contact.unarchive"]),
        ("DELETE", path, None, ["contact.deleted"]),
    ]
    for method, target, body, expected in steps:
        intercom.call(method, target, body)
        assert topics(intercom) == expected


def test_ended_contacts_have_a_minimal_item(intercom: IntercomUnderTest) -> None:
    user = intercom.a_user(external_id="1")
    intercom.call("POST", f"/contacts/{user['id']}/archive")
    intercom.call("POST", f"/contacts/{user['id']}/unarchive")

    intercom.call("DELETE", f"/contacts/{user['id']}")

    items = {one["topic"]: one["data"]["item"] for one in intercom.notifications()}
    minimal = {"id": user["id"], "external_id": "1", "type": "contact"}
    assert items["contact.archived"] == {**minimal, "archived": True}
    assert items["contact.deleted"] == {**minimal, "deleted": True}
    assert items["contact.unarchive"]["email"] == "ada@example.com"


@pytest.mark.parametrize("names_source", [False, True])
def test_a_merge_tells_the_survivor(names_source: bool) -> None:
    intercom = listening(merged_webhook_names_source=names_source)
    lead, user = intercom.a_lead("same@example.com"), intercom.a_user("same@example.com")
    intercom.notifications()
    intercom.call("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})

    [notification] = intercom.notifications()

    assert (notification["topic"], notification["data"]["item"]["id"]) == ("contact.merged", user["id"])
    assert notification["data"]["item"].get("merged_from") == ({"type": "contact", "id": lead["id"]} if names_source else None)


def test_tags_have_an_item_of_their_own(intercom: IntercomUnderTest) -> None:
    lead, tag = intercom.a_lead(), intercom.call("POST", "/tags", {"name": "Friends"})
    intercom.notifications()
    intercom.call("POST", f"/contacts/{lead['id']}/tags", {"id": tag["id"]})
    intercom.call("DELETE", f"/contacts/{lead['id']}/tags/{tag['id']}")

    made, removed = intercom.notifications()

    assert (made["topic"], removed["topic"]) == ("contact.lead.tag.created", "contact.lead.tag.deleted")
    assert made["data"]["item"]["tag"] == tag
    assert made["data"]["item"]["contact"]["id"] == lead["id"]


def test_only_the_chosen_topics_are_sent() -> None:
    intercom = listening(topics=["contact.user.created"])
    intercom.a_lead()
    intercom.a_user()
    assert topics(intercom) == ["contact.user.created"]


def test_own_writes_can_be_silent_and_a_persons_are_not() -> None:
    intercom = listening(api_writes_notify=False)
    lead = intercom.a_lead()
    intercom.send("POST", f"/ui/contacts/{lead['id']}/field", b"name=name&value=Dora")
    assert topics(intercom) == ["contact.lead.updated"]


def test_a_ping_has_no_id(intercom: IntercomUnderTest) -> None:
    intercom.send("POST", "/ui/webhooks/ping")
    [ping] = intercom.notifications()

    assert ping["topic"] == "ping"
    assert ping["id"] is None
    assert ping["delivery_status"] is None
    assert ping["data"]["item"]["type"] == "ping"


@pytest.mark.parametrize("status", [None, 401, 404, 500, 302])
def test_a_failure_is_tried_once_more_after_a_minute(intercom: IntercomUnderTest, status: int | None) -> None:
    intercom.a_user()
    [first] = intercom.webhooks()
    intercom.vendor.webhook_answered(first, status)

    intercom.clock.at += 59.9

    assert intercom.webhooks() == []

    intercom.clock.at += 0.2
    [second] = intercom.webhooks()

    before, after = json.loads(first.body), json.loads(second.body)
    assert (second.attempt, after["id"]) == (2, before["id"])
    assert (after["delivery_attempts"], after["delivery_status"]) == (2, "retry")

    digest = hmac.new(b"local-client-secret", second.body, hashlib.sha1).hexdigest()
    assert second.headers["X-Hub-Signature"] == f"sha1={digest}"

    intercom.vendor.webhook_answered(second, status)
    intercom.clock.at += 3600

    assert intercom.webhooks() == []


def test_an_accepted_notification_is_not_sent_again(intercom: IntercomUnderTest) -> None:
    intercom.a_user()
    intercom.vendor.webhook_answered(intercom.webhooks()[0], 202)
    intercom.clock.at += 3600
    assert intercom.webhooks() == []


def test_an_answer_410_ends_the_subscription(intercom: IntercomUnderTest) -> None:
    intercom.a_user()
    intercom.vendor.webhook_answered(intercom.webhooks()[0], 410)
    intercom.a_lead()

    assert intercom.webhooks() == []

    intercom.vendor.change_settings({"webhook_url": URL + "/new"})
    intercom.webhooks()
    intercom.a_lead()

    assert len(intercom.webhooks()) == 1


def test_an_answer_429_slows_all_notifications(intercom: IntercomUnderTest) -> None:
    intercom.a_user()
    intercom.vendor.webhook_answered(intercom.webhooks()[0], 429)
    intercom.a_lead()

    intercom.clock.at += 59

    assert intercom.webhooks() == []

    intercom.clock.at += 1

    assert sorted(topics(intercom)) == ["contact.lead.created", "contact.user.created"]


def test_a_thousand_errors_pause_the_subscription() -> None:
    intercom = listening(limit_per_window=100_000)
    for number in range(1001):
        intercom.a_lead(f"p{number}@example.com")
    for webhook in intercom.webhooks():
        intercom.vendor.webhook_answered(webhook, 500)

    intercom.clock.at += 899

    assert intercom.webhooks() == []

    intercom.clock.at += 1

    assert len(intercom.webhooks()) == 1001


def test_delay_loss_duplicates_and_disorder_by_setting() -> None:
    late = listening(webhook_delay_seconds=30.0)
    late.a_user()

    assert late.webhooks() == []

    late.clock.at += 30

    assert len(late.webhooks()) == 1

    lossy = listening(webhook_loss_share=1.0)
    lossy.a_user()

    assert lossy.webhooks() == []

    doubling = listening(webhook_duplicate_share=1.0)
    doubling.a_user()
    first, second = doubling.notifications()

    assert first == second

    shuffled = listening(webhook_shuffle_seconds=60.0)
    emails = [f"p{number}@example.com" for number in range(20)]
    for email in emails:
        shuffled.a_lead(email)
    shuffled.clock.at += 60

    seen = [one["data"]["item"]["email"] for one in shuffled.notifications()]
    assert seen != emails
    assert sorted(seen) == sorted(emails)
