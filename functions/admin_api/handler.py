"""The API of the console, for people in the admin group; those in the viewer group may look."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from typing import Any

from functions.admin_api.http.access import Role, role_of
from functions.admin_api.http.audited import answer_audited, note_refusal
from functions.admin_api.http.openapi import describe, refusals
from functions.admin_api.http.reading import is_a_look
from functions.admin_api.http.router import Route, dispatch
from functions.admin_api.routes import (
    connection,
    oauth,
    overview,
    people,
    preview,
    quarantine,
    referral_acts,
    referrals,
    results,
    trial,
    workspace,
)
from functions.admin_api.routes.campaigns import ROUTES as CAMPAIGN_ROUTES
from functions.admin_api.routes.campaigns import remarks
from functions.admin_api.routes.syncs import ROUTES as SYNC_ROUTES
from shared.domain.connection.connection import Vendor
from shared.errors import (
    BlockedError,
    ConflictError,
    ConnectionLostError,
    InvalidSettingsError,
    MalformedPayloadError,
    NotFoundError,
    PermanentError,
    TransientError,
)
from shared.observability import logger
from shared.runtime import bootstrap
from shared.runtime.bootstrap import Environment
from shared.runtime.http import Event, HttpAnswer, HttpRequest, json_answer, method_of, problem, too_large

MAX_BODY = 256 * 1024
SILENT = {"intercom": "Intercom does not answer now. ", "referral_factory": "Referral Factory does not answer now. "}


def get_openapi(_: Environment, request: HttpRequest) -> HttpAnswer:
    """Its 125 kB are sent once for each release: the console asks for them on each page of a campaign."""
    answer = _description()
    return replace(answer, status=304, body="") if answer.headers["etag"] in request.header("if-none-match") else answer


@cache
def _description() -> HttpAnswer:
    answer = json_answer(200, describe(ROUTES), {"cache-control": "no-cache"})
    etag = f'"{hashlib.sha256(str(answer.body).encode()).hexdigest()[:32]}"'
    return replace(answer, headers={**answer.headers, "etag": etag})


ROUTES = (
    *connection.ROUTES,
    *workspace.ROUTES,
    *CAMPAIGN_ROUTES,
    *SYNC_ROUTES,
    *preview.ROUTES,
    *trial.ROUTES,
    *referrals.ROUTES,
    *referral_acts.ROUTES,
    *quarantine.ROUTES,
    *people.ROUTES,
    *results.ROUTES,
    *overview.ROUTES,
    Route(
        "GET",
        "/api/openapi.json",
        get_openapi,
        {
            "summary": "This description",
            "responses": {
                "200": {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}},
                "304": {"description": "Unchanged"},
                **refusals(),
            },
        },
    ),
)


def lambda_handler(event: Event, context: Any) -> dict[str, Any]:
    """One call of the API; every error becomes a problem here."""
    environment = bootstrap.environment("admin_api")
    environment.begin(context, event)
    try:
        answer = _answer(environment, event)
    except Exception:  # noqa: BLE001  # the caller gets a problem, the log the reason
        logger.exception("admin call failed")
        answer = problem(500, "Internal error", "Something went wrong here; the log says what.")
    finally:
        environment.flush()
    # No path and no query: they may hold what was typed. The access log has the path under the same request id.
    logger.info("admin call answered", method=method_of(event), status=answer.status)
    return answer.event()


def _answer(environment: Environment, event: Event) -> HttpAnswer:
    if too_large(event, MAX_BODY):
        return problem(413, "Too large", f"The body may have {MAX_BODY // 1024} kB.")
    try:
        request = HttpRequest.of(event)
        if request.path == connection.CALLBACK_PATH and request.method == "GET":
            return oauth.finish(environment, request)
        settings = environment.settings
        role = role_of(request, settings)
        if role is None or (role is Role.VIEWER and not is_a_look(request)):
            note_refusal(environment, request)
            yours = "You may look, not change or export. " if role else ""
            return problem(403, "Forbidden", f"{yours}Only members of the group {settings.admin_group} may do this.")
        return dispatch(ROUTES, environment, request, answer_audited)
    except MalformedPayloadError as error:
        return problem(400, "Bad request", str(error))
    except NotFoundError as error:
        return problem(404, "Not found", str(error))
    except InvalidSettingsError as error:
        detail = "The settings cannot be saved; each problem is listed with its place."
        return problem(422, "Invalid settings", detail, errors=remarks(error.problems))
    except ConflictError as error:
        return problem(409, "Conflict", str(error))
    except ConnectionLostError as error:
        name = "Referral Factory" if error.vendor == Vendor.REFERRAL_FACTORY else "Intercom"
        return problem(409, "Not connected", f"{name} is not connected, or no longer takes our credentials. Connect it again.")
    except BlockedError as error:
        return problem(409, "Stopped", str(error))
    except PermanentError as error:
        return problem(422, "Refused", str(error))
    except TransientError as error:
        logger.warning("admin call has to be repeated", error=type(error).__name__, vendor=error.vendor)
        seconds = str(round(max(1, min(error.retry_after or 1, 60))))
        detail = f"{SILENT.get(error.vendor, '')}Please try again in a moment."
        return problem(503, "Unavailable", detail, headers={"retry-after": seconds})
