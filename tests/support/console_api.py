"""The console's API over the whole application in memory, with both vendors' rules."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from functions.admin_api import handler
from tests.support.admin_api import Answer, sample, sign_in
from tests.support.builders import App

ADMIN: dict[str, Any] = {"groups": ["admins"], "email": "mara@example.com", "sub": "x"}
CONSOLE = "http://127.0.0.1:8000/"


class Recorded:
    """A client that remembers which operations were called."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.called: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.called.append(name)
        return getattr(self.real, name)


@dataclass
class Console:
    """Calls the API as a person in the group. ``cookies`` are the browser's."""

    app: App = field(default_factory=App)
    cookies: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=lambda: dict(ADMIN))

    def __post_init__(self) -> None:
        self.app.settings = replace(
            self.app.settings, admin_group="admins", viewer_group="viewers", groups_claim="groups", console_url=CONSOLE
        )
        self.app.environment = self.app.new_environment()
        self.app.set_secret("intercom_app", client_id="local-client-id", client_secret="local-client-secret")

    def call(self, method: str, path: str, body: Any = None, query: str = "", **headers: str) -> Answer:
        event = sample("admin_api_get_campaign")
        event |= {"rawPath": path, "rawQueryString": query}
        event["cookies"] = [f"{name}={value}" for name, value in self.cookies.items()]
        event["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
        event["requestContext"]["http"] |= {"method": method, "path": path}
        sign_in(event, self.claims)
        if body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        answer = self.app.invoke(handler, event)
        for cookie in answer.get("cookies", ()):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def get(self, path: str, query: str = "", **headers: str) -> Any:
        answer = self.call("GET", path, query=query, **headers)
        assert answer.status == 200, answer.text
        return answer.json

    def post(self, path: str, body: Any = None) -> Any:
        answer = self.call("POST", path, {} if body is None else body)
        assert answer.status in {200, 201}, answer.text
        return answer.json

    def callback(self, query: str) -> Answer:
        """A browser comes back from Intercom: no token."""
        claims, self.claims = self.claims, {}
        try:
            return self.call("GET", "/oauth/intercom/callback", query=query)
        finally:
            self.claims = claims

    def audit_lines(self) -> list[str]:
        """What admins changed, oldest first."""
        return [row["what"] for row in reversed(self.kept()) if row["result"] == "done"]

    def kept(self) -> list[dict[str, Any]]:
        """Every row of who did what, newest first."""
        before, self.claims = self.claims, ADMIN
        try:
            rows: list[dict[str, Any]] = self.get("/api/connection/changes", "limit=100")["items"]
            return rows
        finally:
            self.claims = before

    def secret(self, name: str) -> dict[str, str]:
        value: dict[str, str] = json.loads(self.app.secrets.get_secret_value(SecretId=name)["SecretString"])
        return value
