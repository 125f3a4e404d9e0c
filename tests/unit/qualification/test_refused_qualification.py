"""A refused qualification is seen, tried again with growing pauses, and ends."""

from __future__ import annotations

from tests.support.console_api import Console
from tests.support.qualifying import Friendship

SHUT = {"kind": "status", "status": 422, "method": "PUT", "path": "^/api/v2/users/qualification", "id": "shut"}


def refused() -> tuple[Friendship, int]:
    story = Friendship()
    friend = story.invited()
    story.app.wire.faults.add(SHUT)
    story.changes(friend, "Connected")
    story.settles(5)
    return story, friend.id


def hours(story: Friendship, count: float) -> None:
    for _ in range(int(count * 6)):
        story.app.wait(600)
        story.app.sweep(work=False)
        story.app.qualify()


def test_it_needs_attention_and_qualifies_once_referral_factory_takes_it() -> None:
    story, user_id = refused()
    console = Console(story.app)

    (shown,) = console.get("/api/referrals", "attention=true")["items"]
    assert (shown["user_id"], shown["refusals"]) == (user_id, {"qualification": "Referral Factory refused the request"})

    story.app.wire.faults.remove("shut")
    hours(story, 2)

    assert story.app.environment.qualifications.find(1, user_id).reported is True  # type: ignore[union-attr]
    assert console.get("/api/referrals", "attention=true")["items"] == []


def test_its_pauses_grow_and_its_story_tells_it_once() -> None:
    story, user_id = refused()
    story.app.forget_calls()
    hours(story, 48)

    assert 3 <= len(story.reported()) <= 7
    assert [event.what for event in story.app.row(user_id).history].count("qualification failed") == 1

    hours(story, 24 * 14)
    story.app.forget_calls()
    hours(story, 24 * 3)

    assert story.reported() == [], "it has ended, and stays in Needs attention"
    assert story.app.row(user_id).open_troubles == {"qualification"}


def test_a_replay_tries_it_at_once_and_delivers_nothing_again() -> None:
    story, user_id = refused()
    story.app.wire.faults.remove("shut")
    story.app.forget_calls()
    Console(story.app).post(f"/api/referrals/1/{user_id}/replay")

    hours(story, 0.5)

    assert story.reported() == [True]
    assert not story.app.row(user_id).open_troubles
    assert [call for call in story.app.calls("intercom") if call.startswith(("PUT", "POST /contacts "))] == []
