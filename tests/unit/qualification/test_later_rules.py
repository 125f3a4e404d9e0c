"""A rule that is saved or changed later pays nobody for where they stood before it, and loses nobody who comes to it since."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.vendors.referral_factory.records import Person
from shared.adapters.campaign_document import campaign_of
from shared.domain.campaign.campaign import Campaign
from shared.errors import InvalidSettingsError
from shared.use_cases.campaign import find_taken_back
from shared.use_cases.campaign.save_campaign import Saved, save_campaign
from shared.use_cases.operations.check_by_age import AGES
from shared.use_cases.qualification import count_standing
from tests.support.documents import campaign_document
from tests.support.qualifying import Friendship, rules

BECAME_USER = {"trigger": {"kind": "became_user"}}
DAY = 86_400.0


def saves(story: Friendship, qualification: dict[str, Any] | None) -> Saved:
    """As the console does."""
    before = story.app.environment.campaigns.get(1)
    document = campaign_document(qualification=qualification)
    return save_campaign(story.app.environment, campaign_of(document), before.version, "mara@example.com")


def without_rule() -> Friendship:
    story = Friendship()
    story.app.configure(qualification=None)
    return story


def lives_on(story: Friendship, *friends: Person) -> None:
    """Their contacts change, in another attribute; reconcile looks too."""
    story.app.wait(61)
    for friend in friends:
        story.changes(friend, "spring", "lead_source")
    story.settles(2)
    story.app.reconcile()
    story.settles(2)


def come_and_gone(story: Friendship, friend: Person, last: str = "Connected") -> None:
    for value in ("New", last):
        story.changes(friend, value, wait=70)
        story.settles(2)


def days_pass(story: Friendship, days: int) -> None:
    """Of many days the first three are swept at once; on the others nothing is left to check, and the sweep knows it."""
    story.app.wait(min(days, 3) * DAY)
    if days > 3:
        story.settles(1)
        story.app.wait((days - 3) * DAY)
        for name, age, *_ in AGES:
            story.app.environment.progresses.save(name, {"until": story.app.clock.at - age})


@pytest.mark.parametrize("reversal", [False, True])
@pytest.mark.parametrize("days_before", [0, 1, 2, 3, 1000])
def test_who_stood_at_the_value_before_the_rule_does_not_qualify_until_they_come_to_it_again(
    days_before: int, reversal: bool
) -> None:
    story = without_rule()
    friend, other = story.invited(), story.invited()
    story.changes(friend, "Connected")
    story.settles(1)
    story.app.wait(60)
    days_pass(story, days_before)

    saved = saves(story, rules(unqualify_on_reversal=reversal))

    ((_, text),) = saved.warnings
    assert text.startswith("1 person of this campaign stood at “Connected” before, which does not count:")

    lives_on(story, friend, other)

    assert story.reported() == []

    counts = story.app.metrics.counts
    assert (counts["NotificationMissed"], counts["NotificationsSilent"]) == (0, 0)

    come_and_gone(story, friend)

    assert story.reported() == [True]
    assert friend.qualified_times == 1
    assert other.qualified_times == 0


@pytest.mark.parametrize("seconds", [0.5, 1])
@pytest.mark.parametrize("notified", [True, False])
def test_who_comes_to_the_value_after_the_rule_qualifies_at_the_first_sighting(notified: bool, seconds: float) -> None:
    """Within the same second too, though a search tells whole seconds."""
    story = without_rule()

    friend = story.invited()
    story.app.wait(3600)

    story.app.clock.at = int(story.app.clock.at) + 0.25
    assert saves(story, rules()).warnings == ()

    story.changes(friend, "Connected", wait=seconds)
    if not notified:
        story.taken()
    story.settles(2)
    story.app.wait(120)
    story.app.reconcile()
    story.settles(2)

    assert friend.qualified_times == 1


def test_a_value_that_was_a_qualified_one_before_goes_on_to_qualify(story: Friendship) -> None:
    """The notification was lost, and another value was added before reconcile looked."""
    friend = story.invited()

    story.changes(friend, "Connected")
    story.taken()
    story.app.wait(60)

    assert saves(story, rules(qualified_values=["Connected", "Lost"])).warnings == ()

    story.app.reconcile()
    story.settles(1)

    assert friend.qualified_times == 1


def test_who_stood_at_a_value_that_was_added_does_not_qualify_by_it(story: Friendship) -> None:
    friend = story.invited()
    story.changes(friend, "Lost")
    story.settles(1)
    story.app.wait(60)
    saves(story, rules(qualified_values=["Connected", "Lost"]))

    lives_on(story, friend)

    assert story.reported() == []

    come_and_gone(story, friend, "Lost")

    assert story.reported() == [True]


def test_a_lead_that_had_become_a_user_before_that_was_the_rule_does_not_qualify() -> None:
    story = without_rule()
    before, after = story.invited(), story.invited()
    story.app.wait(10)
    story.app.intercom.contacts.update(story.contact(before.email).id, {"role": "user"}, by_api=False)
    story.settles(1)
    saves(story, BECAME_USER)

    lives_on(story, before)

    assert story.reported() == []

    story.app.intercom.contacts.update(story.contact(after.email).id, {"role": "user"}, by_api=False)
    story.settles(1)

    assert (before.qualified_times, after.qualified_times) == (0, 1)


# -- while who stood there is still being counted ------------------------------------------------------------------------


def of_a_large_workspace(story: Friendship, friend: Person, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """Saving reads no page, as if the pages were many."""
    monkeypatch.setattr(count_standing, "PAGES_AT_SAVE", 0)
    monkeypatch.setattr("shared.use_cases.campaign.save_campaign.PAGES_AT_SAVE", 0)
    story.app.wait(3600)
    ((_, text),) = saves(story, rules()).warnings
    assert text.startswith("At least 0 people of this campaign")
    assert text.endswith("until then nobody who joined before becomes successful by it.")
    return story.app.environment.campaigns.get(1)


def test_who_comes_to_the_value_meanwhile_waits_and_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    story = without_rule()
    stood, came = story.invited(), story.invited()
    story.changes(stood, "Connected")
    story.settles(1)
    of_a_large_workspace(story, came, monkeypatch)

    story.changes(came, "Connected", wait=70)
    story.settles(1)

    assert story.reported() == []
    assert "still being counted" in story.stored(came).reason

    story.app.reconcile()
    story.settles(10)

    assert story.reported() == []
    assert "qualify the person in Referral Factory by hand" in story.row(came).refusals["doubt"]
    assert story.row(stood).refusals == {}, "it has not changed since, so nothing is in doubt"

    story.qualifies(came)
    story.app.wait(120)
    story.settles(2)

    assert story.row(came).refusals == {}
    assert came.qualified_at is not None


@pytest.mark.parametrize("reversal", [False, True])
def test_who_was_seen_to_leave_and_come_meanwhile_qualifies(reversal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    story = without_rule()
    friend = story.invited()
    monkeypatch.setattr("shared.use_cases.campaign.save_campaign.PAGES_AT_SAVE", 0)
    saves(story, rules(unqualify_on_reversal=reversal))

    come_and_gone(story, friend)

    assert story.reported() == []

    story.app.reconcile()
    story.settles(10)

    assert story.reported() == [True]


def test_intercom_that_cannot_be_asked_at_save_is_asked_by_reconcile() -> None:
    story = without_rule()
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(1)
    story.app.wait(60)
    story.app.wire.faults.add({"kind": "status", "status": 500, "method": "POST", "path": "^/contacts/search"})

    (*_, (_, text)) = saves(story, rules()).warnings

    assert "All are counted within minutes" in text

    story.app.wire.faults.clear()
    story.app.wait(600)
    lives_on(story, friend)

    assert story.app.environment.campaigns.get(1).uncounted == ()
    assert story.reported() == []


# -- values that go -------------------------------------------------------------------------------------------------------


def test_saving_says_whose_success_it_takes_back_before_it_does() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend, _ = story.invited(), story.invited()

    story.changes(friend, "Connected")
    story.settles(1)

    assert story.reported() == [True]

    story.app.wait(60)
    other = rules(unqualify_on_reversal=True, qualified_values=["Lost"])
    with pytest.raises(InvalidSettingsError) as refused:
        saves(story, other)
    ((place, text),) = refused.value.problems
    assert place == "qualification.trigger.qualified_values"
    assert text.startswith("“Connected” made 1 person of this campaign successful. Saving takes that back")

    lives_on(story, friend)

    assert story.reported() == [True], "nothing was saved"

    saves(story, {**other, "take_back_accepted": ["Connected"]})
    lives_on(story, friend)

    assert story.reported() == [True, False]


def test_saving_counts_everybody_whose_success_it_takes_back() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    for friend in (story.invited(), story.invited()):
        story.changes(friend, "Connected")
    story.settles(1)
    story.app.wait(60)

    with pytest.raises(InvalidSettingsError) as refused:
        saves(story, rules(unqualify_on_reversal=True, qualified_values=["Lost"]))

    ((_, text),) = refused.value.problems
    assert text.startswith("“Connected” made 2 people of this campaign successful.")


def test_another_attribute_takes_back_what_the_same_value_of_the_first_one_made() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    story.changes(story.invited(), "Connected")
    story.settles(1)
    story.app.wait(60)

    with pytest.raises(InvalidSettingsError) as refused:
        saves(story, rules(unqualify_on_reversal=True, attribute="custom_attributes.lead_source", initial_value=None))

    assert any("“Connected” made 1 person" in text for _, text in refused.value.problems)


def test_of_more_people_than_can_be_looked_at_saving_says_that_there_may_be_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_taken_back, "MOST_ROWS", 1)
    monkeypatch.setattr(find_taken_back, "AT_ONCE", 1)
    story = Friendship(rules(unqualify_on_reversal=True))
    _, newest = story.invited(), story.invited()
    story.changes(newest, "Connected")
    story.settles(1)
    story.app.wait(60)

    with pytest.raises(InvalidSettingsError) as refused:
        saves(story, rules(unqualify_on_reversal=True, qualified_values=["Lost"]))

    ((_, text),) = refused.value.problems
    assert text.startswith("“Connected” made at least 1 person of this campaign successful.")


def test_saving_counts_nobody_who_has_left_the_value_though_referral_factory_does_not_know_it_yet() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(1)
    story.app.wire.faults.add({"kind": "status", "status": 429, "path": "^/api/v2/users/qualification", "id": "busy"})

    story.changes(friend, "New")
    story.settles(1)

    assert story.row(friend).person.qualified

    saves(story, rules(unqualify_on_reversal=True, qualified_values=["Lost"]))
    story.app.wire.faults.remove("busy")
    story.settles(15)

    assert friend.qualified_at is None


def test_saving_passes_over_people_that_referral_factorys_list_just_showed_as_qualified() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()

    story.qualifies(friend, webhook=False)
    story.app.reconcile(full=True)

    assert story.row(friend).person.qualified
    assert story.item(friend) is None, "nobody has judged that yet"

    saves(story, rules(unqualify_on_reversal=True, qualified_values=["Lost"]))
    story.settles(2)

    assert story.reported() == []


@pytest.mark.parametrize("status", ["paused", "off"])
def test_pausing_and_keeping_what_was_earned_need_no_leave(status: str) -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(1)
    story.app.wait(60)
    before = story.app.environment.campaigns.get(1)
    off = status == "off"
    document = campaign_document(
        status="active" if off else "paused", qualification=rules(unqualify_on_reversal=not off, qualified_values=["Lost"])
    )

    saved = save_campaign(story.app.environment, campaign_of(document), before.version, "mara@example.com")

    assert bool([text for _, text in saved.warnings if "Connected" in text]) is not off


# -- found by random histories ----------------------------------------------------------------------------------------


def test_who_came_to_a_value_before_another_was_added_is_paid_when_that_is_heard_late(story: Friendship) -> None:
    friend = story.invited()
    story.changes(friend, "Connected")
    came = story.taken()
    story.changes(friend, "Lost")
    left = story.taken()
    story.app.wait(400)
    saves(story, rules(qualified_values=["Connected", "Lost"]))

    story.notified(*came, *left)
    story.settles(2)

    assert story.reported() == [True]


def test_who_only_stood_at_the_value_that_was_added_is_not_paid_by_what_is_heard_late(story: Friendship) -> None:
    friend = story.invited()
    story.changes(friend, "Lost")
    stood = story.taken()
    story.app.wait(400)
    saves(story, rules(qualified_values=["Connected", "Lost"]))
    story.notified(*stood)

    story.changes(friend, "Connected")
    story.settles(2)

    assert story.reported() == []


def test_who_had_left_a_value_before_it_was_added_is_paid_though_their_standing_there_is_heard_late() -> None:
    story = Friendship(person_invited={"action": "lead", "duplicates": "update"})
    story.app.given("lead", email="friend1@example.com", custom_attributes={"referral_status": "Lost"})
    friend = story.invites()
    story.app.wait(5)
    story.settles(1)
    story.changes(friend, "spring", "lead_source")
    stood = story.taken()
    story.changes(friend, "New")
    story.taken()
    story.app.wait(400)
    saves(story, rules(qualified_values=["Connected", "Lost"]))
    story.changes(friend, "Connected")

    story.notified(*stood, *story.taken())
    story.settles(2)

    assert story.reported() == [True]


def stands_at_lost_and_is_qualified_by_hand_before_lost_counts() -> tuple[Friendship, Person]:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Lost")
    story.settles(1)
    story.qualifies(friend)
    story.settles(2)
    story.app.wait(60)
    saves(story, rules(unqualify_on_reversal=True, qualified_values=["Connected", "Lost"]))
    story.app.wait(60)
    return story, friend


@pytest.mark.parametrize("pages_at_save", [0, 3])
def test_hearing_again_of_the_value_at_which_somebody_stood_takes_back_nothing_that_a_hand_gave_once_they_leave(
    pages_at_save: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.use_cases.campaign.save_campaign.PAGES_AT_SAVE", pages_at_save)
    story, friend = stands_at_lost_and_is_qualified_by_hand_before_lost_counts()

    story.changes(friend, "spring", "lead_source")
    story.settles(1)
    story.app.reconcile()
    story.settles(10)
    story.changes(friend, "New", wait=70)
    story.settles(2)

    assert story.reported() == []


def test_coming_back_to_a_value_that_counts_by_now_earns_what_a_hand_gave_and_leaving_it_takes_that_back() -> None:
    story, friend = stands_at_lost_and_is_qualified_by_hand_before_lost_counts()

    for value in ("New", "Lost", "New"):
        story.changes(friend, value, wait=70)
        story.settles(2)

    assert story.reported() == [False]


@pytest.mark.parametrize("left", [True, False])
def test_who_left_a_value_before_it_was_added_is_paid_for_coming_to_it_and_who_stands_there_still_is_not(left: bool) -> None:
    """The contact stood at another qualified value when it was adopted, so that all its values were kept."""
    story = Friendship(person_invited={"action": "lead", "duplicates": "update"})
    story.app.given("lead", email="friend1@example.com", custom_attributes={"referral_status": "Connected"})
    friend = story.invited()
    for value in ("Lost", "New") if left else ("Lost",):
        story.changes(friend, value, wait=70)
        story.settles(1)
    story.app.wait(400)
    saves(story, rules(qualified_values=["Connected", "Lost"]))

    story.changes(friend, "Lost" if left else "spring", "referral_status" if left else "lead_source", wait=70)
    story.settles(2)

    assert story.reported() == ([True] if left else [])
