"""Every five minutes, and when a webhook names no user: look for what no webhook brought, of either vendor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.errors import BreakerOpenError, FailureError, RateLimitedError, TransientError
from shared.messages import ReconcileCampaigns, message_of
from shared.observability import logger
from shared.runtime import bootstrap
from shared.use_cases.reconcile_campaigns import Reconciliation
from shared.use_cases.reconcile_contacts import FAILED, ContactReconciliation

AGAIN_AFTER = 60.0
AGAIN_WITHIN = 240.0
"""Seconds from the first try in which a pass is tried again; then the next slot is due."""


def lambda_handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """A schedule's event, or SQS records that ring → nothing to deliver again: the next pass comes in any case."""
    environment = bootstrap.environment("reconcile")
    environment.begin(context)
    try:
        rings = _rings(event)
        began_at = min((ring.requested_at for ring in rings), default=environment.clock.now())
        full = any(ring.full for ring in rings)
        errors = [
            _attempt(environment, lambda: Reconciliation(environment).run(full=full), "ReconcileFailed"),
            _attempt(environment, ContactReconciliation(environment).run, FAILED),
        ]
        if any(_is_worth_another(error) for error in errors):
            _again(environment, ReconcileCampaigns(began_at, full=full and errors[0] is not None))
    finally:
        environment.flush()
    return {"batchItemFailures": []}


def _rings(event: Mapping[str, Any]) -> list[ReconcileCampaigns]:
    messages = [message_of(record["body"]) for record in event.get("Records", ())]
    return [message for message in messages if isinstance(message, ReconcileCampaigns)]


def _attempt(environment: bootstrap.Environment, reconcile: Callable[[], object], metric: str) -> FailureError | None:
    """One vendor's failure is not the other's: it is answered."""
    try:
        reconcile()
    except FailureError as error:
        logger.warning(
            "reconcile stopped", error=type(error).__name__, vendor=error.vendor, status=error.status, code=error.code
        )
        environment.metrics.count(metric)
        return error
    return None


def _is_worth_another(error: FailureError | None) -> bool:
    """Nobody answered: the vendor, AWS or our own limiter. What the vendor refused itself is left for the next slot."""
    refused = isinstance(error, RateLimitedError) and error.status is not None
    return isinstance(error, TransientError) and not isinstance(error, BreakerOpenError) and not refused


def _again(environment: bootstrap.Environment, ring: ReconcileCampaigns) -> None:
    """A pass that got no answer is made again in a minute, until the next slot is due: five are long for whoever waits."""
    if environment.clock.now() + AGAIN_AFTER > ring.requested_at + AGAIN_WITHIN + AGAIN_AFTER / 2:
        return
    try:
        environment.reconcile_queue.send(ring, delay=AGAIN_AFTER)
    except TransientError:
        logger.warning("queue refused to wake reconcile")
