"""A campaign tracks another attribute than before: what was seen of the old one says nothing of the new one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from shared.adapters.dynamodb.qualification.qualifications import QUALIFICATION_ROW
from shared.adapters.dynamodb.signup.referral_items import key_of_referral
from tests.support.qualifying import Friendship, rules

NOW_TRACKED = "lead_source"


def tracks_another(story: Friendship, **changes: Any) -> None:
    """From now on the other attribute, with the same values; the receiver knows a minute later."""
    story.app.configure(qualification=rules(attribute=f"custom_attributes.{NOW_TRACKED}", **changes))
    story.app.wait(61)


def test_a_value_of_the_attribute_that_was_tracked_before_does_not_qualify(story: Friendship) -> None:
    friend = story.invited()
    story.app.configure(status="paused", qualification=rules())
    story.changes(friend, "Connected")
    story.settles(1)

    tracks_another(story)
    story.settles(15)

    assert story.reported() == []

    story.changes(friend, "Connected", NOW_TRACKED)
    story.settles(1)

    assert story.reported() == [True]


def test_neither_does_one_hide_from_reconcile_what_the_other_became(story: Friendship) -> None:
    friend = story.invited()
    story.app.configure(status="paused", qualification=rules())
    story.changes(friend, "Connected")
    story.settles(1)
    tracks_another(story)

    story.changes(friend, "Connected", NOW_TRACKED, wait=0.0)
    story.looks_through()

    assert story.reported() == [True]


def test_who_stood_at_the_value_of_the_new_one_before_has_to_come_to_it_again(story: Friendship) -> None:
    friend = story.invited()
    story.changes(friend, "Connected", NOW_TRACKED)
    story.settles(1)
    tracks_another(story)

    story.changes(friend, "Lost")
    story.settles(2)
    story.app.reconcile()
    story.app.qualify()

    assert story.reported() == []

    for value in ("Lost", "Connected"):
        story.changes(friend, value, NOW_TRACKED)
        story.settles(1)

    assert story.reported() == [True]


def test_what_was_read_of_the_old_one_is_no_reading_of_the_new_one() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(1)
    tracks_another(story, unqualify_on_reversal=True)
    story.changes(friend, "Connected", NOW_TRACKED)
    late = story.taken()
    story.changes(friend, "New", NOW_TRACKED)
    story.taken()

    story.notified(*late)
    story.app.qualify()

    assert story.reported() == [True, False]


def test_who_qualified_by_the_old_one_stays_so_until_the_new_one_says_otherwise() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(1)
    tracks_another(story, unqualify_on_reversal=True)

    story.app.intercom.contacts.archive(story.contact(friend.email).id)
    story.settles(1)

    assert story.reported() == [True]
    assert story.stored(friend).wanted


def test_what_was_seen_before_sightings_said_their_attribute_counts_for_the_present_rule() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(1)
    table = story.app.environment.qualifications._table  # type: ignore[attr-defined]
    item = table.find(key_of_referral(1, friend.id), QUALIFICATION_ROW)
    seen = [{name: one[name] for name in one if name != "attribute"} for one in json.loads(item["sightings"]["S"])]

    table.put({**item, "sightings": {"S": json.dumps(seen)}})

    before = story.stored(friend)
    assert {one.attribute for one in before.sightings} == {None}

    story.app.intercom.contacts.archive(story.contact(friend.email).id)
    story.settles(1)

    assert story.reported() == [True]
    assert replace(before, version=0) == replace(story.item(friend), version=0)  # type: ignore[type-var]
