"""A person connects Referral Factory with an API key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.connection.connection import Vendor
from shared.errors import ConnectionLostError, RejectedError
from shared.ports.aws import SecretStore
from shared.ports.connection import Account, AccountCampaign
from shared.ports.operations import Audit, Change
from shared.ports.vendor import VendorNotes
from shared.use_cases.connection.catch_up import CatchingUp, catch_up


class ConnectingReferralFactory(CatchingUp, Protocol):
    """What connecting needs of the environment."""

    @property
    def audit(self) -> Audit: ...
    @property
    def vendor_notes(self) -> VendorNotes: ...
    @property
    def referral_factory_secret(self) -> SecretStore: ...
    def account_of(self, key: str) -> Account: ...


def connect_referral_factory(environment: ConnectingReferralFactory, who: str, api_key: str) -> Sequence[AccountCampaign]:
    """Tries the key with one call, then stores it; answers the account's campaigns. Raises RejectedError for a key that is
    not taken, BlockedError while calls are stopped, and TransientError."""
    try:
        campaigns = environment.account_of(api_key).campaigns()
    except ConnectionLostError:
        raise RejectedError("Referral Factory does not take this API key.", vendor="referral_factory") from None
    environment.referral_factory_secret.change(api_key=api_key)
    now = environment.clock.now()
    notes = {"connected_at": now, "connected_by": who, "checked_at": now, "campaigns": len(campaigns)}
    environment.vendor_notes.save(Vendor.REFERRAL_FACTORY, notes)
    environment.audit.add(Change(now, who, "Connected Referral Factory."))
    catch_up(environment, Vendor.REFERRAL_FACTORY)
    return campaigns
