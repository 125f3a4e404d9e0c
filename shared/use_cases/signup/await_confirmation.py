"""What a webhook alone does not settle: whether Referral Factory knows the signup at all, before a contact that was there is
written, and whether the person was invited or refers, where the campaign treats the two differently.

A delivery never asks itself. The row waits, and reconcile asks; while Referral Factory cannot be asked, ten minutes at most.
"""

from __future__ import annotations

from dataclasses import replace

from shared.domain.campaign.campaign import Campaign
from shared.domain.connection.connection import Vendor
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.messages import ReconcileCampaigns
from shared.observability import logger
from shared.use_cases.environment import Environment
from shared.use_cases.signup.reconcile_progress import USERS_PROGRESS, progress_of

CONFIRM_WITHIN = 600.0
"""Seconds after which a signup is delivered unconfirmed, if Referral Factory could not be asked in that time."""
ANSWERED_WITHIN = 3_600.0
"""Seconds after which a signup of which it says nothing, while it answers everything else, counts as unknown."""
AUDIENCE_WITHIN = 240.0
"""Seconds after which a signup is delivered as that of somebody who refers, if nobody said whether they were invited."""
IS_ASKED = "Referral Factory is asked whether it knows this signup, before Intercom is written to."
WHO = "Referral Factory is asked whether the person was invited or refers: the webhook did not say."
GUESSED = "Nobody said whether the person was invited or refers; it was taken for a person who refers."
SIGNUP_UNKNOWN = "Referral Factory does not know this signup, so nothing was written to Intercom."


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
    if row.confirm_since is not None and environment.clock.now() - row.confirm_since >= ANSWERED_WITHIN:
        note_unknown(environment, row)
        return
    _ask(environment, row, CONFIRM_WITHIN, IS_ASKED, Happened.ASKS)


def awaits_audience(environment: Environment, row: Referral, campaign: Campaign) -> bool:
    """Whether the row waits now because nobody said which audience's settings apply, and they differ. After some minutes, or
    when Referral Factory itself does not say, it is guessed. Raises TransientError."""
    if not is_guessed(row, campaign) or row.is_confirmed:
        return False
    if row.confirm_since is not None and environment.clock.now() - row.confirm_since >= AUDIENCE_WITHIN:
        return False
    _ask(environment, row, AUDIENCE_WITHIN, WHO, Happened.ASKS_WHO)
    return True


def is_guessed(row: Referral, campaign: Campaign) -> bool:
    """Whether it makes a difference that nobody said whether the person was invited."""
    return row.person.audience is None and not campaign.treats_alike


def _ask(environment: Environment, row: Referral, within: float, reason: str, what: Happened) -> None:
    now = environment.clock.now()

    def change(fresh: Referral) -> Referral:
        if fresh.finished:
            return fresh
        since = now if fresh.confirm_since is None else fresh.confirm_since
        until = since + within if now < since + within else now + within
        waiting = replace(fresh.waiting(until, reason), confirm_since=since)
        if fresh.state is State.HELD:
            waiting = replace(waiting, promised_at=now)
        is_in_story = any(event.what == what and event.at >= since for event in fresh.history)
        return waiting if is_in_story else waiting.with_event(now, what)

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
        failed = replace(fresh.done(State.FAILED, SIGNUP_UNKNOWN), unverified=True)
        return failed.with_event(now, Happened.UNKNOWN)

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
    return progress_of(environment.progresses.find(USERS_PROGRESS)).began_at <= since
