"""Looks at both vendors for what no webhook brought, and decides when to look again before the next slot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from shared.domain.connection.connection import BreakerKind
from shared.errors import BreakerOpenError, FailureError, RateLimitedError, TransientError
from shared.messages import ReconcileCampaigns
from shared.observability import logger
from shared.use_cases.operations.erase_person import erase_requested
from shared.use_cases.qualification.end_watch import end_watches
from shared.use_cases.qualification.reconcile_contacts import FAILED_METRIC, ContactReconciliation
from shared.use_cases.signup.confirm_signup import confirm_signup
from shared.use_cases.signup.reconcile_campaigns import Reconciliation
from shared.use_cases.signup.reconcile_progress import USERS_PROGRESS, progress_of

if TYPE_CHECKING:
    from shared.use_cases.environment import Environment

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


def reconcile_vendors(environment: Environment, requests: Sequence[ReconcileCampaigns]) -> None:
    """One pass for all ``requests``; none: the schedule asks. A request about one signup is answered by itself."""
    for request in requests:
        if request.person is not None:
            newest = ReconcileCampaigns(request.requested_at, contacts=False)
            confirm_signup(environment, request, partial(reconcile_vendors, environment, [newest]))
    whole = [request for request in requests if request.person is None]
    if requests and not whole:
        return
    asked = _together(whole) if whole else None
    if asked is None or not _is_answered(environment, asked):
        _look(environment, asked or ReconcileCampaigns(environment.clock.now()))
    if asked is None:
        end_watches(environment)
        erase_requested(environment)


def _together(requests: Sequence[ReconcileCampaigns]) -> ReconcileCampaigns:
    return ReconcileCampaigns(
        max(one.requested_at for one in requests),
        any(one.full for one in requests),
        max(one.until for one in requests),
        any(one.contacts for one in requests),
    )


def _is_answered(environment: Environment, asked: ReconcileCampaigns) -> bool:
    """Whether a pass that began after it was asked for went well: of a hundred webhooks without a user id each asks."""
    try:
        return not asked.full and progress_of(environment.progresses.find(USERS_PROGRESS)).began_at > asked.requested_at
    except TransientError:
        return False


def _look(environment: Environment, asked: ReconcileCampaigns) -> None:
    """At both vendors; and asks for one pass more, if that is worth it and would end before the next slot."""
    began, until = environment.clock.now(), asked.until or asked.requested_at + SLOT
    reconciliation = Reconciliation(environment)
    error = _attempt(environment, lambda: reconciliation.run(full=asked.full), "ReconcileFailed")
    contacts_error = _attempt(environment, ContactReconciliation(environment).run, FAILED_METRIC) if asked.contacts else None
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
    again = ReconcileCampaigns(now, asked.full and error is not None, until, contacts=contacts_wait is not None)
    try:
        environment.reconcile_queue.send(again, delay=wait)
    except TransientError:
        logger.warning("queue refused to wake reconcile")


def _attempt(environment: Environment, reconcile: Callable[[], object], metric: str) -> FailureError | None:
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
