"""Intercom's answers hold whole seconds: two changes within one end at the newer state. A date in the future counts as now, so
that a later reading of the contact outdates it."""

from __future__ import annotations

import json

import pytest

from tests.support.qualifying import Friendship, rules
from tests.unit.qualification.test_accept_notification import hub

YEAR = 365 * 86_400


@pytest.mark.parametrize("is_heard", [True, False])
def test_two_changes_in_one_second_with_a_reading_between_end_at_the_newer_state(is_heard: bool) -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.app.wait(60 - story.app.clock.at % 60 + 0.2)

    for value in ("Connected", "New"):
        story.changes(friend, value, wait=0.2)
        if is_heard or value == "Connected":
            story.notified()
        story.taken()
        story.app.qualify()

    assert int(story.app.clock.at) % 60 == 0, "all that within one second"

    if not is_heard:
        story.app.wait(120)
        story.app.reconcile()
    story.settles(4)

    assert story.reported() == [True, False]
    assert friend.qualified_at is None


def test_an_older_change_that_is_reported_late_within_the_second_takes_nothing_back() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.app.wait(60 - story.app.clock.at % 60 + 0.2)
    story.changes(friend, "Lost", wait=0.2)
    late = story.taken()
    story.changes(friend, "Connected", wait=0.2)
    story.notified()
    story.app.qualify()

    story.notified(*late)
    story.settles(4)

    assert story.reported() == [True]
    assert friend.qualified_at is not None


def test_a_notification_from_the_future_settles() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Connected")

    for webhook in story.taken():
        body = json.loads(webhook.body)
        body["data"]["item"]["updated_at"] = int(story.app.clock.now()) + YEAR
        changed = json.dumps(body).encode()
        story.app.notify(changed, hub(changed))
    story.settles(5)

    item = story.stored(friend)
    assert max(one.at for one in item.sightings) <= story.app.clock.now()
    assert item.unread() == []

    story.app.forget_calls()
    story.changes(friend, "Lost")
    story.settles(5)

    assert story.reported() == [False]
