"""Intercom's two other calls: the app was uninstalled, and whether we are well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from shared.domain.connection import BreakerKind, Vendor
from shared.errors import MalformedPayloadError
from shared.observability import logger
from shared.use_cases.accept_notification import is_ours

if TYPE_CHECKING:
    from shared.ports.repositories import Breakers, Connections
    from shared.ports.services import Clock, Metrics, ObjectReader, SignatureCheck
    from shared.use_cases.notification_rules import NotificationRules

OK, UNHEALTHY = "OK", "UNHEALTHY"


class AnsweringIntercom(Protocol):
    """What these answers need of the environment."""

    @property
    def clock(self) -> Clock: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def connections(self) -> Connections: ...
    @property
    def breakers(self) -> Breakers: ...
    @property
    def notification_rules(self) -> NotificationRules: ...
    @property
    def intercom_signatures(self) -> SignatureCheck: ...
    @property
    def read_object(self) -> ObjectReader: ...


def note_uninstall(environment: AnsweringIntercom, signature: str | None, hub: str | None, body: bytes) -> bool:
    """Marks the connection as disconnected, so that queued work is held from the next call on; True when it was connected.
    Raises InvalidSignatureError and TransientError."""
    if not _is_ours(environment, signature, hub, body):
        return False
    connection = environment.connections.find()
    if connection is None or not connection.connected:
        return False
    environment.connections.save(replace(connection, connected=False, epoch=connection.epoch + 1))
    environment.metrics.count("ConnectionLost")
    logger.error("intercom uninstalled", workspace_id=connection.workspace_id)
    return True


def describe_health(environment: AnsweringIntercom, signature: str | None, hub: str | None, body: bytes) -> Mapping[str, str]:
    """Intercom's daily question. UNHEALTHY while it is disconnected, or its calls are stopped.
    Raises InvalidSignatureError and TransientError."""
    if not _is_ours(environment, signature, hub, body):
        return {"state": UNHEALTHY, "message": "This workspace is not connected."}
    connection = environment.connections.find()
    if connection is None or not connection.connected:
        return {"state": UNHEALTHY, "message": "Intercom is disconnected; reconnect it in the console."}
    breaker = environment.breakers.find(Vendor.INTERCOM)
    if breaker and (breaker.kind is BreakerKind.CONNECTION_LOST or breaker.is_open(environment.clock.now())):
        return {"state": UNHEALTHY, "message": "Calls to Intercom are stopped; the console says why."}
    return {"state": OK}


def _is_ours(environment: AnsweringIntercom, signature: str | None, hub: str | None, body: bytes) -> bool:
    environment.intercom_signatures.check_call(signature, hub, body)
    try:
        document: Mapping[str, Any] = environment.read_object(body)
    except MalformedPayloadError:
        environment.metrics.count("NotificationUnreadable")
        return False
    named = document.get("app_id") or document.get("workspace_id")
    if isinstance(named, str) and is_ours(environment.notification_rules, named):
        return True
    environment.metrics.count("NotificationOfAnotherWorkspace")
    return False
