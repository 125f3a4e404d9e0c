"""Which function answers which call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from shared.config import Settings
from shared.ports.connection import Account, Workspace
from shared.ports.qualification import Qualifications
from shared.ports.referrer import Referrers, Rewards
from shared.ports.vendor import IntercomUsage, ReferralFactoryUsage
from shared.ports.vendors import Intercom, ReferralFactory
from shared.runtime.http import HttpAnswer, HttpRequest, problem
from shared.use_cases.campaign.preview_contact import Previewing
from shared.use_cases.connection.connect_intercom import Connecting
from shared.use_cases.connection.connect_referral_factory import ConnectingReferralFactory
from shared.use_cases.connection.disconnect import Disconnecting
from shared.use_cases.connection.rotate_webhook_secret import Rotating
from shared.use_cases.operations.read_overview import ReadingOverview
from shared.use_cases.signup.replay_quarantined import Rereading
from shared.use_cases.signup.replay_referrals import Replaying
from shared.use_cases.sync.read_syncs import ReadingSyncs
from shared.use_cases.sync.start_sync import StartingSync


class Environment(
    Connecting,
    ConnectingReferralFactory,
    Disconnecting,
    Rotating,
    Replaying,
    Rereading,
    Previewing,
    ReadingOverview,
    ReadingSyncs,
    StartingSync,
    Protocol,
):
    """What the routes need of ``shared.runtime.bootstrap``'s environment."""

    @property
    def settings(self) -> Settings: ...
    @property
    def qualifications(self) -> Qualifications: ...
    @property
    def referrers(self) -> Referrers: ...
    @property
    def rewards(self) -> Rewards: ...
    @property
    def intercom_limiter(self) -> IntercomUsage: ...
    @property
    def referral_factory_limiter(self) -> ReferralFactoryUsage: ...

    def intercom(self) -> Intercom: ...

    def referral_factory(self) -> ReferralFactory: ...

    def workspace(self) -> Workspace: ...

    def account(self) -> Account: ...


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` with ``{names}``, each one segment. ``operation`` is its entry in the OpenAPI description."""

    method: str
    path: str
    answer: Callable[[Environment, HttpRequest], HttpAnswer]
    operation: Mapping[str, Any] = field(default_factory=dict)

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters, None when it is another path."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


def dispatch(routes: Iterable[Route], environment: Environment, request: HttpRequest) -> HttpAnswer:
    """404 for an unknown path, 405 for a known one with another method. HEAD is GET without the body."""
    method = "GET" if request.method == "HEAD" else request.method
    allowed: set[str] = set()
    for route in routes:
        parameters = route.match(request.path)
        if parameters is None:
            continue
        if route.method == method:
            answer = route.answer(environment, replace(request, path_parameters=parameters))
            return replace(answer, body="") if request.method == "HEAD" else answer
        allowed.add(route.method)
    if not allowed:
        return problem(404, "Not found", "There is nothing at this address.")
    methods = sorted(allowed | ({"HEAD"} if "GET" in allowed else set()))
    return problem(
        405, "Method not allowed", f"This address takes {', '.join(methods)}.", headers={"allow": ", ".join(methods)}
    )
