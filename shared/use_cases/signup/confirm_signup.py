"""Ask Referral Factory whether it knows a signup that a webhook reported, for the sake of what would be written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import Origin
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.errors import FailureError, TransientError
from shared.messages import DeliverContact, ReconcileCampaigns
from shared.observability import logger
from shared.use_cases.environment import Environment
from shared.use_cases.signup.await_confirmation import note_unknown
from shared.use_cases.signup.remember_signup import remember_signup

ASK_AGAIN_AFTER = 60.0
QUEUED_UP = 20.0
"""Seconds that a question has waited for its turn, when there are so many that a list answers more of them than a call each."""


def confirm_signup(environment: Environment, asked: ReconcileCampaigns, read_list: Callable[[], None]) -> None:
    """By one call; where many questions wait, by ``read_list`` first, which confirms whomever the newest pages hold. What
    nobody answers is asked again as long as the row waits for it; then the delivery decides."""
    try:
        _confirm(environment, asked, read_list)
    except FailureError as error:
        logger.info("signup not confirmed yet", error=type(error).__name__, vendor=error.vendor, status=error.status)
        _ask_again(environment, asked)


def _confirm(environment: Environment, asked: ReconcileCampaigns, read_list: Callable[[], None]) -> None:
    campaign_id, user_id = asked.person or (0, 0)
    row = _waiting(environment, campaign_id, user_id)
    if row is not None and not row.is_confirmed and environment.clock.now() - asked.requested_at > QUEUED_UP:
        read_list()
        row = _waiting(environment, campaign_id, user_id)
    if row is None:
        return
    if row.is_confirmed:
        _enqueue(environment, row)
    else:
        _ask(environment, row)


def _waiting(environment: Environment, campaign_id: int, user_id: int) -> Referral | None:
    row = environment.referrals.find(campaign_id, user_id)
    return None if row is None or row.finished else row


def _ask(environment: Environment, row: Referral) -> None:
    """What Referral Factory says of the person counts, not what the webhook said."""
    if environment.time_left() < LONGEST_REFERRAL_FACTORY_CALL:
        raise TransientError("Not enough time left to ask Referral Factory.")
    found = environment.referral_factory().user(row.user_id)
    if found is None or found[0] not in {None, row.campaign_id}:
        note_unknown(environment, row)
        return
    now = environment.clock.now()
    remembered = remember_signup(
        environment,
        row.campaign_id,
        found[1],
        environment.campaigns.find(row.campaign_id),
        accepted_at=now,
        origin=Origin.RECONCILE,
        what=Happened.FOUND_BY_RECONCILE,
        verified_at=now,
    )
    _enqueue(environment, remembered)


def _enqueue(environment: Environment, row: Referral) -> None:
    now = environment.clock.now()
    environment.delivery_queue.send(DeliverContact(row.campaign_id, row.user_id, "reconcile", now))


def _ask_again(environment: Environment, asked: ReconcileCampaigns) -> None:
    again_at = environment.clock.now() + ASK_AGAIN_AFTER
    if again_at >= asked.until:
        return
    try:
        environment.reconcile_queue.send(replace(asked, requested_at=again_at), delay=ASK_AGAIN_AFTER)
    except TransientError:
        logger.warning("queue refused to wake reconcile")  # the row is due in any case
