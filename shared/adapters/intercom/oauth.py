"""Connecting by OAuth. https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from shared.adapters.http.transport import HttpTransport
from shared.adapters.intercom.errors import says_nothing
from shared.domain.timing import INTERCOM_TIMEOUT
from shared.errors import RejectedError, UnavailableError
from shared.ports.connection import OAuth

INTERCOM = "intercom"
CONSENT_PAGE = "https://app.intercom.com/oauth"


class IntercomOAuth(OAuth):
    """``stand_in``: its pages are beside its API."""

    def __init__(self, transport: HttpTransport, base_url: str, *, stand_in: bool) -> None:
        self._transport = transport
        self._base_url = base_url.rstrip("/")
        self._page = f"{self._base_url}/oauth" if stand_in else CONSENT_PAGE

    def address(self, client_id: str, state: str, redirect_uri: str) -> str:
        return f"{self._page}?{urlencode({'client_id': client_id, 'state': state, 'redirect_uri': redirect_uri})}"

    def exchange(self, client_id: str, client_secret: str, code: str) -> str:
        """See ``OAuth.exchange``. Sent once: a code works once."""
        body = json.dumps({"code": code, "client_id": client_id, "client_secret": client_secret}).encode("ascii")
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        response = self._transport.send("POST", f"{self._base_url}/auth/eagle/token", headers, body, INTERCOM_TIMEOUT)
        if says_nothing(response.status):
            raise UnavailableError(f"Intercom answered {response.status}", vendor=INTERCOM, status=response.status)
        try:
            document: Any = json.loads(response.body)
            token = document.get("access_token") or document.get("token")
        except (ValueError, AttributeError, RecursionError):
            token = None
        if response.status != 200 or not isinstance(token, str) or not token:
            raise RejectedError("Intercom does not take the code, or the app's client id or secret.", vendor=INTERCOM)
        return token
