"""Qualification and rewards of the Referral Factory stand-in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.referral_factory_builder import Caller


def rewards(caller: Caller, kind: str, metric: str = "amount") -> list[dict[str, Any]]:
    return caller.read("GET", f"/rewards/{kind}/{metric}")["data"]


def test_a_qualified_referral_counts_for_its_referrer_at_once(caller: Caller) -> None:
    caller.create_referral()

    assert caller.user("eve@example.com")["qualified_at"] is None
    assert caller.qualify("EVE@example.com").status == 200
    assert caller.user("eve@example.com")["qualified_at"] == "2027-01-15"
    assert caller.user("ada@example.com")["analytics"] == {"reach": 0, "referrals": 1, "qualified_referrals": 1}

    caller.qualify("eve@example.com", qualified=False)

    assert caller.user("eve@example.com")["qualified_at"] is None
    assert caller.user("ada@example.com")["analytics"]["qualified_referrals"] == 0


@pytest.mark.parametrize("field", ["id", "code"])
def test_a_referral_is_qualified_by_id_or_code(caller: Caller, field: str) -> None:
    user = caller.create_referral()
    changed = caller.read("PUT", "/users/qualification", {field: user[field], "qualified": True})["data"]
    assert changed["qualified_at"] == "2027-01-15"


@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        ({"email": "eve@example.com", "campaign_id": 1}, 422, {"qualified"}),
        ({"email": "eve@example.com", "campaign_id": 1, "qualified": 1}, 422, {"qualified"}),
        ({"email": "eve@example.com", "qualified": True}, 422, {"campaign_id"}),
        ({"qualified": True}, 422, {"id"}),
        ({"id": 1, "code": "x", "qualified": True}, 422, {"id"}),
        ({"email": "ada@example.com", "campaign_id": 1, "qualified": True}, 422, {"qualified"}),
        ({"code": "nobody", "qualified": True}, 404, set()),
    ],
)
def test_a_qualification_that_cannot_be(caller: Caller, body: dict[str, Any], status: int, fields: set[str]) -> None:
    caller.create_referral()
    assert caller.refused("PUT", "/users/qualification", body) == (status, fields)


@pytest.mark.parametrize(("answer", "body"), [("message", b'{"message": "Success"}'), ("empty", b"")])
def test_the_answer_to_a_qualification_can_be_another(answer: str, body: bytes) -> None:
    caller = Caller(qualification_answer=answer)
    caller.create_referral()
    assert caller.qualify("eve@example.com").body == body


@pytest.mark.parametrize(("requalify", "status", "times"), [("ignored", 200, 1), ("applied", 200, 2), ("refused", 422, 1)])
def test_a_second_qualification_does_what_the_settings_say(requalify: str, status: int, times: int) -> None:
    caller = Caller(requalify=requalify)
    user = caller.create_referral()
    caller.qualify("eve@example.com")

    assert caller.qualify("eve@example.com").status == status

    person = caller.vendor.account.people[user["id"]]
    assert (person.qualification_calls, person.qualified_times) == (2, times)
    assert len(rewards(caller, "issued")) == times
    assert caller.user("ada@example.com")["analytics"]["qualified_referrals"] == 1


def test_an_automatic_reward_is_issued_to_the_referrer_at_once(caller: Caller) -> None:
    caller.create_referral()
    caller.qualify("eve@example.com")
    (issued,) = rewards(caller, "issued")

    assert issued["recipient_id"] == 1
    assert issued["reward_id"] == 11
    assert issued["status"] == "Issued"
    assert issued["total"] == 20.0
    assert issued["count"] == 1
    assert issued["issued_at"] == "2027-01-15"
    assert rewards(caller, "due") == []


def test_another_reward_is_due_until_it_is_issued() -> None:
    caller = Caller(auto_issue=False, issue_status="Sending")
    caller.create_referral()
    caller.qualify("eve@example.com")

    (due,) = rewards(caller, "due")

    assert due["can_be_issued"]
    assert caller.read("POST", f"/rewards/issue/{due['id']}")["data"]["status"] == "Sending"
    assert (rewards(caller, "due"), len(rewards(caller, "issued"))) == ([], 1)
    assert caller.refused("POST", f"/rewards/issue/{due['id']}") == (422, {"identifier"})
    assert caller.refused("POST", f"/rewards/cancel/{due['id']}") == (422, {"identifier"})


def test_a_canceled_reward_is_listed_with_its_status() -> None:
    caller = Caller(auto_issue=False)
    caller.create_referral()
    caller.qualify("eve@example.com")
    (due,) = rewards(caller, "due")
    caller.read("POST", f"/rewards/cancel/{due['id']}")

    (canceled,) = rewards(caller, "issued")

    assert (canceled["status"], canceled["issued_at"]) == ("Canceled", None)


def test_taking_a_qualification_back_cancels_what_is_due_and_keeps_what_is_issued() -> None:
    for auto_issue, status in ((False, "Canceled"), (True, "Issued")):
        caller = Caller(auto_issue=auto_issue)
        caller.create_referral()
        caller.qualify("eve@example.com")
        caller.qualify("eve@example.com", qualified=False)
        assert [reward["status"] for reward in rewards(caller, "issued")] == [status]


def test_due_rewards_can_be_one_row_per_recipient() -> None:
    caller = Caller(auto_issue=False, due_rewards_aggregated=True)
    for name in ("eve", "fay"):
        caller.create_referral(f"{name}@example.com")
        caller.qualify(f"{name}@example.com")
    (due,) = rewards(caller, "due")

    assert (due["count"], due["total"]) == (2, 40.0)

    caller.qualify("fay@example.com", qualified=False)
    (due,) = rewards(caller, "due")

    assert (due["count"], due["total"]) == (1, 20.0)


def test_a_reward_that_may_not_be_issued() -> None:
    caller = Caller(auto_issue=False, can_be_issued=False)
    caller.create_referral()
    caller.qualify("eve@example.com")

    (due,) = rewards(caller, "due")

    assert not due["can_be_issued"]
    assert caller.refused("POST", f"/rewards/issue/{due['id']}")[0] == 422


def test_a_coupon_has_a_code_and_no_total(caller: Caller) -> None:
    caller.create("fay@example.com", campaign_id=2, referrer={"field": "email", "value": "dana@example.com"})
    body = {"email": "fay@example.com", "campaign_id": 2, "qualified": True}
    caller.read("PUT", "/users/qualification", body)

    (due,) = rewards(caller, "due", "coupon")

    assert due["coupon"] == "PARTNER50"
    assert "total" not in due


def test_rewards_are_found_by_recipient_and_unknown_metrics_are_not_there(caller: Caller) -> None:
    caller.create_referral()
    caller.qualify("eve@example.com")
    for recipient, count in ((1, 1), (2, 0)):
        condition = {"field": "recipient_id", "operator": "=", "value": recipient}
        search = {"filters": {"operator": "AND", "value": [condition]}}
        assert len(caller.read("POST", "/rewards/issued/amount/search", search)["data"]) == count

    assert caller.refused("GET", "/rewards/issued/shoes")[0] == 404
    assert caller.refused("POST", "/rewards/issue/999")[0] == 404
    assert [rule["id"] for rule in rewards(caller, "dashboard")] == [11]
