"""Never let Referral Factory block our address: what stands around the limiter, and what each of its answers means.

https://developers.referral-factory.com: over 600 calls a minute it answers 429; after "more than three times" it blocks the
address, by one version of the page for 7 days. None of this touches the way of a signup: that never calls Referral Factory.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.connection.connection import BreakerKind, Vendor
from shared.domain.vendor.limits import Priority
from shared.errors import BlockedError, ConnectionLostError, FailureError, RateLimitedError, TransientError
from shared.observability import logger
from shared.ports.vendor import Limiter
from shared.use_cases.environment import Environment
from shared.use_cases.vendor.guard_vendor import VendorGuard

STRIKE_PAUSE = 300.0
FIRST_BLOCK_PAUSE = 300.0
BLOCK_PAUSE = 6 * 3_600.0
"""Seconds without a call after a 403 or a refused connection: whoever keeps knocking may stay blocked."""
REFERRAL_FACTORY = Vendor.REFERRAL_FACTORY
STOPPED = "Calls to Referral Factory are stopped after two strikes, until a person lifts that."


class ReferralFactoryGuard(Limiter):
    """Around the limiter that counts. ``block_pause`` in seconds."""

    def __init__(self, environment: Environment, limiter: Limiter, block_pause: float = BLOCK_PAUSE) -> None:
        self._environment = environment
        self._limiter = limiter
        self._block_pause = block_pause
        self._guard = VendorGuard(environment, REFERRAL_FACTORY)
        self._unrecorded: FailureError | None = None

    def acquire(self, priority: Priority = Priority.RECONCILE) -> str:
        """See ``Limiter.acquire``. BlockedError while two strikes stop all calls, BreakerOpenError in a pause."""
        if self._unrecorded is not None:
            self._record(self._unrecorded)
        if self._environment.strikes.find(REFERRAL_FACTORY).stopped:
            raise BlockedError(STOPPED, vendor=REFERRAL_FACTORY)
        self._guard.admit()
        return self._limiter.acquire(priority)  # last, for the permit is to be used at once

    def finish(self, permit: str, status: int | None, headers: Mapping[str, str]) -> None:
        self._limiter.finish(permit, status, headers)

    def report(self, error: FailureError | None) -> None:
        """See ``Limiter.report``. What cannot be written down now is, before the next call of this worker."""
        try:
            self._record(error)
        except TransientError:
            logger.warning("vendor's refusal not recorded", error=type(error).__name__)
            self._unrecorded = error

    def _record(self, error: FailureError | None) -> None:
        match error:
            case None:
                self._guard.answered()
                self._guard.succeeded()
            case RateLimitedError():
                self._strike()
            case BlockedError():
                if self._guard.pause(BreakerKind.BLOCKED, self._pause_of_block()):
                    self._environment.metrics.count("AddressBlocked")
            case ConnectionLostError():
                self._guard.connection_lost()
            case _:
                self._guard.failed(error)
        self._unrecorded = None

    def _pause_of_block(self) -> float:
        """One refusal may be a passing one: five minutes first, then an hour, then ``block_pause`` each time."""
        before = self._environment.breakers.find(REFERRAL_FACTORY)
        blocked_before = before.openings if before and before.kind is BreakerKind.BLOCKED else 0
        return min(FIRST_BLOCK_PAUSE * 12.0**blocked_before, self._block_pause)

    def _strike(self) -> None:
        """The strike first, then the pause: should we die in between, the next 429 of the same strike opens it."""
        now = self._environment.clock.now()
        before, after = self._environment.strikes.update(REFERRAL_FACTORY, lambda strikes: strikes.struck(now))
        self._guard.pause(BreakerKind.STRIKE, STRIKE_PAUSE)
        if after.count > before.count:
            self._environment.metrics.count("Strike")
            logger.error("strike of Referral Factory", strikes=after.count, stopped=after.stopped)


class KeyCheckGuard(ReferralFactoryGuard):
    """For trying a key that is not stored: the strikes and pauses hold, a disconnection does not, and a key that is refused
    says nothing about the stored one."""

    def acquire(self, priority: Priority = Priority.RECONCILE) -> str:
        if self._environment.strikes.find(REFERRAL_FACTORY).stopped:
            raise BlockedError(STOPPED, vendor=REFERRAL_FACTORY)
        breaker = self._environment.breakers.find(REFERRAL_FACTORY)
        if breaker is not None and breaker.kind in {BreakerKind.STRIKE, BreakerKind.BLOCKED}:
            self._guard.admit()
        return self._limiter.acquire(priority)

    def report(self, error: FailureError | None) -> None:
        if error is not None and not isinstance(error, ConnectionLostError):
            super().report(error)
