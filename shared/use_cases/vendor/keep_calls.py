"""What was said to the vendors about a referral is kept beside its row, for developers. It never costs a delivery."""

from __future__ import annotations

from shared.errors import TransientError
from shared.observability import logger
from shared.use_cases.environment import Environment


def keep_calls(environment: Environment, campaign_id: int, user_id: int) -> None:
    """The calls since somebody asked last."""
    calls = environment.calls_since()
    if not calls:
        return
    try:
        environment.calls.keep(campaign_id, user_id, calls)
    except TransientError as error:
        logger.info("calls not kept", code=error.code)
