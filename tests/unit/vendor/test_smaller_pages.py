"""Pages that are too large or too slow, of both vendors: fewer entries are asked for, and nobody on them is missed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.vendors.wire import Response
from shared.adapters.http.transport import BODY_LIMIT
from shared.domain.connection.connection import Vendor
from tests.support.builders import App
from tests.support.console_api import Console
from tests.support.qualifying import Friendship, rules
from tests.support.referring import Story


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
    assert sizes.count(250) == 4, "two that did not come, and one each time that a pause is over"
    assert app.environment.breakers.find(Vendor.REFERRAL_FACTORY) is None


def smaller_pages(app: App) -> dict[str, bool]:
    """As the console shows it."""
    return {one["vendor"]: one["smaller_pages"] for one in Console(app).get("/api/overview")["limits"]}


@pytest.mark.parametrize("too_large", [True, False])
def test_the_console_says_that_a_vendors_pages_are_too_large_for_a_day(*, too_large: bool) -> None:
    app, _ = app_with(260, {"About me": "x" * 4_500} if too_large else {})
    if not too_large:
        slow_above(app, 50)
    passes(app, 3)

    assert smaller_pages(app) == {"intercom": False, "referral_factory": True}

    app.wait(86_400)

    assert smaller_pages(app) == {"intercom": False, "referral_factory": False}


def test_after_a_page_that_was_too_large_one_whole_page_is_tried_and_the_next_ones_come_in_parts() -> None:
    app, _ = app_with(260, {"About me": "x" * 4_500})
    passes(app, 1)
    app.forget_calls()

    passes(app, 1)

    assert sum("per_page=250" in call for call in app.calls("referral_factory")) == 1


@pytest.mark.parametrize("too_large", [True, False])
def test_lists_of_rewards_that_never_come_are_asked_for_smaller(*, too_large: bool) -> None:
    story = Story()
    story.qualifies(story.invites(), webhook=False)
    real, sizes = story.app.referral_factory.answer, list[int]()
    refused = Response(200, {}, b"x" * (BODY_LIMIT + 1)) if too_large else Response.of_json(504, {})

    def answer(request: Any) -> Any:
        size = int(request.first("per_page", "0")) if request.path.startswith("/api/v2/rewards/") else 0
        if size:
            sizes.append(size)
        return refused if size > 50 else real(request)

    story.app.referral_factory.answer = answer  # type: ignore[method-assign]
    for _ in range(8):
        story.app.poll_rewards()
        story.passes(120)
        story.app.wait(180)

    assert story.rewards(), "found by the lists alone"
    assert sizes.count(250) == (4 if too_large else 5), "what never came, and one each time that a pause is over"

    for _ in range(30):
        story.app.poll_rewards()
        story.app.wait(300)

    assert sizes.count(250) == (7 if too_large else 8), "each pause is twice as long as the last one"


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
    assert smaller_pages(story.app)["intercom"]
