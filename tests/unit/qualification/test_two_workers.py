"""One change of a contact, heard twice at once: two workers are at one referral, and it turns once."""

from __future__ import annotations

import pytest

from sandbox.vendors.referral_factory.records import Person
from tests.support.qualifying import Friendship, rules


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
