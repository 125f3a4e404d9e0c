"""Remember a reward that a webhook or a list reported, and have its recipient's contact brought up to date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.domain.campaign.campaign import Campaign
from shared.domain.referrer.reward import Kind, Reward, RewardFacts, completed
from shared.observability import logger
from shared.ports.referrer import RewardKey
from shared.use_cases.environment import Environment
from shared.use_cases.referrer.mark_referrer import mark_referrer

LIST_LAG = 90.0
"""Seconds after which a list can no longer be older than an end that nobody confirmed."""


def note_rewarded(environment: Environment, campaign: Campaign, fields: Mapping[str, Any], user_id: int | None) -> None:
    """A ``rewarded`` webhook. One that names no reward is left to the poll. Raises TransientError."""
    facts = environment.read_reward(fields)
    if facts is None:
        environment.metrics.count("RewardWebhookUnclear")
        return
    recipient = facts.recipient_id or user_id
    if recipient is None:
        environment.metrics.count("RewardWebhookUnclear")
        return
    note_reward(environment, campaign, replace(facts, recipient_id=recipient), listed=False)


def note_reward(
    environment: Environment,
    campaign: Campaign,
    facts: RewardFacts,
    *,
    listed: bool,
    preexisting: bool = False,
    before: Reward | None = None,
) -> None:
    """Writes the reward, or completes the one that is there, and marks its recipient when that changed something.

    ``listed``: Referral Factory's own list tells, else a webhook. ``preexisting``: it was there before this campaign's
    rewards were looked at, so no event reports it. ``before``: as it was just read. Raises TransientError.
    """
    user_id = facts.recipient_id
    if user_id is None:
        return
    now = environment.clock.now()
    key = RewardKey(campaign.campaign_id, user_id, facts.kind, facts.id)
    before = before or environment.rewards.find(key)
    wanted = campaign.rewards.issue_due and facts.kind is Kind.DUE

    def change(reward: Reward) -> Reward:
        changed = completed(reward, facts, now, listed=listed)
        if not listed:
            changed = replace(changed, preexisting=False)
        if listed and reward.assumed and reward.ended_at is not None and now - reward.ended_at >= LIST_LAG:
            changed = replace(changed, ended_at=None, reserved_at=None, assumed=False, readings=0)
        return replace(changed, to_issue=reward.to_issue or (wanted and facts.can_be_issued))

    if before is not None and change(before) == before:
        if (before.wants_event or (before.wants_issuing and wanted)) and not before.rests(now):
            mark_referrer(environment, campaign.campaign_id, user_id)
        return
    # Marked before and after: killed in between, the first mark is worked off; without the second one, an update that had
    # just read the rewards would take the mark away unseen.
    mark_referrer(environment, campaign.campaign_id, user_id)
    new = Reward(
        facts, campaign.campaign_id, user_id, now, now, preexisting=preexisting, to_issue=wanted and facts.can_be_issued
    )
    if before is not None or not environment.rewards.add(new):
        environment.rewards.update(key, change)
    mark_referrer(environment, campaign.campaign_id, user_id)
    environment.metrics.count("RewardNoted")
    logger.info("reward noted", campaign_id=campaign.campaign_id, user_id=user_id, reward=facts.id, status=facts.status)
