"""Pages that are too slow or whose cursor is refused: fewer are asked for, the reading starts over once, the run ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.vendors.wire import Response
from shared.adapters.admin.sync_answers import run_answer
from shared.domain.sync.run import RunState
from tests.support.syncing import SyncApp, fault

REFUSED = {"type": "error.list", "errors": [{"code": "parameter_invalid", "message": "invalid cursor"}]}


@pytest.fixture
def app() -> SyncApp:
    app = SyncApp()
    app.choose(mode="once", source={"kind": "users"})
    return app


def asked_for(request: Any) -> int | None:
    """Contacts a page, where the call reads a page of the list."""
    if request.method == "POST" and request.path == "/contacts/search":
        import json

        size: int | None = json.loads(request.body).get("pagination", {}).get("per_page")
        return size
    return None


def test_pages_that_never_come_are_asked_for_smaller(app: SyncApp) -> None:
    contacts = app.add_many(200)
    real, sizes = app.intercom.answer, list[int]()

    def answer(request: Any) -> Any:
        size = asked_for(request)
        if size:
            sizes.append(size)
        return Response.of_json(504, {}) if size and size > 50 else real(request)

    app.intercom.answer = answer  # type: ignore[method-assign]
    run = app.sync()

    assert (run.state, run.tally.seen) == (RunState.DONE, 200)
    assert sizes.count(150) == 2
    assert run_answer(run, app.clock.now()).smaller_pages == ["intercom"]

    app.assert_linked(*contacts[:3], contacts[-1])


def test_one_page_of_people_that_does_not_come_is_asked_for_as_large_again(app: SyncApp) -> None:
    contacts = app.add_many(3)
    fault(app, "status", method="GET", path="^/api/v2/users$", times=1, status=504)

    run = app.sync()

    assert run.state is RunState.DONE
    assert run_answer(run, app.clock.now()).smaller_pages == []

    app.assert_linked(*contacts)


def test_pages_of_referral_factorys_people_that_never_come_are_asked_for_smaller(app: SyncApp) -> None:
    contacts = app.add_many(3)
    real, sizes = app.referral_factory.answer, list[int]()

    def answer(request: Any) -> Any:
        size = int(request.first("per_page", "0")) if request.path == "/api/v2/users" and request.method == "GET" else 0
        if size:
            sizes.append(size)
        return Response.of_json(504, {}) if size > 50 else real(request)

    app.referral_factory.answer = answer  # type: ignore[method-assign]
    run = app.sync()

    assert run.state is RunState.DONE
    assert sizes.count(250) == 2
    assert run_answer(run, app.clock.now()).smaller_pages == ["referral_factory"]

    app.assert_linked(*contacts)


def test_pages_of_contacts_that_are_too_large_are_reported_and_not_asked_for_again(app: SyncApp) -> None:
    contacts = app.add_many(170)
    for contact in contacts:
        contact.custom_attributes["about"] = "x" * 8_000
    app.forget_calls()

    run = app.sync()

    assert (run.state, run.tally.seen) == (RunState.DONE, 170)
    assert run_answer(run, app.clock.now()).smaller_pages == ["intercom"]


@pytest.mark.parametrize("times", [1, 99])
def test_a_refused_cursor_restarts_the_reading_once(app: SyncApp, times: int) -> None:
    contacts = app.add_many(400)
    real, left = app.intercom.answer, [times]

    def answer(request: Any) -> Any:
        if asked_for(request) and b"starting_after" in request.body and left[0]:
            left[0] -= 1
            return Response.of_json(400, REFUSED)
        return real(request)

    app.intercom.answer = answer  # type: ignore[method-assign]
    run = app.sync()
    if times > 1:
        assert run.state is RunState.FAILED, "once, not for ever"
        return

    assert run.state == RunState.DONE
    assert run.tally.seen == 400
    assert run.tally.linked == 400

    app.assert_linked(contacts[0], contacts[-1])


def test_a_next_page_that_is_no_address_ends_the_run_with_a_reason(app: SyncApp) -> None:
    app.add_many(3)
    real = app.intercom.answer

    def answer(request: Any) -> Any:
        import json

        response = real(request)
        if not asked_for(request):
            return response
        document = json.loads(response.body)
        document["pages"]["next"] = "http://[next"
        return replace(response, body=json.dumps(document).encode())

    app.intercom.answer = answer  # type: ignore[method-assign]
    run = app.sync()

    assert run.state is RunState.FAILED
    assert "no address" in run.reason
