"""Attributes that are chosen later reach everybody who refers already."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.qualifying import rules
from tests.support.referring import CONVERTED, COUNT, REWARDS, RITA, Story

NONE = {"issue_due": False, "last_reward": None, "rewards_total": None, "reward_status": None}
COUNTS = {"mode": "off", "write_back": {"referral_count": COUNT, "converted_referral_count": CONVERTED}}


def without_attributes() -> Story:
    story = Story()
    story.app.configure(rewards=NONE, sync={"mode": "off", "write_back": {}})
    story.app.poll_rewards()
    friend = story.invites()
    story.qualifies(friend)
    story.passes(200)
    assert story.counts() == (None, None)
    return story


@pytest.mark.parametrize("later", ["counts", "rewards"])
def test_attributes_that_are_chosen_later_are_written_to_whoever_refers_already(later: str) -> None:
    story = without_attributes()
    story.app.configure(**({"sync": COUNTS, "rewards": NONE} if later == "counts" else {"rewards": REWARDS}))
    story.app.poll_rewards()
    story.passes(200)
    if later == "counts":
        assert story.counts() == (1, 1)
    else:
        assert story.shown()["last_reward"]


def test_once_and_not_for_what_was_chosen_before() -> None:
    story = without_attributes()
    story.app.configure(sync=COUNTS, rewards=NONE)
    story.app.poll_rewards()
    story.passes(200)
    story.app.forget_calls()

    for sync in (COUNTS, {"mode": "off", "write_back": {"referral_count": COUNT}}):
        story.app.configure(sync=sync, rewards=NONE)
        story.app.poll_rewards()
        story.passes(100)

    assert [call for call in story.asked() if call.startswith("GET /api/v2/users/")] == []


def test_a_large_campaign_is_gone_through_in_several_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.use_cases.referrer.spread_attributes.ROWS_A_PAGE", 1)
    monkeypatch.setattr("shared.use_cases.referrer.spread_attributes.PAGES_A_PASS", 1)
    story = without_attributes()
    for _ in range(3):
        story.invites()
    story.passes(100)
    story.app.configure(sync=COUNTS, rewards=NONE)
    for _ in range(3):
        story.app.poll_rewards()
        progress: Any = story.app.environment.progresses.find("referrer_attributes")
        assert progress["1"].get("cursor"), "one page a pass, of four"
        story.passes(60)

    for _ in range(3):
        story.app.poll_rewards()
        story.passes(60)

    assert story.counts(RITA) == (4, 1)


@pytest.mark.parametrize("qualification", [rules(), None])
def test_a_qualification_by_hand_whose_webhook_was_lost_updates_the_counts(qualification: dict[str, object] | None) -> None:
    story = Story()
    story.app.configure(rewards=REWARDS, qualification=qualification)

    friend = story.invites()
    story.passes(120)

    assert story.counts() == (1, 0)

    story.qualifies(friend, webhook=False)
    story.app.wait(400)
    story.app.reconcile()
    story.app.qualify()
    story.passes(200)

    assert story.counts() == (1, 1)
