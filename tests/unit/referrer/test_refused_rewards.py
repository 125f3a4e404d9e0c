"""What a vendor refuses of a reward is seen, rests with growing pauses, and is never shown as done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.operations.story import story_of
from shared.domain.referrer.reward import Kind, Reward
from tests.support.console_api import Console
from tests.support.referring import REWARDS, RITA, Story

DAY = 86_400.0
SHUT = {"kind": "status", "status": 422, "path": "^/api/v2/rewards/issue/", "id": "shut"}


def due() -> Story:
    story = Story(rewards={"issue_due": True}, auto_issue=False)
    story.app.poll_rewards()
    return story


def days(story: Story, count: float) -> None:
    """Time with the lists polled every five minutes, coarsely: what is marked is worked off."""
    until = story.app.clock.at + count * DAY
    while story.app.clock.at < until:
        story.app.wait(300)
        story.app.poll_rewards()
        story.app.wait(15)
        story.app.sweep()
        story.app.update_referrers()


def due_one(story: Story) -> Reward:
    return next(reward for reward in story.rewards() if reward.facts.kind is Kind.DUE)


def refused() -> Story:
    story = due()
    story.app.wire.faults.add(SHUT)
    story.qualifies(story.invites())
    story.app.poll_rewards()
    story.passes(120)
    return story


def test_a_refused_reward_is_not_shown_as_issued_and_asks_for_a_person() -> None:
    story = refused()
    row = story.app.row(story.rita.id)
    sentences = [event.what for event in story_of(row, story.rewards())]
    assert "The due reward was issued." not in sentences
    assert "Referral Factory refused to issue the due reward." in sentences

    console = Console(story.app)

    (shown,) = console.get("/api/referrals", "attention=true")["items"]
    assert shown["user_id"] == story.rita.id
    assert "was not issued" in next(iter(shown["refusals"].values()))


@pytest.mark.parametrize(
    ("assumed", "sentence"),
    [(False, "The due reward was issued."), (True, "Its issuing was never confirmed; it is no longer due.")],
)
def test_the_story_says_issued_only_of_what_was_confirmed(assumed: bool, sentence: str) -> None:
    story = refused()
    ended = replace(due_one(story), ended_at=story.app.clock.now(), note="", assumed=assumed)

    shown = [event.what for event in story_of(story.app.row(story.rita.id), [ended])]

    assert shown[-1] == sentence
    assert "Referral Factory refused to issue the due reward." not in shown


def test_it_is_tried_again_with_growing_pauses_and_done_when_it_is_taken() -> None:
    story = refused()
    story.app.forget_calls()

    days(story, 1)

    tries = [call for call in story.asked() if call.startswith("POST /api/v2/rewards/issue")]
    assert 2 <= len(tries) <= 5

    story.app.wire.faults.remove("shut")
    days(story, 1.1)

    assert due_one(story).ended_at is not None
    assert sum(reward.status == "Issued" for reward in story.account.rewards.all()) == 1
    assert not story.app.row(story.rita.id).open_troubles


def test_a_person_need_not_wait_for_the_pause() -> None:
    story = refused()
    story.app.wire.faults.remove("shut")

    Console(story.app).post(f"/api/referrals/1/{story.rita.id}/replay")
    story.passes(120)

    assert due_one(story).ended_at is not None
    assert not story.app.row(story.rita.id).open_troubles


@pytest.mark.parametrize(
    ("kind", "calls"),
    [("no contact", "POST /contacts/search"), ("forbidden", "POST /events")],
)
def test_what_cannot_be_reported_is_not_tried_at_every_reading_of_the_lists(kind: str, calls: str) -> None:
    story = Story(contact=kind != "no contact")
    story.app.configure(person_referring={"action": "none"}, rewards={"issue_due": False})
    if kind == "forbidden":
        story.app.wire.faults.add({"kind": "status", "status": 403, "path": "^/events"})
    story.qualifies(story.invites())
    story.app.poll_rewards()
    story.passes(120)
    story.app.forget_calls()

    days(story, 1)

    tried = [call for call in story.app.calls("intercom") if call.startswith(calls)]
    assert 1 <= len(tried) <= 8, "288 readings of the lists"


def test_what_is_due_rests_when_the_campaign_no_longer_issues() -> None:
    story = due()
    story.qualifies(story.invites())
    story.app.poll_rewards()
    story.app.configure(rewards={"issue_due": False})
    story.passes(120)
    story.app.forget_calls()
    updates = updates_of(story)

    days(story, 0.2)

    assert updates_of(story) - updates <= 1


def updates_of(story: Story) -> Any:
    known = story.app.environment.referrers.find(1, story.rita.id)
    return known.marks if known else 0


def test_a_contact_that_turns_up_is_reported_at_once() -> None:
    story = Story(contact=False)
    story.app.configure(person_referring={"action": "none"}, rewards={"issue_due": False})
    story.qualifies(story.invites())
    story.passes(120)
    story.app.given("user", email=RITA)

    story.qualifies(story.invites())
    story.passes(180)

    assert len(story.events()) == 2


def archive(story: Story, name: str, *, archived: bool = True) -> None:
    attributes = story.app.intercom.workspace.attributes
    attributes["contact", name] = replace(attributes["contact", name], archived=archived)
    story.app.wait(700)  # until the list of attributes is read again


def problems(story: Story) -> tuple[str, ...]:
    return story.app.environment.campaigns.get(1).problems


@pytest.mark.parametrize("name", ["last_reward", "reward_status", "referral_count"])
def test_an_attribute_that_is_gone_is_the_campaigns_problem_once_until_it_is_back(story: Story, name: str) -> None:
    archive(story, name)
    story.qualifies(story.invites())
    story.app.poll_rewards()
    story.passes(120)
    other = story.refers("Otto", "otto@example.com")
    story.app.given("user", email="otto@example.com")
    story.qualifies(story.invites(other))
    story.app.poll_rewards()
    story.passes(120)

    (problem,) = problems(story)

    assert f"custom_attributes.{name}" in problem

    shown = Console(story.app).get("/api/overview")["alarms"]
    assert any(f"custom_attributes.{name}" in one["what"] for one in shown)

    archive(story, name, archived=False)
    story.qualifies(story.invites())
    story.app.poll_rewards()
    story.passes(120)

    assert problems(story) == ()


def test_another_attribute_in_the_settings_takes_the_problem_away(story: Story) -> None:
    archive(story, "last_reward")
    story.qualifies(story.invites())

    story.app.poll_rewards()
    story.passes(120)

    assert problems(story)

    story.app.configure(rewards={**REWARDS, "last_reward": None})

    assert problems(story) == ()


def test_a_value_that_does_not_fit_one_person_is_no_problem_of_the_campaign(story: Story) -> None:
    story.rewarding("voucher", "V" * 400)
    story.qualifies(story.invites())

    story.app.poll_rewards()
    story.passes(120)

    assert problems(story) == ()
