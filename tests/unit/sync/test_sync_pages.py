"""Pages of contacts that lead astray."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.dynamodb.vendor.limiter_intercom import IntercomLimiter
from shared.domain.sync.run import Phase, RunState
from shared.domain.vendor.limits import Priority
from shared.use_cases.sync.enumerate_contacts import MOST_EMPTY_PAGES
from tests.support.syncing import PER_PAGE, SyncApp, posted


def answered(app: SyncApp, turn: Callable[[dict[str, Any]], None]) -> None:
    """Changes what Intercom answers to a list of contacts."""
    real = app.intercom.answer

    def answer(request: Any) -> Any:
        response = real(request)
        if request.path in {"/contacts", "/contacts/search"} and response.status == 200:
            document = json.loads(response.body)
            turn(document)
            return replace(response, body=json.dumps(document).encode())
        return response

    app.intercom.answer = answer  # type: ignore[method-assign]


def read_whatever_cursor(app: SyncApp, turn: Callable[[dict[str, Any]], None]) -> None:
    """Each cursor is answered with the first page, changed."""
    answered(app, turn)
    real = app.intercom.answer

    def without_cursor(request: Any) -> Any:
        return real(replace(request, query={}) if request.path == "/contacts" else request)

    app.intercom.answer = without_cursor  # type: ignore[method-assign]


@pytest.mark.usefixtures("small_pages")
def test_a_cursor_that_comes_again_ends_the_run_with_the_reason(app: SyncApp) -> None:
    app.add_many(PER_PAGE * 2)
    cursors = list[Any]()

    def repeat(document: dict[str, Any]) -> None:
        cursors.append(document["pages"].get("next"))
        document["pages"]["next"] = cursors[0]

    answered(app, repeat)
    run = app.sync()

    assert (run.state, run.phase) == (RunState.FAILED, Phase.CONTACTS)
    assert "circle" in run.reason


@pytest.mark.parametrize(("length", "pages"), [(1, 2), (3, 7)])
def test_a_circle_of_cursors_ends_at_once_or_at_the_most_pages(
    app: SyncApp, monkeypatch: pytest.MonkeyPatch, length: int, pages: int
) -> None:
    """A → B → A: no cursor comes twice in a row."""
    monkeypatch.setattr("shared.use_cases.sync.enumerate_contacts.MOST_PAGES", 6)
    app.add_many(3)
    count = itertools.count()

    def turn(document: dict[str, Any]) -> None:
        document["pages"]["next"] = {"page": 2, "starting_after": f"cursor-{next(count) % length}"}

    read_whatever_cursor(app, turn)
    run = app.sync()

    assert (run.state, run.tally.linked) == (RunState.FAILED, 0)
    assert "circle" in run.reason
    assert len([call for call in app.calls() if call.startswith("GET /contacts")]) == pages


def test_pages_without_end_end_the_run(app: SyncApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.use_cases.sync.enumerate_contacts.MOST_PAGES", 6)
    app.add_many(3)
    count = itertools.count()
    cursors = iter(lambda: {"page": 2, "starting_after": f"cursor-{next(count)}"} if next(count) < 60 else None, 0)

    read_whatever_cursor(app, lambda document: document["pages"].update(next=next(cursors)))

    assert app.sync().state is RunState.FAILED
    assert len([call for call in app.calls() if call.startswith("GET /contacts")]) == 7


def test_empty_pages_among_others_do_not_end_the_run(app: SyncApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.adapters.intercom.client.SMALLER_PAGES", (2,))
    app.add_many(20)
    count = itertools.count()

    def every_second(document: dict[str, Any]) -> None:
        if next(count) % 2:
            document["data"] = []

    answered(app, every_second)
    run = app.sync()

    assert (run.state, run.tally.seen) == (RunState.DONE, 10)


@pytest.mark.usefixtures("small_pages")
def test_an_empty_page_with_a_next_one_is_passed_over(app: SyncApp) -> None:
    contacts = app.add_many(PER_PAGE + 10)
    pages = list[int]()

    def empty_second(document: dict[str, Any]) -> None:
        pages.append(len(document["data"]))
        if len(pages) == 1:
            document["data"] = []

    answered(app, empty_second)
    run = app.sync()

    assert (run.state, run.tally.seen) == (RunState.DONE, len(app.intercom.workspace.contacts) - PER_PAGE)
    assert contacts


def test_empty_pages_without_end_end_the_run(app: SyncApp) -> None:
    app.add_many(3)
    count = iter(range(10_000))

    def empty(document: dict[str, Any]) -> None:
        document["data"] = []
        document["pages"]["next"] = {"page": 2, "starting_after": f"cursor-{next(count)}"}

    read_whatever_cursor(app, empty)
    run = app.sync()

    assert run.state is RunState.FAILED
    assert len([call for call in app.calls() if call.startswith("GET /contacts")]) == MOST_EMPTY_PAGES + 1


@pytest.mark.usefixtures("small_pages")
def test_a_next_page_on_another_host_is_not_followed(app: SyncApp) -> None:
    app.add_many(PER_PAGE + 1)
    answered(app, lambda document: document["pages"].update(next="https://evil.example/contacts?starting_after=x"))
    run = app.sync()

    assert run.state is RunState.FAILED
    assert "another host" in run.reason
    assert {call.path.partition("?")[0] for call in app.wire.calls if call.vendor == "intercom"} == {"/contacts"}


@pytest.mark.usefixtures("small_pages")
def test_a_next_page_as_an_address_of_the_same_host_is_read_by_its_cursor(app: SyncApp) -> None:
    contacts = app.add_many(PER_PAGE + 10)

    def as_address(document: dict[str, Any]) -> None:
        following = document["pages"].get("next")
        if following:
            document["pages"]["next"] = f"http://intercom.test/contacts?starting_after={following['starting_after']}"

    answered(app, as_address)
    assert app.sync().tally.linked == len(contacts)


@pytest.mark.usefixtures("small_pages")
def test_contacts_that_come_on_two_pages_are_linked_once(app: SyncApp) -> None:
    contacts = app.add_many(PER_PAGE + 10)
    first = list[Any]()

    def shifted(document: dict[str, Any]) -> None:
        if first:
            document["data"] = [*first, *document["data"]]
        first.extend(document["data"][-5:])

    answered(app, shifted)
    app.sync()

    assert set(posted(app).values()) == {1}

    app.assert_linked(*contacts)


def test_every_call_of_a_sync_goes_behind_those_of_others(app: SyncApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app.add_many(3)
    asked = list[Priority]()
    for limiter in (IntercomLimiter, type(app.environment.referral_factory_limiter)):

        def acquire(self: Any, priority: Priority = Priority.RECONCILE, real: Any = limiter.acquire) -> str:
            asked.append(priority)
            return str(real(self, priority))

        monkeypatch.setattr(limiter, "acquire", acquire)

    app.sync()

    assert len(asked) == len(app.wire.calls) == 9
    assert set(asked) == {Priority.SYNC}
