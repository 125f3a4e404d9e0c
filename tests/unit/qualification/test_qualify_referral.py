"""From a changed contact to a qualified referral: once for each turn, whatever comes late, twice or not at all."""

from __future__ import annotations

import hashlib
import hmac
import json
from operator import methodcaller
from typing import Any

import pytest

from sandbox.vendors.referral_factory.records import Person
from shared.domain.qualification.qualification import MOST_SIGHTINGS, Sighting, Stage
from shared.domain.signup.referral import State
from shared.messages import QualifyReferral, UpdateReferrer
from shared.use_cases.qualification.qualify_referral import QualificationAttempt
from shared.use_cases.vendor.guard_referral_factory import FIRST_BLOCK_PAUSE
from tests.support.builders import CLIENT_SECRET, Context
from tests.support.qualifying import STATUS, Friendship, rules

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


def test_another_value_is_not_even_queued(story: Friendship) -> None:
    friend = story.invited()
    story.changes(friend, "Lost")
    assert story.notified() == [200]
    assert story.app.queued("qualification") == []
    assert story.app.metrics.counts["NotificationIgnored"] == 1


def test_our_own_writes_that_come_back_change_nothing() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invites()
    story.app.forget_calls()
    story.settles(2)
    assert story.reported() == []
    assert story.app.calls() == []
    assert story.item(friend) is None


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
    story.app.environment.qualification_queue.send(QualifyReferral("ring", 0.0, campaign_id=1, user_id=friend.id))
    story.app.qualify()
    assert story.app.calls("referral_factory") == []
    assert story.stored(friend).stage is Stage.RESERVED


def test_a_worker_that_was_overtaken_before_its_call_makes_none(story: Friendship) -> None:
    """Another one takes the same turn, between this one's look at the item and its reservation."""
    friend = story.invited()
    story.changes(friend, "Connected")
    story.notified()
    story.app.forget_calls()
    other, message = story.app.new_environment(), QualifyReferral("ring", 0.0, campaign_id=1, user_id=friend.id)

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


def test_somebody_who_qualified_by_hand_is_not_qualified_again(story: Friendship) -> None:
    friend = story.invited()
    story.qualifies(friend)
    story.app.qualify()
    item = story.stored(friend)
    assert (item.by_hand, item.reported) == (True, True)
    story.app.forget_calls()
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


@pytest.mark.parametrize("reversal", [False, True])
def test_a_contact_that_stood_there_when_adopted_has_to_leave_first(reversal: bool) -> None:
    story = Friendship(rules(unqualify_on_reversal=reversal), person_invited={"duplicates": "update"})
    story.app.given("user", email="friend1@example.com", custom_attributes={"referral_status": "Connected"})
    friend = story.invited()
    assert story.app.campaign().watches_departures
    story.changes(friend, "a new name", "lead_source")
    story.settles(1)
    assert friend.qualified_times == 0
    story.app.wait(60)
    story.changes(friend, "New")
    story.changes(friend, "Connected")
    story.settles(1)
    assert friend.qualified_times == 1


@pytest.mark.parametrize("topic", ["contact.unarchive", "contact.merged", "contact.lead.signed_up"])
def test_a_notification_that_tells_no_attributes_is_no_departure(topic: str) -> None:
    story = Friendship(person_invited={"duplicates": "update"})
    story.invited()
    story.app.given("user", email="friend2@example.com", custom_attributes={STATUS: "Connected"})
    friend = story.invites()
    story.settles(2)
    item = {"type": "contact", "id": story.contact(friend.email).id, "external_id": None}
    body = json.dumps({"app_id": "local-workspace", "topic": topic, "data": {"item": item}}).encode()
    signature = "sha1=" + hmac.new(CLIENT_SECRET.encode(), body, hashlib.sha1).hexdigest()
    assert story.app.notify(body, {"x-hub-signature": signature})["statusCode"] == 200
    story.app.qualify()
    story.changes(friend, "another name", "lead_source")
    story.settles(3)
    assert friend.qualified_times == 0


