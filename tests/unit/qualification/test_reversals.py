"""A value that moves back takes the qualification back where the campaign wants that, once a turn; what a hand did stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.vendors.referral_factory.records import Person
from shared.domain.campaign.rule import Rule
from shared.domain.qualification.qualification import Qualification, Sighting, Stage
from shared.domain.qualification.verdict import Baseline, is_wanted
from shared.domain.signup.state import State
from shared.messages import UpdateReferrer
from tests.support.qualifying import STATUS, Friendship, rules


def test_the_referrers_counts_are_brought_up_to_date_after_each_turn() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.passes(180)

    assert not story.mark().is_marked  # type: ignore[union-attr]

    for value in ("Connected", "New"):
        story.changes(friend, value)
        story.settles(1)
        assert story.mark().is_marked  # type: ignore[union-attr]
        assert [one for one in story.app.queued("referrer") if isinstance(one, UpdateReferrer)]
        story.passes(180)
        assert not story.mark().is_marked  # type: ignore[union-attr]

    assert story.reported() == [True, False]


def test_our_own_writes_that_come_back_change_nothing() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invites()
    story.app.forget_calls()

    story.settles(2)

    assert story.reported() == []
    assert story.app.calls() == []
    assert story.item(friend) is None


def test_somebody_who_qualified_by_hand_is_not_qualified_again(story: Friendship) -> None:
    friend = story.invited()

    story.qualifies(friend)
    story.app.qualify()

    item = story.stored(friend)
    assert (item.by_hand, item.reported) == (True, True)

    story.app.forget_calls()
    story.account.outbox.announce("qualified", friend)
    story.webhooks()

    assert story.app.qualify() == [], "the same word again is no news"
    assert story.asked() == []

    story.changes(friend, "Connected")
    story.settles(2)

    assert story.reported() == []
    assert friend.qualified_times == 1


def test_a_hand_that_qualified_is_not_undone_by_a_value_that_never_did() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.qualifies(friend)
    story.app.qualify()

    story.changes(friend, "Lost")
    story.settles(2)

    assert story.reported() == []
    assert story.item(friend).due_at is None, "judged, and nothing is left to do"  # type: ignore[union-attr]

    story.changes(friend, "Connected")
    story.settles(2)
    story.changes(friend, "New")
    story.settles(2)

    assert story.reported() == [False]


def taken_back() -> tuple[Friendship, Person]:
    """A friend who qualified by a value and was taken back by another."""
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    for value in ("Connected", "New"):
        story.changes(friend, value)
        story.settles(1)
    assert story.reported() == [True, False]
    return story, friend


def test_a_hand_that_qualifies_after_a_reversal_is_believed_and_not_undone() -> None:
    story, friend = taken_back()
    story.webhooks(lost=True)

    story.qualifies(friend)
    story.settles(4)

    item = story.stored(friend)
    assert item.stage == Stage.CONFIRMED
    assert item.wanted is True
    assert item.reported is True
    assert item.due_at is None
    assert story.row(friend).history[-1].detail == "by hand in Referral Factory"

    story.changes(friend, "a new name", "lead_source")
    story.settles(2)

    assert friend.qualified_at is not None

    for value in ("Connected", "New"):
        story.changes(friend, value)
        story.settles(2)

    assert friend.qualified_at is None


def test_a_turn_that_was_over_before_referral_factory_could_be_asked_is_not_reported() -> None:
    story, friend = taken_back()
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": f"^/api/v2/users/{friend.id}", "id": "down"})
    for value, stage in (("Connected", Stage.WAITING), ("New", Stage.CONFIRMED)):
        story.changes(friend, value)
        story.settles(1)
        assert story.item(friend).stage is stage  # type: ignore[union-attr]

    story.app.wire.faults.remove("down")
    story.settles(15)

    assert story.reported() == [True, False]
    assert friend.qualified_times == 1


def test_a_late_echo_of_what_was_taken_back_changes_nothing() -> None:
    story, friend = taken_back()

    story.webhooks()
    story.app.qualify()

    item = story.stored(friend)
    assert item.is_doubted

    story.settles(4)

    item = story.stored(friend)
    assert item.stage == Stage.CONFIRMED
    assert item.wanted is False
    assert item.reported is False
    assert item.by_hand is False
    assert item.due_at is None
    assert friend.qualified_at is None
    assert story.reported() == [True, False]

    story.changes(friend, "Connected")
    story.settles(2)

    assert story.reported() == [True, False, True]


def test_reversal_takes_back_and_each_turn_is_reported_once() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.app.forget_calls()

    for value in ("Connected", "New", "Connected"):
        story.changes(friend, value)
        story.settles(1)

    assert story.reported() == [True, False, True]
    assert story.stored(friend).generation == 3
    assert len([call for call in story.app.calls() if call.startswith("GET /contacts")]) == 3


def test_without_reversal_a_value_that_moved_on_still_counts_and_costs_no_call(story: Friendship) -> None:
    friend = story.invited()
    story.changes(friend, "Connected")
    story.changes(friend, "New")
    story.app.forget_calls()

    story.settles(1)

    assert friend.qualified_times == 1
    assert story.app.calls() == []


def test_a_value_that_was_cleared_is_a_reversal() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    for value in ("Connected", None):
        story.changes(friend, value)
        story.settles(2)
    assert story.reported() == [True, False]


def test_an_old_signed_body_has_no_effect() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Connected")
    (old,) = story.taken()
    story.notified(old)
    story.settles(1)
    story.changes(friend, "New")
    story.settles(1)

    for _ in range(3):
        story.notified(old)
        story.settles(1)

    assert story.reported() == [True, False]


def test_the_first_value_of_another_campaign_is_no_reversal() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    story.app.configure(
        campaign_id=2,
        qualification=rules(attribute="custom_attributes.lead_source", initial_value="Lost", qualified_values=["Won"]),
        person_invited={"duplicates": "update", "defaults": {}},
    )
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(1)
    story.joins_by(story.refers("Olga", "olga@example.com", campaign=2), friend)

    story.settles(2)

    assert story.reported() == [True]


@pytest.mark.parametrize("duplicates", ["skip", "update"])
def test_the_first_value_of_another_campaign_for_the_same_attribute_is_neither_written_nor_a_reversal(duplicates: str) -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    theirs = rules(initial_value="Invited", qualified_values=["Connected"], unqualify_on_reversal=True)
    story.app.configure(campaign_id=2, qualification=theirs, person_invited={"duplicates": duplicates})
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(1)
    story.joins_by(story.refers("Olga", "olga@example.com", campaign=2), friend)

    story.settles(2)

    assert story.contact(friend.email).custom_attributes["referral_status"] == "Connected"
    assert story.reported() == [True]


def test_the_other_record_of_a_person_takes_nothing_back_that_it_did_not_bring() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    other = story.app.given("user", email=friend.email)
    story.changes(story.row(friend).contact_id or "", "Connected")
    story.settles(1)
    story.app.forget_calls()
    story.changes(other.id, "New")

    story.settles(1)

    assert len(story.app.calls("intercom")) <= 2, "it is asked for, and whether the one at the qualified value is still there"
    assert friend.qualified_at is not None


@pytest.mark.parametrize("notification", ["named", "not named", "lost"])
def test_what_the_survivor_of_a_merge_takes_back_is_taken_back(notification: str) -> None:
    """Not every notification of a merge names the contact that is gone, and some never come."""
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.app.intercom.change_settings({"merged_webhook_names_source": notification == "named"})
    lead, user = story.contact(friend.email), story.app.given("user", email=friend.email, age=0.0)
    story.changes(lead.id, "Connected")
    story.settles(1)
    story.app.wait(10)
    story.app.intercom.contacts.merge({"from": lead.id, "into": user.id}, by_api=False)
    if notification == "lost":
        story.taken()
    story.settles(1)
    story.changes(user.id, "New")

    story.settles(1)

    assert story.reported() == [True, False]
    assert story.row(friend).contact_id == user.id


def test_a_survivor_that_stands_elsewhere_since_long_before_is_followed_and_earns_nothing() -> None:
    """What the merged contact was at last is not believed, however old the survivor's own last change is."""
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    lead = story.contact(friend.email)
    user = story.app.given("user", email=friend.email, custom_attributes={"referral_status": "Lost"})
    story.changes(lead.id, "Connected")
    came = story.taken()
    story.app.intercom.contacts.merge({"from": lead.id, "into": user.id}, by_api=False)
    contacts = story.app.intercom.workspace.contacts
    contacts[user.id] = replace(
        contacts[user.id], custom_attributes={"referral_status": "Lost"}, updated_at=story.app.clock.now() - 3_600
    )
    story.taken()

    story.notified(*came)
    story.app.qualify()

    assert story.row(friend).contact_id == user.id
    assert story.reported() == []


def test_a_contact_that_is_archived_at_the_qualified_value_stays_qualified() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(1)
    story.app.wait(10)
    story.app.intercom.contacts.archive(story.contact(friend.email).id, by_api=False)

    story.settles(3)

    assert story.reported() == [True]
    assert story.row(friend).state is State.DELIVERED


@pytest.mark.parametrize(("values", "stays"), [(["New"], True), (["Lost", "New"], True), (["Connected", "New"], False)])
def test_what_a_hand_gave_is_taken_back_only_by_leaving_a_value_that_has_earned_it_since(
    values: list[str], stays: bool
) -> None:
    seen = Qualification(1, 2, wanted=True, by_hand=True, by_hand_at=100.0)
    for at, value in enumerate(values, 101):
        seen = seen.saw(Sighting("a contact", float(at), value, read=value == values[-1], attribute=STATUS))

    wanted, _ = is_wanted(seen, Rule(STATUS, ("Connected",), reversible=True), Baseline())

    assert wanted is stays
