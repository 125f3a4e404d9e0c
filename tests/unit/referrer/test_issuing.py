"""A reward that is due is issued once, even if an answer is lost or the worker is killed."""

from __future__ import annotations

import pytest

from shared.domain.referrer.reward import Kind, Status
from shared.errors import TransientError
from shared.use_cases.referrer.issue_rewards import RewardIssue
from tests.support.referring import REWARDS, TITLE, Story, due, given, issues


def test_a_due_reward_is_issued_once_and_reported() -> None:
    story = due()
    story.qualifies(story.invites())

    story.app.poll_rewards()
    story.passes(180)

    assert len(issues(story)) == 1
    assert given(story) == 1
    assert len(story.events()) == 1
    assert story.shown() == {"last_reward": TITLE, "rewards_total": 20.0, "reward_status": "Issued"}

    story.app.poll_rewards()
    story.passes(180)

    assert (len(issues(story)), len(story.events())) == (1, 1)


def test_nothing_is_issued_unless_the_campaign_says_so() -> None:
    story = Story(auto_issue=False)
    story.qualifies(story.invites())

    story.app.poll_rewards()
    story.passes(120)

    assert (issues(story), story.events()) == ([], [])
    assert story.shown()["reward_status"] == "Due"


def test_a_lost_answer_is_looked_up_after_90_seconds_and_not_issued_twice() -> None:
    story = due()
    story.qualifies(story.invites())
    story.app.poll_rewards()
    story.app.wire.faults.add({"kind": "lost_answer", "method": "POST", "path": "/rewards/issue/", "times": 1})
    story.passes(60)

    began = next(call.at for call in story.app.wire.calls if "/rewards/issue/" in call.path)

    lists = [call.at for call in story.app.wire.calls if "/rewards/due/" in call.path and call.at > began]
    assert lists == []

    story.passes(600)

    lists = [call.at for call in story.app.wire.calls if "/rewards/due/" in call.path and call.at > began]
    assert min(lists) >= began + 90
    assert len(issues(story)) == 1
    assert given(story) == 1
    assert len(story.events()) == 1
    assert {reward.facts.status for reward in story.rewards()} == {Status.ISSUED}, "the due one too"


def test_an_issue_that_did_not_arrive_is_asked_for_again_after_90_seconds() -> None:
    story = due()
    story.qualifies(story.invites())
    story.app.poll_rewards()

    story.app.wire.faults.add({"kind": "reset", "method": "POST", "path": "/rewards/issue/", "times": 1})
    story.passes(900)

    tried = [call.at for call in story.app.wire.calls if "/rewards/issue/" in call.path]
    assert len(tried) == 2
    assert tried[1] - tried[0] >= 90
    assert (given(story), len(story.events())) == (1, 1)


def test_killed_between_reserving_and_confirming_issues_once() -> None:
    story = due()
    story.qualifies(story.invites())
    story.app.poll_rewards()
    (reward,) = story.rewards()

    def die() -> None:
        story.app.dynamodb.refuse("put_item", 3)

    story.app.wire.interrupt(f"POST /api/v2/rewards/issue/{reward.facts.id}", die)
    story.passes(60)
    story.passes(900)

    assert len(issues(story)) == 1
    assert given(story) == 1
    assert len(story.events()) == 1


class Killed(BaseException):
    """The worker is gone."""


@pytest.mark.parametrize("arrived", [True, False])
def test_a_reward_that_a_killed_worker_left_reserved_is_finished_by_the_sweep_alone(arrived: bool) -> None:
    """Its message never comes again, no webhook and no poll reports it. ``arrived``: Referral Factory got the call."""
    story = due()
    story.qualifies(story.invites())
    story.app.poll_rewards()
    (reward,) = story.rewards()
    story.app.wire.interrupt(f"POST /api/v2/rewards/issue/{reward.facts.id}", _kill)
    if not arrived:
        story.app.wire.faults.add({"kind": "reset", "method": "POST", "path": "/rewards/issue/", "times": 1})
    story.app.wait(60)
    with pytest.raises(Killed):
        story.app.update_referrers()
    story.app.sqs.purge_queue(QueueUrl=story.app.settings.referrer_queue_url)

    (left,) = story.rewards()

    assert left.reserved_at is not None
    assert left.ended_at is None

    story.webhooks(lost=True)
    story.passes(900)

    assert (given(story), len(story.events())) == (1, 1)
    assert len(issues(story)) == (1 if arrived else 2)

    settled = next(one for one in story.rewards() if one.facts.kind is Kind.DUE)
    assert settled.ended_at is not None


def _kill() -> None:
    raise Killed


def test_before_the_90_seconds_are_over_no_list_is_asked() -> None:
    story = due()
    story.qualifies(story.invites())
    story.app.poll_rewards()
    story.app.wire.faults.add({"kind": "lost_answer", "method": "POST", "path": "/rewards/issue/", "times": 1})
    story.app.wait(60)

    story.app.update_referrers()

    assert len(issues(story)) == 1

    story.app.forget_calls()
    story.app.wait(30)
    with pytest.raises(TransientError) as waits:
        RewardIssue(story.app.environment, story.campaign).run(story.rewards())
    assert waits.value.retry_after == 60
    assert story.asked() == []


def test_a_campaign_that_no_longer_says_so_issues_nothing_that_it_wanted_before() -> None:
    story = due()
    story.qualifies(story.invites())
    story.app.poll_rewards()

    assert [reward.wants_issuing for reward in story.rewards()] == [True]

    story.app.configure(rewards={**REWARDS, "issue_due": False})
    story.passes(300)

    assert (issues(story), given(story)) == ([], 0)


def test_a_due_reward_that_somebody_canceled_is_settled() -> None:
    story = due()
    story.qualifies(story.invites())
    story.app.poll_rewards()
    story.account.rewards.cancel(story.account.rewards.all()[0])
    story.passes(120)

    settled = next(reward for reward in story.rewards() if reward.facts.kind is Kind.DUE)

    assert settled.ended_at is not None

    story.app.poll_rewards()
    story.passes(120)

    assert given(story) == 0
    assert story.events() == []
    assert story.shown()["reward_status"] == "Canceled"


def test_a_blocked_address_leaves_a_due_reward_for_later() -> None:
    story = due()
    story.qualifies(story.invites())
    story.app.poll_rewards()

    story.app.wire.faults.add({"kind": "status", "status": 403, "path": "^/api/v2/", "id": "blocked"})
    story.passes(300)

    assert given(story) == 0

    story.app.wire.faults.remove("blocked")
    story.passes(7 * 3_600, step=60)

    assert (given(story), len(story.events())) == (1, 1)
