"""A person marks as dealt with what they have looked at, and only what is open asks for attention."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.signup.referral import DOUBT
from shared.domain.signup.state import State
from shared.use_cases.signup.replay_referrals import TIME_FOR_A_ROW
from tests.support.builders import App
from tests.support.console_api import Console
from tests.unit.operations.test_activity import add, everything

SHUT = "The Intercom app lacks a permission."


def attention(console: Console) -> tuple[list[int], int]:
    """The list and the overview's count of it."""
    return everything(console, "attention=true"), console.get("/api/overview")["attention"]


@pytest.mark.parametrize(
    "trouble",
    [
        {"state": State.FAILED},
        {"state": State.PARTIAL},
        {"possibly_doubled": True},
        {"unverified": True},
        {"refusals": {"qualification": SHUT}},
    ],
)
def test_what_is_dealt_with_asks_for_nobody_any_more(console: Console, trouble: dict[str, Any]) -> None:
    add(console.app, 1, **trouble)

    assert attention(console) == ([1], 1)
    assert console.post("/api/referrals/1/1/close")["closed"] is True
    assert attention(console) == ([], 0)
    assert console.get("/api/overview")["alarms"] == [] or "attention" not in str(console.get("/api/overview")["alarms"])

    shown = console.get("/api/referrals/1/1")
    assert (shown["referral"]["dealt_with"], shown["referral"]["needs_attention"]) == (True, False)

    line = shown["story"][-1]
    assert line["at"] == console.app.clock.now()
    assert line["sentence"] == "Somebody marked it as dealt with."
    assert line["detail"] == "mara@example.com"
    assert everything(console, f"state={shown['referral']['state']}") == [1], "it is still found by its state"


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        (State.DELIVERED, "If it did, qualify the person in Referral Factory. If not, press Mark as dealt with."),
        (State.FAILED, "Put right what the reason names, then press Send again."),
        (State.PARTIAL, "Put right what was left out, in Intercom or in the campaign's fields."),
    ],
)
def test_a_doubt_about_a_value_waits_until_what_was_not_delivered_is_put_right(
    console: Console, state: State, advice: str
) -> None:
    add(console.app, 1, state=state, refusals={DOUBT: "Nobody can say when the contact came to it."})

    assert console.get("/api/referrals/1/1")["referral"]["what_to_do"].startswith(advice)


def test_a_second_press_changes_nothing(console: Console) -> None:
    add(console.app, 1, state=State.FAILED)
    answers = [console.post("/api/referrals/1/1/close")["closed"] for _ in range(2)]
    assert answers == [True, False]
    assert [line["what"] for line in console.get("/api/referrals/1/1")["story"]] == ["dealt with"]
    assert console.audit_lines().count("Marked the referral of user 1 in campaign 1 as dealt with.") == 1
    assert console.call("POST", "/api/referrals/1/2/close").status == 404


def test_what_goes_wrong_later_shows_again(console: Console) -> None:
    rows = console.app.environment.referrals
    add(console.app, 1, state=State.FAILED)
    console.post("/api/referrals/1/1/close")

    rows.update(1, 1, lambda row: replace(row, possibly_doubled=True))

    assert attention(console)[0] == [1]

    console.post("/api/referrals/1/1/close")
    rows.update(1, 1, lambda row: row.waiting(0, "").done(State.FAILED, "Another reason."))

    assert attention(console)[0] == [1], "it was tried again and failed again"

    console.post("/api/referrals/1/1/close")
    rows.update(1, 1, lambda row: row.refused("qualification", SHUT))

    assert attention(console)[0] == [1]

    console.post("/api/referrals/1/1/close")
    rows.update(1, 1, lambda row: row.refused("qualification", SHUT))

    assert attention(console)[0] == [], "the same refusal again is no news"

    rows.update(1, 1, lambda row: row.accepted("qualification").refused("qualification", SHUT))

    assert attention(console)[0] == [1]


def test_a_replay_opens_the_row_again(app: App, console: Console) -> None:
    app.sign_up(email="nobody")
    console.post("/api/referrals/1/42/close")

    assert attention(console)[0] == []

    app.wait(11)
    console.post("/api/referrals/1/42/replay")
    app.work()

    assert app.row().state is State.FAILED
    assert attention(console)[0] == [42]


