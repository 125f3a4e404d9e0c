"""What was said to the vendors about a referral, as a developer reads it: each call, and no secret."""

from __future__ import annotations

import json

import pytest

from shared.domain.signup.state import State
from tests.support.builders import EMAIL, App
from tests.support.console_api import Console

DOWN = {"kind": "status", "status": 503, "path": "^/contacts"}


def sign_up_in_trouble(console: Console) -> None:
    """The first search is not answered, the second one is."""
    console.app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts/search", "times": 1})
    console.app.sign_up()
    console.app.wait(40)
    console.app.work()
    assert console.app.row().state is State.DELIVERED


def test_a_delivery_that_went_well_at_once_keeps_no_call(console: Console) -> None:
    """It would cost more than the delivery."""
    console.app.sign_up()
    assert console.app.row().state is State.DELIVERED
    assert console.get("/api/referrals/1/42")["calls"] == []


def test_each_call_of_a_delivery_in_trouble_is_kept_with_its_answer(console: Console) -> None:
    sign_up_in_trouble(console)
    calls = console.get("/api/referrals/1/42")["calls"]
    made = [(call["method"], call["path"]) for call in reversed(calls)]
    assert made.index(("POST", "/contacts/search")) < made.index(("POST", "/contacts"))

    created = calls[0]
    assert (created["status"], json.loads(created["sent"])["email"]) == (200, EMAIL)
    assert created["request_id"]
    assert created["host"] == "intercom.test"


def test_an_answer_that_never_came_says_so(console: Console) -> None:
    console.app.wire.faults.add({"kind": "reset", "path": "^/contacts$", "method": "POST"})
    console.app.sign_up()

    newest = console.get("/api/referrals/1/42")["calls"][0]
    assert (newest["path"], newest["status"]) == ("/contacts", None)
    assert "lost" in newest["answer"]


def test_each_try_is_kept_and_the_newest_comes_first(app: App, console: Console) -> None:
    app.wire.faults.add(DOWN)
    app.sign_up()

    app.wire.faults.clear()
    app.wait(40)
    app.work()

    assert app.row().state is State.DELIVERED

    statuses = [call["status"] for call in console.get("/api/referrals/1/42")["calls"]]
    assert statuses[0] == 200
    assert 503 in statuses


def test_a_second_try_that_calls_nobody_keeps_what_the_first_one_said(console: Console) -> None:
    console.app.wire.faults.add(DOWN)
    console.app.sign_up()
    before = console.get("/api/referrals/1/42")["calls"]
    console.app.configure(status="paused")

    console.app.wait(40)
    failed = console.app.work()

    assert failed == []
    assert console.app.row().state is State.HELD
    assert before
    assert console.get("/api/referrals/1/42")["calls"] == before


def test_calls_are_kept_for_thirty_days(console: Console) -> None:
    sign_up_in_trouble(console)
    kept = [item for item in console.app.rows_of("REFERRAL#1#42") if item["sk"]["S"].startswith("CALLS#")]

    ends = {int(item["expires_at"]["N"]) - int(item["sk"]["S"].removeprefix("CALLS#")) // 1_000 for item in kept}

    assert ends == {30 * 86_400}


def test_no_secret_is_kept(console: Console) -> None:
    sign_up_in_trouble(console)
    text = json.dumps(console.get("/api/referrals/1/42")["calls"])

    assert EMAIL in text
    assert "local-intercom-token" not in text
    assert "Bearer" not in text


def test_calls_that_cannot_be_kept_cost_no_delivery(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.errors import TransientError

    def fail(*_: object) -> None:
        raise TransientError("DynamoDB is slow", vendor="aws")

    monkeypatch.setattr(console.app.environment.calls, "keep", fail)
    sign_up_in_trouble(console)


def test_no_call_about_an_erased_person_is_kept(console: Console) -> None:
    sign_up_in_trouble(console)

    assert EMAIL in json.dumps(console.get("/api/referrals/1/42")["calls"])

    console.post("/api/people/erase", {"email": EMAIL})

    assert EMAIL not in json.dumps(console.get("/api/referrals/1/42"))
    assert console.get("/api/referrals/1/42")["calls"] == []
