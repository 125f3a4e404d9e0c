"""From a changed contact to a qualified referral: once for each turn, whatever comes late, twice or not at all."""

from __future__ import annotations

from operator import methodcaller

import pytest

from shared.domain.qualification.qualification import MOST_SIGHTINGS, Sighting, Stage
from shared.domain.signup.state import State
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.messages import ENQUEUED, QualifyReferral
from shared.use_cases.qualification.qualify_referral import QualificationAttempt
from shared.use_cases.vendor.guard_referral_factory import FIRST_BLOCK_PAUSE
from tests.support.builders import Context
from tests.support.qualifying import Friendship, rules

QUALIFICATION = "^/api/v2/users/qualification"


def test_a_qualified_value_qualifies_the_referral_by_one_call(story: Friendship) -> None:
    friend = story.invited()
    story.app.forget_calls()
    story.changes(friend, "Connected")

    assert story.notified() == [200]

    story.app.qualify()

    assert friend.qualified_times == 1

    looked_up = f"GET /api/v2/users/{friend.id}?with=user.analytics"
    assert story.app.calls("intercom", "referral_factory") == [looked_up, "PUT /api/v2/users/qualification"]

    item = story.stored(friend)
    assert item.stage == Stage.CONFIRMED
    assert item.reported is True
    assert item.value == "Connected"
    assert item.exact is True
    assert item.due_at is None
    assert story.story_of(friend)[-2:] == ["qualifies", "qualified"]


def test_another_value_is_not_even_queued(story: Friendship) -> None:
    friend = story.invited()
    story.changes(friend, "Lost")

    assert story.notified() == [200]
    assert story.app.queued("qualification") == []
    assert story.app.metrics.counts["NotificationIgnored"] == 1


@pytest.mark.parametrize(("written", "exact"), [("connected", False), ("  CONNECTED ", False), ("Connected", True)])
def test_comparison_is_forgiving_and_says_so(written: str, exact: bool) -> None:
    story = Friendship(rules(attribute="custom_attributes.lead_source"), person_invited={"defaults": {}})
    friend = story.invited()

    story.changes(friend, written, "lead_source")
    story.settles(1)

    assert friend.qualified_times == 1

    item = story.stored(friend)
    assert item.exact is exact

    detail = next(event.detail for event in story.row(friend).history if event.what == "qualifies")
    assert ("differently" in detail) is not exact


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [("is_vip", True, "true"), ("is_vip", True, "True "), ("referral_count", 1, "1"), ("rewards_total", 1.0, 1)],
)
def test_truth_and_numbers_are_compared_as_a_person_would(name: str, value: object, accepted: object) -> None:
    story = Friendship(
        rules(attribute=f"custom_attributes.{name}", qualified_values=[accepted], initial_value=None),
        sync={"mode": "off"},
    )
    friend = story.invited()
    story.changes(friend, value, name)

    story.settles(1)

    assert friend.qualified_times == 1


def test_a_standard_attribute_can_be_tracked_and_several_values_qualify() -> None:
    story = Friendship(rules(attribute="phone", initial_value=None, qualified_values=["+1", "+491701234567"]))
    friend = story.invited()
    story.app.wait(10)

    story.app.intercom.contacts.update(story.contact(friend.email).id, {"phone": "+491701234567"}, by_api=False)
    story.settles(1)

    assert friend.qualified_times == 1


def test_a_notification_that_beats_its_delivery_waits(story: Friendship) -> None:
    story.invited()
    friend = story.invites(webhook=False)
    early = story.app.given("lead", age=0.0, email=friend.email)
    story.changes(early.id, "Connected")

    story.notified()

    assert story.app.qualify() != [], "nobody knows this young contact yet"
    assert friend.qualified_times == 0

    story.settles(15)

    assert story.app.queued("qualification") == [], "ten minutes later it is nobody's referral"


def test_a_change_during_the_delivery_counts_once_the_delivery_is_stored(story: Friendship) -> None:
    def change() -> None:
        contact = next(one for one in story.app.intercom.workspace.contacts.values() if one.email == "friend1@example.com")
        story.changes(contact.id, "Connected")
        story.notified()
        story.app.qualify()

    story.app.wire.interrupt("POST /contacts", change)
    friend = story.invites()

    item = story.stored(friend)
    assert item.due_at is not None, "the row is not delivered yet, so the ledger waits"

    story.settles(5)

    assert friend.qualified_times == 1


def test_a_lost_answer_never_qualifies_twice(story: Friendship) -> None:
    friend = story.invited()
    story.app.wire.faults.add({"kind": "lost_answer", "method": "PUT", "path": QUALIFICATION, "times": 1})
    story.changes(friend, "Connected")

    story.notified()
    story.app.forget_calls()
    story.app.qualify()

    item = story.stored(friend)
    assert item.stage is Stage.RESERVED

    story.app.wait(60)
    story.app.sweep()
    story.app.qualify()

    assert [call.method for call in story.app.wire.calls if call.vendor == "referral_factory"] == ["GET", "PUT"], (
        "not before 90 seconds have passed"
    )

    story.settles(4)

    assert friend.qualified_times == 1
    assert friend.qualification_calls == 1
    assert story.stored(friend).stage is Stage.CONFIRMED


