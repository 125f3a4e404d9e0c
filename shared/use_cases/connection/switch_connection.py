"""Disconnect Intercom, or connect the same workspace again: both begin a new epoch, so that work of the old one stops."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.connection.connection import BreakerKind, Connection, Vendor
from shared.errors import NotFoundError
from shared.observability import logger
from shared.use_cases.environment import Environment


def switch_connection(environment: Environment, *, connected: bool) -> Connection:
    """The connection as it is now; unchanged when it was so already. Raises NotFoundError when there never was one.

    After a reconnect the breaker of the lost connection closes at once; what waits goes on with the next sweeps.
    """
    before = environment.connections.find()
    if before is None:
        raise NotFoundError("Intercom has not been connected yet.")
    if before.connected is connected:
        return before
    after = replace(before, epoch=before.epoch + 1, connected=connected)
    environment.connections.save(after)
    breaker = environment.breakers.find(Vendor.INTERCOM)
    if connected and breaker and breaker.kind is BreakerKind.CONNECTION_LOST:
        environment.breakers.close(Vendor.INTERCOM)
    logger.warning("connection switched", connected=connected, epoch=after.epoch)
    return after
