"""Whether users say that nobody has qualified them, say it only of those who qualified, or never say: each is dealt with."""

from __future__ import annotations

import pytest

from tests.support.qualifying import Friendship, rules

SILENCES = ["always", "when_qualified", "never"]


def friendship(silence: str, requalify: str = "refused", **changes: object) -> Friendship:
    story = Friendship(rules(**changes))
    story.account.settings = story.account.settings.changed({"qualified_at": silence, "requalify": requalify})
    return story


@pytest.mark.parametrize("silence", SILENCES)
def test_a_value_qualifies_once(silence: str) -> None:
    story = friendship(silence)
    friend = story.invited()

    story.changes(friend, "Connected")
    story.settles(3)
    for _ in range(3):
        story.app.wait(86_400)
        story.app.reconcile(full=True)
        story.settles(3)

    assert friend.qualified_times == 1
    assert story.reported() == [True]
    assert story.row(friend).converted is True


@pytest.mark.parametrize("silence", SILENCES)
@pytest.mark.parametrize("requalify", ["refused", "ignored"])
def test_a_lost_answer_pays_once_and_is_not_forgotten(silence: str, requalify: str) -> None:
    story = friendship(silence, requalify)
    friend = story.invited()
    story.app.wire.faults.add({"kind": "lost_answer", "method": "PUT", "path": "qualification", "times": 1})

    story.changes(friend, "Connected")
    story.settles(6)

    assert friend.qualified_times == 1

    seen_or_shown = story.row(friend).converted or "qualification" in story.row(friend).open_troubles
    assert seen_or_shown, "a person knows of it at least"


@pytest.mark.parametrize("silence", SILENCES)
def test_a_call_that_never_happened_is_made_again(silence: str) -> None:
    story = friendship(silence)
    friend = story.invited()
    story.app.wire.faults.add({"kind": "reset", "method": "PUT", "path": "qualification", "times": 1})

    story.changes(friend, "Connected")
    story.settles(6)

    assert (friend.qualified_times, story.row(friend).converted) == (1, True)


@pytest.mark.parametrize("silence", ["always", "when_qualified"])
def test_what_a_hand_took_back_is_noticed_though_nobody_else_is_qualified(silence: str) -> None:
    story = friendship(silence)
    friend = story.invited()

    story.changes(friend, "Connected")
    story.settles(3)
    story.app.reconcile(full=True)

    assert story.row(friend).converted

    story.app.wait(600)
    story.qualifies(friend, qualified=False, webhook=False)
    story.app.wait(86_400)
    story.app.reconcile(full=True)
    story.settles(4)

    assert not story.row(friend).converted
    assert friend.qualified_at is None


def test_one_that_never_says_takes_nothing_back_by_its_silence() -> None:
    story = friendship("never")
    friend = story.invited()

    story.changes(friend, "Connected")
    story.settles(3)
    for _ in range(2):
        story.app.wait(86_400)
        story.app.reconcile(full=True)
        story.settles(3)

    assert story.row(friend).converted
    assert story.row(friend).person.qualified


@pytest.mark.parametrize("silence", SILENCES)
def test_a_reversal_is_reported_and_reported_again(silence: str) -> None:
    story = friendship(silence, unqualify_on_reversal=True)
    friend = story.invited()
    for value in ("Connected", "Lost", "Connected"):
        story.changes(friend, value, wait=120)
        story.settles(3)

    assert story.reported() == [True, False, True]
    assert friend.qualified_at is not None
