"""The admin API over the in-memory DynamoDB, called with the events of events/."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from functions.admin_api import handler
from shared.adapters.clock import SystemChance
from shared.config import Settings
from shared.domain.contact import Attribute
from shared.domain.person import Person
from shared.errors import ApplicationError
from shared.runtime import bootstrap
from tests.fakes.dynamodb import FakeDynamoDB
from tests.simulation.aws.blueprint import create_ledger_table
from tests.support.clock import NOW, KeptMetrics, VirtualClock
from tests.support.documents import example

ROOT = Path(__file__).parents[2]
TABLE = "campaigns"
GROUP = "referral-admins"


class Workspace:
    """Intercom, as far as settings need it: its attributes, or ``failure``."""

    def __init__(self) -> None:
        self.failure: ApplicationError | None = None
        names = ["referral_link", "referrer_first_name", "referrer_email", "referral_campaign", "lead_source"]
        found = [Attribute(f"custom_attributes.{name}", "string") for name in names]
        found += [Attribute(f"custom_attributes.{name}", "integer") for name in ("referral_count", "converted_referral_count")]
        found += [Attribute("custom_attributes.referral_status", "string", options=("New", "Connected", "Lost"))]
        self.known = {attribute.name: attribute for attribute in found}

    def attributes(self) -> Mapping[str, Attribute]:
        if self.failure:
            raise self.failure
        return self.known

    def read_attributes(self) -> Mapping[str, Attribute]:
        return self.attributes()


@dataclass
class PageOfPeople:
    people: list[tuple[int, Person]]
    last_page: int | None


class Account:
    """Referral Factory, as far as the activation needs it: the ids of its pages, or ``failure``."""

    def __init__(self) -> None:
        self.failure: ApplicationError | None = None
        self.pages: list[list[int]] = [[7, 9]]
        self.asked: list[int] = []

    def users(self, page: int) -> PageOfPeople:
        self.asked.append(page)
        if self.failure:
            raise self.failure
        return PageOfPeople([(1, Person(user_id)) for user_id in self.pages[page - 1]], len(self.pages))


class AdminEnvironment(bootstrap.Environment):
    workspace: Workspace
    account: Account

    def referral_factory(self) -> Any:
        return self.account

    def intercom(self) -> Any:
        return self.workspace


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Api:
    """Calls the handler. ``claims`` are those of the next calls."""

    environment: AdminEnvironment
    claims: dict[str, Any] = field(default_factory=lambda: {"groups": [GROUP, "ops"], "email": "mara@example.com", "sub": "x"})

    @property
    def workspace(self) -> Workspace:
        return self.environment.workspace

    def play(self, event: dict[str, Any]) -> Answer:
        answer = handler.lambda_handler(event, None)
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def call(self, method: str, path: str, body: Any = None, query: str = "", **headers: str) -> Answer:
        event = sample("admin_api_get_campaign")
        event |= {"rawPath": path, "rawQueryString": query}
        event["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
        event["requestContext"]["http"] |= {"method": method, "path": path}
        sign_in(event, self.claims)
        if body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        return self.play(event)

    def put(self, document: Any, **headers: str) -> Answer:
        return self.call("PUT", f"/api/campaigns/{document['campaign_id']}", document, **headers)


def sign_in(event: dict[str, Any], claims: Mapping[str, Any]) -> None:
    """The event of a person whose token holds these claims, as API Gateway hands it on; nobody's when there are none."""
    if not claims:
        event["headers"].pop("authorization", None)
        event["requestContext"]["authorizer"] = {"jwt": {"claims": {}}}
        return
    claims = {"iss": "https://login.example.com", **claims}
    event["headers"]["authorization"] = f"Bearer {encoded({'alg': 'RS256'})}.{encoded(claims)}.c2lnbmF0dXJl"
    event["requestContext"]["authorizer"] = {"jwt": {"claims": {name: as_text(value) for name, value in claims.items()}}}


def encoded(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def as_text(value: Any) -> str:
    """A claim as API Gateway copies it: a list becomes words with spaces between."""
    if isinstance(value, list):
        return f"[{' '.join(map(str, value))}]"
    return value if isinstance(value, str) else json.dumps(value)


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return event


@pytest.fixture
def api() -> Iterator[Api]:
    database = FakeDynamoDB(lambda: NOW, random.Random(1))
    create_ledger_table(database, TABLE)
    settings = Settings(stage="local", campaigns_table=TABLE, admin_group=GROUP, groups_claim="groups")

    def no_transport(_: Settings) -> Any:
        raise AssertionError("no call leaves the tests")

    environment = AdminEnvironment(settings, lambda _: database, no_transport, VirtualClock(), SystemChance(), KeptMetrics())
    environment.workspace = Workspace()
    environment.account = Account()
    with bootstrap.use(environment):
        yield Api(environment)


@pytest.fixture
def document() -> dict[str, Any]:
    """A campaign that may be active."""
    return example()
