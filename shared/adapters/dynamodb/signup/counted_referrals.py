"""The ledger, with each step of a referral counted for the overview."""

from __future__ import annotations

from collections.abc import Callable

from shared.adapters.dynamodb.signup.referrals import DynamoReferrals
from shared.adapters.dynamodb.table import Table
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import IN_INTERCOM, State
from shared.ports.clock import Clock
from shared.ports.operations import Figures

_ARRIVED = IN_INTERCOM | {State.SKIPPED}


class CountedReferrals(DynamoReferrals):
    """Every way to a delivery goes through here, so none is forgotten."""

    def __init__(self, table: Table, clock: Clock, figures: Figures) -> None:
        super().__init__(table, clock)
        self._figures = figures

    def add(self, referral: Referral) -> bool:
        added = super().add(referral)
        if added:
            self._figures.count(referral.campaign_id, "signups", referral.accepted_at)
        return added

    def update(self, campaign_id: int, user_id: int, change: Callable[[Referral], Referral]) -> Referral:
        seen: list[Referral] = []

        def watched(row: Referral) -> Referral:
            seen.append(row)
            return change(row)

        after = super().update(campaign_id, user_id, watched)
        self._compare(seen[-1] if seen else after, after)  # who was erased is not changed
        return after

    def _compare(self, before: Referral, after: Referral) -> None:
        campaign_id, now = after.campaign_id, self._clock.now()
        if before.delivered_at is None and after.delivered_at is not None and after.state in _ARRIVED:
            self._figures.count(campaign_id, "delivered", now)
            if after.state is State.SKIPPED:
                self._figures.count(campaign_id, "skipped", now)
            else:
                self._figures.delivered_in(campaign_id, after.delivered_at - after.waits_since, now)
        if before.state is not State.FAILED and after.state is State.FAILED:
            self._figures.count(campaign_id, "failed", now)
