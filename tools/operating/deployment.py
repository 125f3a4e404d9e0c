"""A deployed stack: its tables, queues, secrets and functions, found by what CloudFormation says of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from shared.adapters.clock import SystemChance, SystemClock
from shared.adapters.http.transport import HttpTransport, RequestsTransport
from shared.config import Settings
from shared.observability import EmbeddedMetrics
from shared.runtime.bootstrap import Environment
from tools.operating.operator import OperatingError

_OUTPUTS = {
    "campaigns_table": "CampaignsTableName",
    "referrals_table": "ReferralsTableName",
    "delivery_queue_url": "DeliveryQueueUrl",
    "reconcile_queue_url": "ReconcileQueueUrl",
    "qualification_queue_url": "QualificationQueueUrl",
    "referrer_queue_url": "ReferrerQueueUrl",
    "sync_queue_url": "SyncQueueUrl",
    "webhook_secret_arn": "WebhookSecretArn",
    "intercom_secret_arn": "IntercomSecretArn",
    "intercom_app_secret_arn": "IntercomAppSecretArn",
    "referral_factory_secret_arn": "ReferralFactorySecretArn",
}
_PARAMETERS = {
    "stage": "Stage",
    "intercom_region": "IntercomRegion",
    "intercom_api_url": "IntercomApiUrl",
    "referral_factory_api_url": "ReferralFactoryApiUrl",
    "referral_factory_calls_per_minute": "ReferralFactoryCallsPerMinute",
    "delivery_concurrency": "DeliveryConcurrency",
    "sync_concurrency": "SyncConcurrency",
}
QUEUES = ("Delivery", "Qualification", "Referrer", "Reconcile", "Sync")


@dataclass(frozen=True, slots=True)
class Handing:
    """The event source mapping that hands a queue's messages to a function. ``state`` is Lambda's: Enabled, Disabled, or on
    its way to one of them."""

    uuid: str
    state: str

    @property
    def is_on(self) -> bool:
        return self.state in ("Enabled", "Enabling", "Creating", "Updating")


class Deployment:
    """``client`` makes a boto3 client of a service; it is asked once for each, for a client is some megabytes."""

    def __init__(self, stack: str, client: Callable[[str], Any]) -> None:
        self.stack = stack
        self.client = cache(client)

    @cached_property
    def _description(self) -> Mapping[str, Any]:
        stacks: list[Mapping[str, Any]] = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        return stacks[0]

    @cached_property
    def outputs(self) -> dict[str, str]:
        return {entry["OutputKey"]: entry["OutputValue"] for entry in self._description.get("Outputs", [])}

    def output(self, name: str) -> str:
        """Raises OperatingError when there is none."""
        if not self.outputs.get(name):
            raise OperatingError(f"The stack {self.stack} has no output {name!r}: is it this application's, and up to date?")
        return self.outputs[name]

    @cached_property
    def parameters(self) -> dict[str, str]:
        return {entry["ParameterKey"]: entry["ParameterValue"] for entry in self._description.get("Parameters", [])}

    @cached_property
    def status(self) -> str:
        return str(self._description["StackStatus"])

    @property
    def is_local(self) -> bool:
        return self.parameters.get("Stage") == "local"

    @cached_property
    def environment(self) -> Environment:
        """The application's own parts on that stack's tables, queues and secrets."""
        for name in ("CampaignsTableName", "ReferralsTableName"):
            self.output(name)
        settings = Settings(
            **{slot: self.outputs[name] for slot, name in _OUTPUTS.items() if name in self.outputs},
            **{slot: self.parameters[name] for slot, name in _PARAMETERS.items() if name in self.parameters},
        )
        return Environment(settings, self.client, _transport, SystemClock(), SystemChance(), EmbeddedMetrics())

    @cached_property
    def _resources(self) -> list[tuple[str, str, str]]:
        """Type, logical id and physical id of each resource."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.stack)
        return [
            (row["ResourceType"], row["LogicalResourceId"], row.get("PhysicalResourceId", ""))
            for page in pages
            for row in page["StackResourceSummaries"]
        ]

    def named(self, kind: str) -> dict[str, str]:
        """Logical id → physical id of each resource of that type."""
        return {logical: physical for one, logical, physical in self._resources if one == kind}

    @cached_property
    def functions(self) -> dict[str, str]:
        """``deliver-contact`` → the function's name in Lambda."""
        return {kebab(logical): name for logical, name in self.named("AWS::Lambda::Function").items()}

    def function(self, name: str) -> str:
        """The function's name in Lambda. Raises OperatingError that lists those there are."""
        if kebab(name) not in self.functions:
            raise OperatingError(f"Unknown function {name}. The stack has: {', '.join(sorted(self.functions))}.")
        return self.functions[kebab(name)]

    def log_group(self, name: str) -> str:
        self.function(name)
        return f"/{self.stack}/{kebab(name)}"

    def handing(self, name: str) -> Handing | None:
        """None: no queue feeds that function."""
        begins = f"{self._logical(name)}Function"
        for logical, uuid in self.named("AWS::Lambda::EventSourceMapping").items():
            if logical.startswith(begins):
                return Handing(uuid, self.client("lambda").get_event_source_mapping(UUID=uuid).get("State", ""))
        return None

    def _logical(self, name: str) -> str:
        self.function(name)
        return "".join(word.capitalize() for word in kebab(name).split("-"))

    def dead_letter_queue(self, name: str) -> str:
        return self.output(f"{name}DeadLetterQueueUrl")

    def queue(self, name: str) -> str:
        return self.output(f"{name}QueueUrl")


def kebab(name: str) -> str:
    """``DeliverContactFunction``, ``DeliverContact`` or ``deliver_contact`` → ``deliver-contact``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name.removesuffix("Function")).replace("_", "-").lower()


def _transport(settings: Settings) -> HttpTransport:
    """To the two vendors' APIs alone."""
    return RequestsTransport(url for url in (settings.intercom_url, settings.referral_factory_api_url) if url)
