"""An uninstall call came whose very bytes have disconnected us before: was it meant, or did somebody send a copy?

The body is the same each time and holds no time, so only Intercom can say: an app that was uninstalled has no token any more.
"""

from __future__ import annotations

from typing import Protocol

from shared.domain.connection.connection import Connection
from shared.observability import logger
from shared.ports.clock import Clock
from shared.ports.connection import Connections
from shared.ports.vendors import Intercom


class Settling(Protocol):
    """What settling needs of the environment."""

    @property
    def clock(self) -> Clock: ...
    @property
    def connections(self) -> Connections: ...
    def intercom(self, connection: Connection | None = None) -> Intercom: ...


def settle_doubt(environment: Settling, connection: Connection) -> None:
    """One call, if the connection is doubted. Raises ConnectionLostError when Intercom refuses our token, and whatever else
    the Intercom port raises while it does not say: then the connection stays doubted, and stays."""
    if connection.doubted_at is None:
        return
    environment.intercom(connection).identify()
    environment.connections.replace(connection, connection.confirmed(environment.clock.now()))
    logger.warning("uninstall was replayed", workspace_id=connection.workspace_id, came_at=connection.doubted_at)
