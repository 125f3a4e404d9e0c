"""Rewards read out of what Referral Factory may send, and issued through its API."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.referral_factory.rewards import due_reward_of, issued_reward_of, reward_of
from shared.adapters.referral_factory.schemas import person_of
from shared.domain.referrer.money import money_of
from shared.domain.referrer.reward import Kind, Reward, RewardFacts, Status, amount_of, status_of, total_of
from shared.errors import RejectedError
from tests.support.referring import Story

PERSON = {"id": 42, "email": "rita@example.com", "first_name": "Rita"}
FLAT = {
    "issued_reward_id": 43,
    "reward_id": 11,
    "reward_name": "20 off",
    "reward_amount": "20.00",
    "reward_status": "Sent",
    "reward_type": "amount",
}
NESTED = {"reward": {"id": "43", "reward_id": "11", "name": "20 off", "amount": 20, "status": "sent"}}
BARE = {"id": 43, "reward_id": 11, "recipient_id": 42, "status": "Sent", "total": "20.00", "name": "20 off"}
BRACKETS = {
    "reward[id]": "43",
    "reward[reward_id]": "11",
    "reward[name]": "20 off",
    "reward[amount]": "20",
    "reward[status]": "SENT",
}


@pytest.mark.parametrize("fields", [{**PERSON, **FLAT}, {**PERSON, **NESTED}, BARE, {**PERSON, **BRACKETS}, {"data": BARE}])
def test_a_reward_is_read_in_every_form(fields: dict[str, Any]) -> None:
    facts = reward_of(fields)

    assert facts is not None
    assert facts.kind == Kind.ISSUED
    assert facts.id == 43
    assert facts.recipient_id == 42
    assert facts.reward_id == 11
    assert facts.name == "20 off"
    assert amount_of(facts) == 20.0
    assert facts.status == Status.SENT


@pytest.mark.parametrize("fields", [{**PERSON, **FLAT}, {**PERSON, **NESTED}, BARE, {**PERSON, **BRACKETS}])
def test_the_recipient_is_the_person_and_the_reward_none_of_their_facts(fields: dict[str, Any]) -> None:
    person = person_of(fields, {})
    assert person is not None
    assert (person.user_id, dict(person.meta)) == (42, {})
    assert person.first_name in {"Rita", None}


def test_a_field_of_the_customers_own_stays_beside_a_reward() -> None:
    person = person_of({**PERSON, **FLAT, "Favourite colour": "blue"}, {})
    assert person is not None
    assert person.meta == {"Favourite colour": "blue"}


@pytest.mark.parametrize(
    ("word", "status"), [("cancelled", "Canceled"), ("CANCELED", "Canceled"), ("failed", "Failed"), ("??", "Unknown")]
)
def test_a_status_is_read_forgivingly(word: str, status: str) -> None:
    facts = issued_reward_of({"id": 1, "recipient_id": 2, "status": word}, "amount")
    assert facts is not None
    assert facts.status == status


@pytest.mark.parametrize("entry", [{}, {"id": 1}, {"recipient_id": 2}, {"id": "x", "recipient_id": 2}, {"id": None}])
def test_an_entry_without_ids_is_left_out(entry: dict[str, Any]) -> None:
    assert issued_reward_of(entry, "amount") is None
    assert due_reward_of(entry, "amount") is None
    assert reward_of(entry) is None


@given(st.dictionaries(st.sampled_from([*FLAT, *BARE, "reward", "data"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([*BARE]), inner, max_size=3),
    max_leaves=6,
)))  # fmt: skip
def test_nothing_that_is_sent_makes_reading_fail(fields: dict[str, Any]) -> None:
    facts = reward_of(fields)
    assert facts is None or isinstance(facts, RewardFacts)
    person_of(fields, {})


def test_issuing_what_is_not_due_is_refused_for_good(story: Story) -> None:
    vendor = story.app.environment.referral_factory()
    with pytest.raises(RejectedError):
        vendor.issue_reward(999)
    story.account.qualify(story.invites(), qualified=True)
    [reward] = story.account.rewards.all()
    with pytest.raises(RejectedError):
        vendor.issue_reward(reward.id)


def test_a_person_is_read_with_counts_and_none_is_nobody() -> None:
    story = Story(ids_as_strings=True, analytics_as_strings=True, deleted_status=410)
    story.invites()
    vendor = story.app.environment.referral_factory()

    campaign_id, person = vendor.user(story.rita.id) or (None, None)

    assert person is not None
    assert campaign_id == 1
    assert person.referrals_count == 1
    assert person.converted_referrals_count == 0

    story.account.remove(story.rita)

    assert vendor.user(story.rita.id) is None
    assert vendor.user(10**9) is None


def test_every_list_is_read_page_by_page(story: Story) -> None:
    with story.account.outbox.silent():
        for _ in range(251):
            story.account.qualify(story.invites(webhook=False), qualified=True)
    vendor = story.app.environment.referral_factory()
    first, second = (vendor.issued_rewards("amount", page) for page in (1, 2))

    assert len(first.rewards) == 250
    assert len(second.rewards) == 1
    assert first.last_page == 2
    assert vendor.due_rewards("coupon", 1).rewards == []
    assert vendor.reward_definitions("amount")[11] == ("20.00 for inviting a friend", 1)


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("20", (20.0, "")), ("20.00", (20.0, "")), ("12,50", (12.5, "")), ("€20", (20.0, "EUR")), ("20 €", (20.0, "EUR")),
        ("$1,250.00", (1250.0, "USD")), ("1.250,00 EUR", (1250.0, "EUR")), ("1,250", (1250.0, "")), ("1.250", (1.25, "")),
        ("1 250,5", (1250.5, "")), ("1'250.75", (1250.75, "")), ("1.250.000", (1_250_000.0, "")), ("-5", (-5.0, "")),
        ("20%", None), ("A cake", None), ("", None), (None, None), ("20 points", None), ("nan", None), ("1e5", None),
    ],
)  # fmt: skip
def test_an_amount_as_people_write_it(text: str | None, money: tuple[float, str] | None) -> None:
    assert money_of(text) == money


def rewards_of(*amounts: str | None, status: Status = Status.ISSUED) -> list[Reward]:
    return [
        Reward(RewardFacts(Kind.ISSUED, number, amount=amount, status=status), 1, 2, 0.0, 0.0)
        for number, amount in enumerate(amounts, 1)
    ]


@pytest.mark.parametrize(
    ("amounts", "total"),
    [
        (("12,50", "€20"), 32.5), (("€20", "20 €"), 40), (("€20", "$10"), "20 EUR, 10 USD"), ((None, None), 2),
        (("A cake", "A pie"), 2), (("20", "20 points"), None), (("20", "30%"), None),
    ],
)  # fmt: skip
def test_amounts_are_added_by_currency_and_what_is_unknown_stays_so(amounts: tuple[str | None, ...], total: object) -> None:
    assert total_of(rewards_of(*amounts)) == total
    assert total_of(rewards_of(*amounts, status=Status.UNKNOWN)) == 0, "nobody knows that it was given"


@pytest.mark.parametrize(
    ("word", "status"),
    [(None, Status.ISSUED), (" ", Status.ISSUED), ("cancelled", Status.CANCELED), ("On hold", Status.UNKNOWN)],
)
def test_a_status_that_nobody_documents_is_not_issued(word: str | None, status: Status) -> None:
    assert status_of(word, Status.ISSUED) is status