def test_a_value_that_was_cleared_is_a_reversal() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    for value in ("Connected", None):
        story.changes(friend, value)
        story.settles(2)
    assert story.reported() == [True, False]


@pytest.mark.parametrize("late", [False, True])
def test_what_was_reported_before_an_adopted_contact_left_does_not_count_afterwards(late: bool) -> None:
    story = Friendship(person_invited={"duplicates": "update"})
    story.invited()
    story.app.given("user", email="friend2@example.com", custom_attributes={STATUS: "Connected"})
    friend = story.invites()
    story.settles(2)
    story.changes(friend, "a new name", "lead_source")
    still_there = story.taken()
    story.changes(friend, "New")
    story.notified(*(story.taken() + still_there if late else still_there + story.taken()))
    story.settles(2)
    assert friend.qualified_times == 0


def test_a_referral_that_referral_factorys_list_holds_as_qualified_is_not_qualified_again(story: Friendship) -> None:
    friend = story.invited()
    story.qualifies(friend, webhook=False)
    story.app.reconcile(full=True)
    story.changes(friend, "Connected")
    story.settles(1)
    assert story.reported() == []
    assert story.stored(friend).reported


@pytest.mark.parametrize("counts", [False, True])
def test_only_where_somebody_may_qualify_are_departures_from_the_qualified_value_watched(counts: bool) -> None:
    """From then on each change in the workspace is queued, so nobody who cannot qualify may bring that about."""
    story = Friendship(rules(qualify_skipped=counts))
    story.app.given("user", email="friend1@example.com", custom_attributes={STATUS: "Connected"})
    friend = story.invited()
    assert story.row(friend).state is State.SKIPPED
    assert story.app.campaign().watches_departures is counts


def test_people_who_were_skipped_qualify_only_when_the_campaign_says_so() -> None:
    for wanted in (False, True):
        story = Friendship(rules(qualify_skipped=wanted))
        story.app.given("user", email="friend1@example.com", custom_attributes={"referral_status": "New"})
        friend = story.invited()
        assert story.row(friend).state is State.SKIPPED
        story.changes(friend, "Connected")
        story.settles(1)
        assert friend.qualified_times == int(wanted)


def test_the_other_record_of_a_person_counts_too(story: Friendship) -> None:
    friend = story.invited()
    other = story.app.given("user", email=friend.email)
    story.changes(other.id, "Connected")
    story.settles(1)
    assert friend.qualified_times == 1


def test_a_lead_that_became_a_user_qualifies_where_that_is_the_trigger() -> None:
    story = Friendship({"trigger": {"kind": "became_user"}})
    friend = story.invited()
    story.app.wait(10)
    story.app.intercom.contacts.update(story.contact(friend.email).id, {"role": "user"}, by_api=False)
    story.settles(1)
    assert friend.qualified_times == 1


def test_a_lead_that_became_a_user_qualifies_also_when_our_own_write_saw_it_first() -> None:
    """The notification was lost, and new facts of the friend were written before reconcile looked."""
    story = Friendship({"trigger": {"kind": "became_user"}})
    friend = story.invited()
    story.app.wait(10)
    story.app.intercom.contacts.update(story.contact(friend.email).id, {"role": "user"}, by_api=False)
    facts = {"id": friend.id, "email": friend.email, "source": "Referred", "campaign_id": 1}
    story.app.post({**facts, "first_name": "Another name"})
    story.app.work()
    assert story.contact(friend.email).name == "Another name"
    story.taken()
    story.app.reconcile()
    story.app.qualify()
    assert friend.qualified_times == 1


def test_a_user_that_we_made_of_the_lead_ourselves_does_not_qualify() -> None:
    story = Friendship({"trigger": {"kind": "became_user"}}, person_invited={"action": "user", "duplicates": "update"})
    story.app.given("lead", email="friend1@example.com")
    friend = story.invites()
    assert story.contact(friend.email).role == "user"
    story.settles(2)
    assert friend.qualified_times == 0


