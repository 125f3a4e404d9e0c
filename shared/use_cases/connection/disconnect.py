"""A person disconnects a vendor: all syncing stops, queued work too; no row and no setting is deleted. Or goes on."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.connection.connection import FOREVER, Breaker, BreakerKind, Connection, Vendor
from shared.errors import NotFoundError
from shared.observability import logger
from shared.ports.operations import Change
from shared.use_cases.connection.read_connection import NAMES
from shared.use_cases.environment import Environment

OF_A_DISCONNECT = frozenset({BreakerKind.CONNECTION_LOST, BreakerKind.DISCONNECTED})


def disconnect(environment: Environment, who: str, vendor: Vendor, *, keep_token: bool = False) -> None:
    """The breaker first, since it stops every worker at its next call; then the connection's epoch and the stored token or
    key, unless it is kept for ``reconnect``. Doing it twice does no harm."""
    now = environment.clock.now()
    environment.breakers.open(vendor, Breaker(BreakerKind.DISCONNECTED, FOREVER, now))
    if vendor is Vendor.INTERCOM:
        before = environment.connections.find()
        if before is not None and before.connected:
            environment.connections.save(replace(before, connected=False, epoch=before.epoch + 1))
    if not keep_token:
        _forget_token(environment, vendor)
    environment.audit.add(Change(now, who, f"Disconnected {NAMES[vendor]}."))


def reconnect(environment: Environment, who: str) -> Connection:
    """Goes on with the Intercom workspace that was disconnected or lost, under a new epoch, so that work of the old one stops.
    What waits goes on with the next sweeps. Unchanged when it is connected. Raises NotFoundError when there never was one."""
    before = environment.connections.find()
    if before is None:
        raise NotFoundError("Intercom has not been connected yet.")
    if before.connected:
        return before
    after = replace(before, epoch=before.epoch + 1, connected=True)
    environment.connections.save(after)
    breaker = environment.breakers.find(Vendor.INTERCOM)
    if breaker is not None and breaker.kind in OF_A_DISCONNECT:
        environment.breakers.close(Vendor.INTERCOM)
    logger.warning("reconnected", epoch=after.epoch)
    environment.audit.add(Change(environment.clock.now(), who, "Went on with the Intercom workspace that was disconnected."))
    return after


def _forget_token(environment: Environment, vendor: Vendor) -> None:
    if vendor is Vendor.INTERCOM:
        environment.intercom_secret.change(access_token="")
    else:
        environment.referral_factory_secret.change(api_key="")
