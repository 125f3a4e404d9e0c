"""AWS in memory as template.yaml has it: tables, queues and secrets under their logical ids, and the functions' variables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.secretsmanager import FakeSecretsManager
from tests.fakes.sqs import FakeSQS
from tests.simulation.aws.blueprint import Blueprint, Function, queue_attributes, table_request, target_of

PARAMETERS = {
    "Stage": "prod",
    "ReferralFactoryCallsPerMinute": "300",
    "DeliveryConcurrency": "200",
    "SyncConcurrency": "8",
}
"""What a deployment for production sets; the others have the template's defaults."""
NAMES = {"HttpApi": "api", "AWS::Region": "eu-central-1", "AWS::URLSuffix": "amazonaws.com"}
API_HOST = "api.execute-api.eu-central-1.amazonaws.com"


READ_LAG = 2.0
"""Seconds by which reads are late that do not ask for what is there now."""


class Cloud:
    """The services. ``index_lag`` in seconds is how late the tables' indexes may follow; ``parameters`` are the template's,
    beside those of production."""

    def __init__(
        self,
        blueprint: Blueprint,
        now: Callable[[], float],
        seed: str,
        *,
        index_lag: float,
        duplicates: float,
        journal: bool,
        parameters: Mapping[str, str],
    ) -> None:
        lag_chance = Random(f"lag {seed}")
        lag: Callable[[], float] | float = (lambda: lag_chance.random() * index_lag) if index_lag else 0
        self.dynamodb = FakeDynamoDB(
            now, Random(f"dynamodb {seed}"), lag, read_lag_seconds=READ_LAG, journal=journal, journal_entries=1_000_000
        )
        self.sqs = FakeSQS(now, Random(f"sqs {seed}"), duplicate_probability=duplicates)
        self.secretsmanager = FakeSecretsManager(now, Random(f"secrets {seed}"))
        self._blueprint = blueprint
        self._parameters = blueprint.parameters | PARAMETERS | dict(parameters)
        self._addresses: dict[str, str] = dict(NAMES)
        self.arns: dict[str, str] = {}
        self._make_tables()
        self._make_queues()
        for name in blueprint.secrets:
            made = self.secretsmanager.create_secret(Name=name, SecretString="{}")
            self._addresses[name] = self.arns[name] = made["ARN"]

    def _make_tables(self) -> None:
        for name, made in self._blueprint.tables.items():
            self.dynamodb.create_table(TableName=name, **table_request(made))
            self.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=made["TimeToLiveSpecification"])
            self._addresses[name] = name

    def _make_queues(self) -> None:
        queues = self._blueprint.queues
        for name in sorted(queues, key=lambda one: "RedrivePolicy" in queues[one]):  # dead-letter queues first
            url = self.sqs.create_queue(QueueName=name, Attributes=queue_attributes(queues[name], self.arns))["QueueUrl"]
            self._addresses[name] = url
            attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
            self.arns[name] = attributes["QueueArn"]

    def queue_url(self, name: str) -> str:
        return self._addresses[name]

    def put_secret(self, name: str, **values: str) -> None:
        self.secretsmanager.put_secret_value(SecretId=name, SecretString=json.dumps(values))

    def variables_of(self, function: Function) -> dict[str, str]:
        """The environment of a function: references become names and addresses."""
        return {name: self.value(value) for name, value in function.variables.items()}

    def visible(self, queue: str) -> int:
        """Messages that could be received now."""
        return self.sqs.visible(self._addresses[queue])

    def oldest_age(self, queue: str) -> float:
        """As CloudWatch measures it: seconds."""
        return self.sqs.oldest_age(self._addresses[queue])

    def dead_letters_of(self, queue: str) -> str:
        """The address of the queue's dead-letter queue."""
        return self._addresses[target_of(self._blueprint.queues[queue]["RedrivePolicy"]["deadLetterTargetArn"])]

    def depth(self, queue: str) -> int:
        """All messages, visible or not."""
        return len(self.sqs.bodies(self._addresses[queue]))

    def redrive(self, dead_letters: str) -> None:
        """As an operator does: sends dead letters back to where they came from."""
        self.sqs.start_message_move_task(SourceArn=self.arns[dead_letters])

    def value(self, value: Any) -> str:
        """What a value of the template becomes."""
        match value:
            case str() | int():
                return str(value)
            case {"Fn::If": ["IsLocal" | "OwnDomain" | "OwnKey" | "InVpc", _, otherwise]}:
                return self.value(otherwise)
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([^}]+)\}", lambda name: self._named(name[1]), text)
        return self._named(target_of(value))

    def _named(self, name: str) -> str:
        return self._addresses.get(name) or self._parameters.get(name, "")
