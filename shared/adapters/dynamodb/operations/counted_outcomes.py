"""Qualifications and rewards, with what becomes of them counted for the overview."""

from __future__ import annotations

from collections.abc import Callable

from shared.adapters.dynamodb.qualification.qualifications import DynamoQualifications
from shared.adapters.dynamodb.referrer.rewards import DynamoRewards
from shared.adapters.dynamodb.table import Table
from shared.domain.qualification.qualification import Qualification
from shared.domain.referrer.reward import GIVEN, Kind, Reward
from shared.ports.clock import Clock
from shared.ports.operations import Figures
from shared.ports.referrer import RewardKey


class CountedQualifications(DynamoQualifications):
    """A referral counts while Referral Factory is known to hold it as qualified: one that is taken back counts off again."""

    def __init__(self, table: Table, clock: Clock, figures: Figures) -> None:
        super().__init__(table, clock)
        self._clock = clock
        self._figures = figures

    def update(self, campaign_id: int, user_id: int, change: Callable[[Qualification], Qualification]) -> Qualification:
        seen: list[Qualification] = []

        def watched(one: Qualification) -> Qualification:
            seen.append(one)
            return change(one)

        after = super().update(campaign_id, user_id, watched)
        turns = int(after.reported is True) - int(seen[-1].reported is True)
        if turns:
            self._figures.count(campaign_id, "qualified", self._clock.now(), turns)
        return after


class CountedRewards(DynamoRewards):
    """A reward counts once it is given, and no longer when it fails or is canceled. What was there before the campaign's
    rewards were first looked at counts for no day."""

    def __init__(self, table: Table, clock: Clock, figures: Figures) -> None:
        super().__init__(table, clock)
        self._clock = clock
        self._figures = figures

    def add(self, reward: Reward) -> bool:
        added = super().add(reward)
        if added:
            self._count(reward.campaign_id, int(_counts(reward)))
        return added

    def update(self, key: RewardKey, change: Callable[[Reward], Reward]) -> Reward:
        seen: list[Reward] = []

        def watched(one: Reward) -> Reward:
            seen.append(one)
            return change(one)

        after = super().update(key, watched)
        self._count(key.campaign_id, int(_counts(after)) - int(_counts(seen[-1])))
        return after

    def _count(self, campaign_id: int, by: int) -> None:
        if by:
            self._figures.count(campaign_id, "rewarded", self._clock.now(), by)


def _counts(reward: Reward) -> bool:
    return reward.facts.kind is Kind.ISSUED and reward.facts.status in GIVEN and not reward.preexisting
