"""Rate limit, strikes and block of the Referral Factory stand-in."""

from __future__ import annotations

import pytest

from tests.support.referral_factory_builder import Caller

WEEK = 7 * 24 * 3600


def overrun(caller: Caller) -> None:
    """Wait until the minute is empty, then go over the limit."""
    caller.now += 61
    for _ in range(caller.vendor.account.settings.calls_per_minute + 1):
        caller.call("GET", "/campaigns")


def strikes(caller: Caller) -> int:
    return caller.vendor.read_state()["limit"]["strikes"].get("127.0.0.1", 0)


def test_the_601st_call_in_a_sliding_minute_is_refused(caller: Caller) -> None:
    for second in range(600):
        caller.now += 0.09 if second else 0.0
        assert caller.call("GET", "/campaigns").status == 200
    refused = caller.call("GET", "/campaigns")

    assert refused.status == 429
    assert "Retry-After" not in refused.headers
    assert caller.vendor.read_state()["limit"]["refused_calls"] == 1


def test_calls_leave_the_window_after_a_minute() -> None:
    caller = Caller(calls_per_minute=2)
    caller.call("GET", "/campaigns")
    caller.now += 30
    caller.call("GET", "/campaigns")

    caller.now += 30

    assert caller.call("GET", "/campaigns").status == 200
    assert caller.call("GET", "/campaigns").status == 429


def test_refused_calls_count_unless_told_not_to() -> None:
    for refused_calls_count, expected in ((True, 429), (False, 200)):
        caller = Caller(calls_per_minute=1, refused_calls_count=refused_calls_count)
        caller.call("GET", "/campaigns")
        caller.now += 59
        assert caller.call("GET", "/campaigns").status == 429
        caller.now += 2
        assert caller.call("GET", "/campaigns").status == expected


def test_retry_after_can_be_switched_on() -> None:
    caller = Caller(calls_per_minute=1, retry_after=True, refused_calls_count=False)
    caller.call("GET", "/campaigns")
    caller.now += 20
    assert caller.call("GET", "/campaigns").headers["Retry-After"] == "40"


def test_calls_with_a_wrong_token_do_not_count() -> None:
    caller = Caller(calls_per_minute=1)
    assert caller.call("GET", "/campaigns", Authorization="Bearer wrong").status == 401
    assert caller.call("GET", "/campaigns").status == 200


def test_refusals_within_a_minute_are_one_strike() -> None:
    caller = Caller(calls_per_minute=1)
    overrun(caller)
    caller.now += 30

    caller.call("GET", "/campaigns")

    assert strikes(caller) == 1

    caller.now += 31
    caller.call("GET", "/campaigns")
    caller.call("GET", "/campaigns")

    assert strikes(caller) == 2


@pytest.mark.parametrize(("answer", "status"), [("403", 403), ("429", 429), ("refused", 0)])
def test_more_than_three_strikes_block_the_address_for_a_week(answer: str, status: int) -> None:
    caller = Caller(calls_per_minute=5, blocked_answer=answer)
    for _ in range(3):
        overrun(caller)
    caller.now += 61

    assert caller.call("GET", "/campaigns").status == 200

    overrun(caller)
    caller.now += WEEK - 1

    assert caller.call("GET", "/campaigns").status == status

    caller.now += 1

    assert caller.call("GET", "/campaigns").status == 200
    assert strikes(caller) == 0


def test_strikes_can_be_forgotten_with_time() -> None:
    caller = Caller(calls_per_minute=1, strike_memory_seconds=3600)
    for _ in range(6):
        overrun(caller)
        caller.now += 1800
    assert caller.vendor.read_state()["limit"]["blocked_for_seconds"] == {}


def test_a_block_is_for_one_address_and_webhooks_and_pages_go_on() -> None:
    caller = Caller(webhook_base_url="http://application.example")
    caller.submit("/block")

    assert caller.call("GET", "/campaigns").status == 403
    assert caller.call("GET", "/campaigns", x_stand_in_address="198.51.100.9").status == 200
    assert caller.submit("/friends", {"first_name": "Eve", "email": "eve@example.com"}).status == 303
    assert len(caller.webhooks()) == 1

    caller.submit("/unblock")

    assert caller.call("GET", "/campaigns").status == 200


def test_a_share_of_the_answers_is_late() -> None:
    caller = Caller(slow_share=0.075)
    late = [caller.call("GET", "/campaigns").headers.get("X-Stand-In-Delay") for _ in range(400)]
    assert set(late) == {None, "25.0"}
    assert 10 <= late.count("25.0") <= 60
