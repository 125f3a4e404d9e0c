"""Rewards: heard of by webhook or by the lists, reported to Intercom once each, issued once each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.vendors.referral_factory.records import RewardRule
from sandbox.vendors.wire import Response
from shared.domain.referrer.reward import Kind, Status
from shared.errors import TransientError
from shared.use_cases.referrer.issue_rewards import RewardIssue
from tests.support.referring import REWARDS, RITA, TITLE, Story, due, given, issues


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


# -- the lists --------------------------------------------------------------------------------------------------------


def test_a_lost_webhook_is_found_in_the_lists() -> None:
    story = Story(webhook_loss=1.0)
    story.app.poll_rewards()
    story.qualifies(story.invites())

    assert story.rewards() == []

    for _ in range(2):
        story.app.poll_rewards()
        story.passes()
        (event,) = story.events()
        assert event.metadata["reward"] == TITLE
        assert story.app.metrics.counts["RewardFoundByPoll"] == 1


def test_a_reward_of_a_definition_that_names_no_campaign_is_its_recipients() -> None:
    story = Story(webhook_loss=1.0)
    story.app.poll_rewards()
    definition = {"id": 99, "name": TITLE, "type": "amount"}
    page = {"data": [definition], "meta": {"last_page": 1}}
    story.app.wire.faults.add(
        {"kind": "status", "status": 200, "path": "^/api/v2/rewards/dashboard/amount", "body": json.dumps(page)}
    )
    story.account.campaigns[1].rewards = (RewardRule(99, TITLE, "amount", "20.00"),)

    story.qualifies(story.invites())

    assert story.app.environment.referrals.find(1, story.rita.id) is None

    story.app.poll_rewards()
    story.passes()

    assert len(story.events()) == 1


def test_rewards_from_before_are_counted_but_not_reported(story: Story) -> None:
    story.qualifies(story.invites(), webhook=False)
    story.app.poll_rewards()
    story.passes()

    assert story.events() == []
    assert story.shown()["rewards_total"] == 20.0


def test_a_reward_that_the_first_look_saw_before_its_webhook_came_is_reported(story: Story) -> None:
    story.account.qualify(story.invites(), qualified=True)
    story.app.poll_rewards()

    story.webhooks()
    story.passes()

    assert len(story.events()) == 1


def test_a_recipient_whose_address_nobody_knows_is_asked_for_though_no_count_is_shown(story: Story) -> None:
    story.app.configure(rewards=REWARDS, sync={"mode": "off", "write_back": {}})
    facts = {"issued_reward_id": 77, "reward_id": 11, "reward_name": TITLE, "reward_status": "Issued"}

    story.app.post({"id": story.rita.id, "source": "Direct", **facts}, event="rewarded")
    story.app.work()
    story.passes()

    assert len(story.events()) == 1
    assert len([call for call in story.asked() if call.partition("?")[0].endswith(f"/users/{story.rita.id}")]) == 1


def test_a_recipient_whose_address_the_ledger_knows_is_not_asked_for_where_no_count_is_shown() -> None:
    story = Story(webhook_loss=1.0)
    story.app.configure(rewards=REWARDS, sync={"mode": "off", "write_back": {}})
    story.app.poll_rewards()
    story.app.post({"id": story.rita.id, "email": RITA, "first_name": "Rita", "source": "Direct", "campaign_id": 1})
    story.app.work()
    story.qualifies(story.invites())

    story.app.poll_rewards()
    story.passes(120)

    assert len(story.events()) == 1
    assert [call for call in story.asked() if call.partition("?")[0].endswith(f"/users/{story.rita.id}")] == []


def test_a_pass_over_unchanged_rewards_writes_nothing_and_calls_each_list_once(story: Story) -> None:
    story.qualifies(story.invites())
    story.app.poll_rewards()
    story.passes(120)
    story.app.forget_calls()

    story.app.poll_rewards()
    story.passes(120)

    assert len(story.asked()) == 8
    assert story.app.calls("intercom") == []


def test_rewards_of_a_campaign_nobody_configured_are_left_alone(story: Story) -> None:
    stranger = story.refers("Nora", "nora@example.com", campaign=2)
    story.rewarding("amount", "5", campaign=2)
    story.qualifies(story.invites(stranger), webhook=False)

    story.app.poll_rewards()

    assert story.app.environment.rewards.of_person(2, stranger.id) == []


def test_while_no_campaign_is_active_no_list_is_asked_for(story: Story) -> None:
    story.app.configure(status="paused", rewards=REWARDS)
    story.app.forget_calls()

    story.app.poll_rewards()

    assert story.asked() == []


def test_a_pass_goes_on_where_it_stopped(story: Story) -> None:
    story.app.context.seconds = 20.0
    story.app.poll_rewards()

    assert story.asked() == []

    story.app.context.seconds = 45.0
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": "^/api/v2/rewards/issued/coupon", "times": 1})
    story.app.poll_rewards()

    stopped = story.app.environment.progresses.find("rewards")
    assert stopped["list"] == 6

    story.app.forget_calls()
    story.app.poll_rewards()

    assert "issued/coupon" in story.asked()[0]


def test_lists_that_do_not_say_how_many_pages_they_have_are_read_until_one_is_empty() -> None:
    """Referral Factory cuts the pages smaller than they were asked for, and says nothing of what follows."""
    story = Story()
    real, listed = story.app.referral_factory.answer, dict[str, list[Any]]()

    def answer(request: Any) -> Any:
        response = real(request)
        if request.path.startswith("/api/v2/rewards/") and request.method == "GET":
            number = int(request.first("page", "1"))
            if number == 1:
                listed[request.path] = json.loads(response.body)["data"]
            return Response.of_json(200, {"data": listed[request.path][number - 1 : number]})
        return response

    story.app.poll_rewards()
    for _ in range(3):
        story.qualifies(story.invites(), webhook=False)
    story.app.referral_factory.answer = answer  # type: ignore[method-assign]

    for _ in range(3):
        story.app.poll_rewards()
        story.passes()

    assert len(story.rewards()) == 3
    assert len(story.events()) == 3


def test_a_list_of_many_pages_is_read_over_several_passes(story: Story) -> None:
    with story.account.outbox.silent():
        for _ in range(600):
            story.account.qualify(story.invites(webhook=False), qualified=True)
    story.app.poll_rewards()

    assert len(story.rewards()) == 600

    story.passes(180)

    assert story.shown()["rewards_total"] == 12_000.0


# -- issuing ----------------------------------------------------------------------------------------------------------


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


def test_a_status_nobody_documents_counts_as_issued(story: Story) -> None:
    story.qualifies(story.invites())
    (reward,) = story.rewards()
    assert reward.facts.status is Status.ISSUED


def test_a_webhook_without_the_rewards_id_is_left_to_the_lists(story: Story) -> None:
    story.app.poll_rewards()
    friend = story.invites()
    story.qualifies(friend, webhook=False)

    story.app.post({"id": story.rita.id, "email": RITA, "reward_name": "something", "source": "Direct"}, event="rewarded")
    story.app.work()

    assert story.rewards() == []

    story.app.poll_rewards()
    story.passes(120)

    assert len(story.events()) == 1
