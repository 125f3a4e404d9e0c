"""One contract for both limiters: whichever vendor is called, nobody calls more often than it may, and who waits learns how
long."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from shared.adapters.dynamodb.table import Table
from shared.adapters.dynamodb.vendor.limiter_intercom import IntercomLimiter
from shared.adapters.dynamodb.vendor.limiter_referral_factory import ReferralFactoryLimiter
from shared.domain.connection.connection import Vendor
from shared.domain.vendor.limits import Priority, cap_of
from shared.errors import ContactGoneError, RateLimitedError, TransientError
from shared.ports.vendor import Limiter
from tests.support.builders import App
from tests.support.clock import SeededChance

FEW, WORKERS = 15, 4


@dataclass(frozen=True)
class Kind:
    """``most`` calls in ``seconds``."""

    make: Callable[[App, Table], Limiter]
    most: int
    seconds: float
    fault: str
    call: Callable[[Any], Any]


def for_intercom(app: App, table: Table) -> Limiter:
    return IntercomLimiter(table, app.clock, lambda: 5.0, 0.0, WORKERS)


def for_referral_factory(app: App, table: Table) -> Limiter:
    return ReferralFactoryLimiter(table, app.clock, SeededChance(), FEW)


KINDS = {
    "Intercom": Kind(for_intercom, cap_of(None, WORKERS), 10.0, "^/contacts", lambda one: one.intercom().get_contact("0" * 24)),
    "Referral Factory": Kind(for_referral_factory, FEW, 61.5, "^/api/v2/users", lambda one: one.referral_factory().user(1)),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
def app() -> App:
    return App()


def workers_of(app: App, kind: Kind, count: int = 3) -> list[Limiter]:
    """Each with what its own process remembers."""
    return [kind.make(app, Table(app.dynamodb, "campaigns", SeededChance())) for _ in range(count)]


def calls(worker: Limiter, priority: Priority = Priority.QUALIFICATION, *, status: int | None = 200) -> bool:
    """Whether it may, at this moment; the call is over at once."""
    try:
        permit = worker.acquire(priority)
    except RateLimitedError:
        return False
    worker.finish(permit, status, {})
    return True


def count(workers: list[Limiter], priority: Priority = Priority.QUALIFICATION, **how: Any) -> int:
    """How many calls they make together until none may."""
    made, waiting = 0, list(workers)
    while waiting:
        waiting = [worker for worker in waiting if calls(worker, priority, **how)]
        made += len(waiting)
        assert made < 1_000
    return made


@pytest.mark.parametrize("status", [200, 500, None])
def test_workers_make_no_more_calls_together_than_allowed_whatever_is_answered(
    app: App, kind: Kind, status: int | None
) -> None:
    workers = workers_of(app, kind)
    assert count(workers, status=status) == kind.most
    app.clock.at += kind.seconds
    assert count(workers[::-1], status=status) == kind.most


def test_what_is_shown_is_what_was_called(app: App, kind: Kind) -> None:
    workers = workers_of(app, kind)

    assert workers[0].usage()[0] == 0  # type: ignore[attr-defined]

    made = count(workers)

    assert workers[0].usage()[0] == made == kind.most  # type: ignore[attr-defined]

    app.clock.at += kind.seconds

    assert workers[0].usage()[0] == 0  # type: ignore[attr-defined]


def test_a_new_process_knows_what_the_others_called(app: App, kind: Kind) -> None:
    assert count(workers_of(app, kind)) == kind.most
    assert count(workers_of(app, kind)) == 0


def test_who_may_not_call_learns_how_long_and_may_then_and_not_before(app: App, kind: Kind) -> None:
    workers = workers_of(app, kind)
    count(workers)

    with pytest.raises(RateLimitedError) as refused:
        workers[0].acquire(Priority.QUALIFICATION)
    wait = refused.value.retry_after
    assert wait is not None
    assert 2 < wait <= kind.seconds

    began = app.clock.at
    app.clock.at = began + wait - 2.5
    assert not any(calls(worker) for worker in workers)

    app.clock.at = began + wait
    assert calls(workers[0])


def test_sync_leaves_calls_to_whoever_comes_before_it_and_nobody_leaves_any_to_sync(app: App, kind: Kind) -> None:
    workers = workers_of(app, kind)
    by_sync = count(workers, Priority.SYNC)

    assert 0 < by_sync < kind.most
    assert calls(workers[0], Priority.QUALIFICATION)
    assert by_sync + 1 + count(workers) == kind.most
    assert count(workers, Priority.SYNC) == 0


def test_a_call_that_is_refused_costs_no_slot(app: App, kind: Kind) -> None:
    workers = workers_of(app, kind)
    count(workers)
    for _ in range(50):
        assert not calls(workers[0])

    app.clock.at += kind.seconds

    assert count(workers) == kind.most


@pytest.mark.parametrize("operation", ["get_item", "put_item", "update_item"])
def test_workers_that_cannot_reach_what_they_share_make_no_more_calls_either(app: App, kind: Kind, operation: str) -> None:
    workers = workers_of(app, kind, WORKERS)
    app.dynamodb.refuse(operation, 100_000)

    def may(worker: Limiter) -> bool:
        try:
            return calls(worker)
        except TransientError:
            return False

    made, waiting = 0, list(workers)
    while waiting:
        waiting = [worker for worker in waiting if may(worker)]
        made += len(waiting)
        assert made <= kind.most


def test_a_429_holds_every_process_and_ends(app: App, kind: Kind) -> None:
    app.wire.faults.add({"kind": "status", "status": 429, "path": kind.fault, "times": 1})
    with pytest.raises(TransientError):
        kind.call(app.environment)
    app.forget_calls()

    for environment in (app.environment, app.new_environment()):
        app.context.seconds = 5.0
        environment.begin(app.context)
        with pytest.raises(TransientError):
            kind.call(environment)

    assert app.calls(*Vendor) == [], "nobody asks in vain"

    app.wait(400)
    with suppress(ContactGoneError):  # it was asked
        kind.call(app.new_environment())
    assert len(app.calls(*Vendor)) == 1