def test_a_user_that_another_campaign_made_of_the_lead_does_not_qualify_however_late_that_is_reported() -> None:
    story = Friendship({"trigger": {"kind": "became_user"}})
    story.app.configure(campaign_id=2, qualification=rules(), person_invited={"action": "user", "duplicates": "update"})
    friend = story.invited()
    other = story.refers("Olga", "olga@example.com", campaign=2)
    story.account.join(story.account.campaigns[2], first_name="Friend 1", email=friend.email, source="Referred", referrer=other)
    story.webhooks()
    assert story.contact(friend.email).role == "user"
    echoes = story.taken()
    assert any(b"contact.lead.signed_up" in one.body for one in echoes)
    story.app.wait(86_400)
    story.notified(*echoes)
    story.settles(1)
    story.app.reconcile()
    story.app.qualify()
    assert friend.qualified_times == 0


@pytest.mark.parametrize(
    ("fault", "qualified_times"),
    [({"kind": "status", "status": status}, 1) for status in (400, 401, 429)] + [({"kind": "lost_answer"}, 0)],
)
def test_a_user_that_intercom_did_not_let_us_make_qualifies_when_somebody_else_does(
    fault: dict[str, Any], qualified_times: int
) -> None:
    """A refused conversion is not ours; one without an answer may have happened."""
    story = Friendship({"trigger": {"kind": "became_user"}})
    story.app.configure(campaign_id=2, qualification=rules(), person_invited={"action": "user", "duplicates": "update"})
    friend = story.invited()
    story.app.wire.faults.add({"method": "PUT", "path": "^/contacts/", **fault})
    other = story.refers("Olga", "olga@example.com", campaign=2)
    story.account.join(story.account.campaigns[2], first_name="Friend 1", email=friend.email, source="Referred", referrer=other)
    story.webhooks()
    contact = story.contact(friend.email)
    if contact.role == "lead":
        story.app.intercom.contacts.update(contact.id, {"role": "user"}, by_api=False)
    story.notified(*story.taken())
    story.app.wire.faults.clear()
    story.settles(3)
    assert friend.qualified_times == qualified_times


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
    other = story.refers("Olga", "olga@example.com", campaign=2)
    story.account.join(story.account.campaigns[2], first_name="Friend 1", email=friend.email, source="Referred", referrer=other)
    story.webhooks()
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
    other = story.refers("Olga", "olga@example.com", campaign=2)
    story.account.join(story.account.campaigns[2], first_name="Friend 1", email=friend.email, source="Referred", referrer=other)
    story.webhooks()
    story.settles(2)
    assert story.contact(friend.email).custom_attributes["referral_status"] == "Connected"
    assert story.reported() == [True]


@pytest.mark.parametrize("reversal", [False, True])
def test_a_persons_change_in_the_moment_of_our_own_write_is_not_lost(reversal: bool) -> None:
    """Our update and theirs bear the same second, and its notifications come in either order."""
    for backwards in (False, True):
        story = Friendship(rules(unqualify_on_reversal=reversal), person_invited={"duplicates": "update"})
        story.invited()
        contact = story.app.given("lead", email="friend2@example.com", custom_attributes={"referral_status": "New"})
        story.app.wire.interrupt(f"PUT /contacts/{contact.id}", lambda: story.changes(contact.id, "Connected", wait=0))  # noqa: B023
        friend = story.invites()
        heard = story.taken()
        assert {one.name for one in heard}
        story.notified(*(reversed(heard) if backwards else heard))
        story.settles(3)
        assert friend.qualified_times == 1


@pytest.mark.parametrize("reversal", [False, True])
def test_a_contact_that_was_archived_and_is_back_qualifies(reversal: bool) -> None:
    story = Friendship(rules(unqualify_on_reversal=reversal))
    friend = story.invited()
    contact = story.contact(friend.email)
    for act in (story.app.intercom.contacts.archive, story.app.intercom.contacts.unarchive):
        story.app.wait(10)
        act(contact.id, by_api=False)
        story.settles(1)
    assert story.reported() == []
    story.changes(friend, "Connected")
    story.settles(2)
    assert story.reported() == [True]


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
