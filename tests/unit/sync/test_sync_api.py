"""Runs over the API: what is answered is what the description says, and progress adds up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.admin_api import handler as admin_api
from shared.adapters.admin.sync_answers import SyncRunAnswer, SyncRunPage
from tests.support.syncing import SyncApp

EVENT = json.loads((Path(__file__).parents[3] / "events" / "admin_api_list_syncs.json").read_text())


@pytest.fixture
def app() -> SyncApp:
    made = SyncApp()
    made.settings = replace(made.settings, admin_group="referral-admins", groups_claim="groups")
    made.environment = made.new_environment()
    made.choose()
    return made


def call(app: SyncApp, method: str, path: str, query: str = "") -> tuple[int, Any]:
    event = json.loads(json.dumps(EVENT)) | {"rawPath": f"/api/campaigns/{path}", "rawQueryString": query}
    event["requestContext"]["http"] |= {"method": method, "path": event["rawPath"]}
    answer = app.invoke(admin_api, event)
    return answer["statusCode"], json.loads(answer["body"])


def test_a_run_is_started_followed_and_listed(app: SyncApp) -> None:
    app.add_many(60)
    status, begun = call(app, "POST", "1/syncs")

    assert status == 202
    assert begun["state"] == "queued"
    assert begun["total"] is None

    SyncRunAnswer.model_validate(begun)
    app.wire.interrupt("POST /api/v2/users", lambda: app.wait(30))
    app.drain()
    status, run = call(app, "GET", f"1/syncs/{begun['run_id']}")
    SyncRunAnswer.model_validate(run)

    assert (status, run["state"]) == (200, "done")
    assert run["total"] == 60
    assert run["seen"] == 60
    assert run["finished"] == 60
    assert run["created"] == 60
    assert run["linked"] == 60
    assert run["per_minute"] == 120
    assert run["seconds_left"] is None
    assert run["requested_by"]

    status, page = call(app, "GET", "1/syncs")
    SyncRunPage.model_validate(page)

    assert page["items"] == [run]
    assert page["cursor"] is None
    assert page["problems"] == []


def test_rate_and_time_left_are_shown_while_it_goes(app: SyncApp) -> None:
    app.add_many(60)
    run = app.start()
    seen = list[dict[str, Any]]()

    def look() -> None:
        app.wait(30)
        seen.append(call(app, "GET", f"1/syncs/{run.slot}")[1])

    contacts = [one for one in app.intercom.workspace.contacts.values() if one.email == "contact-25@example.com"]
    app.wire.interrupt(f"PUT /contacts/{contacts[0].id}", look)
    app.drain()

    (during,) = seen
    assert during["state"] == "working"
    assert during["total"] == 60
    assert during["finished"] == 25
    assert during["per_minute"] == 50
    assert during["seconds_left"] == 42


def test_the_time_left_is_that_of_the_work_and_not_of_reading_who_needs_none(app: SyncApp) -> None:
    app.add_many(300)
    app.sync()
    app.wait(60)
    new = app.add_many(50, 300)
    run, seen = app.start(), list[dict[str, Any]]()

    def look() -> None:
        app.wait(30)
        seen.append(call(app, "GET", f"1/syncs/{run.slot}")[1])

    app.wire.interrupt("GET /contacts", lambda: app.wait(10))
    app.wire.interrupt(f"PUT /contacts/{new[0].id}", look)
    app.wire.interrupt(f"PUT /contacts/{new[25].id}", look)
    app.drain()

    first, second = seen
    assert first["finished"] == 300
    assert first["per_minute"] == 0
    assert first["seconds_left"] is None
    assert (second["total"], second["finished"]) == (350, 325)
    assert (second["per_minute"], second["seconds_left"]) == (25, 60)

    ended = call(app, "GET", f"1/syncs/{run.slot}")[1]
    assert (ended["per_minute"], ended["seconds_left"]) == (300, None), "all of them, in 70 s"


def test_runs_come_in_pages_newest_first(app: SyncApp) -> None:
    for _ in range(3):
        app.sync()
        app.wait(10)
    _, first = call(app, "GET", "1/syncs", "limit=2")

    _, second = call(app, "GET", "1/syncs", f"limit=2&cursor={first['cursor']}")

    slots = [int(run["run_id"]) for run in (*first["items"], *second["items"])]
    assert (len(first["items"]), second["cursor"]) == (2, None)
    assert slots == sorted(slots, reverse=True)


@pytest.mark.parametrize(
    ("method", "path", "query", "status"),
    [
        ("GET", "9/syncs", "", 404),
        ("POST", "9/syncs", "", 404),
        ("GET", "x/syncs", "", 404),
        ("GET", "1/syncs/17", "", 404),
        ("GET", "1/syncs/soon", "", 404),
        ("POST", "1/syncs/17/cancel", "", 404),
        ("GET", "1/syncs", "limit=0", 400),
        ("GET", "1/syncs", "cursor=../x", 400),
        ("DELETE", "1/syncs", "", 405),
    ],
)
def test_what_cannot_be_answered_is_a_problem(app: SyncApp, method: str, path: str, query: str, status: int) -> None:
    answered, problem = call(app, method, path, query)
    assert (answered, problem["status"]) == (status, status)


def test_a_second_run_is_a_conflict_and_a_campaign_without_sync_says_what_to_do(app: SyncApp) -> None:
    call(app, "POST", "1/syncs")
    app.wait(5)

    assert call(app, "POST", "1/syncs")[0] == 409

    app.choose(status="paused", mode="off")
    status, problem = call(app, "POST", "1/syncs")

    assert status == 422
    assert [error["place"] for error in problem["errors"]] == ["status", "sync.mode"]


def test_a_run_is_cancelled_once(app: SyncApp) -> None:
    _, begun = call(app, "POST", "1/syncs")
    status, run = call(app, "POST", f"1/syncs/{begun['run_id']}/cancel")

    assert (status, run["state"]) == (200, "cancelled")

    app.wait(5)

    assert call(app, "POST", f"1/syncs/{begun['run_id']}/cancel")[1]["finished_at"] == run["finished_at"]

    app.drain()

    assert call(app, "GET", f"1/syncs/{begun['run_id']}")[1] == run


def test_the_description_holds_the_routes(app: SyncApp) -> None:
    event = json.loads(json.dumps(EVENT)) | {"rawPath": "/api/openapi.json"}
    document = json.loads(app.invoke(admin_api, event)["body"])
    begin = document["paths"]["/api/campaigns/{id}/syncs"]["post"]["responses"]
    assert {"202", "404", "409", "422"} <= set(begin)
    assert "SyncRunAnswer" in document["components"]["schemas"]
