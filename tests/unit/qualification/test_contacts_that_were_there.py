"""A contact that stood at the qualified value when it was adopted has to leave it first."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from shared.domain.signup.state import State
from tests.support.builders import CLIENT_SECRET
from tests.support.qualifying import STATUS, Friendship, rules


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
