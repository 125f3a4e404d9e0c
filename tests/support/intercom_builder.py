"""A stand-in Intercom with a clock that the test moves, and short ways to call it."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from sandbox.vendors.intercom import Intercom, IntercomSettings
from sandbox.vendors.wire import OutgoingWebhook, Request, Response
from tests.support.clock import VirtualClock

NOON = 1_795_003_200.0
"""2026-11-18 12:00:00 UTC, a Wednesday; 13:00 in Berlin."""


class IntercomUnderTest:
    """Calls the rules as the server does. Without seeded people and without search lag unless asked for."""

    def __init__(self, **settings: Any) -> None:
        self.clock = VirtualClock(NOON)
        chosen = IntercomSettings()
        chosen.change({"seed": False, "search_lag_seconds": 0.0, **settings})
        self.vendor = Intercom(clock=self.clock, chance=Random(1), settings=chosen)

    def send(self, method: str, target: str, body: Any = None, **headers: str | None) -> Response:
        """``body`` as JSON, bytes as they are; a header given as None is left out, underscores become hyphens."""
        sent: dict[str, str | None] = {
            "Authorization": "Bearer local-intercom-token",
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Intercom-Version": "2.16",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kept = {name: value for name, value in sent.items() if value is not None}
        return self.vendor.answer(Request.of(method, target, kept, content))

    def call(self, method: str, target: str, body: Any = None, status: int = 200, **headers: str | None) -> Any:
        """The answer's JSON, after its status was checked; None for an empty body."""
        response = self.send(method, target, body, **headers)
        assert response.status == status, response.body.decode()
        return json.loads(response.body) if response.body else None

    def error(self, method: str, target: str, body: Any, status: int, **headers: str | None) -> tuple[str, str]:
        """Code and message of an error answer."""
        answer = self.call(method, target, body, status, **headers)
        assert answer["type"] == "error.list"
        assert len(answer["request_id"]) == 20
        return answer["errors"][0]["code"], answer["errors"][0]["message"]

    def a_user(self, email: str = "ada@example.com", **fields: Any) -> dict[str, Any]:
        return self.call("POST", "/contacts", {"role": "user", "email": email, **fields})

    def a_lead(self, email: str = "dora@example.com", **fields: Any) -> dict[str, Any]:
        return self.call("POST", "/contacts", {"role": "lead", "email": email, **fields})

    def search(self, query: Any, **more: Any) -> dict[str, Any]:
        return self.call("POST", "/contacts/search", {"query": query, **more})

    def found(self, field: str, operator: str, value: Any) -> set[str]:
        """The e-mails of the contacts that one filter finds."""
        return {one["email"] for one in self.search({"field": field, "operator": operator, "value": value})["data"]}

    def webhooks(self) -> list[OutgoingWebhook]:
        return self.vendor.take_webhooks(self.clock.at)

    def notifications(self) -> list[dict[str, Any]]:
        """The bodies of the notifications that are due."""
        return [json.loads(webhook.body) for webhook in self.webhooks() if webhook.body]
