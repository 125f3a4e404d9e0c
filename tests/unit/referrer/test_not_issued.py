"""Due rewards that must not be issued: those issued already, canceled, not to be issued, or of a campaign that does not ask."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.referrer.reward import Kind, Reward, RewardFacts, Status
from shared.ports.referrer import RewardKey
from shared.use_cases.referrer.note_reward import LIST_LAG, note_reward
from tests.support.referring import Story, due, given, issues


def due_one(story: Story) -> Reward:
    return next(reward for reward in story.rewards() if reward.facts.kind is Kind.DUE)


def test_a_list_that_still_holds_an_issued_reward_as_due_issues_it_no_second_time() -> None:
    story = due()
    story.qualifies(story.invites())

    story.app.poll_rewards()
    story.passes(180)

    assert (len(issues(story)), given(story)) == (1, 1)

    story.account.rewards.all()[0].status = "Due"
    story.app.wait(3_600)
    story.app.forget_calls()
    for _ in range(2):
        story.app.poll_rewards()
        story.passes(180)

    assert issues(story) == []
    assert len(story.asked()) == 16, "eight lists twice, and nobody is looked at again"


def test_a_reward_that_cannot_be_issued_is_left_alone_until_it_can() -> None:
    story = due(can_be_issued=False)
    story.qualifies(story.invites())
    for _ in range(3):
        story.app.poll_rewards()
        story.passes(180)

    assert issues(story) == []
    assert story.shown()["reward_status"] == "Due"

    story.account.settings = story.account.settings.changed({"can_be_issued": True})
    story.app.poll_rewards()
    story.passes(180)

    assert (len(issues(story)), given(story)) == (1, 1)


def test_the_lists_of_a_campaign_that_issues_nothing_bring_nobody_up_again() -> None:
    story = Story(auto_issue=False)
    story.app.poll_rewards()
    story.qualifies(story.invites())
    story.app.poll_rewards()
    story.passes(180)
    story.app.forget_calls()

    for _ in range(2):
        story.app.poll_rewards()
        story.passes(180)

    assert len(story.asked()) == 16, "nothing but the eight lists, twice"


def test_a_reward_that_was_taken_back_before_we_asked_is_issued_once_it_is_due_again() -> None:
    story = due()
    story.qualifies(story.invites())
    story.app.poll_rewards()
    reward = story.account.rewards.all()[0]
    reward.status = "Canceled"

    story.passes(180)

    assert len(issues(story)) == 1
    assert given(story) == 0
    assert due_one(story).assumed

    reward.status = "Due"
    story.app.wait(3_600)
    story.app.poll_rewards()
    story.passes(180)

    assert len(issues(story)) == 2
    assert given(story) == 1


def unanswered(story: Story) -> None:
    """The call that issues it never arrives, and nobody knows."""
    story.qualifies(story.invites())
    story.app.poll_rewards()
    story.app.wire.faults.add({"kind": "reset", "method": "POST", "path": "/rewards/issue/", "times": 1})
    story.passes(60)
    assert len(issues(story)) == 1


def test_a_reward_that_neither_list_holds_any_more_is_looked_for_twice_and_never_shown_as_issued() -> None:
    story = due()
    unanswered(story)
    reward = story.account.rewards.all()[0]

    story.account.rewards.cancel(reward)
    reward.recipient_id = 10**6
    story.app.forget_calls()
    story.passes(900)

    asked = [call for call in story.asked() if "/rewards/due/" in call]
    assert (len(asked), issues(story)) == (2, [])

    left = due_one(story)
    assert left.ended_at is not None
    assert left.assumed
    assert "no longer lists it as due" in left.note
    assert left.facts.status is Status.DUE
    assert story.events() == []


@pytest.mark.parametrize(
    ("listed", "seconds", "assumed", "again"),
    [
        (True, LIST_LAG, True, True),
        (True, LIST_LAG - 0.1, True, False),  # the list may be older than the end
        (False, LIST_LAG, True, False),  # a webhook may be older still
        (True, LIST_LAG, False, False),
    ],
)
def test_only_a_list_brings_back_as_due_what_nobody_confirmed(listed: bool, seconds: float, assumed: bool, again: bool) -> None:
    story = due()
    story.qualifies(story.invites())
    story.app.poll_rewards()
    reward = due_one(story)
    key = RewardKey(1, reward.user_id, *reward.key)
    ended = replace(reward, ended_at=story.app.clock.now(), reserved_at=1.0, readings=2, assumed=assumed)
    story.app.environment.rewards.update(key, lambda _: ended)
    story.app.wait(seconds)

    note_reward(story.app.environment, story.app.campaign(), reward.facts, listed=listed)

    found = due_one(story)
    assert (found.ended_at is None) is again
    assert (found.reserved_at, found.readings) == ((None, 0) if again else (1.0, 2))


def test_a_reward_of_nobody_is_not_noted() -> None:
    story = due()

    note_reward(story.app.environment, story.app.campaign(), RewardFacts(Kind.DUE, 1), listed=True)

    assert story.rewards() == []
    assert story.app.metrics.counts["RewardNoted"] == 0
