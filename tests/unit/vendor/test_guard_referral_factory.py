"""Strikes, blocks and lost keys of Referral Factory, through the real handlers; the way of a signup never feels any of it."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.signup.reconcile import Progress
from shared.domain.signup.state import State
from shared.domain.vendor.limits import Priority, reserve_of
from shared.errors import RateLimitedError, TransientError
from shared.use_cases.signup.reconcile_progress import USERS_PROGRESS, progress_of
from shared.use_cases.vendor.guard_referral_factory import BLOCK_PAUSE, STRIKE_PAUSE
from shared.use_cases.vendor.guard_vendor import FAILURES_TO_OPEN
from shared.use_cases.vendor.lift_stop import lift_stop
from tests.support.builders import App

USERS = "^/api/v2/users"


def fault(app: App, status: int, **more: Any) -> None:
    app.wire.faults.add({"kind": "status", "status": status, "path": USERS, **more})


def calls(app: App) -> int:
    """Calls to Referral Factory since the last time."""
    made = len(app.calls("referral_factory"))
    app.forget_calls()
    return made


def kind(app: App) -> BreakerKind | None:
    breaker = app.environment.breakers.find(Vendor.REFERRAL_FACTORY)
    return breaker.kind if breaker else None


def strikes(app: App) -> int:
    return app.environment.strikes.find(Vendor.REFERRAL_FACTORY).count


def restart(app: App) -> None:
    """A new worker: nothing is remembered in memory."""
    app.environment = app.new_environment()


def test_a_429_pauses_for_five_minutes_whoever_asks(app: App) -> None:
    fault(app, 429, times=1)
    app.reconcile()

    assert calls(app) == 1
    assert strikes(app) == 1
    assert kind(app) == BreakerKind.STRIKE

    restart(app)
    app.wait(STRIKE_PAUSE - 1)
    app.reconcile()

    assert calls(app) == 0

    app.wait(1)
    app.reconcile()

    assert calls(app) > 0
    assert kind(app) is None
    assert app.metrics.counts["ReconcileFailed"] == 2
    assert (app.metrics.counts["Strike"], strikes(app)) == (1, 1)


def test_the_second_strike_stops_until_a_person_lifts_it(app: App) -> None:
    fault(app, 429, times=2)
    app.reconcile()
    app.wait(STRIKE_PAUSE)
    app.reconcile()

    assert (calls(app), app.metrics.counts["Strike"]) == (2, 2)

    for _ in range(7):
        app.wait(86_400)
        restart(app)
        app.reconcile()

    assert calls(app) == 0
    assert app.metrics.counts["ReconcileFailed"] == 9
    assert app.sign_up().state is State.DELIVERED

    lifted = lift_stop(app.environment, "a test")
    assert (lifted.strikes.stopped, lifted.breaker is not None) == (True, True)
    assert not lift_stop(app.environment, "a test").strikes.stopped

    app.forget_calls()
    app.reconcile()

    assert calls(app) > 0

    fault(app, 429, times=1)
    app.reconcile()
    app.wait(86_400)
    app.forget_calls()
    app.reconcile()

    assert calls(app) == 0  # the strikes stayed: one more stops at once


def test_a_lifted_stop_takes_the_pause_of_its_strike_with_it(app: App) -> None:
    fault(app, 429, times=2)
    app.reconcile()
    app.wait(STRIKE_PAUSE)
    app.reconcile()

    lift_stop(app.environment, "a test")

    assert kind(app) is None

    calls(app)
    app.reconcile()

    assert calls(app) > 0


def test_429s_of_neighbours_within_a_minute_are_one_strike(app: App) -> None:
    fault(app, 429)
    workers = [app.new_environment().referral_factory() for _ in range(3)]
    app.environment.breakers.close(Vendor.REFERRAL_FACTORY)

    for worker in workers:
        with pytest.raises(Exception, match=r"rate limit|stopped"):
            worker.users(1)
        app.environment.breakers.close(Vendor.REFERRAL_FACTORY)  # as if they had looked at the same time
        app.wait(10)

    assert strikes(app) == 1


def test_a_success_of_a_neighbour_does_not_end_the_pause_of_a_strike(app: App) -> None:
    other = app.new_environment()._referral_factory_guard
    permit = other.acquire()
    fault(app, 429, times=1)
    app.reconcile()
    other.finish(permit, 200, {})

    other.report(None)

    assert kind(app) is BreakerKind.STRIKE


def test_a_block_is_tried_after_five_minutes_an_hour_then_every_six_and_signups_go_on(app: App) -> None:
    fault(app, 403)
    for _ in range(24 * 12 * 2):
        app.reconcile(work=False)
        app.wait(300)

    assert calls(app) == 2 + 2 * 86_400 / BLOCK_PAUSE
    assert kind(app) is BreakerKind.BLOCKED
    assert app.metrics.counts["AddressBlocked"] == 10
    assert app.sign_up().state is State.DELIVERED

    app.wire.faults.clear()
    app.wait(BLOCK_PAUSE)
    app.reconcile()

    assert kind(app) is None


def test_a_referral_factory_that_does_not_answer_is_left_alone_for_half_a_minute_and_signups_go_on(app: App) -> None:
    fault(app, 503)
    for _ in range(FAILURES_TO_OPEN):
        app.reconcile(work=False)
        app.wait(1)

    assert calls(app) == FAILURES_TO_OPEN
    assert kind(app) is BreakerKind.FAILING

    app.reconcile(work=False)

    assert calls(app) == 0
    assert app.sign_up().state is State.DELIVERED

    app.wire.faults.clear()
    app.wait(30)
    app.reconcile(work=False)

    assert calls(app) > 0
    assert kind(app) is None


@pytest.mark.parametrize("before", [None, BreakerKind.FAILING, BreakerKind.CONNECTION_LOST])
def test_a_first_block_pauses_for_five_minutes_whatever_stopped_calls_before(app: App, before: BreakerKind | None) -> None:
    if before is not None:
        now = app.clock.now()
        app.environment.breakers.open(Vendor.REFERRAL_FACTORY, Breaker(before, now, now - 60, openings=4))
    fault(app, 403)
    pauses = []

    for _ in range(4):
        app.reconcile(work=False)
        breaker = app.breaker(Vendor.REFERRAL_FACTORY)
        pauses.append(breaker.open_until - app.clock.now())
        app.wait(pauses[-1])

    assert breaker.kind is BreakerKind.BLOCKED
    assert pauses[0] == 300
    assert before is not None or pauses == [300, 3_600, BLOCK_PAUSE, BLOCK_PAUSE]


def test_a_lost_key_opens_the_breaker_and_a_new_one_closes_it(app: App) -> None:
    app.set_secret("referral_factory", api_key="old-key")
    app.reconcile()

    assert calls(app) == 2
    assert kind(app) == BreakerKind.CONNECTION_LOST
    assert app.metrics.counts["ConnectionLost"] == 1

    app.reconcile()

    assert calls(app) == 0

    app.set_secret("referral_factory", api_key="local-referral-factory-key")
    app.wait(300)
    app.reconcile()

    assert calls(app) > 0
    assert kind(app) is None


def test_a_strike_that_cannot_be_written_is_written_before_the_next_call(app: App) -> None:
    fault(app, 429, times=1)
    guard = app.environment._referral_factory_guard
    guard.acquire()
    app.dynamodb.refuse("put_item", 2)
    guard.report(RateLimitedError("limit", status=429))

    with pytest.raises(TransientError):
        guard.acquire()
    assert strikes(app) == 0

    with pytest.raises(TransientError, match="stopped"):
        guard.acquire()
    assert (strikes(app), kind(app)) == (1, BreakerKind.STRIKE)


def test_our_own_limit_is_no_strike(app: App) -> None:
    limit = app.settings.referral_factory_limit
    assert limit == 60  # a strange host, and not production

    reader = app.environment.referral_factory()
    for _ in range(limit - reserve_of(limit, Priority.RECONCILE)):
        reader.users(1)
    with pytest.raises(Exception, match="Our own limit"):
        reader.users(1)
    assert (strikes(app), kind(app)) == (0, None)
    assert app.referral_factory.account.limit.most_in_a_minute == limit - reserve_of(limit, Priority.RECONCILE)


def slow_app(calls_a_minute: int) -> App:
    """Ten pages of people in no order, so that only a scan finds all, at a pace that one pass does not suffice for."""
    app = App(seed_people=2_400, order="shuffled")
    app.configure(activation_mark=10**9)
    app.settings = replace(app.settings, referral_factory_calls_per_minute=str(calls_a_minute))
    app.environment = app.new_environment()
    return app


def place(app: App) -> Progress:
    return progress_of(app.environment.progresses.find(USERS_PROGRESS))


def test_a_scan_that_our_own_limit_cuts_goes_on_with_the_next_pass() -> None:
    app = slow_app(6)
    app.reconcile()

    assert 1 < place(app).scan_page < 10

    for _ in range(3):
        app.wait(300)
        app.reconcile()

    assert place(app).scanned_at > 0
    assert app.metrics.counts["ReconcileFailed"] == 0


def test_a_scan_that_fails_on_the_way_keeps_its_place() -> None:
    app = slow_app(60)
    served = 0

    def fail_from_the_fifth_on() -> None:
        nonlocal served
        served += 1
        app.wire.interrupt("GET /api/v2/users", fail_from_the_fifth_on)
        if served == 5:
            fault(app, 503, times=3)  # a page is asked for three times

    app.wire.interrupt("GET /api/v2/users", fail_from_the_fifth_on)
    app.reconcile()

    assert app.metrics.counts["ReconcileFailed"] == 1

    reached = place(app).scan_page
    assert 1 < reached < 10

    app.wait(300)
    app.reconcile()

    assert (place(app).scan_page, app.metrics.counts["ReconcileFailed"]) == (0, 1)
