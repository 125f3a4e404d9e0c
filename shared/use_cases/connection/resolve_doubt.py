"""An uninstall call came: was it meant, or did somebody send a copy of an old one?

The body is the same each time and holds no time, so only Intercom can say: an app that was uninstalled has no token any more.
"""

from __future__ import annotations

from shared.domain.connection.connection import Connection
from shared.observability import logger
from shared.use_cases.environment import Environment


def resolve_doubt(environment: Environment, connection: Connection) -> None:
    """One call, if the connection is doubted. Raises ConnectionLostError when Intercom refuses our token, and whatever else
    the Intercom port raises while it does not say: then the connection stays doubted, and stays."""
    if connection.doubted_at is None:
        return
    environment.intercom(connection).identify()
    environment.connections.replace(connection, connection.confirmed(environment.clock.now()))
    logger.warning(
        "intercom still takes our token after an uninstall call",
        workspace_id=connection.workspace_id,
        came_at=connection.doubted_at,
    )
