"""The application in this process: the real handlers and adapters over AWS and both vendors in memory.

Time is virtual and moves only when told. The bench measures in it; the tests of the sample events play them in it.
"""

from __future__ import annotations

import importlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.vendors.intercom import Intercom, IntercomSettings
from sandbox.vendors.referral_factory import ReferralFactory, ReferralFactorySettings
from sandbox.vendors.wire import Request, Response
from shared.adapters.http import HttpResponse
from shared.config import Settings
from shared.domain.campaign import Document
from shared.errors import UnavailableError
from shared.ports.services import Metrics
from shared.runtime import bootstrap
from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.secretsmanager import FakeSecretsManager
from tests.fakes.sqs import FakeSQS

NOW = 1_795_305_600.0
"""2026-11-22 00:00:00 UTC."""
INTERCOM = "http://intercom.test"
REFERRAL_FACTORY = "http://referral-factory.test"
WEBHOOK_SECRET = "sample-webhook-secret"
QUEUES = ("delivery", "reconcile")
KEY = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
INDEXES = {"DueIndex": ("due_partition", "due_at"), "ListingIndex": ("list_partition", "listed_at")}


class WorldClock:
    """Virtual seconds since 1970."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += max(0.0, seconds)


class WorldChance:
    """The same chance in every run."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def fraction(self) -> float:
        return self.random.random()

    def token(self) -> str:
        return f"{self.random.getrandbits(128):032x}"


@dataclass
class Counted:
    """Metrics that are kept instead of written out."""

    counts: dict[str, float] = field(default_factory=dict)
    gauges: dict[str, float] = field(default_factory=dict)

    def count(self, name: str, value: float = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + value

    def gauge(self, name: str, value: float, unit: str = "Seconds") -> None:
        del unit
        self.gauges[name] = value

    def flush(self) -> None:
        """Nothing to write out."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a vendor's API by us."""

    vendor: str
    method: str
    path: str
    status: int


class Context:
    """Lambda's context: an invocation with all its time left."""

    def __init__(self, seconds: float = 45.0) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)


