"""The routes of a campaign's sync runs."""

from __future__ import annotations

from typing import Any

from functions.admin_api.http.access import author_of
from functions.admin_api.http.openapi import CAMPAIGN_ID, PAGING, operation
from functions.admin_api.http.reading import number_in_path, paging
from functions.admin_api.http.router import Route
from shared.adapters.admin import sync_answers as answers
from shared.domain.sync.run import SyncRun
from shared.errors import ConflictError
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer, problem
from shared.use_cases.sync.read_syncs import cancel_run, read_run, read_runs
from shared.use_cases.sync.start_sync import start_once

RUN_ID: dict[str, Any] = {
    "name": "run_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9]{1,12}$"},
}


def post_sync(environment: Environment, request: HttpRequest) -> HttpAnswer:
    try:
        run = start_once(environment, number_in_path(request, "id"), author_of(request.claims))
    except ConflictError as error:
        return problem(409, "Conflict", str(error))
    return _answer(environment, run, 202)


def get_syncs(environment: Environment, request: HttpRequest) -> HttpAnswer:
    campaign_id = number_in_path(request, "id")
    page = read_runs(environment, campaign_id, *paging(request))
    now = environment.clock.now()
    items = [answers.run_answer(run, now) for run in page.items]
    problems = list(environment.campaigns.get(campaign_id).problems)
    return json_answer(200, answers.SyncRunPage(items=items, cursor=page.cursor, problems=problems))


def get_sync(environment: Environment, request: HttpRequest) -> HttpAnswer:
    return _answer(environment, read_run(environment, number_in_path(request, "id"), request.path_parameters["run_id"]), 200)


def post_cancel(environment: Environment, request: HttpRequest) -> HttpAnswer:
    campaign_id, run_id = number_in_path(request, "id"), request.path_parameters["run_id"]
    return _answer(environment, cancel_run(environment, campaign_id, run_id, author_of(request.claims)), 200)


def _answer(environment: Environment, run: SyncRun, status: int) -> HttpAnswer:
    return json_answer(status, answers.run_answer(run, environment.clock.now()), {"cache-control": "no-cache"})


def _started() -> dict[str, Any]:
    """As ``operation`` writes it, but with 202 for the answer: the run goes on by itself."""
    made = operation(
        "Start a sync run now; it reads everybody",
        answers.SyncRunAnswer,
        parameters=(CAMPAIGN_ID,),
        problems=(404,),
        description="Refused with 409 while another run of the campaign is open, with 422 unless it is active and has a sync.",
    )
    made["responses"]["202"] = {**made["responses"].pop("200"), "description": "Begun"}
    for status, text in ((409, "Another run is open"), (422, "The campaign is not active, or has no sync")):
        made["responses"][str(status)] = {**made["responses"]["404"], "description": text}
    return made


ROUTES = (
    Route("POST", "/api/campaigns/{id}/syncs", post_sync, _started()),
    Route(
        "GET",
        "/api/campaigns/{id}/syncs",
        get_syncs,
        operation(
            "List the sync runs, newest first; `problems` are what a person has to see to",
            answers.SyncRunPage,
            parameters=(CAMPAIGN_ID, *PAGING),
            problems=(400, 404),
        ),
    ),
    Route(
        "GET",
        "/api/campaigns/{id}/syncs/{run_id}",
        get_sync,
        operation("How far a sync run is", answers.SyncRunAnswer, parameters=(CAMPAIGN_ID, RUN_ID), problems=(404,)),
    ),
    Route(
        "POST",
        "/api/campaigns/{id}/syncs/{run_id}/cancel",
        post_cancel,
        operation(
            "Cancel a sync run; one that has ended stays as it ended",
            answers.SyncRunAnswer,
            parameters=(CAMPAIGN_ID, RUN_ID),
            problems=(404,),
        ),
    ),
)