def test_a_call_before_the_90_seconds_are_over_asks_nobody(story: Friendship) -> None:
    friend = story.invited()
    story.app.wire.faults.add({"kind": "lost_answer", "method": "PUT", "path": QUALIFICATION, "times": 1})
    story.changes(friend, "Connected")
    story.notified()
    story.app.qualify()
    story.app.forget_calls()
    story.app.wait(30)
    story.app.environment.qualification_queue.send(QualifyReferral(ENQUEUED, 0.0, campaign_id=1, user_id=friend.id))

    story.app.qualify()

    assert story.app.calls("referral_factory") == []
    assert story.stored(friend).stage is Stage.RESERVED


def test_a_worker_that_was_overtaken_before_its_call_makes_none(story: Friendship) -> None:
    """Another one takes the same turn, between this one's look at the item and its reservation."""
    friend = story.invited()
    story.changes(friend, "Connected")
    story.notified()
    story.app.forget_calls()
    other, message = story.app.new_environment(), QualifyReferral(ENQUEUED, 0.0, campaign_id=1, user_id=friend.id)

    class Overtaken(Context):
        def get_remaining_time_in_millis(self) -> int:
            item = story.item(friend)
            if item is not None and item.stage is Stage.WAITING and not overtakers:
                overtakers.append(QualificationAttempt(other, message))
                overtakers[0].run()
            return super().get_remaining_time_in_millis()

    overtakers: list[QualificationAttempt] = []
    story.app.context = Overtaken()
    story.app.qualify()

    assert len(overtakers) == 1
    assert story.reported() == [True]
    assert story.stored(friend).stage is Stage.CONFIRMED


def test_a_call_that_had_no_effect_is_made_again_after_asking(story: Friendship) -> None:
    friend = story.invited()
    story.app.wire.faults.add({"kind": "reset", "method": "PUT", "path": QUALIFICATION, "times": 1})

    story.changes(friend, "Connected")
    story.settles(5)

    assert (friend.qualified_times, friend.qualification_calls) == (1, 1)


def test_a_success_is_taken_back_when_the_value_is_left_while_it_is_reported() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()

    def leaves() -> None:
        story.changes(friend, "New")
        story.notified()
        story.app.qualify()

    story.app.wire.interrupt("PUT /api/v2/users/qualification", leaves)
    story.changes(friend, "Connected")
    story.settles(4)

    assert story.reported() == [True, False]
    assert friend.qualified_at is None
    assert story.stored(friend).reported is False


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_referral_factory_out_of_order_is_waited_for(story: Friendship, status: int) -> None:
    first, second = story.invited(), story.invited()
    story.app.wire.faults.add({"kind": "status", "status": status, "path": QUALIFICATION, "times": 1})
    for friend in (first, second):
        story.changes(friend, "Connected")

    story.notified()

    assert story.app.qualify() == [], "what waits, waits in the ledger"

    story.settles(30)
    if status == 403:
        story.app.wait(FIRST_BLOCK_PAUSE)
        story.settles(30)

    assert (first.qualified_times, second.qualified_times) == (1, 1)


def test_while_referral_factory_is_waited_for_no_flood_of_changes_pushes_the_qualification_out(story: Friendship) -> None:
    friend = story.invited()
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": QUALIFICATION, "id": "down"})
    story.changes(friend, "Connected")
    story.settles(1)
    for number in range(MOST_SIGHTINGS + 5):
        assert story.stored(friend).wanted
        seen = Sighting("another", story.app.clock.now() + number, f"Lost {number}")
        story.app.environment.qualifications.update(1, friend.id, methodcaller("saw", seen))
    story.app.wire.faults.remove("down")

    story.settles(30)

    assert friend.qualified_times == 1
    assert story.stored(friend).wanted


def test_a_refusal_is_shown_on_the_row_and_not_repeated(story: Friendship) -> None:
    friend = story.invited()
    story.account.remove(friend)
    story.changes(friend, "Connected")
    story.app.forget_calls()

    story.settles(5)

    item = story.stored(friend)
    assert item.stage is Stage.FAILED
    assert "no longer knows" in item.reason
    assert story.reported() == []
    assert "qualification failed" in story.story_of(friend)


def test_a_referral_that_referral_factorys_list_holds_as_qualified_is_not_qualified_again(story: Friendship) -> None:
    friend = story.invited()
    story.qualifies(friend, webhook=False)
    story.app.reconcile(full=True)
    story.changes(friend, "Connected")

    story.settles(1)

    assert story.reported() == []
    assert story.stored(friend).reported


