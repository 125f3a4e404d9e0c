"""Stop calling a vendor that does not answer, and begin again carefully."""

from __future__ import annotations

from typing import Protocol

from shared.domain.connection import Breaker, BreakerKind, Vendor
from shared.errors import FailureError, UnavailableError
from shared.observability import logger
from shared.ports.repositories import Breakers
from shared.ports.services import Clock, Metrics

FAILURES_TO_OPEN = 5
"""Failed calls in a row, in one worker, that open the breaker."""
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 120.0
RECONNECT_PROBE = 60.0
"""Seconds between two tries of a connection that was lost."""


class Guarding(Protocol):
    """What guarding needs of the environment."""

    @property
    def clock(self) -> Clock: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def breakers(self) -> Breakers: ...


class VendorGuard:
    """Counts one vendor's failures in this worker; the breaker itself is shared by all."""

    def __init__(self, environment: Guarding, vendor: Vendor) -> None:
        self._environment = environment
        self._vendor = vendor
        self._failures = 0

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, error: FailureError) -> None:
        """Counts a failure; the one too many opens the breaker, as does the first after a pause."""
        if not isinstance(error, UnavailableError) or error.vendor != self._vendor:
            return
        self._failures += 1
        before = self._environment.breakers.find(self._vendor)
        if self._failures < FAILURES_TO_OPEN and before is None:
            return
        openings = before.openings + 1 if before else 1
        self._open(BreakerKind.FAILING, min(FIRST_PAUSE * 2 ** (openings - 1), LONGEST_PAUSE), openings)

    def connection_lost(self) -> float:
        """Opens the breaker until a person reconnects, but for one probe a minute. Answers when that probe is, in epoch
        seconds."""
        before = self._environment.breakers.find(self._vendor)
        self._environment.metrics.count("ConnectionLost")
        self._open(BreakerKind.CONNECTION_LOST, RECONNECT_PROBE, before.openings + 1 if before else 1)
        return self._environment.clock.now() + RECONNECT_PROBE

    def _open(self, kind: BreakerKind, seconds: float, openings: int) -> None:
        now = self._environment.clock.now()
        if self._environment.breakers.open(self._vendor, Breaker(kind, now + seconds, now, openings)):
            self._environment.metrics.count("BreakerOpened")
            logger.error("breaker opened", vendor=self._vendor, kind=kind, seconds=seconds)
