"""A page, a row or Referral Factory fails: the pass keeps what it found, and the next one goes on from there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from shared.errors import RateLimitedError, UnavailableError
from shared.use_cases.signup.compare_people import MOST_FAILURES
from tests.unit.signup.reconcile.passes import app_with, calls, join, newest, progress, refuse_rows_of


def test_a_referral_factory_that_fails_stops_the_pass_and_keeps_what_was_found() -> None:
    app = app_with(300)
    app.wire.faults.add({"kind": "status", "status": 503, "path": "/users"})
    app.reconcile()

    assert app.metrics.counts["ReconcileFailed"] == 1
    assert app.metrics.counts["ReconcileSucceeded"] == 0

    app.wire.faults.clear()
    app.wait(300)
    app.reconcile(work=False)

    assert len(app.rows_of("REFERRAL#")) == 303


def test_a_page_of_known_people_that_does_not_come_hides_nobody_new() -> None:
    """No webhook came for two pages of people; at each pass Referral Factory fails at the page before them."""
    app = app_with(700, activation_mark=None, order="ascending")
    app.environment.campaigns.set_activation_mark(1, newest(app))
    app.reconcile(work=False)
    joined = [join(app, f"n{number}") for number in range(500)]
    real = app.environment.referral_factory()

    def users(page: int, smaller: int = 0, came: Any = None) -> Any:
        if page == 2:
            raise UnavailableError("Referral Factory answered 500", vendor="referral_factory", status=500)
        return real.users(page)

    app.environment.referral_factory = lambda: SimpleNamespace(users=users, user=real.user)  # type: ignore[method-assign]

    app.wait(300)
    app.reconcile(work=False)

    assert app.metrics.counts["ReconcileFailed"] == 1
    assert [user_id for user_id in joined if app.environment.referrals.find(1, user_id) is None] == []


def test_one_row_that_cannot_be_written_delays_nobody_else() -> None:
    app = app_with(300)
    people = app.referral_factory.account.people.ids()

    refuse_rows_of(app, people[10])
    app.reconcile(work=False)

    assert len(app.rows_of("REFERRAL#")) == 302
    assert app.metrics.counts["ReconcileFailed"] == 1
    assert progress(app).high_water == 0, "the pass does not count: the next one reads the same again"

    del app.environment.referrals.add
    app.reconcile(work=False)

    assert len(app.rows_of("REFERRAL#")) == 303

    app.reconcile(work=False)

    assert progress(app).high_water == newest(app), "a pass that finds nobody moves the mark"


def test_a_ledger_that_takes_nothing_stops_the_pass() -> None:
    app = app_with(300)
    tried = refuse_rows_of(app, *app.referral_factory.account.people.ids())
    app.reconcile(work=False)

    assert app.metrics.counts["ReconcileFailed"] == 1
    assert len(tried) == MOST_FAILURES + 1


def test_a_scan_stands_on_the_page_of_which_a_row_could_not_be_written() -> None:
    app = app_with(600, order="shuffled")
    page = [person.user_id for _, person in app.environment.referral_factory().users(2).people]

    refuse_rows_of(app, page[0])
    app.reconcile(work=False)

    assert progress(app).scan_page == 2

    del app.environment.referrals.add
    for _ in range(2):
        app.wait(300)
        app.reconcile(work=False)

    assert len(app.rows_of("REFERRAL#")) == 603


def test_a_queue_that_refuses_the_messages_delays_and_loses_nobody() -> None:
    app = app_with(0)
    app.sqs.refuse("send_message_batch", 2)
    app.reconcile()

    assert app.contacts("ada@example.com") == []

    app.wait(91)
    app.sweep()

    assert len(app.contacts("ada@example.com")) == 1


def test_a_page_that_our_own_limiter_could_not_judge_is_asked_for_again() -> None:
    app = app_with()
    real = app.environment.referral_factory()
    tries = []

    def users(page: int, smaller: int = 0, came: Any = None) -> Any:
        tries.append(page)
        if len(tries) == 1:
            raise RateLimitedError("the limiter does not answer", vendor="referral_factory")
        return real.users(page)

    app.environment.referral_factory = lambda: SimpleNamespace(users=users, user=real.user)  # type: ignore[method-assign]
    app.reconcile(work=False)

    assert tries == [1, 1]
    assert app.metrics.counts["ReconcileSucceeded"] == 1


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_of_a_page_in_smaller_parts_only_the_part_that_did_not_come_is_asked_for_again(order: str) -> None:
    app = app_with(200, order=order)
    breaks = {"kind": "status", "status": 502, "path": "/users", "times": 2}
    app.wire.faults.add(breaks)
    app.reconcile(work=False)
    app.forget_calls()
    app.wire.interrupt("GET /api/v2/users", lambda: app.wire.faults.add(breaks))

    app.reconcile(work=False)

    assert calls(app) == ["1", "2", "2", "2", "3", "4", "5"]
    assert len(app.rows_of("REFERRAL#")) == 203


def test_whole_pages_are_tried_again_after_two_minutes_and_then_ever_later() -> None:
    app = app_with(200, order="ascending")
    fails = {"kind": "status", "status": 504, "path": "/users", "times": 2}
    app.wire.faults.add(fails)
    app.reconcile(work=False)
    spans = []

    for _ in range(3):
        failed_at = progress(app).failed_at
        while progress(app).smaller(app.clock.now()):
            app.reconcile(work=False)
            assert app.calls("referral_factory")[-1].endswith("page=5&per_page=50&with=user.analytics")
            app.wait(60)
        spans.append(app.clock.now() - failed_at)
        app.wire.faults.add({**fails, "times": 1})
        app.reconcile(work=False)

    assert [round(span / 120) for span in spans] == [1, 2, 4]

    app.wait(8 * 120)
    app.reconcile(work=False)

    assert progress(app).page_failures == 0


def test_what_does_not_come_in_parts_either_is_no_matter_of_size() -> None:
    """Referral Factory is down; when it is back, whole pages are read at once."""
    app = app_with(200, order="ascending")
    app.wire.faults.add({"kind": "status", "status": 503, "path": "/users", "times": 6})
    app.reconcile(work=False)
    app.wait(60)
    app.reconcile(work=False)
    app.wait(60)
    app.forget_calls()

    app.reconcile(work=False)

    assert calls(app) == ["1"]
