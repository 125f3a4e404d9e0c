"""Intercom's two other calls: the app was uninstalled, and whether we are well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.domain.connection.connection import BreakerKind, Vendor
from shared.errors import MalformedPayloadError, TransientError
from shared.observability import logger
from shared.use_cases.environment import Environment
from shared.use_cases.qualification.accept_notification import is_ours

OK, UNHEALTHY = "OK", "UNHEALTHY"
TRIES = 3
"""Looks at a connection that changes meanwhile."""


def note_uninstall(environment: Environment, signature: str | None, hub: str | None, body: bytes) -> None:
    """Doubts the connection; ``resolve_doubt`` asks Intercom. The signed body is the same each time and holds no time, so that
    it may be anybody's copy. Raises InvalidSignatureError and TransientError."""
    document = _ours(environment, signature, hub, body)
    if document is None:
        return
    if "topic" in document or "app_id" not in document:  # signed, but for another purpose
        environment.metrics.count("NotificationUnknown")
        return
    environment.metrics.count("UninstallReported")
    for _ in range(TRIES):
        connection = environment.connections.find()
        if connection is None or not connection.connected or connection.doubted_at is not None:
            return
        if environment.connections.replace(connection, replace(connection, doubted_at=environment.clock.now())):
            logger.warning("uninstall reported", workspace_id=connection.workspace_id)
            return
    raise TransientError("the connection changes too often", vendor="aws")


def describe_health(environment: Environment, signature: str | None, hub: str | None, body: bytes) -> Mapping[str, str]:
    """Intercom's daily question. UNHEALTHY while it is disconnected, or its calls are stopped.
    Raises InvalidSignatureError and TransientError."""
    if _ours(environment, signature, hub, body) is None:
        return {"state": UNHEALTHY, "message": "This workspace is not connected."}
    connection = environment.connections.find()
    if connection is None or not connection.connected:
        return {"state": UNHEALTHY, "message": "Intercom is disconnected; reconnect it in the console."}
    breaker = environment.breakers.find(Vendor.INTERCOM)
    if breaker and (breaker.kind is BreakerKind.CONNECTION_LOST or breaker.is_open(environment.clock.now())):
        return {"state": UNHEALTHY, "message": "Calls to Intercom are stopped; the console says why."}
    return {"state": OK}


def _ours(environment: Environment, signature: str | None, hub: str | None, body: bytes) -> Mapping[str, Any] | None:
    """The signed document; None when it cannot be read, or is about another workspace."""
    environment.intercom_signatures.check_call(signature, hub, body)
    try:
        document: Mapping[str, Any] = environment.read_object(body)
    except MalformedPayloadError:
        environment.metrics.count("NotificationUnreadable")
        return None
    named = document.get("app_id") or document.get("workspace_id")
    if isinstance(named, str) and is_ours(environment.notification_rules, named):
        return document
    environment.metrics.count("NotificationOfAnotherWorkspace")
    return None
