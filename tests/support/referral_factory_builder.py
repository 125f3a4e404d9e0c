"""A Referral Factory with a clock that tests move, and a caller that speaks JSON to it."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import urlencode

from sandbox.vendors.referral_factory import ReferralFactory, ReferralFactorySettings
from sandbox.vendors.wire import OutgoingWebhook, Request, Response

START = 1_800_000_000.0
HEADERS = {
    "Authorization": "Bearer local-referral-factory-key",
    "Accept": "application/json",
    "Content-Type": "application/json",
}


class Caller:
    """Calls the rules as an application and as a browser would. ``now`` is seconds since 1970."""

    def __init__(self, seed: int = 7, **settings: Any) -> None:
        self.now = START
        self.vendor = ReferralFactory(
            clock=lambda: self.now, chance=random.Random(seed), settings=ReferralFactorySettings(**settings)
        )

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        sent = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
        content = b"" if body is None else json.dumps(body).encode()
        return self.vendor.answer(Request.of(method, f"/api/v2{path}", sent, content))

    def read(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a call that must succeed."""
        response = self.call(method, path, body)
        assert response.status in (200, 201), response.body
        return json.loads(response.body)

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, set[str]]:
        """The status of a call, and the fields that its error names."""
        response = self.call(method, path, body)
        document = json.loads(response.body)
        assert document["code"] == response.status
        assert all(
            error == {"field": name, "message": error["message"]} for name, rows in document["errors"].items() for error in rows
        )
        return response.status, set(document["errors"])

    def create(self, email: str, **fields: Any) -> dict[str, Any]:
        body = {"campaign_id": 1, "first_name": "Eve", "email": email, **fields}
        return self.read("POST", "/users", body)["data"]

    def create_referral(self, email: str = "eve@example.com", referrer: str = "ada@example.com") -> dict[str, Any]:
        return self.create(email, referrer={"field": "email", "value": referrer})

    def user(self, email: str, campaign_id: int = 1) -> dict[str, Any]:
        """A user with their counts."""
        conditions = [
            {"field": "email", "operator": "=", "value": email},
            {"field": "campaign_id", "operator": "=", "value": str(campaign_id)},
        ]
        search = {"filters": {"operator": "AND", "value": conditions}}
        (found,) = self.read("POST", "/users/search?with=user.analytics", search)["data"]
        return found

    def qualify(self, email: str, *, qualified: bool = True) -> Response:
        return self.call("PUT", "/users/qualification", {"email": email, "campaign_id": 1, "qualified": qualified})

    def page(self, path: str, **headers: str) -> Response:
        return self.vendor.answer(Request.of("GET", path, headers))

    def submit(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Response:
        return self.vendor.answer(Request.of("POST", path, headers, urlencode(form or {}).encode()))

    def webhooks(self) -> list[OutgoingWebhook]:
        return self.vendor.take_webhooks(self.now)
