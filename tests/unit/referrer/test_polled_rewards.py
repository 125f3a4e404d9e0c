"""What Referral Factory's lists of rewards say: found though no webhook came, read page by page, reported once."""

from __future__ import annotations

import json
from typing import Any

from sandbox.vendors.referral_factory.records import RewardRule
from sandbox.vendors.wire import Response
from tests.support.referring import REWARDS, RITA, TITLE, Story


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
