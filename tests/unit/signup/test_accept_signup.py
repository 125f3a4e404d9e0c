"""The receiver: size, secret, parse, send; and where a webhook goes when one of them fails."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.messages import DeliverContact, ReconcileCampaigns
from shared.runtime import bootstrap
from shared.use_cases.signup.accept_signup import MAX_WEBHOOK
from tests.support.builders import WEBHOOK_SECRET, App, webhook_fields
from tests.support.clock import NOW

REFUSED = {
    "type": "about:blank",
    "title": "Unauthorized",
    "status": 401,
    "detail": "The X-Webhook-Secret header is missing or wrong.",
}
BOMB = "[" * 30_000
UNREADABLE: dict[str, str | bytes] = {
    "a nesting bomb": BOMB,
    "a nested object": '{"a":' * 10_000,
    "deeper than eight": json.dumps({"a": [[[[[[[[[1]]]]]]]]]}),
    "NaN": '{"id": NaN}',
    "infinity": '{"id": -Infinity}',
    "a float without bounds": '{"id": 1e999}',
    "a number of 5,000 digits": '{"id": %s}' % ("9" * 5_000),
    "a duplicate key": '{"id": 42, "id": 43}',
    "a duplicate form field": "id=42&id=43",
    "Latin-1": '{"id": 42, "first_name": "Zo\xeb"}'.encode("latin-1"),
    "a raw NUL": b'{"id": 42, "first_name": "I\x00vo"}',
    "half a document": '{"id": 42, "first_na',
    "no object": "[1, 2]",
    "plain words": "hello",
    "601 fields": json.dumps({f"field {number}": 1 for number in range(601)}),
}


def stored(app: App) -> list[Any]:
    return [*app.queued(), *app.queued("reconcile"), *app.rows_of("")]


def test_a_webhook_is_queued_with_all_that_it_holds_and_answered_202(app: App) -> None:
    answer = app.post(webhook_fields(first_name="Zoë 🎉"))

    assert (answer["statusCode"], json.loads(answer["body"])) == (202, {"status": "accepted"})

    (message,) = app.queued()
    assert isinstance(message, DeliverContact)
    assert message.campaign_id == 1
    assert message.user_id is None
    assert message.event == "joined"
    assert message.received_at == NOW
    assert message.fields == webhook_fields(first_name="Zoë 🎉")
    assert len(message.id) == 32
    assert app.metrics.counts["SignupAccepted"] == 1


@pytest.mark.parametrize("secret", [None, "", "wrong", "lökal", f"{WEBHOOK_SECRET},{WEBHOOK_SECRET}", "\ud800", " " * 70_000])
def test_without_the_secret_there_is_one_constant_answer_and_nothing_is_stored(app: App, secret: str | None) -> None:
    answers = [app.post(body, secret=secret) for body in (webhook_fields(), "{", b"\xff", "")]
    assert {answer["statusCode"] for answer in answers} == {401}
    assert [json.loads(answer["body"]) for answer in answers] == [REFUSED] * 4
    assert stored(app) == []


def test_the_secret_is_checked_before_anything_is_parsed(app: App) -> None:
    answers = {app.post(body, secret="wrong", campaign="x", event="y")["body"] for body in UNREADABLE.values()}
    assert answers == {app.post(webhook_fields(), secret="wrong")["body"]}
    assert stored(app) == []


def test_the_size_is_checked_before_the_secret(app: App) -> None:
    for body, query in (("x" * (MAX_WEBHOOK + 1), ""), (b"\xff" * (MAX_WEBHOOK + 1), ""), ("", "a=" + "x" * MAX_WEBHOOK)):
        for secret in (WEBHOOK_SECRET, "wrong"):
            assert app.post(body, query=query, secret=secret)["statusCode"] == 413
    assert stored(app) == []


def test_a_body_of_exactly_64_kilobytes_is_taken(app: App) -> None:
    fields = webhook_fields()
    padding = MAX_WEBHOOK - len(json.dumps({**fields, "Story": ""}))
    assert app.post({**fields, "Story": "x" * padding})["statusCode"] == 202
    assert len(app.queued()) == 1


def test_an_address_of_exactly_64_kilobytes_is_taken(app: App) -> None:
    query = urlencode({**webhook_fields(), "Story": ""})
    padding = "x" * (MAX_WEBHOOK - len(query))

    answer = app.post(method="GET", query=query + padding)

    assert answer["statusCode"] == 202
    assert len(app.queued()) == 1


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_authenticated_body_that_cannot_be_read_is_quarantined_as_it_came_never_refused(app: App, name: str) -> None:
    body = UNREADABLE[name]
    content_type = "application/x-www-form-urlencoded" if "form" in name else "application/json"

    assert app.post(body, content_type=content_type)["statusCode"] == 202
    assert app.queued() == []

    (row,) = app.environment.quarantine.list(10).items
    assert base64.b64decode(row.body) == (body if isinstance(body, bytes) else body.encode())
    assert row.campaign_id == "1"
    assert row.event == "joined"
    assert row.content_type == content_type
    assert row.received_at == NOW
    assert row.reason.startswith("the webhook cannot be read") or "UTF-8" in row.reason
    assert app.metrics.counts["SignupQuarantined"] == 1
    assert [type(message) for message in app.queued("reconcile")] == [ReconcileCampaigns]


@pytest.mark.parametrize(
    ("campaign", "event"), [("x", "joined"), ("", "joined"), ("9" * 19, "joined"), ("²", "joined"), ("1", "won")]
)
def test_an_address_that_names_no_campaign_or_event_is_quarantined(app: App, campaign: str, event: str) -> None:
    assert app.post(webhook_fields(), campaign=campaign, event=event)["statusCode"] == 202
    assert len(app.environment.quarantine.list(10).items) == 1
    assert app.queued() == []


def test_lone_surrogates_and_escaped_nul_go_through_the_queue(app: App) -> None:
    assert app.post('{"id": 42, "first_name": "\\ud83dI\\u0000vo"}')["statusCode"] == 202
    (message,) = app.queued()
    assert isinstance(message, DeliverContact)
    assert message.fields == {"id": 42, "first_name": "\ud83dI\x00vo"}


@pytest.mark.parametrize(
    ("body", "query", "method", "content_type"),
    [
        ('{"id": "42", "email": "a+b@example.com"}', "", "POST", "application/json; charset=utf-8"),
        ('{"id": "42", "email": "a+b@example.com"}', "", "POST", ""),
        ("id=42&email=a%2Bb%40example.com", "", "POST", "application/x-www-form-urlencoded"),
        ("id=42&email=a%2Bb@example.com", "", "POST", "text/plain"),
        ("", "id=42&email=a%2Bb%40example.com", "POST", ""),
        ("", "id=42&email=a%2Bb%40example.com", "GET", ""),
        (b"id=42&email=a%2Bb%40example.com", "", "POST", "application/x-www-form-urlencoded"),
    ],
)
def test_json_forms_and_query_strings_are_read(app: App, body: Any, query: str, method: str, content_type: str) -> None:
    answer = app.post(body, query=query, method=method, content_type=content_type)

    assert answer["statusCode"] == 202

    (message,) = app.queued()
    assert isinstance(message, DeliverContact)
    assert message.fields == {"id": "42", "email": "a+b@example.com"}


def test_a_send_that_is_refused_once_is_tried_again(app: App) -> None:
    app.sqs.refuse("send_message")
    assert app.post(webhook_fields())["statusCode"] == 202
    assert len(app.queued()) == 1
    assert app.rows_of("INBOX#") == []


def test_a_send_whose_answer_was_lost_leaves_two_messages_and_one_contact(app: App) -> None:
    app.sqs.refuse("send_message", happens=True)

    assert app.post(webhook_fields())["statusCode"] == 202
    assert len(app.queued()) == 2

    app.work()

    assert len(app.contacts()) == 1


def test_a_queue_that_refuses_twice_is_passed_by_through_the_inbox(app: App) -> None:
    app.sqs.refuse("send_message", 2)

    assert app.post(webhook_fields())["statusCode"] == 202
    assert app.queued() == []
    assert app.metrics.counts["SignupStoredInInbox"] == 1
    assert app.sweep() == {"enqueued": 0, "inbox": 0, "released": 0, "beside": 0}

    app.wait(30)

    assert app.sweep()["inbox"] == 1
    assert len(app.contacts()) == 1
    assert app.rows_of("INBOX#") == []


def test_when_nothing_can_store_the_webhook_the_sender_gets_503(app: App) -> None:
    app.sqs.refuse("send_message", 2)
    app.dynamodb.refuse("put_item", 9)
    answer = app.post(webhook_fields())

    assert (answer["statusCode"], json.loads(answer["body"])["title"]) == (503, "Not stored")
    assert app.metrics.counts["SignupAccepted"] == 0


def test_an_unreadable_webhook_that_cannot_be_quarantined_is_503(app: App) -> None:
    app.dynamodb.refuse("put_item", 9)
    assert app.post("{")["statusCode"] == 503


def test_secrets_that_cannot_be_read_are_503_not_401(app: App) -> None:
    app.secrets.refuse("get_secret_value", 9)
    assert app.post(webhook_fields())["statusCode"] == 503
    assert stored(app) == []


def test_the_receiver_reads_no_table_and_calls_no_vendor(app: App) -> None:
    app.dynamodb.refuse("get_item", 99)
    app.dynamodb.refuse("query", 99)
    assert app.post(webhook_fields())["statusCode"] == 202
    assert app.wire.calls == []


@given(st.one_of(st.binary(max_size=300), st.text(st.characters(codec=None, exclude_categories=()), max_size=300)))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_an_authenticated_sender_posts_is_stored_and_answered_202(body: bytes | str) -> None:
    app = PROPERTY
    before = len(app.queued()) + len(app.rows_of("QUARANTINE#"))
    with bootstrap.use(app.environment):
        assert app.post(body)["statusCode"] == 202
    assert len(app.queued()) + len(app.rows_of("QUARANTINE#")) == before + 1


PROPERTY = App()
