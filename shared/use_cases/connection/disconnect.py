"""A person disconnects a vendor: all syncing stops, queued work too; no row and no setting is deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from shared.domain.connection.connection import FOREVER, Breaker, BreakerKind, Vendor
from shared.ports.aws import SecretStore
from shared.ports.clock import Clock
from shared.ports.connection import Connections
from shared.ports.operations import Audit, Change
from shared.ports.vendor import Breakers

NAMES = {Vendor.INTERCOM: "Intercom", Vendor.REFERRAL_FACTORY: "Referral Factory"}


class Disconnecting(Protocol):
    """What disconnecting needs of the environment."""

    @property
    def clock(self) -> Clock: ...
    @property
    def breakers(self) -> Breakers: ...
    @property
    def connections(self) -> Connections: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def intercom_secret(self) -> SecretStore: ...
    @property
    def referral_factory_secret(self) -> SecretStore: ...


def disconnect(environment: Disconnecting, who: str, vendor: Vendor) -> None:
    """The breaker first, since it stops every worker at its next call; then the connection's epoch and the stored token or
    key. Doing it twice does no harm."""
    now = environment.clock.now()
    environment.breakers.open(vendor, Breaker(BreakerKind.DISCONNECTED, FOREVER, now))
    if vendor is Vendor.INTERCOM:
        before = environment.connections.find()
        if before is not None and before.connected:
            environment.connections.save(replace(before, connected=False, epoch=before.epoch + 1))
        environment.intercom_secret.change(access_token="")
    else:
        environment.referral_factory_secret.change(api_key="")
    environment.audit.add(Change(now, who, f"Disconnected {NAMES[vendor]}."))
