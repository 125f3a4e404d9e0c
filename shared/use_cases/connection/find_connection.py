"""The workspace that work is done for."""

from __future__ import annotations

from typing import Protocol

from shared.domain.connection.connection import Connection, Vendor
from shared.errors import ConnectionLostError
from shared.ports.connection import Connections
from shared.ports.vendors import Intercom


class Connecting(Protocol):
    """What finding the connection needs of the environment."""

    @property
    def connections(self) -> Connections: ...
    def intercom(self, connection: Connection | None = None) -> Intercom: ...


def find_connection(environment: Connecting) -> Connection:
    """The connection; on the very first call the token's workspace becomes it. Raises ConnectionLostError when somebody
    disconnected, and what ``Intercom.identify`` raises."""
    connection = environment.connections.find()
    if connection is None:
        connection = environment.intercom().identify()
        environment.connections.save(connection)
    if not connection.connected:
        raise ConnectionLostError("Intercom is disconnected.", vendor=Vendor.INTERCOM)
    return connection
