"""A quarter of an hour after a create: is the contact alone?"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from shared.domain.person import fold_email
from shared.domain.referral import Referral
from shared.observability import logger
from shared.ports.repositories import Referrals
from shared.ports.services import Clock, Intercom, Metrics

SETTLE_AFTER = 900.0
"""Seconds from a create to the check: by then search shows what was created meanwhile."""


class Settling(Protocol):
    """What the check needs of the environment."""

    @property
    def clock(self) -> Clock: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def referrals(self) -> Referrals: ...
    def intercom(self) -> Intercom: ...


def settle_contact(environment: Settling, row: Referral) -> None:
    """Counts the contacts with the e-mail that were created since the reservation; more than one raises an alarm.

    Does nothing unless the row's check is due. Raises what the Intercom port raises.
    """
    now = environment.clock.now()
    since = row.settle_since
    if since is None or row.due_at is None or now < (row.delivered_at or 0.0) + SETTLE_AFTER:
        return
    hits = environment.intercom().search_by_email(fold_email(row.person.email or ""))
    fresh = [hit.id for hit in hits if hit.created_at >= since]
    doubled = len(fresh) > 1

    def change(current: Referral) -> Referral:
        if current.settle_since is None:
            return current
        settled = replace(current, settle_since=None, due_at=None, possibly_doubled=doubled)
        return settled.told(now, "possibly doubled", ", ".join(fresh)) if doubled else settled

    environment.referrals.update(row.campaign_id, row.user_id, change)
    if doubled:
        environment.metrics.count("PossiblyDoubled")
        logger.error("contact possibly doubled", campaign_id=row.campaign_id, user_id=row.user_id, contact_ids=fresh)
