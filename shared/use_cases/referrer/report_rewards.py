"""Tell Intercom of rewards: an event each, once.

Intercom drops a second event of the same contact, name and second (https://developers.intercom.com/docs/references/rest-api/
api.intercom.io/data-events). So each reward has a second of its own, stored before the call: sent again, it changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shared.domain.campaign.campaign import Campaign
from shared.domain.referrer.reward import Reward, metadata_of
from shared.errors import PermanentError, ResourceRefusedError
from shared.observability import logger
from shared.ports.referrer import RewardKey
from shared.use_cases.environment import Environment
from shared.use_cases.referrer.write_referrer import ReferrerWriter

EVENT = "referral_reward_issued"
NO_CONTACT = "Intercom has no contact of this person; none is created for counts or rewards."


def report_rewards(
    environment: Environment, writer: ReferrerWriter, campaign: Campaign, rewards: Sequence[Reward]
) -> float | None:
    """An event for each reward, none in the future. Answers when the next one may be sent, None when all are.

    One that Intercom refuses rests, longer each time. Raises as ``ReferrerWriter.tell`` does.
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
        except (PermanentError, ResourceRefusedError) as error:
            if isinstance(error, ResourceRefusedError) and error.permission:
                environment.metrics.count("PermissionMissing")
            _put_off(environment, reward, str(error))
            environment.metrics.count("RewardEventRefused")
            logger.error(
                "reward event refused",
                reason=str(error),
                campaign_id=reward.campaign_id,
                user_id=reward.user_id,
                reward=reward.facts.id,
            )
        else:
            _note(environment, reward, reported_at=environment.clock.now(), note="", again_at=None)
            environment.metrics.count("RewardEventCreated")
    return None


def _turn(reward: Reward) -> tuple[float, float, int]:
    """Those that have their second first, in order; the others as they came."""
    return reward.event_at or math.inf, reward.noted_at, reward.facts.id


def _put_off(environment: Environment, reward: Reward, note: str) -> None:
    now = environment.clock.now()
    environment.rewards.update(_key_of(reward), lambda fresh: fresh.put_off(now, note))


def wait_for_contact(environment: Environment, rewards: Sequence[Reward]) -> None:
    """Nobody is there to be written to: the lists alone enqueue for them with growing pauses, any other mark at once."""
    for reward in rewards:
        _put_off(environment, reward, NO_CONTACT)


def _key_of(reward: Reward) -> RewardKey:
    return RewardKey(reward.campaign_id, reward.user_id, *reward.key)


def _note(environment: Environment, reward: Reward, **changes: Any) -> None:
    environment.rewards.update(_key_of(reward), lambda fresh: replace(fresh, **changes))
