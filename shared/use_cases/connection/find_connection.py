"""The workspace that work is done for."""

from __future__ import annotations

from shared.domain.connection.connection import Connection, Vendor
from shared.errors import ConnectionLostError
from shared.use_cases.environment import Environment


def find_connection(environment: Environment) -> Connection:
    """The connection; on the very first call the token's workspace becomes it. Raises ConnectionLostError when somebody
    disconnected, and what ``Intercom.identify`` raises."""
    connection = environment.connections.find()
    if connection is None:
        connection = environment.intercom().identify()
        environment.connections.save(connection)
    if not connection.connected:
        raise ConnectionLostError("Intercom is disconnected.", vendor=Vendor.INTERCOM)
    return connection