def test_all_that_match_are_closed_in_batches(console: Console) -> None:
    for user_id in range(1, 251):
        add(console.app, user_id, state=State.FAILED, reason=SHUT if user_id % 2 else "Another.")
    closed, cursor = 0, None
    for _ in range(10):
        done = console.post("/api/closes", {"attention": True, "reason": SHUT, "cursor": cursor})
        closed, cursor = closed + done["closed"], done["cursor"]
        if cursor is None:
            break

    assert closed == 125
    assert console.get("/api/overview")["attention"] == 100, "counted up to there"
    assert len(everything(console, "attention=true", limit=100)) == 125
    assert console.call("POST", "/api/closes", {"campaign_id": 1}).status == 422


@pytest.mark.parametrize(("seconds", "closed"), [(TIME_FOR_A_ROW, 2), (TIME_FOR_A_ROW - 0.01, 0)])
def test_a_batch_that_has_no_time_left_ends_early_and_goes_on_where_it_was(
    console: Console, seconds: float, closed: int
) -> None:
    for user_id in (1, 2):
        add(console.app, user_id, state=State.FAILED)
    console.app.context.seconds = seconds

    first = console.post("/api/closes", {"attention": True})
    console.app.context.seconds = 45.0
    second = (
        console.post("/api/closes", {"attention": True, "cursor": first["cursor"]}) if first["cursor"] is not None else None
    )

    assert first["closed"] == closed
    assert (second is None) is (closed == 2)
    assert second is None or second["closed"] == 2
    assert attention(console)[0] == []


def test_a_batch_is_one_line_of_what_people_did_with_how_many_there_were(console: Console) -> None:
    for user_id in (1, 2):
        add(console.app, user_id, state=State.FAILED)

    for _ in range(2):
        console.post("/api/closes", {"state": "failed"})

    lines = [line for line in console.audit_lines() if line.startswith("Marked")]
    assert lines == ["Marked 2 referrals as dealt with at once."]


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        (State.DELIVERED, "Put right what the reason names, there or in the campaign's settings, then press Send again."),
        (State.FAILED, "Put right what the reason names, then press Send again."),
    ],
)
def test_a_refusal_beside_a_delivery_is_put_right_where_it_was_made(console: Console, state: State, advice: str) -> None:
    add(console.app, 1, state=state, refusals={"qualification": SHUT})

    assert console.get("/api/referrals/1/1")["referral"]["what_to_do"] == advice


def test_a_doubled_contact_comes_before_a_person_that_nobody_knows_and_both_before_a_refusal(console: Console) -> None:
    add(console.app, 1, possibly_doubled=True, unverified=True, refusals={"qualification": SHUT})
    add(console.app, 2, unverified=True, refusals={"qualification": SHUT})

    advice = [console.get(f"/api/referrals/1/{user_id}")["referral"]["what_to_do"] for user_id in (1, 2)]

    assert advice[0] == "Open the contacts in Intercom and merge them if they are the same person."
    assert advice[1].startswith("Look whether Referral Factory has the person.")


def test_what_is_dealt_with_needs_nothing_until_it_is_open_again(console: Console) -> None:
    add(console.app, 1, state=State.FAILED, reason=SHUT)
    console.post("/api/referrals/1/1/close")

    advice = console.get("/api/referrals/1/1")["referral"]["what_to_do"]

    assert advice == "Nothing: somebody has dealt with it. What goes wrong later shows here again."


def test_all_that_failed_for_one_reason_are_sent_again_and_no_others(app: App, console: Console) -> None:
    for user_id, reason in ((1, SHUT), (2, "The e-mail address is invalid."), (3, SHUT)):
        add(app, user_id, state=State.FAILED, reason=reason)

    assert everything(console, f"reason={SHUT.replace(' ', '+')}") == [3, 1]

    answer = console.post("/api/replays", {"reason": SHUT})
    assert (answer["replayed"], answer["already_waiting"]) == (2, 0)
    assert [app.row(user_id).state for user_id in (1, 2, 3)] == [State.PENDING, State.FAILED, State.PENDING]
