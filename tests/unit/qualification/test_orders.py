"""Whatever order things come in, and twice at once: the same end. Intercom promises neither order nor that a notification comes
only once."""

from __future__ import annotations

from itertools import permutations

import pytest

from sandbox.vendors.referral_factory.records import Person
from tests.support.qualifying import Friendship, rules

CHANGES = ("to New", "to Connected", "back", "merge")


def play(order: tuple[str, ...], *, reversal: bool, doubled: bool = False) -> bool:
    """Of a contact that was there before and was adopted: what happens in Intercom happens in its own order; the ledger hears
    of it in ``order``. True when it is qualified."""
    story = Friendship(rules(unqualify_on_reversal=reversal), person_invited={"duplicates": "update"})
    story.invited()  # somebody else, so that the workspace is known
    story.app.given("lead", email="friend2@example.com", custom_attributes={"referral_status": "Lost"})
    friend = story.invites()
    lead = story.contact(friend.email)
    story.taken()
    user = story.app.given("user", email=friend.email, age=0.0)
    heard = {}
    story.changes(lead.id, "Lost")
    heard["to New"] = story.taken()
    story.changes(lead.id, "Connected")
    heard["to Connected"] = story.taken()
    story.changes(lead.id, "New")
    heard["back"] = story.taken()
    story.app.wait(10)
    story.app.intercom.contacts.merge({"from": lead.id, "into": user.id}, by_api=False)
    heard["merge"] = story.taken()
    for one in order:
        for _ in range(2 if doubled else 1):
            story.notified(*heard[one])
        story.app.wait(3)
        story.app.qualify()
    story.settles(8)
    assert friend.qualified_times <= 1
    assert story.row(friend).contact_id == user.id
    return friend.qualified_at is not None


@pytest.mark.parametrize("reversal", [False, True])
def test_every_order_of_notifications_ends_alike(reversal: bool) -> None:
    ends = {order: play(order, reversal=reversal, doubled=index % 3 == 0) for index, order in enumerate(permutations(CHANGES))}
    assert set(ends.values()) == {not reversal}, ends


@pytest.mark.parametrize("moment", range(5))
@pytest.mark.parametrize("reversal", [False, True])
def test_a_delivery_at_any_moment_between_ends_alike(reversal: bool, moment: int) -> None:
    """The contact was there before, under the policy *update*; it is adopted after ``moment`` changes, of which the
    notifications come before and after."""
    story = Friendship(rules(unqualify_on_reversal=reversal), person_invited={"duplicates": "update"})
    story.invited()
    contact = story.app.given("lead", email="friend2@example.com", custom_attributes={"referral_status": "New"})
    heard = []
    friend = None
    for index, value in enumerate(("Lost", "Connected", "New", "Connected")):
        if index == moment:
            friend = story.invites()
        story.changes(contact.id, value)
        heard += story.taken()
    friend = friend or story.invites()
    for webhook in reversed(heard):
        story.notified(webhook)
        story.app.qualify()
    story.settles(3)

    stood_at_the_end = moment == 4

    assert (friend.qualified_at is not None) is not stood_at_the_end
    assert friend.qualified_times <= 1


# -- at once --------------------------------------------------------------------------------------------------------


def heard_twice(call: str, *, reversal: bool = False) -> tuple[Friendship, Person]:
    """While the first worker's ``call`` is on its way back, another works through the same notification."""
    story = Friendship(rules(unqualify_on_reversal=reversal))
    friend = story.invited()
    story.changes(friend, "Connected")
    [notification] = story.taken()
    story.notified(notification)
    story.app.wire.calls.clear()

    def other_worker() -> None:
        story.notified(notification)
        story.app.qualify(story.app.new_environment())

    story.app.wire.interrupt(call.format(friend.id), other_worker)
    story.app.qualify()
    return story, friend


@pytest.mark.parametrize("reversal", [False, True])
@pytest.mark.parametrize("call", ["GET /api/v2/users/{}", "PUT /api/v2/users/qualification"])
def test_a_turn_is_reported_and_written_down_once(call: str, reversal: bool) -> None:
    story, friend = heard_twice(call, reversal=reversal)
    story.settles(4)

    assert story.reported() == [True]
    assert friend.qualified_times == 1

    turns = [line for line in story.story_of(friend) if line in {"qualifies", "qualified"}]
    assert turns == ["qualifies", "qualified"]


class Killed(BaseException):
    """The worker is gone."""


def test_what_a_worker_that_died_while_it_read_the_contact_had_seen_is_made_good_by_the_sweep_alone() -> None:
    """Its message never comes again."""
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Connected")
    story.notified()

    def kill() -> None:
        raise Killed

    story.app.wire.interrupt(f"GET /contacts/{story.row(friend).contact_id}", kill)
    with pytest.raises(Killed):
        story.app.qualify()
    story.app.sqs.purge_queue(QueueUrl=story.app.settings.qualification_queue_url)

    story.settles(15)

    assert story.reported() == [True]
