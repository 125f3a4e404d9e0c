"""What is looked at after a delivery: is the contact alone, and does Referral Factory know the person at all?"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from shared.domain.person import fold_email
from shared.domain.reconcile import Order
from shared.domain.referral import Origin, Referral
from shared.observability import logger
from shared.ports.repositories import Progresses, Referrals
from shared.ports.services import Clock, Intercom, Metrics
from shared.use_cases.guard_vendor import VendorGuard
from shared.use_cases.reconcile_progress import NAME, progress_of

SETTLE_AFTER = 900.0
"""Seconds from a create to the settle check: by then search shows what was created meanwhile."""
VERIFY_AFTER = 3_600.0
"""Seconds from a webhook until reconcile must have found its person in Referral Factory's list."""
VERIFY_AGAIN_AFTER = 1_800.0


class Checking(Protocol):
    """What the checks need of the environment."""

    @property
    def clock(self) -> Clock: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def referrals(self) -> Referrals: ...
    @property
    def progresses(self) -> Progresses: ...
    @property
    def intercom_guard(self) -> VendorGuard: ...
    def intercom(self) -> Intercom: ...


def next_check(row: Referral) -> float | None:
    """When a finished row is to be looked at again, in epoch seconds; None when all is known."""
    times = []
    if row.settle_since is not None:
        times.append((row.delivered_at or row.accepted_at) + SETTLE_AFTER)
    if _is_unverified(row):
        times.append(row.accepted_at + VERIFY_AFTER)
    return min(times, default=None)


def check_delivered(environment: Checking, row: Referral) -> None:
    """Does what is due on a finished row; nothing when nothing is. Raises what the Intercom port raises."""
    now = environment.clock.now()
    if row.due_at is None:
        return
    if row.settle_since is not None and now >= (row.delivered_at or row.accepted_at) + SETTLE_AFTER:
        row = _settle(environment, row, row.settle_since)
    if _is_unverified(row) and now >= row.accepted_at + VERIFY_AFTER:
        _verify(environment, row)


def _settle(environment: Checking, row: Referral, since: float) -> Referral:
    """Counts the contacts with the e-mail that were created since the reservation; more than one raises an alarm."""
    now = environment.clock.now()
    environment.intercom_guard.admit()
    environment.metrics.count("SettleSearched")
    hits = environment.intercom().search_by_email(fold_email(row.person.email or ""))
    fresh = [hit.id for hit in hits if hit.created_at >= since]
    doubled = len(fresh) > 1

    def change(current: Referral) -> Referral:
        if current.settle_since is None or not current.finished:
            return current
        settled = replace(current, settle_since=None, possibly_doubled=doubled)
        settled = replace(settled, due_at=next_check(settled))
        return settled.told(now, "possibly doubled", ", ".join(fresh)) if doubled else settled

    if doubled:
        environment.metrics.count("PossiblyDoubled")
        logger.error("contact possibly doubled", campaign_id=row.campaign_id, user_id=row.user_id, contact_ids=fresh)
    return environment.referrals.update(row.campaign_id, row.user_id, change)


def _verify(environment: Checking, row: Referral) -> None:
    """An hour after its webhook Referral Factory's list still lacks the person: an invented signup, or a deleted one."""
    now = environment.clock.now()
    progress = progress_of(environment.progresses.find(NAME))
    seen_since = progress.scanned_at if progress.order is Order.UNKNOWN else progress.succeeded_at
    known_by_now = seen_since > row.accepted_at

    def change(current: Referral) -> Referral:
        if not _is_unverified(current) or not current.finished:
            return current
        if not known_by_now:
            return replace(current, due_at=now + VERIFY_AGAIN_AFTER)
        flagged = replace(current, unverified=True, due_at=None)
        return flagged.told(now, "unverified", "Referral Factory's list does not hold this person.")

    after = environment.referrals.update(row.campaign_id, row.user_id, change)
    if after.unverified and not row.unverified:
        environment.metrics.count("SignupUnverified")
        logger.error("signup unverified", campaign_id=row.campaign_id, user_id=row.user_id)


def _is_unverified(row: Referral) -> bool:
    return row.origin is Origin.WEBHOOK and row.verified_at is None and not row.unverified and row.contact_id is not None
