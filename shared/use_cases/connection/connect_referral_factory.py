"""A person connects Referral Factory with an API key."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.domain.connection.connection import Vendor
from shared.errors import ConnectionLostError, RejectedError
from shared.ports.connection import AccountCampaign
from shared.ports.operations import Change
from shared.use_cases.connection.catch_up import catch_up
from shared.use_cases.environment import Environment


def connect_referral_factory(
    environment: Environment, who: str, api_key: str, agree: Callable[[Sequence[AccountCampaign]], None] | None = None
) -> Sequence[AccountCampaign]:
    """Tries the key with one call, then stores it; answers the account's campaigns. Raises RejectedError for a key that is
    not taken, BlockedError while calls are stopped, TransientError, and what ``agree`` raises: then nothing is stored."""
    try:
        campaigns = environment.account_of(api_key).campaigns()
    except ConnectionLostError:
        raise RejectedError("Referral Factory does not take this API key.", vendor="referral_factory") from None
    if agree is not None:
        agree(campaigns)
    environment.referral_factory_secret.change(api_key=api_key)
    now = environment.clock.now()
    notes = {"connected_at": now, "connected_by": who, "checked_at": now, "campaigns": len(campaigns)}
    environment.vendor_notes.save(Vendor.REFERRAL_FACTORY, notes)
    environment.audit.add(Change(now, who, "Connected Referral Factory."))
    catch_up(environment, Vendor.REFERRAL_FACTORY)
    return campaigns
