"""Every five minutes, and when a webhook names no user: look for what no webhook brought, of either vendor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.domain.connection.connection import BreakerKind
from shared.errors import BreakerOpenError, FailureError, RateLimitedError, TransientError
from shared.messages import ReconcileCampaigns, message_of
from shared.observability import logger
from shared.runtime import bootstrap
from shared.use_cases.qualification.reconcile_contacts import FAILED, ContactReconciliation
from shared.use_cases.signup.reconcile_campaigns import Reconciliation
from shared.use_cases.signup.reconcile_progress import NAME, progress_of

SLOT = 300.0
"""Seconds between two scheduled passes."""
FAILED_AGAIN_AFTER = 15.0
"""Least seconds after which a pass to which Referral Factory, or AWS, gave no answer is made again."""
GROWTH = 0.25
"""At least this part of the time for which passes have failed is waited: a page that never comes is asked for less often."""
FOUND_AGAIN_AFTER = 120.0
"""Seconds after a pass that found somebody: webhooks get lost, and a page that shifted may have hidden one more."""
CONTACTS_AGAIN_AFTER = 60.0
"""Seconds after which Intercom is searched again when it gave no answer."""


def lambda_handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """A schedule's event, or SQS records that ring → nothing to deliver again: the next pass comes in any case."""
    environment = bootstrap.environment("reconcile")
    environment.begin(context)
    try:
        ring = _ring(event)
        if ring is None or not _is_answered(environment, ring):
            _look(environment, ring or ReconcileCampaigns(environment.clock.now()))
    finally:
        environment.flush()
    return {"batchItemFailures": []}


def _ring(event: Mapping[str, Any]) -> ReconcileCampaigns | None:
    """What the records ask for together; None for the schedule."""
    messages = [message_of(record["body"]) for record in event.get("Records", ())]
    rings = [message for message in messages if isinstance(message, ReconcileCampaigns)]
    if not rings:
        return None
    return ReconcileCampaigns(
        max(ring.requested_at for ring in rings),
        any(ring.full for ring in rings),
        max(ring.until for ring in rings),
        any(ring.contacts for ring in rings),
    )


def _is_answered(environment: bootstrap.Environment, ring: ReconcileCampaigns) -> bool:
    """Whether a pass that began after it was asked for went well: of a hundred webhooks without a user id each rings."""
    try:
        return not ring.full and progress_of(environment.progresses.find(NAME)).began_at > ring.requested_at
    except TransientError:
        return False


def _look(environment: bootstrap.Environment, ring: ReconcileCampaigns) -> None:
    """At both vendors; and rings for one pass more, if that is worth it and would end before the next slot."""
    began, until = environment.clock.now(), ring.until or ring.requested_at + SLOT
    reconciliation = Reconciliation(environment)
    error = _attempt(environment, lambda: reconciliation.run(full=ring.full), "ReconcileFailed")
    contacts_error = _attempt(environment, ContactReconciliation(environment).run, FAILED) if ring.contacts else None
    now = environment.clock.now()
    contacts_wait = None if isinstance(contacts_error, BreakerOpenError) else _wait_after(contacts_error, CONTACTS_AGAIN_AFTER)
    waits = [
        _wait_after(error, max(FAILED_AGAIN_AFTER, GROWTH * (now - until + SLOT))),
        FOUND_AGAIN_AFTER if reconciliation.found else None,
        contacts_wait,
    ]
    wait = min(filter(None, waits), default=None)
    if wait is None or now + wait + (now - began) > until - FAILED_AGAIN_AFTER:
        return  # five minutes are long for whoever waits, but the next slot is as near
    again = ReconcileCampaigns(now, ring.full and error is not None, until, contacts=contacts_wait is not None)
    try:
        environment.reconcile_queue.send(again, delay=wait)
    except TransientError:
        logger.warning("queue refused to wake reconcile")


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


def _wait_after(error: FailureError | None, seconds: float) -> float | None:
    """When nobody answered (the vendor, AWS or our own limiter): seconds until another try; of calls that are stopped because
    nobody answered, until they may go on. None: what the vendor refused itself, and any other stop, is left for the next
    slot."""
    if isinstance(error, BreakerOpenError):
        return max(error.retry_after or 0.0, seconds) if error.code == BreakerKind.FAILING else None
    refused = isinstance(error, RateLimitedError) and error.status is not None
    return seconds if isinstance(error, TransientError) and not refused else None
