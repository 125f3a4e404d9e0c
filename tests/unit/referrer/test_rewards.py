"""Rewards that a webhook reports: one event each in Intercom, and attributes that hold what was earned so far."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.referrer.reward import Status
from tests.support.referring import REWARDS, RITA, TITLE, Story


@pytest.mark.parametrize("form", ["flat", "nested"])
def test_a_reward_is_an_event_and_three_attributes(form: Any) -> None:
    story = Story(webhook_reward=form)
    story.qualifies(story.invites())
    story.passes()

    (event,) = story.events()

    assert event.metadata["reward"] == TITLE
    assert event.metadata["amount"] == 20.0
    assert event.metadata["status"] == "Issued"
    assert event.metadata["campaign"] == "Friends of ours"
    assert len(event.metadata) <= 10
    assert story.shown() == {"last_reward": TITLE, "rewards_total": 20.0, "reward_status": "Issued"}
    assert story.counts() == (1, 1)
    assert story.app.metrics.counts["RewardEventCreated"] == 1


def test_the_facts_of_a_reward_are_nobodys_own_fields(story: Story) -> None:
    story.qualifies(story.invites())
    row = story.app.row(story.rita.id)
    assert not [label for label in row.person.meta if "reward" in label]
    assert row.person.first_name == "Rita"


def test_the_same_webhook_again_reports_nothing_again() -> None:
    story = Story(webhook_double=1.0)
    story.qualifies(story.invites())
    story.passes()
    assert (len(story.events()), story.shown()["rewards_total"]) == (1, 20.0)


def test_two_rewards_in_one_second_are_two_events(story: Story) -> None:
    for friend in (story.invites(), story.invites(), story.invites()):
        story.qualifies(friend)
    story.passes()

    seconds = [event.created_at for event in story.events()]
    assert len(seconds) == len(set(seconds)) == 3
    assert max(seconds) <= story.app.clock.now()
    assert story.shown()["rewards_total"] == 60.0


def test_more_rewards_than_seconds_have_passed_wait_for_theirs(story: Story) -> None:
    friends = [story.invites() for _ in range(25)]

    for friend in friends:
        story.qualifies(friend)
    story.passes(120)

    seconds = [event.created_at for event in story.events()]
    assert len(set(seconds)) == 25

    events = [call for call in story.app.wire.calls if call.path == "/events"]
    assert all(call.body["created_at"] <= call.at for call in events), "none in the future"
    assert not story.mark().is_marked


def test_the_next_second_is_enqueued_and_what_was_written_before_is_not_written_again(story: Story) -> None:
    for friend in [story.invites() for _ in range(25)]:
        story.qualifies(friend)
    story.app.forget_calls()

    for _ in range(40):  # and no sweep
        story.app.wait(1)
        story.app.update_referrers()

    assert len(story.events()) == 25
    assert len(story.writes()) == 1


def test_two_campaigns_give_one_contact_two_seconds(story: Story) -> None:
    story.app.configure(campaign_id=2, name="Partners")
    story.rewarding("amount", "5", campaign=2)
    partner = story.refers("Rita", RITA, campaign=2)

    for friend in (story.invites(), story.invites(partner)):
        story.qualifies(friend)
    story.passes(180)

    assert len({event.created_at for event in story.events()}) == 2


def test_an_event_whose_answer_was_lost_is_sent_again_in_the_same_second(story: Story) -> None:
    story.app.wire.faults.add({"kind": "lost_answer", "method": "POST", "path": "^/events", "times": 2})

    story.qualifies(story.invites())
    story.passes(300)

    sent = [body["created_at"] for body in story.app.bodies("POST", "/events")]
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert len(story.events()) == 1


def test_killed_between_the_second_and_the_event(story: Story) -> None:
    story.qualifies(story.invites())
    story.app.wire.faults.add({"kind": "reset", "method": "POST", "path": "^/events", "id": "killed"})
    story.passes(15, step=15)
    story.app.wire.faults.remove("killed")

    (reward,) = story.rewards()

    assert (reward.event_at is not None, reward.reported_at) == (True, None)

    story.passes(120)
    (event,) = story.events()

    assert event.created_at == reward.event_at


def test_a_coupon_counts_as_one(story: Story) -> None:
    story.rewarding("coupon", "PARTNER50")
    story.qualifies(story.invites())

    story.app.poll_rewards()
    story.passes(120)

    assert story.shown()["rewards_total"] == 1
    assert story.events()[0].metadata["coupon"] == "PARTNER50"


def test_a_failed_reward_shows_and_is_no_event() -> None:
    story = Story(issue_status="Failed")
    story.qualifies(story.invites())
    story.passes()

    assert story.events() == []
    assert story.shown() == {"rewards_total": 0.0, "reward_status": "Failed"}


@pytest.mark.parametrize("status", ["Canceled", "Failed"])
@pytest.mark.parametrize("role", ["user", "lead"])
def test_the_last_reward_is_cleared_when_none_is_left(role: str, status: str) -> None:
    story = Story(contact=False)
    story.app.given(role, email=RITA)

    story.qualifies(story.invites())
    story.passes()

    assert story.shown()["last_reward"] == TITLE

    story.account.rewards.all()[0].status = status
    story.app.poll_rewards()
    story.passes()

    assert story.shown() == {"last_reward": "", "rewards_total": 0, "reward_status": status}

    story.app.forget_calls()
    story.qualifies(story.invites())
    story.passes()

    assert story.shown()["last_reward"] == TITLE


def test_a_last_reward_that_we_never_wrote_is_not_cleared(story: Story) -> None:
    contact = story.contact()
    story.app.intercom.contacts.update(contact.id, {"custom_attributes": {"last_reward": "A cake"}}, by_api=False)
    story.qualifies(story.invites())
    story.account.rewards.all()[0].status = "Canceled"

    story.app.poll_rewards()
    story.app.forget_calls()
    story.passes()

    assert story.shown() == {"last_reward": "A cake", "rewards_total": 0, "reward_status": "Canceled"}


def test_a_reward_that_is_canceled_later_shows_and_is_taken_from_the_total(story: Story) -> None:
    story.app.poll_rewards()
    story.qualifies(story.invites())
    story.passes()
    story.account.rewards.all()[0].status = "Canceled"

    story.app.poll_rewards()
    story.passes(120)

    assert len(story.events()) == 1
    assert (story.shown()["rewards_total"], story.shown()["reward_status"]) == (0, "Canceled")


def test_a_late_webhook_takes_no_status_back(story: Story) -> None:
    story.qualifies(story.invites())
    webhook_status = story.account.rewards.all()[0]
    webhook_status.status = "Canceled"
    story.app.poll_rewards()
    webhook_status.status = "Issued"
    story.account.outbox.announce("rewarded", story.rita, webhook_status)

    story.webhooks()
    story.passes(120)

    assert story.shown()["reward_status"] == "Canceled"


def test_a_skipped_contact_hears_of_its_rewards(story: Story) -> None:
    story.qualifies(story.invites())
    story.passes()
    assert (len(story.events()), story.contact().name) == (1, "Rita")


def test_a_missing_contact_is_not_created_and_hears_of_it_once_it_is_there() -> None:
    story = Story(contact=False)
    story.app.configure(person_referring={"action": "none"}, rewards=REWARDS)

    story.qualifies(story.invites())
    story.passes()

    assert story.app.contacts(RITA) == []

    story.app.given("user", email=RITA)
    story.app.environment.referrers.mark(1, story.rita.id, story.app.clock.now())
    story.passes(120)

    assert (len(story.events()), story.shown()["rewards_total"]) == (1, 20.0)


def test_an_event_that_intercom_refuses_does_not_cost_the_attributes(story: Story) -> None:
    story.app.wire.faults.add({"kind": "status", "status": 403, "path": "^/events"})
    story.qualifies(story.invites())
    story.passes(120)

    assert (story.events(), story.shown()["rewards_total"]) == ([], 20.0)
    assert story.rewards()[0].note


def test_a_status_nobody_documents_counts_as_issued(story: Story) -> None:
    story.qualifies(story.invites())
    (reward,) = story.rewards()
    assert reward.facts.status is Status.ISSUED
