"""What is kept of a call: written before the act, completed after it."""

from __future__ import annotations

import re

from functions.admin_api.http.access import actor_of
from functions.admin_api.http.reading import is_a_look, takes_csv
from functions.admin_api.http.router import Route
from shared.errors import TransientError
from shared.observability import logger
from shared.ports.operations import Change, Result
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest
from shared.use_cases.operations.keep_act import kept_act

REFUSED = "Was refused: in no group that may do this."
_PLAIN = re.compile(r"[0-9A-Za-z_-]{1,100}")


def answer_audited(environment: Environment, request: HttpRequest, route: Route) -> HttpAnswer:
    """The route's answer. Raises what it raises, and TransientError when nothing could be kept: then nothing was done."""
    exports = takes_csv(request) and "text/csv" in route.operation["responses"]["200"].get("content", {})
    if route.method == "GET" and not exports:
        if route.noted:
            environment.audit.note(_noted(environment, request, _named(route, request), Result.LOOKED))
        return route.answer(environment, request)
    if route.looks:
        return route.answer(environment, request)
    what = f"Exported a table ({route.path})." if exports else _named(route, request)
    with kept_act(environment, actor_of(request), what) as act:
        answer = route.answer(environment, request)
        if answer.status >= 400:
            act.result = Result.REFUSED
    return answer


def note_refusal(environment: Environment, request: HttpRequest) -> None:
    """Somebody who is signed in and may not do it. Nobody is let in because it could not be kept, so it does not raise."""
    what = REFUSED if is_a_look(request) else f"{REFUSED} It was {'an export' if takes_csv(request) else 'a change'}."
    try:
        environment.audit.note(_noted(environment, request, what, Result.REFUSED))
    except TransientError:
        logger.warning("refusal not kept")


def _noted(environment: Environment, request: HttpRequest, what: str, result: Result) -> Change:
    return Change.of(actor_of(request), environment.clock.now(), what, result)


def _named(route: Route, request: HttpRequest) -> str:
    """Ids as they were asked for; what is no id of ours is left out, for somebody may have typed an address."""
    path = route.path
    for name, value in request.path_parameters.items():
        path = path.replace(f"{{{name}}}", value if _PLAIN.fullmatch(value) else "…")
    return f"{route.operation['summary']} ({route.method} {path})"
