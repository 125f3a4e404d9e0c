"""A person connects an Intercom workspace: by OAuth, or with an access token."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

from shared.domain.connection.connection import Connection, Vendor
from shared.errors import ConflictError, ConnectionLostError, FailureError, RejectedError
from shared.ports.connection import OAuthState, Workspace
from shared.ports.operations import Actor, Change
from shared.use_cases.connection.catch_up import catch_up
from shared.use_cases.environment import Environment

STATE_SECONDS = 600.0
"""Seconds that a person has for allowing the app in Intercom."""
CALLBACK = "oauth/intercom/callback"
APP = ("client_id", "client_secret")
PENDING = "pending_"
"""Begins the names of what is tried while another app's secret still verifies the webhooks."""


class StateRefusedError(ConflictError):
    """The answer of Intercom belongs to nobody who asked for it here. The message is for the person who sees it."""


def begin_oauth(
    environment: Environment, by: Actor, console_url: str, client_id: str | None, client_secret: str | None
) -> tuple[str, str]:
    """The address to go to, and the cookie's value for this browser. Client id and secret are stored when they are given;
    while a workspace is connected they replace those in use only once Intercom has taken them.

    Raises RejectedError when the app's client id or secret is not known yet.
    """
    given = {"client_id": client_id, "client_secret": client_secret}
    stored = environment.intercom_app_secret.read()
    changed = {name: value for name, value in given.items() if value and value != stored.get(name)}
    secrets = {**stored, **changed}
    if not secrets.get("client_id") or not secrets.get("client_secret"):
        raise RejectedError("Copy the app's client ID and secret from Intercom's Developer Hub first.", vendor="intercom")
    forgotten = {PENDING + name: "" for name in APP if stored.get(PENDING + name)}
    tried = (
        {PENDING + name: value for name, value in changed.items()}
        if environment.intercom_secret.read().get("access_token")
        else changed
    )
    if forgotten or tried:
        environment.intercom_app_secret.change(**{**forgotten, **tried})
    if changed:
        environment.audit.add(Change(environment.clock.now(), by.who, "Stored the Intercom app's client ID or secret."))
    state, cookie = environment.chance.token(), environment.chance.token()
    expires_at = environment.clock.now() + STATE_SECONDS
    environment.oauth_states.add(_hash(state), OAuthState(by, _hash(cookie), expires_at))
    return environment.intercom_oauth.address(secrets["client_id"], state, console_url + CALLBACK), cookie


def take_state(environment: Environment, state: str) -> OAuthState:
    """Who began it. Raises StateRefusedError."""
    begun = environment.oauth_states.take(_hash(state))
    if begun is None:
        raise StateRefusedError("This way to connect was used already, is too old, or was not begun here.")
    return begun


def finish_oauth(environment: Environment, region: str, begun: OAuthState, cookie: str, code: str) -> Connection:
    """What Intercom's answer leads to. Raises StateRefusedError, RejectedError, ConflictError and TransientError."""
    if not hmac.compare_digest(begun.cookie_hash, _hash(cookie)):
        raise StateRefusedError("Connecting was begun in another browser.")
    if not code:
        raise RejectedError("Intercom was not allowed to connect.", vendor="intercom")
    secret = environment.intercom_app_secret.read()
    pending = {name: secret[PENDING + name] for name in APP if secret.get(PENDING + name)}
    client_id, client_secret = (pending.get(name) or secret.get(name, "") for name in APP)
    token = environment.intercom_oauth.exchange(client_id, client_secret, code)
    return _connect(environment, begun.by.who, region, token, {**pending, **{PENDING + name: "" for name in pending}})


def connect_with_token(
    environment: Environment, who: str, region: str, token: str, client_id: str | None, client_secret: str | None
) -> Connection:
    """Tries the token, then stores it. ``region`` empty: any. Raises RejectedError for a token that Intercom does not take,
    ConflictError while another workspace is connected, and TransientError."""
    given = {"client_id": client_id, "client_secret": client_secret}
    return _connect(environment, who, region, token, {name: value for name, value in given.items() if value})


def check_workspace(environment: Environment, workspace: Workspace) -> list[str]:
    """Looks which permissions are missing and keeps the answer. Raises what the workspace raises."""
    missing = list(workspace.missing_permissions())
    notes = {**environment.vendor_notes.find(Vendor.INTERCOM), "missing_permissions": missing}
    environment.vendor_notes.save(Vendor.INTERCOM, {**notes, "checked_at": environment.clock.now()})
    return missing


def _connect(environment: Environment, who: str, region: str, token: str, others: dict[str, str]) -> Connection:
    workspace = environment.workspace_of(token)
    try:
        found = workspace.identify()
    except ConnectionLostError:
        raise RejectedError("Intercom does not take this access token.", vendor="intercom") from None
    before = _connected_before(environment, token)
    if before and before.connected and before.workspace_id != found.workspace_id:
        name = before.name or before.workspace_id
        raise ConflictError(f"The workspace “{name}” is connected. Disconnect it before another one is connected.")
    if region and found.region != region:
        raise ConflictError(
            f"This workspace is hosted in the region {found.region}, and this deployment calls {region}. Deploy it again with "
            f"IntercomRegion={found.region}."
        )
    environment.intercom_secret.change(access_token=token)
    if others:
        environment.intercom_app_secret.change(**others)
    if before:
        found = found.after(before)
    connection = replace(found, connected=True)
    environment.connections.save(connection)
    now = environment.clock.now()
    environment.vendor_notes.save(Vendor.INTERCOM, {"connected_at": now, "connected_by": who})
    environment.audit.add(Change(now, who, f"Connected the Intercom workspace “{found.name or found.workspace_id}”."))
    _check_quietly(environment, workspace)
    catch_up(environment, Vendor.INTERCOM)
    return connection


def _connected_before(environment: Environment, token: str) -> Connection | None:
    """The connection; of a token that was stored by hand and is not used yet, its workspace, if Intercom takes it."""
    connection = environment.connections.find()
    stored = environment.intercom_secret.read().get("access_token", "")
    if connection or stored in {"", token}:
        return connection
    try:
        return environment.workspace_of(stored).identify()
    except FailureError:
        return None


def _check_quietly(environment: Environment, workspace: Workspace) -> None:
    """The connection stands, whatever comes of the check: it can be asked for again."""
    try:
        check_workspace(environment, workspace)
    except FailureError:
        return


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
