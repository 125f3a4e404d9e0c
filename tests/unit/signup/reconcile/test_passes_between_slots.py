"""Reconcile wakes itself between two slots of its schedule, and anyone who asks for a pass gets one."""

from __future__ import annotations

from itertools import pairwise

import pytest

from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.errors import TransientError
from shared.messages import ReconcileCampaigns
from shared.use_cases.operations.reconcile_vendors import FAILED_AGAIN_AFTER, FOUND_AGAIN_AFTER, SLOT
from tests.support.builders import App
from tests.support.clock import NOW
from tests.unit.signup.reconcile.passes import app_with, calls, join, refuse_rows_of


def wakes(app: App) -> list[float]:
    """Seconds after now at which reconcile wakes itself, until it leaves that to the next slot."""
    began, times = app.clock.now(), []
    while app.queued("reconcile"):
        visible_at = app.sqs.real.next_visible_at(app.settings.reconcile_queue_url)
        assert visible_at is not None
        app.wait(max(0.0, visible_at - app.clock.now()))
        times.append(app.clock.now() - began)
        assert app.reconcile_enqueued() == 1
        assert len(times) < 30
    return times


def test_a_scheduled_pass_without_an_answer_is_made_again_soon_and_then_less_often_until_the_next_is_due() -> None:
    app = app_with()
    refuse_rows_of(app, *app.referral_factory.account.people.ids())
    app.reconcile(work=False)

    times = wakes(app)

    gaps = [later - earlier for earlier, later in pairwise([0.0, *times])]
    assert gaps[:3] == [FAILED_AGAIN_AFTER] * 3
    assert gaps == sorted(gaps)
    assert len(gaps) <= 10
    assert SLOT - 2 * gaps[-1] <= times[-1] <= SLOT - FAILED_AGAIN_AFTER


def test_no_pass_is_made_again_that_would_last_into_the_next_slot() -> None:
    app = app_with()
    app.wire.faults.add({"kind": "delay", "path": "/users", "seconds": 60})
    app.context.seconds = 120
    app.reconcile(work=False)

    first = app.clock.now() - NOW

    assert first > 50, "three calls without an answer"
    assert all(first + after + first <= SLOT for after in wakes(app))


def test_a_pass_that_was_stopped_by_a_short_pause_of_calls_is_made_again_after_it() -> None:
    app = app_with()
    app.environment.breakers.open(
        Vendor.REFERRAL_FACTORY, Breaker(BreakerKind.FAILING, app.clock.now() + 40.0, app.clock.now(), 1)
    )

    app.reconcile(work=False)

    assert wakes(app)[0] == 40.0
    assert app.metrics.counts["ReconcileSucceeded"] > 0
    assert len(app.rows_of("REFERRAL#")) == 3


@pytest.mark.parametrize("kind", [BreakerKind.STRIKE, BreakerKind.BLOCKED, BreakerKind.CONNECTION_LOST])
@pytest.mark.parametrize("left", [2.0, 300.0])
def test_calls_that_are_stopped_for_another_reason_are_left_to_the_next_slot(kind: BreakerKind, left: float) -> None:
    app = app_with()
    app.environment.breakers.open(Vendor.REFERRAL_FACTORY, Breaker(kind, app.clock.now() + left, app.clock.now(), 1))
    app.reconcile(work=False)
    assert app.queued("reconcile") == []


def test_a_pass_that_found_somebody_is_followed_by_another_until_one_finds_nobody() -> None:
    """Webhooks are missing: whoever joins now waits two minutes instead of five."""
    app = app_with(activation_mark=10_000)
    app.reconcile(work=False)

    assert app.queued("reconcile") == []

    app = app_with()
    app.reconcile(work=False)

    assert wakes(app) == [FOUND_AGAIN_AFTER]


