"""A deployed stack of an ``App`` as an operator's credentials reach it: CloudFormation, STS, Lambda and logs beside the app's
own tables, queues and secrets."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

from tests.fakes.errors import client_error
from tests.support.builders import App
from tools.doctor.deployment import LookedAt
from tools.operating.deployment import QUEUES, Deployment

ARN = "arn:aws:sts::123456789012:assumed-role/Operator/nina"
TABLES = {"CampaignsTableName": "campaigns", "ReferralsTableName": "referrals"}
SECRETS = {
    "IntercomSecretArn": "intercom",
    "IntercomAppSecretArn": "intercom_app",
    "ReferralFactorySecretArn": "referral_factory",
    "WebhookSecretArn": "webhook",
}
WORKERS = ("DeliverContact", "QualifyReferral", "UpdateReferrer", "Reconcile", "SyncPage")
FUNCTIONS = (*WORKERS, "SignupWebhook", "Sweep")


class Aws:
    """``aws(service)``. ``calls``: what was asked of which service, in order."""

    def __init__(self, app: App, outputs: dict[str, str] | None = None) -> None:
        self._app = app
        self._outputs = {"ApplicationVersion": "0.0.1"} | self._queues() | (TABLES | SECRETS if outputs is None else outputs)
        self.calls: list[str] = []
        self.mappings = dict.fromkeys(WORKERS, "Enabled")
        self.lines: dict[str, list[tuple[float, str]]] = {}

    def _queues(self) -> dict[str, str]:
        app, urls = self._app, {}
        for name in QUEUES:
            urls[f"{name}QueueUrl"] = getattr(app.settings, f"{name.lower()}_queue_url")
        for name in (*QUEUES, "Schedule"):
            made = app.sqs.create_queue(QueueName=f"{name.lower()}-dead", Attributes={"VisibilityTimeout": "30"})
            urls[f"{name}DeadLetterQueueUrl"] = made["QueueUrl"]
        return urls

    def __call__(self, service: str) -> Any:
        apps = {"dynamodb": self._app.dynamodb, "secretsmanager": self._app.secrets, "sqs": self._app.sqs}
        return Watched(service, apps.get(service, self), self.calls)

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's names, here and below
        return {
            "Stacks": [
                {
                    "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in self._outputs.items()],
                    "Parameters": [
                        {"ParameterKey": "Stage", "ParameterValue": "local"},
                        {"ParameterKey": "IntercomApiUrl", "ParameterValue": self._app.settings.intercom_api_url},
                    ],
                }
            ]
        }

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": ARN, "UserId": "AROA:nina", "Account": "123456789012"}

    def list_stack_resources(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        functions = [("AWS::Lambda::Function", f"{name}Function", f"x-{name}") for name in FUNCTIONS]
        mappings = [("AWS::Lambda::EventSourceMapping", f"{name}FunctionQueue", name) for name in WORKERS]
        names = ("ResourceType", "LogicalResourceId", "PhysicalResourceId")
        return {"StackResourceSummaries": [dict(zip(names, row, strict=True)) for row in (*functions, *mappings)]}

    def get_event_source_mapping(self, UUID: str) -> dict[str, str]:  # noqa: N803
        return {"UUID": UUID, "State": self.mappings[UUID]}

    def update_event_source_mapping(self, UUID: str, Enabled: bool) -> None:  # noqa: N803
        self.mappings[UUID] = "Enabled" if Enabled else "Disabled"

    def filter_log_events(self, logGroupName: str, startTime: int, filterPattern: str = "") -> dict[str, Any]:  # noqa: N803
        if logGroupName not in self.lines:
            raise client_error("filter_log_events", "ResourceNotFoundException")
        return {
            "events": [
                {"timestamp": int(at * 1000), "message": text}
                for at, text in self.lines[logGroupName]
                if at * 1000 >= startTime
            ]
        }

    def describe_log_streams(self, logGroupName: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if logGroupName not in self.lines:
            raise client_error("describe_log_streams", "ResourceNotFoundException")
        return {"logStreams": [{"lastEventTimestamp": int(self.lines[logGroupName][-1][0] * 1000)}]}

    def log(self, function: str, text: str) -> None:
        self.lines.setdefault(f"/x/{function}", []).append((self._app.clock.now(), text))


class Watched:
    """A client whose calls are noted."""

    def __init__(self, service: str, client: Any, calls: list[str]) -> None:
        self._service, self._client, self._calls = service, client, calls

    @property
    def exceptions(self) -> Any:
        return self._client.exceptions

    def get_paginator(self, operation: str) -> Pages:
        return Pages(getattr(self, operation))

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)

        def call(**request: Any) -> Any:
            self._calls.append(f"{self._service}.{name}")
            return real(**request)

        return call


class Pages:
    """A paginator of one page."""

    def __init__(self, operation: Any) -> None:
        self._operation = operation

    def paginate(self, **request: Any) -> Iterator[Any]:
        yield self._operation(**request)


def changed(deployment: LookedAt, **values: Any) -> LookedAt:
    """One of which something else is known, for example its ``parameters``."""
    other = copy(deployment)
    other.__dict__.update(values)
    return other


class AppDeployment(Deployment):
    """The stack ``x``, with the app's own environment: its clock, its vendors."""

    def __init__(self, app: App, aws: Aws | None = None) -> None:
        self.aws = aws or Aws(app)
        super().__init__("x", self.aws)
        self.__dict__["environment"] = app.environment
