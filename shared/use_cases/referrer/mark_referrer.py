"""Something happened to a referrer's counts or rewards: their contact is to be brought up to date, soon and once."""

from __future__ import annotations

from shared.domain.signup.referral import Referral
from shared.errors import TransientError
from shared.messages import UpdateReferrer
from shared.observability import logger
from shared.use_cases.environment import Environment


def mark_referrer(environment: Environment, campaign_id: int, user_id: int, email: str | None = None) -> None:
    """Marks the person who refers; ``email`` as a referral reported it. Rings once for many marks; should the queue refuse, the
    sweep enqueues. Raises TransientError when the mark cannot be written."""
    delay = environment.referrers.mark(campaign_id, user_id, environment.clock.now(), email)
    if delay is not None:
        enqueue_referrer(environment, campaign_id, user_id, delay)


def mark_referrer_of(environment: Environment, row: Referral) -> None:
    """As ``mark_referrer``, for whoever brought this person; nothing when nobody did."""
    referrer = row.person.referrer
    if referrer.user_id is not None:
        mark_referrer(environment, row.campaign_id, referrer.user_id, referrer.email)


def enqueue_referrer(environment: Environment, campaign_id: int, user_id: int, delay: float) -> None:
    """Enqueues in ``delay`` seconds. Never fails: the sweep enqueues as well."""
    try:
        environment.referrer_queue.send(UpdateReferrer(campaign_id, user_id, environment.clock.now()), delay=delay)
    except TransientError:
        logger.warning("queue refused a referrer", campaign_id=campaign_id, user_id=user_id)
