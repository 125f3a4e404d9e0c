"""A deployed stack as it is: its parts, its parameters, and the application's own code on its tables and secrets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from shared.adapters.clock import SystemChance, SystemClock
from shared.adapters.http.transport import HttpResponse, HttpTransport, RequestsTransport
from shared.adapters.intercom.workspace import IntercomWorkspace
from shared.adapters.referral_factory.account import ReferralFactoryAccount
from shared.config import Settings, settings_of
from shared.errors import FailureError, RateLimitedError
from shared.observability import EmbeddedMetrics
from shared.ports.clock import Clock
from shared.runtime.bootstrap import Environment
from shared.runtime.process import Aws
from shared.use_cases.vendor.guard_referral_factory import KeyCheckGuard

API_FUNCTION = "AdminApiFunction"


class NoDeploymentError(Exception):
    """There is nothing to look at; the message says what to do."""


class OnlookersGuard(KeyCheckGuard):
    """Within the deployment's limit and its pauses. A 429 is about the key, so it is a strike whoever called; all else may be
    this machine's own trouble (a firewall, a proxy) and must not stop the functions."""

    def report(self, error: FailureError | None) -> None:
        if isinstance(error, RateLimitedError):
            super().report(error)


class Onlooker(Environment):
    """The application's parts; its calls to the vendors open no breaker."""

    def workspace(self) -> IntercomWorkspace:
        token = self._secret_text(self.settings.intercom_secret_arn, "access_token")
        return IntercomWorkspace(self._transport, self.clock, token, self.settings.intercom_url, self.intercom_limiter)

    def account(self) -> ReferralFactoryAccount:
        key = self._secret_text(self.settings.referral_factory_secret_arn, "api_key")
        url, guard = self.settings.referral_factory_api_url, OnlookersGuard(self, self.referral_factory_limiter)
        return ReferralFactoryAccount(self._transport, key, url, guard)


class Listening:
    """A transport that notes how far each host's clock is from ours, in seconds."""

    def __init__(self, transport: HttpTransport, clock: Clock, skews: dict[str, float]) -> None:
        self._transport = transport
        self._clock = clock
        self._skews = skews

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> HttpResponse:
        response = self._transport.send(method, url, headers, body, timeout)
        note_skew(self._skews, url.split("/")[2], response.headers, self._clock)
        return response


def note_skew(skews: dict[str, float], who: str, headers: Mapping[str, str], clock: Clock) -> None:
    """A header without a readable date tells nothing."""
    try:
        there = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return
    skews[who] = there.timestamp() - clock.now()


@dataclass(frozen=True, slots=True)
class Deployment:
    """``resources``: type → logical id → physical id. ``skews``: seconds that a clock is ahead of this machine's."""

    stack: str
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    resources: Mapping[str, Mapping[str, str]]
    client: Aws
    environment: Onlooker
    skews: Mapping[str, float]

    @property
    def is_local(self) -> bool:
        return self.parameters.get("Stage") == "local"

    def named(self, kind: str) -> Mapping[str, str]:
        return self.resources.get(kind, {})


def look_at(stack: str, client: Aws) -> Deployment:
    """Raises NoDeploymentError and botocore's errors; ConfigurationError for settings that no function could start with."""
    cloudformation = client("cloudformation")
    clock, skews = SystemClock(), dict[str, float]()
    described = cloudformation.describe_stacks(StackName=stack)
    note_skew(skews, "AWS", described["ResponseMetadata"].get("HTTPHeaders", {}), clock)
    found = described["Stacks"][0]
    resources: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for entry in _resources(cloudformation, stack):
        resources[entry["ResourceType"]][entry["LogicalResourceId"]] = entry.get("PhysicalResourceId", "")
    function = resources["AWS::Lambda::Function"].get(API_FUNCTION)
    if not function:
        raise NoDeploymentError(f"The stack {stack} has no {API_FUNCTION}: name a stack of this application.")
    configured = client("lambda").get_function_configuration(FunctionName=function)
    settings = settings_of(configured["Environment"]["Variables"], "admin_api")

    def transport(known: Settings) -> HttpTransport:
        real = RequestsTransport([known.intercom_url, known.referral_factory_api_url])
        return Listening(real, clock, skews)

    return Deployment(
        stack,
        found["StackStatus"],
        {entry["ParameterKey"]: entry["ParameterValue"] for entry in found.get("Parameters", [])},
        {entry["OutputKey"]: entry["OutputValue"] for entry in found.get("Outputs", [])},
        resources,
        client,
        Onlooker(settings, client, transport, clock, SystemChance(), EmbeddedMetrics()),
        skews,
    )


def _resources(cloudformation: Any, stack: str) -> Sequence[Mapping[str, Any]]:
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return [entry for page in pages for entry in page["StackResourceSummaries"]]
