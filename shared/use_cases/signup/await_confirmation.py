"""A webhook alone overwrites nobody: a contact that was there before is written once Referral Factory knows the signup.

A delivery never asks itself. The row waits, and reconcile asks; while Referral Factory cannot be asked, ten minutes at most.
"""

from __future__ import annotations

from dataclasses import replace

from shared.domain.campaign.campaign import Campaign
from shared.domain.connection.connection import Vendor
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Referral, State
from shared.messages import ReconcileCampaigns
from shared.observability import logger
from shared.use_cases.environment import Environment
from shared.use_cases.signup.reconcile_progress import NAME, progress_of

CONFIRM_WITHIN = 600.0
"""Seconds after which a signup is delivered unconfirmed, if Referral Factory could not be asked in that time."""
ANSWERED_WITHIN = 3_600.0
"""Seconds after which a signup of which it says nothing, while it answers everything else, counts as unknown."""
WAITS = "Referral Factory is asked whether it knows this signup, before Intercom is written to."
UNKNOWN = "Referral Factory does not know this signup, so nothing was written to Intercom."


def may_write(environment: Environment, row: Referral) -> bool:
    """Whether the row may write to a contact that it did not create."""
    return row.is_confirmed or _has_waited(environment, row)


def may_create(environment: Environment, campaign: Campaign) -> bool:
    """Whether an unconfirmed signup may create a contact: always, but after many that Referral Factory did not know. While it
    cannot be asked, the promise comes first."""
    now = environment.clock.now()
    if now >= campaign.creates_wait_until:
        return True
    breaker = environment.breakers.find(Vendor.REFERRAL_FACTORY)
    return breaker is not None and breaker.is_open(now)


def await_confirmation(environment: Environment, row: Referral, campaign: Campaign) -> None:
    """The row waits, and Referral Factory is asked. Raises TransientError; then the next attempt asks."""
    now = environment.clock.now()
    if row.confirm_since is not None and now - row.confirm_since >= ANSWERED_WITHIN:
        note_unknown(environment, row)
        return

    def change(fresh: Referral) -> Referral:
        if fresh.finished:
            return fresh
        since = now if fresh.confirm_since is None else fresh.confirm_since
        until = since + CONFIRM_WITHIN if now < since + CONFIRM_WITHIN else now + CONFIRM_WITHIN
        waiting = replace(fresh.waiting(until, WAITS), confirm_since=since)
        return waiting if fresh.confirm_since is not None else waiting.told(now, Happened.ASKS)

    waiting = environment.referrals.update(row.campaign_id, row.user_id, change)
    until = waiting.due_at or now
    asks = ReconcileCampaigns(now, until=until, contacts=False, person=(row.campaign_id, row.user_id))
    environment.reconcile_queue.send(asks)


def note_unknown(environment: Environment, row: Referral) -> None:
    """Referral Factory does not know the signup. Should its list hold the person later, the row is delivered then."""
    now = environment.clock.now()
    ended = False

    def change(fresh: Referral) -> Referral:
        nonlocal ended
        ended = not fresh.finished and not fresh.is_confirmed
        if not ended:
            return fresh
        failed = replace(fresh.done(State.FAILED, UNKNOWN), unverified=True)
        return failed.told(now, Happened.UNKNOWN)

    environment.referrals.update(row.campaign_id, row.user_id, change)
    if ended:
        environment.metrics.count("ContactFailed")
        count_unknown(environment, row)


def count_unknown(environment: Environment, row: Referral) -> None:
    """Alarms; and where there are too many, the campaign's creates wait for confirmation."""
    environment.metrics.count("SignupUnverified")
    logger.error("signup unverified", campaign_id=row.campaign_id, user_id=row.user_id)
    most = environment.most_unknown_signups
    if environment.campaigns.note_unknown(row.campaign_id, environment.clock.now(), most):
        logger.error("creates wait for confirmation", campaign_id=row.campaign_id, unknown=most)


def _has_waited(environment: Environment, row: Referral) -> bool:
    """Whether it was to be asked for ten minutes, and in none of its lists could be read meanwhile."""
    since = row.confirm_since
    if since is None or environment.clock.now() - since < CONFIRM_WITHIN:
        return False
    return progress_of(environment.progresses.find(NAME)).began_at <= since
