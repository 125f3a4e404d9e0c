"""What was said to the vendors about a referral when it met trouble is kept beside its row, for developers."""

from __future__ import annotations

from shared.errors import TransientError
from shared.observability import logger
from shared.use_cases.environment import Environment


def keep_calls(environment: Environment, campaign_id: int, user_id: int, *, tried_before: bool) -> None:
    """The calls since somebody asked last, where one of them, or a try before, was refused or not answered: to keep those of
    every delivery would cost more than the delivery. It never fails."""
    calls = environment.calls_since()
    went_well = all(call.status is not None and call.status < 400 for call in calls)
    if not calls or (went_well and not tried_before):
        return
    try:
        environment.calls.keep(campaign_id, user_id, calls)
    except TransientError as error:
        logger.info("calls not kept", code=error.code)
