"""What the console's API asks of AWS is what its role allows, route by route; and the role allows nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from functions.admin_api.handler import ROUTES
from shared.domain.signup.state import State
from shared.ports.signup import Quarantined
from tests.support.admin_api import Answer
from tests.support.clock import NOW
from tests.support.console_api import Console
from tests.support.roles import Asked, actions, refused, unused
from tests.unit.connection.test_connecting_by_oauth import allowed, begin
from tests.unit.operations.test_activity import add
from tests.unit.operations.test_changes import CHANGES, SYNC, UNREAD

NAMES = {
    "campaigns": "CampaignsTable",
    "referrals": "ReferralsTable",
    **{queue: f"{queue.capitalize()}Queue" for queue in ("delivery", "reconcile", "sync")},
    "webhook": "WebhookSecret",
    "intercom": "IntercomSecret",
    "intercom_app": "IntercomAppSecret",
    "referral_factory": "ReferralFactorySecret",
}
"""What the in-memory deployment calls the template's resources."""


class Noting:
    """A client whose requests are noted while the API works."""

    def __init__(self, service: str, client: Any, noted: Asked) -> None:
        self._service, self._client, self._noted = service, client, noted
        self.on = False

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if not callable(real):
            return real

        def call(**request: Any) -> Any:
            if self.on:
                plain = {key: f"x:{value}-x" if key == "SecretId" else value for key, value in request.items()}
                for action, resource, key in actions(self._service, name, plain):
                    first, _, rest = resource.partition("/")
                    resource_name = f"{NAMES.get(first, first)}{'/' if rest else ''}{rest}"
                    self._noted.add(("admin_api", action, resource_name, key))
            return real(**request)

        return call


class NotedConsole(Console):
    """Only what the API itself asks for is noted, not what a test sets up."""

    def __init__(self, noted: Asked) -> None:
        super().__init__()
        app = self.app
        self.clients = [Noting(*pair, noted) for pair in (("dynamodb", app.dynamodb), ("sqs", app.sqs))]
        self.clients.append(Noting("secretsmanager", app.secrets, noted))
        app.dynamodb, app.sqs, app.secrets = self.clients  # type: ignore[assignment]
        app.environment = app.new_environment()
        self.called: set[str] = set()

    def call(self, method: str, path: str, body: Any = None, query: str = "", **headers: str) -> Answer:
        for client in self.clients:
            client.on = True
        answer = super().call(method, path, body, query, **headers)
        for client in self.clients:
            client.on = False
        assert answer.status < 400, f"{method} {path}: {answer.text}"
        return answer


def set_up(noted: Asked) -> NotedConsole:
    console = NotedConsole(noted)
    app = console.app
    app.configure(sync=SYNC, aliases={"person": "id", "mail": "email"})
    add(app, 7, state=State.FAILED)
    app.environment.quarantine.add(Quarantined("q1", "1", "joined", "odd", "application/json", UNREAD, NOW))
    return console


@pytest.fixture(scope="module")
def noted() -> Asked:
    """Every route was called, each change in a world of its own."""
    found: Asked = set()
    for act, _ in CHANGES.values():
        act(set_up(found))
    console = set_up(found)
    console.call("POST", "/api/connection/intercom/check", {})
    console.call("POST", "/api/campaigns/1/preview", {"user_id": 7})
    run_id = console.call("POST", "/api/campaigns/1/syncs", {}).json["run_id"]
    for path in {route.path for route in ROUTES if route.method == "GET"}:
        ids = {"id": "q1" if "quarantine" in path else "1", "campaign_id": "1", "user_id": "7", "run_id": run_id}
        console.call("GET", path.format(**ids))
    for query in ("campaign_id=1", "state=failed", "email=p7@example.com", "attention=true"):
        console.call("GET", "/api/referrals", query=query)
    assert console.callback(allowed(console, begin(console))).status == 303
    app = {"client_id": "local-client-id", "client_secret": "local-client-secret"}
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token", **app})
    return found


def test_no_route_asks_for_what_the_role_refuses(noted: Asked) -> None:
    assert len(noted) > 50
    assert refused(noted) == []


def test_the_role_allows_nothing_that_no_route_asks_for(noted: Asked) -> None:
    assert unused(noted, "admin_api") == []


def test_a_missing_permission_is_noticed(noted: Asked) -> None:
    odd = ("admin_api", "dynamodb:DeleteItem", "CampaignsTable", "CAMPAIGNS")
    assert refused({*noted, odd}) == [odd]
