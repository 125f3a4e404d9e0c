"""Pages that are too large or too slow, of both vendors: fewer entries are asked for, and nobody on them is missed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.vendors.wire import Response
from shared.domain.connection.connection import Vendor
from tests.support.builders import App
from tests.support.qualifying import Friendship, rules


def app_with(people: int, meta: dict[str, Any] | None = None, **settings: Any) -> tuple[App, list[tuple[int, int]]]:
    """So many people who signed up without a webhook."""
    app = App(**settings)
    app.configure(backfill=True)
    account = app.referral_factory.account
    with account.outbox.silent():
        joined = [
            account.join(
                account.campaigns[1], first_name="P", email=f"p{number}@example.com", source="Direct", meta=dict(meta or {})
            )
            for number in range(people)
        ]
    return app, [(1, person.id) for person in joined]


def passes(app: App, times: int) -> None:
    for _ in range(times):
        app.reconcile(work=False)
        app.wait(300)


def size_of(request: Any) -> int | None:
    """People a page, where the call reads the list."""
    return int(request.first("per_page", "25")) if request.path == "/api/v2/users" else None


def slow_above(app: App, most: int) -> list[int]:
    """Lists of more people than that get no answer; the sizes that were asked for."""
    real, sizes = app.referral_factory.answer, list[int]()

    def answer(request: Any) -> Any:
        size = size_of(request)
        if size:
            sizes.append(size)
        return Response.of_json(504, {}) if size and size > most else real(request)

    app.referral_factory.answer = answer  # type: ignore[method-assign]
    return sizes


def test_answers_over_a_megabyte_are_asked_for_in_parts_and_referral_factory_is_not_taken_for_down() -> None:
    app, people = app_with(260, {"About me": "x" * 4_500})
    passes(app, 3)
    assert len(app.environment.referrals.find_all(people)) == 260
    assert app.environment.breakers.find(Vendor.REFERRAL_FACTORY) is None
    assert app.metrics.counts["ReconcileSucceeded"] == 3


def test_pages_of_people_that_never_come_are_asked_for_smaller() -> None:
    app, people = app_with(600)
    sizes = slow_above(app, 50)
    passes(app, 4)
    assert len(app.environment.referrals.find_all(people)) == 600
    assert sizes.count(250) == 2
    assert app.environment.breakers.find(Vendor.REFERRAL_FACTORY) is None


def test_after_a_day_whole_pages_are_asked_for_again() -> None:
    app, _ = app_with(10)
    slow_above(app, 50)
    passes(app, 2)
    del app.referral_factory.answer
    app.wait(86_400)
    passes(app, 1)
    app.forget_calls()
    passes(app, 1)
    assert all("per_page=250" in call for call in app.calls("referral_factory"))


@pytest.mark.parametrize("missing", ["last_page_missing", "links_missing", "both"])
def test_people_of_later_pages_are_found_whatever_the_list_does_not_say(missing: str) -> None:
    both = {"last_page_missing": True, "links_missing": True}
    app, people = app_with(600, **(both if missing == "both" else {missing: True}))
    passes(app, 3)
    assert len(app.environment.referrals.find_all(people)) == 600


def test_a_search_of_contacts_that_never_comes_is_asked_for_smaller() -> None:
    story = Friendship(rules())
    friend = story.invited()
    story.changes(friend, "Connected")
    story.taken()  # the notification is lost
    real, sizes = story.app.intercom.answer, list[int]()

    def answer(request: Any) -> Any:
        size: int = 0
        if request.path == "/contacts/search" and b"updated_at" in request.body:
            size = json.loads(request.body).get("pagination", {}).get("per_page", 0)
            sizes.append(size)
        return Response.of_json(504, {}) if size > 50 else real(request)

    story.app.intercom.answer = answer  # type: ignore[method-assign]
    for _ in range(4):
        story.app.reconcile()
        story.app.qualify()
        story.app.wait(300)
    assert friend.qualified_times == 1
    assert sizes.count(150) == 2
