"""What becomes of a referral, as the console tells it: the funnel's last steps, the time line, the lights of the webhooks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.use_cases.qualification.accept_notification import ATTRIBUTE_TOPICS, LIFE_TOPICS
from tests.support.console_api import Console
from tests.support.qualifying import Friendship, rules
from tests.support.referring import Story
from tests.unit.qualification.test_accept_notification import body_of, hub


def funnel(story: Story) -> tuple[int, int]:
    """Qualified and rewarded, of the period; the days and all time say the same."""
    story.app.environment.flush()
    shown = Console(story.app).get("/api/overview")
    counts = {name: shown["total"][name] for name in ("qualified", "rewarded")}
    assert {name: sum(day[name] for day in shown["days"]) for name in counts} == counts
    assert {name: shown["all_time"][name] for name in counts} == counts
    return counts["qualified"], counts["rewarded"]


def sentences(story: Story, user_id: int) -> list[str]:
    answer = Console(story.app).get(f"/api/referrals/1/{user_id}")
    return [line["sentence"] for line in answer["story"]]


def test_a_change_in_intercom_is_one_qualified_referral_however_often_it_is_reported() -> None:
    story = Friendship()
    friend = story.invited()
    story.changes(friend, "Connected")
    bodies = story.taken()

    story.notified(*bodies, *bodies)
    story.settles(2)

    assert funnel(story)[0] == 1

    lines = sentences(story, friend.id)
    assert "The contact in Intercom reached what the campaign calls a successful referral." in lines
    assert lines.count("The referral is qualified in Referral Factory.") == 1

    answer = Console(story.app).get(f"/api/referrals/1/{friend.id}")
    assert answer["referral"]["qualified"] is True
    assert (answer["qualification"]["stands"], answer["qualification"]["value"]) == (
        "Qualified in Referral Factory.",
        "Connected",
    )


def test_a_qualification_that_is_taken_back_counts_off_again() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()

    for value, counted in (("Connected", 1), ("Lost", 0), ("Connected", 1)):
        story.changes(friend, value)
        story.settles(2)
        assert funnel(story)[0] == counted, value

    shown = Console(story.app).get(f"/api/referrals/1/{friend.id}")
    assert shown["referral"]["qualified"] is True
    assert "The qualification was taken back in Referral Factory." in [line["sentence"] for line in shown["story"]]


def test_a_qualification_by_hand_counts_once_and_its_reward_once() -> None:
    story = Story(webhook_double=1.0)
    friend = story.invites()

    story.qualifies(friend)
    story.app.qualify()
    story.passes()

    assert funnel(story) == (1, 1)

    lines = sentences(story, story.rita.id)
    assert lines.count("A reward was issued to this person.") == 1
    assert lines.count("The reward was reported to Intercom as an event on the contact.") == 1

    (detail,) = [
        line["detail"]
        for line in Console(story.app).get(f"/api/referrals/1/{story.rita.id}")["story"]
        if line["sentence"] == "A reward was issued to this person."
    ]
    assert detail == "20.00 for inviting a friend: Issued"


def test_a_reward_that_is_canceled_counts_off_again() -> None:
    story = Story()
    story.qualifies(story.invites())
    story.passes()

    assert funnel(story)[1] == 1

    for reward in story.account.rewards.all():
        reward.status = "Canceled"
    story.app.poll_rewards()

    assert funnel(story)[1] == 0
    assert "A reward of this person was not given." in sentences(story, story.rita.id)


def test_rewards_from_before_the_campaign_was_set_up_count_for_no_day() -> None:
    story = Story()
    with story.account.outbox.silent():
        story.account.qualify(story.invites(webhook=False), qualified=True)
    story.app.post({"id": story.rita.id, "email": story.rita.email, "first_name": "Rita", "source": "Direct"})
    story.app.work()

    story.app.poll_rewards()

    assert funnel(story)[1] == 0
    assert "A reward was issued to this person. It was there before the campaign was set up here." in sentences(
        story, story.rita.id
    )


def test_what_a_referrers_contact_holds_is_shown() -> None:
    story = Story()

    story.qualifies(story.invites())
    story.passes()

    shown = Console(story.app).get(f"/api/referrals/1/{story.rita.id}")["referrer"]
    assert shown["written"]["custom_attributes.referral_count"] == 1
    assert (shown["due_at"], shown["contact_id"]) == (None, story.contact().id)


def test_a_referral_that_nobody_looked_at_shows_neither() -> None:
    story = Friendship()
    friend = story.invites()

    shown = Console(story.app).get(f"/api/referrals/1/{friend.id}")
    assert shown["qualification"] is None
    assert shown["referrer"] is None
    assert shown["referral"]["qualified"] is False


# -- lights -----------------------------------------------------------------------------------------------------------


def lights(story: Story, vendor: str) -> dict[str, Any]:
    shown = Console(story.app).get("/api/connection")[vendor]["webhooks"]
    return {hook["name"]: hook["received_at"] for hook in shown if hook["campaign_id"] in (None, 1)}


@pytest.mark.parametrize("event", ["joined", "qualified", "rewarded"])
def test_each_webhook_of_referral_factory_has_its_own_light(event: str) -> None:
    story = Story()
    friend = story.invites(webhook=False)
    story.app.post({"id": friend.id, "email": friend.email, "first_name": "F"}, event=event)
    story.app.work()
    story.app.environment.flush()

    seen = lights(story, "referral_factory")

    assert [name for name, at in seen.items() if at] == [event]
    assert seen[event] == story.app.clock.now()


@pytest.mark.parametrize(
    ("topic", "status"),
    [
        ("contact.user.updated", "Connected"),
        ("contact.user.updated", "nothing that matters"),
        ("contact.lead.signed_up", "New"),
        ("ping", ""),
    ],
)
def test_each_topic_of_intercom_has_its_own_light_whether_it_matters_or_not(topic: str, status: str) -> None:
    story = Friendship()
    story.invited()
    body = body_of(status, topic)

    assert story.app.notify(body, hub(body))["statusCode"] == 200
    assert [name for name, at in lights(story, "intercom").items() if at] == [topic]
    assert lights(story, "intercom")[topic] == story.app.clock.now()


@pytest.mark.parametrize("how", ["forged", "of another workspace", "of a topic nobody knows"])
def test_what_is_not_ours_lights_nothing(how: str) -> None:
    story = Friendship()
    story.invited()
    changes: dict[str, str] = {"of another workspace": {"app_id": "other"}, "of a topic nobody knows": {"topic": "x"}}.get(
        how, {}
    )
    body = body_of(**changes)

    signature = hub(body, "guessed") if how == "forged" else hub(body)

    assert story.app.notify(body, signature)["statusCode"] == (401 if how == "forged" else 200)
    assert not any(lights(story, "intercom").values())


def test_every_topic_that_counts_is_one_to_subscribe_to() -> None:
    shown = Console(Friendship().app).get("/api/connection")["intercom"]
    assert set(shown["topics"]) == ATTRIBUTE_TOPICS | LIFE_TOPICS
    assert [hook["name"] for hook in shown["webhooks"]] == shown["topics"]


def test_a_storm_of_notifications_writes_one_light_in_ten_seconds() -> None:
    story = Friendship()
    story.invited()
    body = body_of("nothing that matters")
    for _ in range(5):
        story.app.notify(body, hub(body))
    first = lights(story, "intercom")["contact.user.updated"]
    story.app.wait(11)

    story.app.notify(body, hub(body))

    assert lights(story, "intercom")["contact.user.updated"] == first + 11


def test_a_light_that_cannot_be_written_costs_no_notification() -> None:
    story = Friendship()
    friend = story.invited()
    story.changes(friend, "Connected")

    story.app.dynamodb.refuse("update_item", 100, code="AccessDeniedException")

    assert story.notified() == [200]
    assert json.dumps([message.topic for message in story.app.queued("qualification")]) != "[]"
