"""During a deployment, and after going back, code of both versions reads the same rows and messages: their names stay."""

from __future__ import annotations

from typing import Any

from shared.adapters.dynamodb.campaign.campaigns import ALL
from shared.messages import ENQUEUED
from tests.support.builders import App
from tests.support.referring import Story, due


def stored(app: App, table: str, pk: str, sk: str) -> dict[str, Any]:
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    return dict(app.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"])


def rewards_item(story: Story) -> dict[str, Any]:
    facts = story.rewards()[0].facts
    return stored(story.app, "referrals", f"REFERRAL#1#{story.rita.id}", f"REWARD#{facts.kind}#{facts.id}")


def test_when_a_reward_was_reported() -> None:
    story = Story()
    story.qualifies(story.invites())
    story.passes()

    assert rewards_item(story)["told_at"] == {"N": f"{story.rewards()[0].reported_at:.6f}".rstrip("0").rstrip(".")}


def test_that_a_reward_was_there_before() -> None:
    story = due()
    story.qualifies(story.invites())

    story.app.poll_rewards()

    assert rewards_item(story)["known"] == {"BOOL": False}


def test_that_a_reward_was_issued() -> None:
    story = due()
    story.qualifies(story.invites())
    story.app.poll_rewards()
    story.passes(180)

    assert "N" in rewards_item(story)["settled_at"]


def test_when_the_newest_facts_were_reported(app: App) -> None:
    app.sign_up()
    app.wait(60)
    app.sign_up(first_name="Ivan")

    assert "N" in stored(app, "referrals", "REFERRAL#1#42", "REFERRAL")["told_at"]


def test_how_far_a_campaigns_people_were_there_before() -> None:
    app = App()
    app.configure(activation_mark=7)
    assert stored(app, "campaigns", ALL, f"{1:012d}")["known_up_to"] == {"N": "7"}


def test_what_brought_a_message() -> None:
    assert ENQUEUED == "ring"
