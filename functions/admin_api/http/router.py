"""Which function answers which call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, problem


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` with ``{names}``, each one segment. ``operation`` is its entry in the OpenAPI description."""

    method: str
    path: str
    answer: Callable[[Environment, HttpRequest], HttpAnswer]
    operation: Mapping[str, Any] = field(default_factory=dict)
    noted: bool = False
    """Who looks is kept: it shows one person's data."""
    looks: bool = False
    """It changes nothing, though it is no GET."""

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters, None when it is another path."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


Answering = Callable[[Environment, HttpRequest, Route], HttpAnswer]


def dispatch(routes: Iterable[Route], environment: Environment, request: HttpRequest, answering: Answering) -> HttpAnswer:
    """404 for an unknown path, 405 for a known one with another method. HEAD is GET without the body."""
    method = "GET" if request.method == "HEAD" else request.method
    allowed: set[str] = set()
    for route in routes:
        parameters = route.match(request.path)
        if parameters is None:
            continue
        if route.method == method:
            answer = answering(environment, replace(request, path_parameters=parameters), route)
            return replace(answer, body="") if request.method == "HEAD" else answer
        allowed.add(route.method)
    if not allowed:
        return problem(404, "Not found", "There is nothing at this address.")
    methods = sorted(allowed | ({"HEAD"} if "GET" in allowed else set()))
    return problem(
        405, "Method not allowed", f"This address takes {', '.join(methods)}.", headers={"allow": ", ".join(methods)}
    )
