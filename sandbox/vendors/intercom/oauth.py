"""Installing the app: a person allows it, the app exchanges the code for a token, and can end it all.

https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from sandbox.vendors.intercom.errors import ApiError, invalid
from sandbox.vendors.intercom.webhooks import Notifier
from sandbox.vendors.intercom.workspace import Workspace
from sandbox.vendors.wire import Request

CODE_SECONDS = 600.0


def check_authorization(workspace: Workspace, client_id: str, redirect_uri: str) -> str:
    """The address to go back to; the first registered one when none is asked for. Raises ApiError 400."""
    settings = workspace.settings
    if client_id != settings.client_id:
        raise invalid("Unknown client_id", "client_id")
    registered = settings.redirect_uris
    address = redirect_uri or (registered[0] if registered else "")
    is_loopback = urlsplit(address).hostname in {"127.0.0.1", "localhost"}
    if address not in registered and not (not registered and is_loopback):
        raise invalid("redirect_uri is not registered for this app", "redirect_uri")
    return address


def allow(workspace: Workspace, redirect_uri: str, state: str) -> str:
    """The address that the person's browser goes to, with a fresh code."""
    code = workspace.new_text(40) + "="
    workspace.codes[code] = workspace.now()
    return _with_query(redirect_uri, {"code": code, "state": state})


def deny(redirect_uri: str, state: str) -> str:
    return _with_query(redirect_uri, {"error": "access_denied", "state": state})


def exchange(workspace: Workspace, request: Request) -> dict[str, Any]:
    """A code for a token, once, as a form or JSON. Raises ApiError 401."""
    given = _read_form_or_json(request)
    settings = workspace.settings
    made_at = workspace.codes.get(given.get("code", ""))
    is_app = given.get("client_id") == settings.client_id and given.get("client_secret") == settings.client_secret
    if made_at is None or not is_app or workspace.now() - made_at > CODE_SECONDS:
        raise ApiError(401, "unauthorized", "Unauthorized Code")
    del workspace.codes[given["code"]]
    token = "tok_" + workspace.new_text(40)
    settings.tokens.append(token)
    return {"token_type": "Bearer", "token": token, "access_token": token}


def uninstall(workspace: Workspace, notifier: Notifier) -> None:
    """All tokens end and no more webhooks are sent."""
    workspace.settings.tokens.clear()
    notifier.uninstalled()


def _read_form_or_json(request: Request) -> dict[str, str]:
    if "json" in request.headers.get("content-type", ""):
        try:
            document = json.loads(request.body)
        except ValueError:
            return {}
        return {name: str(value) for name, value in document.items()} if isinstance(document, dict) else {}
    return {name: values[0] for name, values in parse_qs(request.body.decode(errors="replace")).items()}


def _with_query(address: str, query: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
