"""Outgoing webhooks of the Referral Factory stand-in, and its settings."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.vendors.referral_factory import ReferralFactorySettings, WebhookRule
from tests.support.referral_factory_builder import Caller

JOINED = WebhookRule(campaign_id=1, event="joined", url="http://application.example/hook")


def caller_with(rule: WebhookRule = JOINED, **settings: Any) -> Caller:
    return Caller(webhooks=(rule,), **settings)


def test_each_seeded_campaign_calls_three_addresses_with_the_secret() -> None:
    caller = Caller(webhook_base_url="http://application.example/", webhook_secret="s3cret")
    caller.create_referral()
    caller.qualify("eve@example.com")

    sent = caller.webhooks()

    base = "http://application.example/webhooks/referral-factory/1"
    assert [webhook.url for webhook in sent] == [f"{base}/joined", f"{base}/qualified", f"{base}/rewarded"]
    assert {webhook.headers["X-Webhook-Secret"] for webhook in sent} == {"s3cret"}
    assert len(caller.vendor.account.outbox.rules()) == 6


def test_a_payload_has_the_fields_of_the_sample_and_names_no_event() -> None:
    caller = caller_with()
    user = caller.create(
        "eve@example.com",
        referrer={"field": "email", "value": "ada@example.com"},
        meta=[{"field": "Last Name", "value": "Adams"}],
    )
    (sent,) = caller.webhooks()

    ada = caller.user("ada@example.com")

    assert json.loads(sent.body) == {
        "referrer_id": ada["id"],
        "referrer_code": ada["code"],
        "referrer_first_name": "Ada",
        "referrer_email": "ada@example.com",
        "id": user["id"],
        "code": user["code"],
        "first_name": "Eve",
        "email": "eve@example.com",
        "url": user["url"],
        "source": "Api",
        "date": "2027-01-15",
        "referrals_count": 0,
        "campaign_id": 1,
        "Last Name": "Adams",
    }


def test_a_minimal_payload_under_names_of_the_operators_choosing() -> None:
    rule = WebhookRule(1, "joined", JOINED.url, payload="minimal", field_names={"email": "E-mail address"})
    caller = caller_with(rule)
    user = caller.create("eve@example.com")

    (sent,) = caller.webhooks()

    expected = {"id": user["id"], "code": user["code"], "E-mail address": "eve@example.com", "campaign_id": 1}
    assert json.loads(sent.body) == expected


def test_a_form_encoded_webhook() -> None:
    caller = caller_with(WebhookRule(1, "joined", JOINED.url, format="form"))
    caller.create("eve+1@example.com")
    (sent,) = caller.webhooks()

    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(sent.body.decode()))["email"] == "eve+1@example.com"


@pytest.mark.parametrize(("method", "form"), [("GET", "json"), ("POST", "query")])
def test_a_webhook_in_the_query_string(method: Any, form: Any) -> None:
    caller = caller_with(WebhookRule(1, "joined", f"{JOINED.url}?key=1", method=method, format=form))
    caller.create("eve+1@example.com")
    (sent,) = caller.webhooks()

    query = dict(parse_qsl(urlsplit(sent.url).query))

    assert sent.method == method
    assert sent.body == b""
    assert query["key"] == "1"
    assert query["email"] == "eve+1@example.com"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("nested", {"meta": {"Last Name": "Adams"}}),
        ("list", {"meta": [{"field": "Last Name", "value": "Adams"}]}),
        ("none", {}),
    ],
)
def test_extra_fields_come_in_the_form_the_settings_say(form: str, expected: dict[str, Any]) -> None:
    caller = caller_with(webhook_meta=form)
    caller.create("eve@example.com", meta=[{"field": "Last Name", "value": "Adams"}])
    body = json.loads(caller.webhooks()[0].body)
    assert {name: value for name, value in body.items() if name in ("meta", "Last Name")} == expected


@pytest.mark.parametrize("form", ["flat", "nested"])
def test_a_rewarded_webhook_names_recipient_and_reward(form: str) -> None:
    caller = caller_with(WebhookRule(1, "rewarded", JOINED.url), webhook_reward=form)

    caller.create_referral()
    caller.qualify("eve@example.com")

    body = json.loads(caller.webhooks()[0].body)
    assert body["email"] == "ada@example.com"

    name = "20 for inviting a friend"
    if form == "nested":
        assert body["reward"] == {"id": 6, "reward_id": 11, "name": name, "amount": 20.0, "status": "Issued"}
    else:
        facts = {key: value for key, value in body.items() if "reward" in key}
        assert facts == {
            "issued_reward_id": 6,
            "reward_id": 11,
            "reward_name": name,
            "reward_amount": 20.0,
            "reward_status": "Issued",
        }


def test_a_nested_reward_is_flattened_in_a_form() -> None:
    caller = caller_with(WebhookRule(1, "rewarded", JOINED.url, format="form"), webhook_reward="nested")
    caller.create_referral()
    caller.qualify("eve@example.com")
    assert dict(parse_qsl(caller.webhooks()[0].body.decode()))["reward[status]"] == "Issued"


def test_only_the_chosen_sources_are_reported() -> None:
    caller = caller_with(WebhookRule(1, "joined", JOINED.url, sources=("Referred",)))
    caller.create_referral()
    assert caller.webhooks() == []


def test_a_webhook_is_sent_once_whatever_the_answer() -> None:
    caller = caller_with()
    caller.create("eve@example.com")
    (sent,) = caller.webhooks()
    caller.vendor.webhook_answered(sent, 503)

    caller.now += 7 * 24 * 3600

    assert caller.webhooks() == []

    (entry,) = caller.vendor.account.outbox.log()
    assert (entry.fate, entry.status) == ("answered", 503)


def test_webhooks_can_be_lost_doubled_late_and_out_of_order() -> None:
    lost = caller_with(webhook_loss=1.0)
    lost.create("eve@example.com")

    assert lost.webhooks() == []
    assert lost.vendor.account.outbox.log()[0].fate == "lost"

    doubled = caller_with(webhook_double=1.0)
    doubled.create("eve@example.com")
    first, second = doubled.webhooks()

    assert first.body == second.body

    late = caller_with(webhook_delay_seconds=30.0)
    late.create("eve@example.com")

    assert late.webhooks() == []

    late.now += 30

    assert len(late.webhooks()) == 1

    shuffled = caller_with(webhook_order="shuffled")
    for number in range(20):
        shuffled.create(f"eve{number}@example.com")

    emails = [json.loads(webhook.body)["email"] for webhook in shuffled.webhooks()]
    assert sorted(emails) != emails
    assert len(set(emails)) == 20


def test_the_webhook_can_come_before_the_answer_of_the_call_that_caused_it() -> None:
    caller = caller_with(webhook_before_answer=True)
    body = {"campaign_id": 1, "first_name": "Eve", "email": "eve@example.com"}
    assert caller.call("POST", "/users", body).headers["X-Stand-In-Delay"] == "0.5"
    assert len(caller.webhooks()) == 1


def test_settings_are_read_and_changed_as_json() -> None:
    caller = caller_with()
    document = json.loads(json.dumps(caller.vendor.read_settings()))
    caller.vendor.change_settings({**document, "order": "descending"})

    assert caller.vendor.account.settings.order == "descending"
    assert caller.vendor.account.settings.webhooks == (JOINED,)


@pytest.mark.parametrize(
    "changes",
    [
        {"shoe_size": 41},
        {"order": "sideways"},
        {"calls_per_minute": "600"},
        {"calls_per_minute": 0},
        {"retry_after": 1},
        {"webhook_loss": 1.5},
        {"webhooks": 5},
        {"webhooks": ["x"]},
        {"webhooks": [{"campaign_id": 1}]},
        {"webhooks": [{"campaign_id": 1, "event": "left", "url": "http://application.example"}]},
        {"webhooks": [{"campaign_id": 1, "event": "joined", "url": "http://application.example", "sources": ["Pigeon"]}]},
        {
            "webhooks": [
                {
                    "campaign_id": 1,
                    "event": "joined",
                    "url": "http://application.example",
                    "headers": {"A": "1", "B": "2", "C": "3", "D": "4"},
                }
            ]
        },
    ],
)
def test_wrong_settings_change_nothing(caller: Caller, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        caller.vendor.change_settings({"order": "descending", **changes})
    assert caller.vendor.account.settings == ReferralFactorySettings()


def test_a_reset_seeds_again_and_keeps_the_settings_unless_asked(caller: Caller) -> None:
    caller.vendor.change_settings({"order": "descending"})
    caller.create("eve@example.com")
    caller.vendor.reset()

    assert (len(caller.vendor.account.people), caller.vendor.account.settings.order) == (4, "descending")

    caller.vendor.reset(settings=True)

    assert caller.vendor.account.settings.order == "ascending"


def test_the_same_chance_makes_the_same_account() -> None:
    assert Caller(seed=3).user("ada@example.com") == Caller(seed=3).user("ada@example.com")
    assert Caller(seed=3).user("ada@example.com")["code"] != Caller(seed=4).user("ada@example.com")["code"]
