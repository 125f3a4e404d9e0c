"""Which function answers which call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from shared.config import Settings
from shared.ports.repositories import Breakers, Campaigns, SyncRuns
from shared.ports.services import Clock, Intercom, MessageQueue, Metrics, ReferralFactory
from shared.runtime.http import HttpAnswer, HttpRequest, problem


class Environment(Protocol):
    """What the routes need of ``shared.runtime.bootstrap``'s environment."""

    @property
    def campaigns(self) -> Campaigns: ...

    @property
    def breakers(self) -> Breakers: ...

    @property
    def sync_runs(self) -> SyncRuns: ...

    @property
    def sync_queue(self) -> MessageQueue: ...

    @property
    def metrics(self) -> Metrics: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def settings(self) -> Settings: ...

    def intercom(self) -> Intercom: ...

    def referral_factory(self) -> ReferralFactory: ...

    def time_left(self) -> float: ...


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
