"""A deployed stack as the doctor looks at it: the application's own code on its tables and secrets, and its clocks."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import cached_property
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
from tools.operating.deployment import Deployment

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


class LookedAt(Deployment):
    """With the settings of its own functions. ``skews``: seconds that a clock is ahead of this machine's."""

    def __init__(self, stack: str, client: Aws) -> None:
        super().__init__(stack, client)
        self.skews: dict[str, float] = {}
        self._clock = SystemClock()

    @cached_property
    def _description(self) -> Mapping[str, Any]:
        described = self.client("cloudformation").describe_stacks(StackName=self.stack)
        note_skew(self.skews, "AWS", described["ResponseMetadata"].get("HTTPHeaders", {}), self._clock)
        found: Mapping[str, Any] = described["Stacks"][0]
        return found

    @cached_property
    def environment(self) -> Onlooker:
        function = self.named("AWS::Lambda::Function").get(API_FUNCTION)
        if not function:
            raise NoDeploymentError(f"The stack {self.stack} has no {API_FUNCTION}: name a stack of this application.")
        configured = self.client("lambda").get_function_configuration(FunctionName=function)
        settings = settings_of(configured["Environment"]["Variables"], "admin_api")
        return Onlooker(settings, self.client, self._transport, self._clock, SystemChance(), EmbeddedMetrics())

    def _transport(self, settings: Settings) -> HttpTransport:
        real = RequestsTransport([settings.intercom_url, settings.referral_factory_api_url])
        return Listening(real, self._clock, self.skews)


def look_at(stack: str, client: Aws) -> LookedAt:
    """Raises NoDeploymentError and botocore's errors; ConfigurationError for settings that no function could start with."""
    deployment = LookedAt(stack, client)
    _ = deployment.status, deployment.environment
    return deployment
