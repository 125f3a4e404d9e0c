"""A signed notification that is dated in the future counts as of now, so that a later reading of the contact outdates it."""

from __future__ import annotations

import json

from tests.support.qualifying import Friendship, rules
from tests.unit.qualification.test_accept_notification import hub

YEAR = 365 * 86_400


def test_a_notification_from_the_future_settles() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Connected")
    for webhook in story.taken():
        body = json.loads(webhook.body)
        body["data"]["item"]["updated_at"] = int(story.app.clock.now()) + YEAR
        told = json.dumps(body).encode()
        story.app.notify(told, hub(told))
    story.settles(5)
    item = story.item(friend)
    assert item is not None
    assert max(one.at for one in item.sightings) <= story.app.clock.now()
    assert item.unread() == []
    story.app.forget_calls()
    story.changes(friend, "Lost")
    story.settles(5)
    assert story.reported() == [False]