def test_while_people_are_found_the_passes_between_two_slots_are_two() -> None:
    app = app_with()
    app.reconcile(work=False)

    for number in range(2):
        join(app, f"late{number}")
        app.wait(FOUND_AGAIN_AFTER)
        assert app.reconcile_enqueued() == 1

    assert app.queued("reconcile") == []
    assert app.metrics.counts["SignupFoundByReconcile"] == 5


def move_due(app: App, *, full: bool = False) -> None:
    app.environment.reconcile_queue.send(ReconcileCampaigns(app.clock.now(), full))


def test_a_hundred_webhooks_without_a_user_id_are_answered_by_one_pass() -> None:
    app = app_with(activation_mark=10_000)
    for _ in range(100):
        move_due(app)
    app.wait(1)

    while app.queued("reconcile"):
        app.reconcile_enqueued()

    assert calls(app) == ["1"]


def test_a_call_is_not_answered_by_a_pass_that_began_before_it_or_failed() -> None:
    app = app_with(activation_mark=10_000)
    app.reconcile(work=False)
    move_due(app)
    app.wait(1)
    app.wire.faults.add({"kind": "status", "status": 503, "path": "/users", "times": 3})

    app.reconcile_enqueued()

    assert app.metrics.counts["ReconcileFailed"] == 1

    move_due(app)
    app.reconcile_enqueued()

    assert app.metrics.counts["ReconcileSucceeded"] == 2


def test_a_call_is_not_lost_while_our_own_table_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_with(activation_mark=10_000)

    def find(_: str) -> None:
        raise TransientError("the table does not answer", vendor="aws")

    move_due(app)
    with monkeypatch.context() as patch:
        patch.setattr(app.environment.progresses, "find", find)
        app.reconcile_enqueued()
    assert app.metrics.counts["ReconcileFailed"] == 1

    app.wait(FAILED_AGAIN_AFTER)

    assert app.reconcile_enqueued() == 1
    assert app.metrics.counts["ReconcileSucceeded"] == 1


def test_a_call_for_the_whole_list_is_answered_by_no_other_pass() -> None:
    app = app_with(600, activation_mark=10_000)
    app.reconcile(work=False)
    move_due(app, full=True)
    app.wait(1)
    app.reconcile(work=False)
    app.forget_calls()

    app.reconcile_enqueued()

    assert sorted(calls(app)) == ["1", "2", "3"]


def test_after_a_pass_over_the_whole_list_that_went_well_the_next_one_reads_what_is_new() -> None:
    app = app_with()
    move_due(app, full=True)

    app.reconcile_enqueued()

    (again,) = app.queued("reconcile")
    assert isinstance(again, ReconcileCampaigns)
    assert (again.full, again.contacts) == (False, False)


def test_a_pass_over_the_whole_list_that_failed_is_made_again_over_the_whole_list() -> None:
    app = app_with()
    app.wire.faults.add({"kind": "status", "status": 503, "path": "/users"})
    move_due(app, full=True)

    app.reconcile_enqueued()

    (again,) = app.queued("reconcile")
    assert isinstance(again, ReconcileCampaigns)
    assert again.full
    assert again.until == NOW + SLOT


def test_only_the_schedules_own_pass_erases_who_asked_for_it() -> None:
    app = app_with(activation_mark=10_000)
    app.environment.erasures.request("somebody@example.com", NOW)
    app.wait(900)
    move_due(app)

    app.reconcile_enqueued()
    after_a_call = app.environment.erasures.requested(app.clock.now())
    app.reconcile(work=False)

    assert after_a_call == ["somebody@example.com"]
    assert app.environment.erasures.requested(app.clock.now() + 10_000) == []


@pytest.mark.parametrize("path", ["/users", "^/contacts/search"])
def test_what_a_vendor_itself_refused_for_now_is_left_to_the_next_slot(path: str) -> None:
    app = app_with(activation_mark=10_000)
    app.wire.faults.add({"kind": "status", "status": 429, "path": path})

    app.reconcile(work=False)

    assert app.queued("reconcile") == []
