"""How both vendors are connected, out of what is stored: no vendor is called, so it answers while they are down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.connection.connection import Breaker, BreakerKind, Connection, Vendor
from shared.domain.vendor.limits import Strikes
from shared.use_cases.environment import Environment

WARNING = (
    "Referral Factory's own Intercom integration must be off for the campaigns that are set up here, or leads come to Intercom "
    "twice."
)
_STOPPED = {
    BreakerKind.FAILING: "{vendor} does not answer. It is tried again by itself.",
    BreakerKind.REFUSED: "{vendor} refuses this application: {words} Nobody is lost: what waits goes on by itself when it is "
    "mended.",
    BreakerKind.STRIKE: "{vendor} said that too many calls came. Calls pause for five minutes.",
    BreakerKind.CONNECTION_LOST: "{vendor} no longer takes our credentials. Connect it again; what waits goes on then.",
    BreakerKind.BLOCKED: "{vendor} refuses calls from here. They pause for hours, so that the block is not made longer.",
    BreakerKind.DISCONNECTED: "{vendor} was disconnected by a person.",
}
NAMES = {Vendor.INTERCOM: "Intercom", Vendor.REFERRAL_FACTORY: "Referral Factory"}


@dataclass(frozen=True, slots=True)
class VendorState:
    """``problem`` empty: nothing is wrong."""

    vendor: Vendor
    connected: bool
    problem: str = ""
    breaker: Breaker | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    received: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """Both vendors. Of secrets only whether they are there; ``client_id`` is public."""

    intercom: VendorState
    referral_factory: VendorState
    workspace: Connection | None
    strikes: Strikes
    client_id: str
    has_client_secret: bool
    has_current_secret: bool
    has_next_secret: bool


def read_connection(environment: Environment) -> ConnectionState:
    """Raises TransientError when our own tables or secrets cannot be read."""
    app, key = environment.intercom_app_secret.read(), environment.referral_factory_secret.read()
    hooks = environment.webhook_secret.read()
    workspace = environment.connections.find()
    strikes = environment.strikes.find(Vendor.REFERRAL_FACTORY)
    has_workspace = bool(environment.intercom_secret.read().get("access_token")) and (workspace is None or workspace.connected)
    intercom = _state(environment, Vendor.INTERCOM, connected=has_workspace)
    account = _state(environment, Vendor.REFERRAL_FACTORY, connected=bool(key.get("api_key")), strikes=strikes)
    return ConnectionState(
        intercom=intercom,
        referral_factory=account,
        workspace=workspace,
        strikes=strikes,
        client_id=app.get("client_id", ""),
        has_client_secret=bool(app.get("client_secret")),
        has_current_secret=bool(hooks.get("current")),
        has_next_secret=bool(hooks.get("next")),
    )


def problem_of(vendor: Vendor, breaker: Breaker | None, strikes: Strikes, *, connected: bool) -> str:
    """What is wrong with a vendor now, in plain words; empty for nothing."""
    name = NAMES[vendor]
    if strikes.stopped:
        return f"All calls to {name} are stopped after two warnings, until a person lifts the stop."
    if breaker is not None:
        words = breaker.words if breaker.words.endswith(".") else f"{breaker.words}."
        return _STOPPED[breaker.kind].format(vendor=name, words=words)
    return "" if connected else f"{name} is not connected."


def _state(environment: Environment, vendor: Vendor, *, connected: bool, strikes: Strikes | None = None) -> VendorState:
    breaker = environment.breakers.find(vendor)
    connected = connected and not (breaker is not None and breaker.kind is BreakerKind.DISCONNECTED)
    problem = problem_of(vendor, breaker, strikes or Strikes(), connected=connected)
    notes, received = environment.vendor_notes.find(vendor), environment.figures.last_received(vendor)
    return VendorState(vendor, connected, problem, breaker, notes, received)
