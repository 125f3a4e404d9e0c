"""The last look before each Intercom call: is the workspace still connected, and is it the one this work began under?

So a *disconnect* stops queued and running work at the next call, and nobody's contact goes to a workspace that came after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared.adapters.intercom.errors import says_nothing
from shared.domain.connection.connection import Vendor
from shared.domain.vendor.limits import Priority
from shared.errors import ConnectionLostError, FailureError, RateLimitedError, TransientError
from shared.ports.connection import Connections
from shared.ports.vendor import Limiter


class ConnectionGate(Limiter):
    """Around the limiter that counts. ``answered`` is called for each answer that
    shows a working vendor."""

    def __init__(self, connections: Connections, limiter: Limiter, answered: Callable[[], None]) -> None:
        self._connections = connections
        self._limiter = limiter
        self._answered = answered
        self._epoch: int | None = None
        self._priority = Priority.RECONCILE

    def begin(self, epoch: int | None, priority: Priority = Priority.RECONCILE) -> None:
        """A piece of work of that priority begins under that epoch of the connection; None: under whichever there is."""
        self._epoch = epoch
        self._priority = priority

    def acquire(self, priority: Priority = Priority.RECONCILE) -> str:
        """See ``Limiter.acquire``; the piece of work's own priority counts. ConnectionLostError when Intercom was
        disconnected. Whatever else speaks against the call is a RateLimitedError: the caller may rely on it that nothing was
        sent, so that a create is not in doubt."""
        try:
            permit = self._limiter.acquire(self._priority)
            self._look()
        except RateLimitedError:
            raise
        except TransientError as error:
            raise RateLimitedError(str(error), retry_after=error.retry_after, vendor=error.vendor, code=error.code) from error
        return permit

    def finish(self, permit: str, status: int | None, headers: Mapping[str, str]) -> None:
        if status is not None and status != 401 and not says_nothing(status):
            self._answered()
        self._limiter.finish(permit, status, headers)

    def report(self, error: FailureError | None) -> None:
        self._limiter.report(error)

    def _look(self) -> None:
        connection = self._connections.find()
        if connection is None:  # the first call of all asks which workspace the token belongs to
            if self._epoch is not None:
                raise ConnectionLostError("Intercom is disconnected.", vendor=Vendor.INTERCOM)
            return
        if not connection.connected:
            raise ConnectionLostError("Intercom is disconnected.", vendor=Vendor.INTERCOM)
        if self._epoch is not None and connection.epoch != self._epoch:
            raise RateLimitedError("Intercom was connected again meanwhile.", retry_after=1.0, vendor=Vendor.INTERCOM)
