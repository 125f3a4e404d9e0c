"""What a webhook, a form or a list says of a qualification is a hint: Referral Factory is asked, and its answer counts."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.vendors.referral_factory.records import Person
from shared.domain.qualification.qualification import Stage
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.use_cases.signup.compare_people import PeopleComparison
from tests.support.qualifying import Friendship, rules

NO_DATES = ["0000-00-00 00:00:00", "0000-00-00", 0, "0", "N/A", "-", "No", "null", "1970-01-01", False, "2020-01-01"]


def answered(story: Friendship, how: str) -> Friendship:
    """What Referral Factory does about somebody who is qualified there already."""
    story.account.settings = story.account.settings.changed({"requalify": how})
    return story


def signs_up(story: Friendship, event: str = "joined", **fields: Any) -> Person:
    """A friend whose webhook tells more than it should."""
    friend = story.invites(webhook=False)
    facts = {"id": friend.id, "email": friend.email, "first_name": "Friend", "campaign_id": 1, "source": "Referred"}
    story.app.post({**facts, "date": "2026-11-22", **fields}, event=event)
    story.app.work()
    story.app.wait(5)
    story.taken()
    return friend


def is_shown_as_qualified(story: Friendship, friend: Person) -> bool:
    return story.row(friend).converted


@pytest.mark.parametrize("date", NO_DATES)
def test_a_date_on_which_nobody_can_have_qualified_is_ignored(story: Friendship, date: Any) -> None:
    friend = signs_up(story, qualified_at=date)

    assert story.row(friend).person.qualified_at is None

    story.changes(friend, "Connected")
    story.settles(2)

    assert friend.qualified_times == 1
    assert story.reported() == [True]


@pytest.mark.parametrize("event", ["joined", "rewarded", "qualified"])
@pytest.mark.parametrize("fields", [{"qualified": "1"}, {"qualified_at": "2026-11-22"}, {"meta": {"qualified": "Yes"}}])
def test_no_webhook_qualifies_anybody_for_ever(story: Friendship, event: str, fields: dict[str, Any]) -> None:
    friend = signs_up(story, event, **fields)
    story.app.qualify()

    assert not is_shown_as_qualified(story, friend)
    assert "unqualified" not in story.story_of(friend), "nobody ever qualified them"

    story.changes(friend, "Connected")
    story.settles(2)

    assert friend.qualified_times == 1
    assert is_shown_as_qualified(story, friend)


def test_a_forms_box_that_is_labelled_qualified_is_kept_as_an_extra_field(story: Friendship) -> None:
    friend = signs_up(story, qualified="1")
    assert story.row(friend).person.meta["qualified"] == "1"
    story.app.reconcile()
    assert story.row(friend).person.qualified is False


@pytest.mark.parametrize("how", ["ignored", "applied", "refused"])
def test_somebody_qualified_there_without_a_word_is_not_qualified_twice(how: str) -> None:
    story = answered(Friendship(), how)
    friend = story.invited()
    story.qualifies(friend, webhook=False)

    story.changes(friend, "Connected")
    story.settles(2)

    assert story.reported() == []
    assert friend.qualified_times == 1

    item = story.stored(friend)
    assert (item.stage, item.reported) == (Stage.CONFIRMED, True)


@pytest.mark.parametrize("how", ["ignored", "applied", "refused"])
def test_a_hand_that_is_faster_than_our_second_try_is_not_followed_by_a_call(how: str) -> None:
    story = answered(Friendship(rules(unqualify_on_reversal=True)), how)
    friend = story.invited()
    for value in ("Connected", "New"):
        story.changes(friend, value)
        story.settles(1)
    story.webhooks(lost=True)
    story.qualifies(friend, webhook=False)

    story.changes(friend, "Connected")
    story.settles(2)

    assert story.reported() == [True, False]
    assert friend.qualified_times == 2


def test_a_refused_qualification_that_is_there_after_all_is_confirmed() -> None:
    """Somebody qualifies there between our look and our call."""
    story = answered(Friendship(), "refused")
    friend = story.invited()
    story.app.wire.interrupt(f"GET /api/v2/users/{friend.id}", lambda: story.qualifies(friend, webhook=False))

    story.changes(friend, "Connected")
    story.settles(2)

    assert story.reported() == [True]
    assert friend.qualified_times == 1
    assert story.stored(friend).stage is Stage.CONFIRMED
    assert "qualification failed" not in story.story_of(friend)


def test_a_hand_qualification_taken_back_leaves_the_referral_to_its_value(story: Friendship) -> None:
    friend = story.invited()
    story.qualifies(friend)
    story.app.qualify()
    story.qualifies(friend, qualified=False)

    story.changes(friend, "Connected")
    story.settles(2)

    assert story.reported() == [True]
    assert friend.qualified_at is not None


def test_a_null_in_the_list_is_settled_by_asking_if_we_believe_the_person_qualified(story: Friendship) -> None:
    friend = story.invited()
    story.qualifies(friend)
    story.app.qualify()

    assert is_shown_as_qualified(story, friend)

    story.qualifies(friend, qualified=False)
    story.app.reconcile(full=True)
    story.settles(4)

    assert not is_shown_as_qualified(story, friend)
    assert story.row(friend).person.qualified_at is None

    story.changes(friend, "Connected")
    story.settles(2)

    assert friend.qualified_at is not None
    assert is_shown_as_qualified(story, friend)


def test_what_a_hand_took_back_is_earned_again_only_by_a_later_change(story: Friendship) -> None:
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(2)
    story.webhooks(lost=True)

    story.qualifies(friend, qualified=False)
    story.app.reconcile(full=True)
    story.settles(4)

    assert not is_shown_as_qualified(story, friend)

    story.changes(friend, "a new name", "lead_source")
    story.settles(2)

    assert story.reported() == [True], "the contact has stood at its value all along"

    story.app.wait(120)
    for value in ("Lost", "Connected"):
        story.changes(friend, value)
        story.settles(2)

    assert story.reported() == [True, True]
    assert friend.qualified_at is not None


def test_a_list_that_was_read_before_our_call_takes_nothing_back(story: Friendship) -> None:
    friend = story.invited()
    page = story.app.environment.referral_factory().users(1)
    story.changes(friend, "Connected")
    story.settles(1)
    campaigns = {campaign.campaign_id: campaign for campaign in story.app.environment.campaigns.list()}

    PeopleComparison(story.app.environment, campaigns).compare(page.people)
    story.settles(4)

    assert story.reported() == [True]
    assert is_shown_as_qualified(story, friend)

    item = story.stored(friend)
    assert item.stage == Stage.CONFIRMED
    assert item.wanted is True
    assert item.reported is True
    assert item.doubted_at is None


def test_a_value_that_comes_while_a_word_is_in_doubt_still_counts(story: Friendship) -> None:
    friend = story.invited()
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": "^/api/v2/users", "id": "down"})

    story.app.post({"id": friend.id, "campaign_id": 1, "email": friend.email, "source": "Referred"}, event="qualified")
    story.app.work()
    story.app.qualify()

    assert story.stored(friend).is_doubted

    story.changes(friend, "Connected")
    story.settles(1)
    story.app.wire.faults.remove("down")
    story.settles(30)

    assert story.reported() == [True]
    assert friend.qualified_times == 1


def test_a_hand_whose_webhook_was_lost_is_found_in_the_list_and_updates_the_counts(story: Friendship) -> None:
    friend = story.invited()
    story.passes(180)

    assert not story.mark().is_marked  # type: ignore[union-attr]

    story.qualifies(friend, webhook=False)
    story.app.reconcile(full=True)
    story.app.qualify()

    assert is_shown_as_qualified(story, friend)
    assert story.mark().is_marked  # type: ignore[union-attr]

    story.app.forget_calls()
    story.app.reconcile(full=True)
    story.app.qualify()

    assert [call for call in story.asked() if call.startswith(f"GET /api/v2/users/{friend.id}")] == [], "it is known now"


def test_a_hand_that_changed_its_mind_before_it_was_asked_leaves_nobody_shown_as_qualified(story: Friendship) -> None:
    friend = story.invited()
    story.qualifies(friend, webhook=False)
    story.app.reconcile()
    story.qualifies(friend, webhook=False, qualified=False)

    story.settles(2)

    assert story.stored(friend).reported is False
    assert not is_shown_as_qualified(story, friend)
    assert "unqualified" not in story.story_of(friend), "nobody was ever shown as qualified"

    story.qualifies(friend, webhook=False)
    story.app.reconcile()
    story.settles(2)

    assert story.stored(friend).reported is True
    assert is_shown_as_qualified(story, friend)


def test_what_a_hand_has_taken_back_while_we_waited_is_not_taken_back_once_more() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(2)
    story.app.context.seconds = LONGEST_REFERRAL_FACTORY_CALL - 0.1
    story.changes(friend, "New")

    story.notified()
    story.app.qualify()

    assert story.stored(friend).stage is Stage.WAITING

    story.app.context.seconds = 45.0
    story.qualifies(friend, qualified=False, webhook=False)
    story.app.reconcile(full=True)
    story.app.forget_calls()
    story.settles(4)

    assert story.reported() == []
    assert story.stored(friend).reported is False
    assert not is_shown_as_qualified(story, friend)


def test_a_hand_that_takes_back_what_it_gave_brings_the_referrers_counts_up_to_date() -> None:
    story = Friendship()
    friend = story.invited()

    story.qualifies(friend)
    story.app.qualify()

    assert story.mark().is_marked  # type: ignore[union-attr]

    story.passes(180)

    assert not story.mark().is_marked  # type: ignore[union-attr]

    story.qualifies(friend, qualified=False, webhook=False)
    story.app.reconcile(full=True)
    story.settles(2)

    assert not is_shown_as_qualified(story, friend)
    assert story.mark().is_marked  # type: ignore[union-attr]
