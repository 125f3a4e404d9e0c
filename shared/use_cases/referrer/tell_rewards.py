"""Tell Intercom of rewards: an event each, once.

Intercom drops a second event of the same contact, name and second (https://developers.intercom.com/docs/references/rest-api/
api.intercom.io/data-events). So each reward has a second of its own, stored before the call: sent again, it changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shared.domain.campaign.campaign import Campaign
from shared.domain.referrer.reward import Reward, metadata_of
from shared.errors import PermanentError
from shared.observability import logger
from shared.ports.referrer import RewardKey
from shared.use_cases.environment import Environment
from shared.use_cases.referrer.write_referrer import ReferrerWriter

EVENT = "referral_reward_issued"


def tell_rewards(
    environment: Environment, writer: ReferrerWriter, campaign: Campaign, rewards: Sequence[Reward]
) -> float | None:
    """An event for each reward, none in the future. Answers when the next one may be told, None when all are.

    One that Intercom refuses is noted, and tried again with the next mark. Raises as ``ReferrerWriter.tell`` does.
    """
    for reward in sorted(rewards, key=_turn):
        second = reward.event_at
        if second is None:
            second = writer.claim_second(int(reward.noted_at))
            _note(environment, reward, event_at=second)
        if second > environment.clock.now():
            return float(second)
        try:
            writer.tell(EVENT, second, metadata_of(reward, campaign.name))
        except PermanentError as error:
            _note(environment, reward, note=str(error))
            environment.metrics.count("RewardEventRefused")
            logger.error(
                "reward event refused",
                reason=str(error),
                campaign_id=reward.campaign_id,
                user_id=reward.user_id,
                reward=reward.facts.id,
            )
        else:
            _note(environment, reward, told_at=environment.clock.now(), note="")
            environment.metrics.count("RewardEventCreated")
    return None


def _turn(reward: Reward) -> tuple[bool, float, float, int]:
    """Those that have their second first, in order; the others as they came."""
    return reward.event_at is None, reward.event_at or 0, reward.noted_at, reward.facts.id


def _note(environment: Environment, reward: Reward, **changes: Any) -> None:
    key = RewardKey(reward.campaign_id, reward.user_id, *reward.key)
    environment.rewards.update(key, lambda fresh: replace(fresh, **changes))