class World:
    """One deployment with its vendors. Use ``invoke`` for a handler, ``deliver_all`` for what waits in the queue."""

    def __init__(self, seed: int = 1, metrics: Metrics | None = None) -> None:
        self.clock = WorldClock()
        self.chance = WorldChance(seed)
        self.metrics: Any = metrics or Counted()
        self.calls: list[Call] = []
        self.intercom = Intercom(clock=self.clock.now, chance=self.chance.random, settings=IntercomSettings())
        self.referral_factory = ReferralFactory(
            clock=self.clock.now, chance=self.chance.random, settings=ReferralFactorySettings(public_url=REFERRAL_FACTORY)
        )
        self.dynamodb = FakeDynamoDB(self.clock.now, self.chance.random)
        self.sqs = FakeSQS(self.clock.now, self.chance.random)
        self.secrets = FakeSecretsManager(self.clock.now, self.chance.random)
        self.queue_urls = {name: self.sqs.create_queue(QueueName=name)["QueueUrl"] for name in QUEUES}
        self._create_tables()
        self._create_secrets()
        self.environment = self.new_environment()

    def new_environment(self) -> bootstrap.Environment:
        """As a worker that has just started: nothing cached."""
        return bootstrap.Environment(
            Settings(
                stage="local",
                campaigns_table="campaigns",
                referrals_table="referrals",
                delivery_queue_url=self.queue_urls["delivery"],
                reconcile_queue_url=self.queue_urls["reconcile"],
                webhook_secret_arn="webhook",
                intercom_secret_arn="intercom",
                intercom_api_url=INTERCOM,
                referral_factory_secret_arn="referral-factory",
                referral_factory_api_url=f"{REFERRAL_FACTORY}/api/v2",
                admin_group="referral-admins",
                groups_claim="groups",
            ),
            lambda service: {"dynamodb": self.dynamodb, "sqs": self.sqs, "secretsmanager": self.secrets}[service],
            lambda _: self,
            self.clock,
            self.chance,
            self.metrics,
        )

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> HttpResponse:
        """Implements ``shared.adapters.http.HttpTransport`` on the vendors' rules."""
        del timeout
        is_intercom = url.startswith(INTERCOM)
        vendor = self.intercom if is_intercom else self.referral_factory
        request = Request.of(method, url.removeprefix(INTERCOM if is_intercom else REFERRAL_FACTORY), headers, body or b"")
        response: Response = vendor.answer(request)
        self.calls.append(Call(vendor.name, method, request.path, response.status))
        if response.status == 0:
            raise UnavailableError("closed without an answer")
        return HttpResponse(response.status, {n.lower(): v for n, v in response.headers.items()}, response.body)

    def configure(self, document: Document, known_up_to: int | None = 0) -> None:
        """Saves a campaign's settings as the next version."""
        campaigns = self.environment.campaigns
        before = campaigns.find(int(document["campaign_id"]))
        campaigns.save(document, before.version if before else None, "mara@example.com", self.clock.now())
        if known_up_to is not None:
            campaigns.mark_known(int(document["campaign_id"]), known_up_to)

    def invoke(self, function: str, event: Mapping[str, Any], seconds: float = 45.0) -> Any:
        """What the function answers; ``seconds`` are those Lambda leaves it."""
        handler = importlib.import_module(f"functions.{function}.handler").lambda_handler
        with bootstrap.use(self.environment):
            return handler(event, Context(seconds))

    def bodies(self, queue: str) -> list[dict[str, Any]]:
        """The messages of a queue (``delivery``, ``reconcile``), received or not."""
        return [json.loads(body) for body in self.sqs.bodies(self.queue_urls[queue])]

    def receive(self, queue: str, count: int = 5) -> dict[str, Any] | None:
        """The next messages as SQS hands them to a function; None when none is visible."""
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_urls[queue], MaxNumberOfMessages=count, MessageSystemAttributeNames=["All"]
        )
        records = [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {},
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue}",
                "awsRegion": "eu-central-1",
            }
            for message in answer.get("Messages", [])
        ]
        return {"Records": records} if records else None

    def deliver(self, event: Mapping[str, Any]) -> list[str]:
        """Hands the event to deliver_contact and deletes what succeeded; answers the ids of what failed."""
        failed = [entry["itemIdentifier"] for entry in self.invoke("deliver_contact", event)["batchItemFailures"]]
        for record in event["Records"]:
            if record["messageId"] not in failed:
                self.sqs.delete_message(QueueUrl=self.queue_urls["delivery"], ReceiptHandle=record["receiptHandle"])
        return failed

    def deliver_all(self) -> None:
        """Until no message of the delivery queue is visible."""
        while event := self.receive("delivery"):
            self.deliver(event)

    def contacts(self, email: str) -> list[Any]:
        """Intercom's contacts with that e-mail, archived ones included; without search lag."""
        return [contact for contact in self.intercom.workspace.contacts.values() if contact.email == email]

    def _create_tables(self) -> None:
        names = {"pk": "S", "sk": "S", "due_partition": "S", "due_at": "N", "list_partition": "S", "listed_at": "N"}
        indexes = [
            {
                "IndexName": name,
                "KeySchema": [{"AttributeName": hash_, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
            for name, (hash_, sort) in INDEXES.items()
        ]
        for table, with_indexes in (("campaigns", False), ("referrals", True)):
            attributes = names if with_indexes else {"pk": "S", "sk": "S"}
            self.dynamodb.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in attributes.items()],
                KeySchema=KEY,
                **({"GlobalSecondaryIndexes": indexes} if with_indexes else {}),
            )

    def _create_secrets(self) -> None:
        values = {
            "webhook": {"current": WEBHOOK_SECRET, "next": ""},
            "intercom": {"access_token": self.intercom.settings.tokens[0], "client_id": "", "client_secret": ""},
            "referral-factory": {"api_key": "local-referral-factory-key"},
        }
        for name, value in values.items():
            self.secrets.create_secret(Name=name, SecretString=json.dumps(value))
