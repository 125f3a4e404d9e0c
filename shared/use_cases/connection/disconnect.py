"""A person disconnects a vendor: all syncing stops, queued work too; no row and no setting is deleted."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.connection.connection import FOREVER, Breaker, BreakerKind, Vendor
from shared.ports.operations import Change
from shared.use_cases.environment import Environment

NAMES = {Vendor.INTERCOM: "Intercom", Vendor.REFERRAL_FACTORY: "Referral Factory"}


def disconnect(environment: Environment, who: str, vendor: Vendor) -> None:
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
