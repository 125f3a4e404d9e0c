"""The routes of webhooks that nobody could read."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from functions.admin_api.http.access import author_of
from functions.admin_api.http.openapi import OPAQUE_PAGING, operation
from functions.admin_api.http.reading import paging
from functions.admin_api.http.router import Route
from shared.adapters.admin import referral_answers as answers
from shared.errors import MalformedPayloadError, NotFoundError, RejectedError
from shared.ports.signup import Quarantined
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer
from shared.use_cases.operations.replay_quarantined import discard_quarantined, find_quarantined, replay_quarantined

_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")
QUARANTINE_ID: Mapping[str, Any] = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,100}$"},
}


def get_quarantine(environment: Environment, request: HttpRequest) -> HttpAnswer:
    page = environment.quarantine_shelf.list(*paging(request))
    return json_answer(200, answers.QuarantinePage(items=[_row(body) for body in page.items], cursor=page.cursor))


def get_quarantined(environment: Environment, request: HttpRequest) -> HttpAnswer:
    body = find_quarantined(environment, _id(request))
    text = base64.b64decode(body.body).decode("utf-8", "replace")
    return json_answer(200, answers.QuarantinedBody(quarantined=_row(body), content_type=body.content_type, text=text))


def post_replay(environment: Environment, request: HttpRequest) -> HttpAnswer:
    try:
        replay_quarantined(environment, author_of(request.claims), _id(request))
    except MalformedPayloadError as error:  # the stored body, not the call
        raise RejectedError(f"It still cannot be read: {error}") from None
    return json_answer(200, answers.Done(message="It was read and is delivered now."))


def delete(environment: Environment, request: HttpRequest) -> HttpAnswer:
    discard_quarantined(environment, author_of(request.claims), _id(request))
    return json_answer(200, answers.Done(message="It was discarded."))


def _id(request: HttpRequest) -> str:
    text = request.path_parameters["id"]
    if not _ID.fullmatch(text):
        raise NotFoundError("This message is no longer here.")
    return text


def _row(body: Quarantined) -> answers.QuarantinedAnswer:
    return answers.QuarantinedAnswer(
        id=body.id,
        campaign_id=body.campaign_id,
        event=body.event,
        reason=body.reason,
        received_at=body.received_at,
        size=len(body.body) // 4 * 3 - body.body[-2:].count("="),
    )


ROUTES = (
    Route(
        "GET",
        "/api/quarantine",
        get_quarantine,
        operation(
            "Webhooks nobody could read, newest first", answers.QuarantinePage, parameters=OPAQUE_PAGING, problems=(400,)
        ),
    ),
    Route(
        "GET",
        "/api/quarantine/{id}",
        get_quarantined,
        operation(
            "One message that could not be read, with its body",
            answers.QuarantinedBody,
            parameters=(QUARANTINE_ID,),
            problems=(404,),
        ),
        noted=True,
    ),
    Route(
        "POST",
        "/api/quarantine/{id}/replay",
        post_replay,
        operation(
            "Read it again, after the aliases were mended", answers.Done, parameters=(QUARANTINE_ID,), problems=(404, 422)
        ),
    ),
    Route(
        "DELETE",
        "/api/quarantine/{id}",
        delete,
        operation("Throw it away", answers.Done, parameters=(QUARANTINE_ID,), problems=(404,)),
    ),
)
