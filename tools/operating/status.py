"""How a deployment stands: vendors, limits, who waits and why, and with the stack's own services queues and functions."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.connection.connection import Breaker, Vendor
from shared.runtime.bootstrap import Environment
from shared.use_cases.signup.reconcile_progress import USERS_PROGRESS, progress_of
from shared.version import VERSION
from tools.operating.deployment import Deployment
from tools.operating.logs import show_functions
from tools.operating.queues import show_queues
from tools.operating.rows import show_waiting, when

LONGEST_SHOWN = 5


def show_stack(deployment: Deployment) -> Iterator[str]:
    """Everything, for whoever is called at night."""
    yield f"deployed             version {deployment.outputs.get('ApplicationVersion', 'unknown')}"
    yield from show_status(deployment.environment)
    yield from show_queues(deployment)
    yield from show_functions(deployment)


def show_status(environment: Environment) -> Iterator[str]:
    yield f"this checkout        version {VERSION}"
    now = environment.clock.now()
    connection = environment.connections.find()
    if connection is None:
        yield "Intercom             not connected yet, or its token was never checked: *Check permissions* in the console does"
    else:
        state = "connected" if connection.connected else "DISCONNECTED"
        yield f"Intercom             {state} · workspace {connection.workspace_id} {connection.name} · epoch {connection.epoch}"
    for vendor in Vendor:
        yield f"breaker {vendor:<17} {breaker_of(environment.breakers.find(vendor), now)}"
    strikes = environment.strikes.find(Vendor.REFERRAL_FACTORY)
    stop = f"ALL CALLS STOPPED since {when(strikes.stopped_at)}; see lift-stop" if strikes.stopped_at else "no stop"
    last = f", the last at {when(strikes.last_at)}" if strikes.count else ""
    yield f"strikes              {strikes.count}{last} · {stop}"
    taken, in_flight = environment.referral_factory_limiter.usage()
    yield f"calls referral_factory  {taken} in the sliding minute, {in_flight} in flight"
    leased, cap, limit = environment.intercom_limiter.usage()
    known = "not learnt yet" if limit is None else str(limit)
    yield f"calls intercom       {min(leased, cap)} of {cap} leased in this window of 10 s · Intercom's limit {known}"
    oldest = environment.referrals.oldest_undelivered()
    yield f"oldest undelivered   {'none' if oldest is None else f'{now - oldest:.0f} s, since {when(oldest)}'}"
    yield from show_waiting(environment, LONGEST_SHOWN)
    stored = environment.progresses.find(USERS_PROGRESS)
    if stored is None:
        yield "reconcile            has not succeeded yet"
        return
    progress = progress_of(stored)
    scan = f"scan at page {progress.scan_page}" if progress.scan_page else f"whole list read {when(progress.scanned_at)}"
    yield f"reconcile            succeeded {when(progress.succeeded_at)} · up to user {progress.high_water} · {scan}"


def breaker_of(breaker: Breaker | None, now: float) -> str:
    if breaker is None:
        return "closed"
    state = "tried right now" if breaker.probing else "OPEN" if breaker.is_open(now) else "may be tried"
    words = f": {breaker.words}" if breaker.words else ""
    times = "once" if breaker.openings == 1 else f"{breaker.openings} times in a row"
    return f"{state} ({breaker.kind}) until {when(breaker.open_until)}, opened {times}{words}"
