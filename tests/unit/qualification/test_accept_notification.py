"""The receiver of Intercom's notifications: what is refused, dropped and queued."""

from __future__ import annotations

import hashlib
import hmac
import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.connection.connection import Vendor
from shared.messages import QualifyReferral
from shared.use_cases.qualification.notification_rules import NOTHING_KEPT_SECONDS
from tests.support.builders import CLIENT_SECRET, App
from tests.support.qualifying import Friendship, rules

SIGNED = "x-hub-signature"


@cache
def _app() -> App:
    """For many examples in a row."""
    story = Friendship()
    story.invited()
    return story.app


def body_of(status: Any = "Connected", topic: str = "contact.user.updated", app_id: str = "local-workspace") -> bytes:
    item = {"type": "contact", "id": "6961d43b372591e999b3ea56", "role": "user", "email": "a@example.com"}
    item |= {"updated_at": "2026-11-22T00:00:09.465+00:00", "custom_attributes": {"referral_status": status, "n": 1}}
    return json.dumps({"type": "notification_event", "app_id": app_id, "topic": topic, "data": {"item": item}}).encode()


def hub(body: bytes, secret: str = CLIENT_SECRET) -> dict[str, str]:
    return {SIGNED: "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}


def signed(body: bytes, secret: str = CLIENT_SECRET) -> dict[str, str]:
    return {"x-body-signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


@pytest.fixture
def app() -> App:
    story = Friendship()
    story.invited()
    story.app.metrics.counts.clear()
    return story.app


def post(app: App, body: bytes, **headers: str) -> int:
    status: int = app.notify(body, headers or hub(body))["statusCode"]
    return status


@pytest.mark.parametrize(
    "headers",
    [{}, {SIGNED: ""}, {SIGNED: "sha1=" + "0" * 40}, {SIGNED: "sha1=ü"}, {SIGNED: "{0},{0}"}, {"x-body-signature": "{0}"}],
)
def test_a_wrong_signature_is_401_and_nothing_is_parsed(app: App, headers: dict[str, str]) -> None:
    body = b"this is no JSON"
    given = {name: value.format(hub(body)[SIGNED]) for name, value in headers.items()}
    assert app.notify(body, given)["statusCode"] == 401
    assert app.queued("qualification") == []
    assert app.metrics.counts == {"NotificationRefused": 1}


def test_a_qualified_value_is_queued_with_the_tracked_attributes_alone(app: App) -> None:
    assert post(app, body_of()) == 200

    (message,) = app.queued("qualification")
    assert isinstance(message, QualifyReferral)
    assert message.values == {"custom_attributes.referral_status": "Connected"}
    assert message.updated_at == pytest.approx(1795305609.465)


def test_a_text_body_and_a_base64_one_are_the_same(app: App) -> None:
    body = body_of()
    assert app.notify(body.decode(), hub(body))["statusCode"] == 200
    assert len(app.queued("qualification")) == 1


@pytest.mark.parametrize("value", ["New", None, "Connect", "Connected!", 0, False, ""])
def test_another_value_is_answered_and_dropped(app: App, value: Any) -> None:
    assert post(app, body_of(value)) == 200
    assert app.queued("qualification") == []


@pytest.mark.parametrize("topic", [f"contact.{role}.{what}" for role in ("user", "lead") for what in ("created", "updated")])
@pytest.mark.parametrize(("value", "queued"), [("Connected", 1), ("New", 0)])
def test_each_topic_of_attributes_matters_at_a_qualified_value(app: App, topic: str, value: str, queued: int) -> None:
    assert post(app, body_of(value, topic)) == 200
    assert len(app.queued("qualification")) == queued
    assert app.metrics.counts["NotificationUnknown"] == 0


@pytest.mark.parametrize(
    "topic", ["contact.merged", "contact.archived", "contact.unarchive", "contact.deleted", "contact.lead.signed_up"]
)
def test_a_contacts_life_always_matters(app: App, topic: str) -> None:
    assert post(app, body_of("New", topic)) == 200
    assert len(app.queued("qualification")) == 1


@pytest.mark.parametrize(("topic", "metric"), [("company.created", "NotificationUnknown"), ("", "NotificationUnknown")])
def test_an_unknown_topic_is_answered_and_counted(app: App, topic: str, metric: str) -> None:
    assert post(app, body_of(topic=topic)) == 200
    assert app.metrics.counts[metric] == 1
    assert app.queued("qualification") == []


def test_another_workspaces_notification_is_dropped_and_counted(app: App) -> None:
    assert post(app, body_of(app_id="somebody-else")) == 200
    assert app.metrics.counts["NotificationOfAnotherWorkspace"] == 1
    assert app.queued("qualification") == []


def test_a_signed_body_that_cannot_be_read_is_answered_and_counted(app: App) -> None:
    for body in (b"[]", b"{", b"\xff", b"null"):
        assert post(app, body) == 200
    assert app.metrics.counts["NotificationUnreadable"] == 4


ENDLESS = "x" * 3_000
"""More than DynamoDB takes in a key."""


@pytest.mark.parametrize("name", ["email", "id", "merged_from"])
@pytest.mark.parametrize("text", [ENDLESS, "é" * 1_000, "x\ud800@example.com"])
def test_a_name_that_nobody_can_have_is_answered_counted_and_no_key(app: App, name: str, text: str) -> None:
    document = json.loads(body_of(topic="contact.merged"))
    document["data"]["item"][name] = text
    assert post(app, json.dumps(document).encode()) == 200
    assert app.metrics.counts["NotificationUnreadable"] == 1

    queued = app.queued("qualification")
    assert len(queued) == int(name != "id")

    app.qualify()

    assert app.queued("qualification") == [], "worked off by what else it tells"


def test_head_and_ping_are_answered(app: App) -> None:
    assert app.notify("", {}, method="HEAD")["statusCode"] == 200
    assert post(app, json.dumps({"topic": "ping", "app_id": "abc", "data": {"item": {"type": "ping"}}}).encode()) == 200


def test_a_ping_is_seen_on_the_connection_page_whatever_workspace_it_names(app: App) -> None:
    post(app, json.dumps({"topic": "ping", "app_id": "abc", "data": {"item": {"type": "ping"}}}).encode())
    assert app.environment.figures.last_received(Vendor.INTERCOM)["ping"] == app.clock.now()
    assert app.metrics.counts["NotificationOfAnotherWorkspace"] == 0


def test_a_body_over_a_megabyte_is_refused(app: App) -> None:
    assert post(app, b" " * 1_000_001) == 413
    assert post(app, body_of() + b" " * 500_000) == 200


def test_a_queue_that_refuses_twice_is_passed_by_through_the_inbox(app: App) -> None:
    app.sqs.refuse("send_message", 2)

    assert post(app, body_of()) == 200
    assert app.queued("qualification") == []

    app.wait(31)
    app.sweep(work=False)
    (message,) = app.queued("qualification")

    assert isinstance(message, QualifyReferral)


def test_when_nothing_can_store_it_intercom_is_asked_to_send_it_again(app: App) -> None:
    app.sqs.refuse("send_message", 2)
    app.dynamodb.refuse("put_item", 2)
    assert post(app, body_of()) == 503


def test_the_next_client_secret_is_accepted_too(app: App) -> None:
    app.set_secret("intercom_app", client_secret=CLIENT_SECRET, client_secret_next="next")
    app.wait(301)
    body = body_of()

    assert post(app, body, **hub(body, "next")) == 200
    assert post(app, body, **hub(body)) == 200


def test_rules_are_read_once_a_minute(story: Friendship) -> None:
    story.invited()

    assert post(story.app, body_of("Lost")) == 200

    story.app.configure(qualification=rules(qualified_values=["Lost"]))

    assert post(story.app, body_of("Lost")) == 200
    assert story.app.queued("qualification") == []

    story.app.wait(61)

    assert post(story.app, body_of("Lost")) == 200
    assert len(story.app.queued("qualification")) == 1


def test_rules_that_could_not_be_read_hold_as_they_were_for_a_minute(app: App) -> None:
    assert post(app, body_of("Lost")) == 200

    app.configure(qualification=rules(qualified_values=["Lost"]))
    app.wait(60)
    app.dynamodb.refuse("query", 1)

    assert post(app, body_of("Lost")) == 200

    app.wait(59)

    assert post(app, body_of("Lost")) == 200
    assert app.queued("qualification") == []

    app.wait(1)

    assert post(app, body_of("Lost")) == 200
    assert len(app.queued("qualification")) == 1


def test_a_thousand_at_another_value_queue_nothing_and_cost_the_table_three_calls_a_minute(app: App) -> None:
    """The connection, the campaigns, and a write of what was heard."""
    body = body_of("New")
    headers = hub(body)
    app.wait(60)
    app.dynamodb.calls.clear()

    statuses = set[int]()
    for _ in range(10):
        statuses |= {app.notify(body, headers)["statusCode"] for _ in range(100)}
        app.wait(60)

    assert statuses == {200}
    assert app.queued("qualification") == []
    assert app.metrics.counts["NotificationIgnored"] == 1_000
    assert app.dynamodb.calls == {"get_item": 10, "query": 10, "update_item": 10}


def test_which_workspace_is_connected_is_read_once_a_minute(app: App, caplog: pytest.LogCaptureFixture) -> None:
    post(app, body_of("New"))
    app.wait(59)
    app.dynamodb.refuse("get_item", 1)

    post(app, body_of("New"))

    assert "rules not read" not in caplog.text

    app.wait(1)
    post(app, body_of("New"))

    assert "rules not read" in caplog.text


def test_a_flood_that_concerns_nobody_reads_nothing_either(app: App) -> None:
    """Of another workspace of the same app, or while no campaign tracks anything."""
    app.configure(qualification={"trigger": None})
    app.wait(61)
    for body in (body_of("New"), body_of("New", app_id="another-workspace")):
        headers = hub(body)
        app.wait(NOTHING_KEPT_SECONDS)
        post(app, body)
        app.dynamodb.calls.clear()
        assert {app.notify(body, headers)["statusCode"] for _ in range(100)} == {200}
        assert app.dynamodb.calls == {}

    app.configure()
    app.wait(NOTHING_KEPT_SECONDS)

    assert post(app, body_of("Connected")) == 200
    assert len(app.queued("qualification")) == 1


def test_when_notifications_were_heard_last_is_noted_once_a_minute(story: Friendship) -> None:
    friend, heard = story.invited(), list[float]()
    for seconds in (10, 59.5, 0.5):
        story.changes(friend, "Connected", wait=seconds)
        story.changes(friend, "New", wait=0)
        story.changes(friend, "Connected", wait=0)
        story.notified()
        story.app.qualify()
        heard.append(story.app.clock.now() - story.app.environment.notification_heartbeat.heard_at())

    assert heard == [0, 59.5, 0]


# -- uninstalled, health ----------------------------------------------------------------------------------------------


def call(app: App, what: str, document: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
    body = json.dumps(document).encode()
    answer = app.notify(body, headers if headers is not None else signed(body), path=f"/webhooks/intercom/{what}")
    return {"status": answer["statusCode"], **json.loads(answer["body"])}


def test_a_real_uninstall_holds_the_work_and_is_no_health(app: App) -> None:
    app.intercom.settings.tokens.clear()

    assert call(app, "uninstall", {"app_id": "local-workspace"})["status"] == 200

    app.reconcile(work=False)

    assert app.metrics.counts["ConnectionLost"] == 1
    assert call(app, "health", {"workspace_id": "local-workspace"})["state"] == "UNHEALTHY"


def test_a_stranger_cannot_uninstall(app: App) -> None:
    assert call(app, "uninstall", {"app_id": "local-workspace"}, {"x-body-signature": "0" * 64})["status"] == 401
    assert call(app, "uninstall", {"app_id": "another"})["status"] == 200
    assert app.connection().doubted_at is None


def test_health_is_reported(app: App) -> None:
    assert call(app, "health", {"workspace_id": "local-workspace"})["state"] == "OK"
    assert call(app, "health", {"workspace_id": "another"})["state"] == "UNHEALTHY"
    assert call(app, "health", {"workspace_id": "local-workspace"}, {})["status"] == 401


@given(
    body=st.binary(max_size=40) | st.sampled_from([body_of(), body_of("New"), body_of(topic="contact.deleted"), b"{}", b"[]"]),
    header=st.sampled_from(["right", "wrong", "none"]),
    path=st.sampled_from(["", "/uninstall", "/health", "/elsewhere"]),
    method=st.sampled_from(["HEAD", "POST", "GET"]),
    down=st.sampled_from([(), ("send_message",), ("send_message", "put_item"), ("get_item", "query"), ("get_secret_value",)]),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_whatever_comes_and_whatever_is_down_the_answer_is_one_that_intercom_does_not_punish(
    body: bytes, header: str, path: str, method: str, down: tuple[str, ...]
) -> None:
    """410 would end the subscription, 429 slow it down."""
    app = _app()
    for operation in down:
        for client in (app.sqs, app.dynamodb, app.secrets):
            client.refuse(operation, 9)
    app.environment = app.new_environment()
    headers = {"right": {**hub(body), **signed(body)}, "wrong": hub(b"another"), "none": {}}[header]
    answer = app.notify(body, headers, method=method, path=f"/webhooks/intercom{path}")

    for client in (app.sqs, app.dynamodb, app.secrets):
        client.mend()

    assert answer["statusCode"] in {200, 401, 503}
