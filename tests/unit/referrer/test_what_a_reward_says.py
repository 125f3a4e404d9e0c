"""What one reward comes to: its line in the story, its values on the contact, its event, and when it is tried again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.operations.story import story_of
from shared.domain.person import Person
from shared.domain.referrer.money import has_digits, money_of
from shared.domain.referrer.reward import (
    Kind,
    Reward,
    RewardFacts,
    Status,
    attributes_of_rewards,
    completed,
    last_of,
    metadata_of,
    title_of,
    total_of,
)
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State

ROW = Referral(1, 2, State.DELIVERED, Person(2), 0.0)
ATTRIBUTES = {"last_reward": "a", "rewards_total": "b", "reward_status": "c"}


def reward(kind: Kind = Kind.ISSUED, number: int = 7, **more: Any) -> Reward:
    """Noted at 10, changed at 20; facts and what is kept of it by their names."""
    facts = {name: more.pop(name) for name in RewardFacts.__slots__ if name in more}
    return Reward(RewardFacts(kind, number, **{"name": "A cake", **facts}), 1, 2, 10.0, 20.0, **more)


def lines(one: Reward) -> list[tuple[float, str]]:
    return [(event.at, event.what) for event in story_of(ROW, [one])]


# -- the story --------------------------------------------------------------------------------------------------------


DUE = (10.0, "A reward is due to this person in Referral Factory.")
REFUSED = (20.0, "Referral Factory refused to issue the due reward.")


@pytest.mark.parametrize(
    ("kept", "afterwards"),
    [
        ({}, []),
        ({"note": "No."}, [REFUSED]),
        ({"note": "No.", "ended_at": 30.0}, [REFUSED]),
        ({"note": "No.", "assumed": True}, []),
        ({"note": "No.", "assumed": True, "ended_at": 30.0}, [(30.0, "Its issuing was never confirmed; it is no longer due.")]),
        ({"ended_at": 30.0}, [(30.0, "The due reward was issued.")]),
    ],
)
def test_the_story_of_a_due_reward(kept: dict[str, Any], afterwards: list[tuple[float, str]]) -> None:
    assert lines(reward(Kind.DUE, **kept)) == [DUE, *afterwards]


GIVEN = (10.0, "A reward was issued to this person.")
REPORTED = (30.0, "The reward was reported to Intercom as an event on the contact.")


@pytest.mark.parametrize(
    ("kept", "story"),
    [
        ({}, [GIVEN]),
        ({"status": Status.SENT}, [GIVEN]),
        ({"status": Status.CANCELED}, [(10.0, "A reward of this person was not given.")]),
        ({"preexisting": True}, [(10.0, f"{GIVEN[1]} It was there before the campaign was set up here.")]),
        ({"note": "No."}, [GIVEN, (20.0, "Intercom refused the event that reports the reward.")]),
        ({"reported_at": 30.0}, [GIVEN, REPORTED]),
        ({"reported_at": 30.0, "note": "Once."}, [GIVEN, REPORTED]),
    ],
)
def test_the_story_of_an_issued_reward(kept: dict[str, Any], story: list[tuple[float, str]]) -> None:
    assert lines(reward(**kept)) == story


def test_the_story_says_which_reward_it_was_and_why_it_was_refused() -> None:
    issued, refused = reward(), reward(Kind.DUE, note="Paused.")

    assert [event.detail for event in story_of(ROW, [issued])] == ["A cake: Issued"]
    assert [event.detail for event in story_of(ROW, [refused])] == ["A cake", "A cake: Paused."]
    assert [event.detail for event in story_of(ROW, [reward(note="No.")])][-1] == "No."


# -- what is reported later -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "newer", "by_webhook", "by_list"),
    [
        (Status.ISSUED, Status.SENT, Status.SENT, Status.SENT),
        (Status.SENT, Status.ISSUED, Status.SENT, Status.ISSUED),
        (Status.FAILED, Status.CANCELED, Status.FAILED, Status.CANCELED),
        (Status.ISSUED, Status.UNKNOWN, Status.ISSUED, Status.ISSUED),
        (Status.UNKNOWN, Status.DUE, Status.DUE, Status.DUE),
    ],
)
def test_a_list_is_the_truth_and_a_webhook_takes_no_status_back(
    before: Status, newer: Status, by_webhook: Status, by_list: Status
) -> None:
    known, said = reward(status=before), reward(status=newer).facts

    found = [completed(known, said, 50.0, listed=listed) for listed in (False, True)]

    assert [one.facts.status for one in found] == [by_webhook, by_list]
    assert [one.changed_at for one in found] == [50.0 if one.facts.status is not before else 20.0 for one in found]


def test_a_list_is_older_than_our_own_issuing_and_a_webhook_is_not() -> None:
    ours = reward(Kind.DUE, status=Status.ISSUED, ended_at=40.0)

    assert completed(ours, reward(Kind.DUE, status=Status.CANCELED).facts, 50.0, listed=True).facts.status is Status.ISSUED
    assert completed(ours, reward(Kind.DUE, status=Status.CANCELED).facts, 50.0, listed=False).facts.status is Status.CANCELED


def test_what_a_later_report_leaves_out_stays_and_what_it_says_counts() -> None:
    known = reward(amount="20.00", coupon="A1", can_be_issued=True)

    after = completed(known, RewardFacts(Kind.ISSUED, 99, coupon="B2", can_be_issued=False), 50.0, listed=False).facts

    assert (after.name, after.amount) == ("A cake", "20.00")
    assert after.coupon == "B2"
    assert after.id == 7
    assert after.can_be_issued is False


# -- on the contact ---------------------------------------------------------------------------------------------------


def test_the_last_reward_is_the_one_that_was_given_last() -> None:
    older = reward(number=1, issued_at="2026-01-01", name="Older")
    newer = reward(number=2, issued_at="2026-01-02", name="Newer")
    canceled = reward(number=3, issued_at="2026-01-03", status=Status.CANCELED)
    due = reward(Kind.DUE, number=4, issued_at="2026-01-04")

    assert last_of([newer, older, canceled, due]) == newer
    assert last_of([canceled, due]) is None


def test_of_rewards_without_a_date_the_last_is_the_one_that_was_noted_last_and_then_the_one_with_the_higher_id() -> None:
    first, second = reward(number=9, name="First"), replace(reward(number=1, name="Second"), noted_at=11.0)
    beside = reward(number=10, name="Beside")

    assert last_of([second, first]) == second
    assert last_of([beside, first]) == beside


def test_the_status_shown_is_that_of_the_reward_that_changed_last_and_an_ended_due_one_is_not_shown() -> None:
    issued = reward(number=1)
    due = replace(reward(Kind.DUE, number=2, status=Status.DUE), changed_at=30.0)

    assert attributes_of_rewards([issued, due], ATTRIBUTES)["c"] == "Due"
    assert attributes_of_rewards([issued, replace(due, ended_at=40.0)], ATTRIBUTES)["c"] == "Issued"
    assert attributes_of_rewards([replace(due, ended_at=40.0)], ATTRIBUTES) == {}
    assert attributes_of_rewards([], ATTRIBUTES) == {}


def test_only_the_attributes_that_the_campaign_chose_are_written() -> None:
    assert attributes_of_rewards([reward(amount="20")], {"rewards_total": "b"}) == {"b": 20}
    assert attributes_of_rewards([reward(amount="20 points")], ATTRIBUTES) == {"a": "A cake", "c": "Issued"}


@pytest.mark.parametrize(
    ("amounts", "total"),
    [
        (("0.104", "0.10"), 0.2),  # to the cent
        (("0.5", "0.5"), 1),
        (("20", "€20", "$10"), "20, 20 EUR, 10 USD"),
        (("20", "A cake"), 20),
        (("-5", "20"), 15),
    ],
)
def test_what_rewards_are_worth_together(amounts: tuple[str, ...], total: object) -> None:
    every = [reward(number=number, amount=amount) for number, amount in enumerate(amounts)]

    found = total_of([*every, reward(Kind.DUE, amount="1000"), reward(amount="1000", status=Status.FAILED)])

    assert found == total
    assert type(found) is type(total)


def test_a_coupons_number_is_no_amount() -> None:
    assert total_of([reward(amount="20", coupon="C20"), reward(number=8, amount="5")]) == 5
    assert total_of([reward(amount="20", coupon="C20")]) == 1


@pytest.mark.parametrize(
    ("facts", "title"),
    [
        ({"coupon": "C", "amount": "20", "reward_id": 3}, "A cake"),
        ({"name": None, "coupon": "C", "amount": "20", "reward_id": 3}, "C"),
        ({"name": None, "amount": "20", "reward_id": 3}, "20"),
        ({"name": None, "reward_id": 3}, "Reward 3"),
        ({"name": None}, "Reward 7"),
    ],
)
def test_a_reward_is_called_by_its_name_else_by_what_it_is(facts: dict[str, Any], title: str) -> None:
    assert title_of(reward(**facts).facts) == title


# -- the event --------------------------------------------------------------------------------------------------------


def test_the_event_holds_each_fact_under_its_name() -> None:
    facts = {"amount": "€20", "reward_id": 3, "issued_at": "2026-01-01"}

    assert metadata_of(reward(**facts), "Friends") == {
        "reward": "A cake",
        "amount": 20.0,
        "status": "Issued",
        "campaign": "Friends",
        "campaign_id": 1,
        "issued_reward_id": 7,
        "reward_id": 3,
        "issued_at": "2026-01-01",
    }


@pytest.mark.parametrize(
    ("facts", "coupon", "amount"),
    [
        ({"coupon": "C20", "amount": "20"}, "C20", None),
        ({"amount": "A free cake"}, "A free cake", None),
        ({"amount": "20"}, None, 20.0),
        ({}, None, None),
    ],
)
def test_what_is_no_number_is_the_events_coupon(facts: dict[str, Any], coupon: str | None, amount: float | None) -> None:
    found = metadata_of(reward(**facts), "")

    assert (found.get("coupon"), found.get("amount")) == (coupon, amount)
    assert "campaign" not in found


def test_texts_of_an_event_have_at_most_255_letters() -> None:
    found = metadata_of(reward(name="n" * 256, coupon="c" * 256), "k" * 256)

    assert [found[name] for name in ("reward", "coupon", "campaign")] == ["n" * 255, "c" * 255, "k" * 255]


# -- when it is wanted ------------------------------------------------------------------------------------------------


def test_a_refused_reward_rests_an_hour_then_two_then_four() -> None:
    once = reward().put_off(100.0, "No.")
    twice = once.put_off(4_000.0, "No.")

    assert (once.tries, once.again_at) == (1, 3_700.0)
    assert once.note == "No."
    assert (twice.tries, twice.again_at) == (2, 11_200.0)
    assert [once.rests(now) for now in (3_699.9, 3_700.0)] == [True, False]
    assert not reward().rests(0.0)


@pytest.mark.parametrize(
    ("one", "event", "issuing"),
    [
        (reward(), True, False),
        (reward(status=Status.FAILED), False, False),
        (reward(reported_at=1.0), False, False),
        (reward(preexisting=True), False, False),
        (reward(to_issue=True), True, False),
        (reward(Kind.DUE), False, False),
        (reward(Kind.DUE, to_issue=True), False, True),
        (reward(Kind.DUE, to_issue=True, ended_at=1.0), False, False),
    ],
)
def test_a_given_reward_wants_one_event_and_a_due_one_is_issued_once(one: Reward, event: bool, issuing: bool) -> None:
    assert (one.wants_event, one.wants_issuing) == (event, issuing)


# -- amounts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("1,250.5", (1_250.5, "")), ("1.250,5", (1_250.5, "")), ("1,25", (1.25, "")), ("1,2500", (1.25, "")),
        ("1.250.000,75", (1_250_000.75, "")), ("1,250,000", (1_250_000.0, "")), ("12.", (12.0, "")),
        ("1\u00a0250 EUR", (1_250.0, "EUR")), ("£5", (5.0, "GBP")), ("¥5", (5.0, "JPY")), ("chf 5", (5.0, "CHF")),
        ("US$ 5", (5.0, "USD")), ("€5 EUR", None), ("CA$5", None), ("5 EU", None), ("5 EURO", None), ("-€5", (-5.0, "EUR")),
        (" 5 ", (5.0, "")), ("9" * 400, None), ("--5", None), (".5", None),
    ],
)  # fmt: skip
def test_an_amount_with_points_commas_and_currencies(text: str, money: tuple[float, str] | None) -> None:
    assert money_of(text) == money


def test_an_amount_is_meant_where_there_is_a_digit() -> None:
    assert [has_digits(text) for text in ("20%", "A cake", "", None)] == [True, False, False, False]