def test_a_notification_without_the_time_of_its_change_counts_from_when_it_came(story: Friendship) -> None:
    friend = story.invited()
    values = {"custom_attributes.referral_status": "Connected"}
    story.app.wait(10)

    story.app.environment.qualification_queue.send(
        QualifyReferral("contact.user.updated", story.app.clock.now(), story.row(friend).contact_id, values=values)
    )

    assert story.app.qualify() == []

    assert friend.qualified_times == 1
    assert story.stored(friend).sightings[-1].at == story.app.clock.now()


def test_a_message_about_a_referral_that_is_no_longer_in_the_ledger_is_done_with(story: Friendship) -> None:
    friend = story.invited()
    story.app.forget_calls()
    story.app.environment.qualification_queue.send(QualifyReferral(ENQUEUED, 0.0, campaign_id=1, user_id=friend.id + 1000))

    assert story.app.qualify() == []

    assert story.app.queued("qualification") == []
    assert story.asked() == []


def test_the_other_record_of_a_person_counts_too(story: Friendship) -> None:
    friend = story.invited()
    other = story.app.given("user", email=friend.email)

    story.changes(other.id, "Connected")
    story.settles(1)

    assert friend.qualified_times == 1


@pytest.mark.parametrize("reversal", [False, True])
def test_a_contact_that_was_archived_and_is_back_qualifies(reversal: bool) -> None:
    story = Friendship(rules(unqualify_on_reversal=reversal))
    friend = story.invited()
    contact = story.contact(friend.email)

    for act in (story.app.intercom.contacts.archive, story.app.intercom.contacts.unarchive):
        story.app.wait(10)
        act(contact.id, by_api=False)
        sent = story.taken()
        story.notified(*sent, *sent)
        story.settles(1)

    assert story.reported() == []
    assert story.story_of(friend)[-2:] == ["archived in Intercom", "unarchived in Intercom"], "each once, though heard of twice"
    assert story.story_of(friend).count("archived in Intercom") == 1

    story.changes(friend, "Connected")
    story.settles(2)

    assert story.reported() == [True]


def test_a_merge_is_followed_and_a_deletion_too(story: Friendship) -> None:
    friend = story.invited()
    lead = story.contact(friend.email)
    user = story.app.given("user", email=friend.email)
    story.app.wait(10)

    story.app.intercom.contacts.merge({"from": lead.id, "into": user.id}, by_api=False)
    story.settles(1)

    assert story.row(friend).contact_id == user.id
    assert story.app.person(friend.email).contact_id == user.id  # type: ignore[union-attr]

    story.app.wait(10)
    story.app.intercom.contacts.delete(user.id, by_api=False)
    story.settles(1)

    assert story.row(friend).state is State.ERASED
    assert story.app.contacts(friend.email) == []


def test_a_paused_campaign_waits_and_goes_on(story: Friendship) -> None:
    friend = story.invited()
    story.app.configure(status="paused", qualification=rules())
    story.app.wait(61)

    story.changes(friend, "Connected")
    story.settles(2)

    assert friend.qualified_times == 0

    story.app.configure(qualification=rules())
    story.settles(7)

    assert friend.qualified_times == 1


def test_what_waits_for_a_paused_campaign_rests_once_the_campaign_tracks_nothing(story: Friendship) -> None:
    friend = story.invited()
    story.app.configure(status="paused", qualification=rules())
    story.app.wait(61)

    story.changes(friend, "Connected")
    story.settles(1)

    assert story.stored(friend).due_at is not None

    story.app.configure(qualification=None)
    story.settles(7)

    assert story.stored(friend).due_at is None, "nothing enqueues it any more"
    assert story.reported() == []


# -- the time that is left ------------------------------------------------------------------------------------------------


def test_no_call_to_referral_factory_is_begun_that_there_is_no_time_for(story: Friendship) -> None:
    friend = story.invited()
    story.app.forget_calls()
    story.changes(friend, "Connected")
    story.notified()

    story.app.context.seconds = LONGEST_REFERRAL_FACTORY_CALL - 0.1
    assert story.app.qualify() == []
    assert story.asked() == []

    story.app.context.seconds = 45.0
    story.settles(2)

    assert friend.qualified_times == 1


def test_who_was_asked_about_when_no_time_was_left_to_report_is_reported_next_time(story: Friendship) -> None:
    friend = story.invited()
    story.changes(friend, "Connected")
    story.notified()
    story.app.forget_calls()

    def little_is_left() -> None:
        story.app.context.seconds = LONGEST_REFERRAL_FACTORY_CALL - 0.1

    story.app.wire.interrupt(f"GET /api/v2/users/{friend.id}", little_is_left)
    story.app.qualify()

    assert story.reported() == []
    assert story.stored(friend).stage is Stage.WAITING

    story.app.context.seconds = 45.0
    story.settles(3)

    assert story.reported() == [True]
    assert friend.qualified_times == 1
