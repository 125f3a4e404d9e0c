"""The limiters and the strikes keep their promises on every engine, over several workers."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Lock, Thread
from typing import Any

import pytest

from shared.adapters.dynamodb.items import to_item
from shared.adapters.dynamodb.table import Table
from shared.adapters.dynamodb.vendor.limiter_intercom import IntercomLimiter
from shared.adapters.dynamodb.vendor.limiter_referral_factory import LOG_KEY, ReferralFactoryLimiter
from shared.adapters.dynamodb.vendor.strikes import DynamoStrikes
from shared.domain.connection.connection import Vendor
from shared.domain.vendor.limits import Priority, Strikes, cap_of
from shared.errors import RateLimitedError, TransientError
from tests.contract.repository_tables import Tables, engine, tables
from tests.support.builders import FallibleClient
from tests.support.clock import NOW, SeededChance, VirtualClock

__all__ = ["engine", "tables"]

WORKERS = 218


def headers(limit: int = 1_667, remaining: int = 1_000, reset: float = NOW + 10) -> dict[str, str]:
    return {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(remaining), "x-ratelimit-reset": str(int(reset))}


def take_all(acquire: Callable[[], str]) -> int:
    made = 0
    while True:
        try:
            acquire()
        except RateLimitedError:
            return made
        made += 1


class CountingClient(FallibleClient):
    """Counts the calls of the client under it."""

    def __init__(self, real: Any) -> None:
        super().__init__(real)
        self.used: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.used[name] += 1
        return super().__getattr__(name)


@pytest.fixture
def client(tables: Tables) -> Iterator[CountingClient]:
    client = CountingClient(tables.table.client)
    real = tables.table.client
    tables.table.client = client
    yield client
    tables.table.client = real


# -- Referral Factory -------------------------------------------------------------------------------------------------


def referral_factory(tables: Tables, limit: int = 15) -> ReferralFactoryLimiter:
    return ReferralFactoryLimiter(tables.table, tables.clock, SeededChance(), limit)


def test_two_workers_share_one_minute(tables: Tables) -> None:
    workers = [referral_factory(tables), referral_factory(tables)]
    for number in range(15):
        worker = workers[number % 2]
        worker.finish(worker.acquire(Priority.QUALIFICATION), 200, {})

    assert workers[0].usage() == (15, 0)

    for worker in workers:
        with pytest.raises(RateLimitedError) as refused:
            worker.acquire(Priority.QUALIFICATION)
        assert refused.value.retry_after == pytest.approx(61, abs=1)
    tables.clock.at += 61.1

    assert workers[1].acquire(Priority.QUALIFICATION)
    assert workers[0].usage() == (1, 1)


def test_sync_and_reconcile_leave_their_reserve(tables: Tables) -> None:
    limiter = referral_factory(tables)

    def call(priority: Priority) -> str:
        limiter.finish(permit := limiter.acquire(priority), 200, {})
        return permit

    taken = 0
    for _ in range(5):  # sync spreads its calls over the minute
        taken += take_all(lambda: call(Priority.SYNC))
        tables.clock.at += 10

    assert taken == 13
    assert take_all(lambda: call(Priority.RECONCILE)) == 1
    assert take_all(lambda: call(Priority.QUALIFICATION)) == 1


def test_an_item_that_counts_in_whole_seconds_still_counts(tables: Tables) -> None:
    """As it was written until half seconds came: a deployment must not forget a minute's calls."""
    pk, sk = LOG_KEY
    ended = json.dumps([[int(NOW) - 62, 9], [int(NOW) - 30, 14]])
    tables.table.put(to_item({"pk": pk, "sk": sk, "version": 7, "open": "[]", "ended": ended}))

    limiter = referral_factory(tables)

    assert limiter.usage() == (14, 0)

    limiter.finish(limiter.acquire(Priority.QUALIFICATION), 200, {})

    assert limiter.usage() == (15, 0)

    with pytest.raises(RateLimitedError):
        limiter.acquire(Priority.QUALIFICATION)


def test_a_worker_that_died_holds_its_slot_for_a_while(tables: Tables) -> None:
    referral_factory(tables, 1).acquire(Priority.QUALIFICATION)
    tables.clock.at += 90
    with pytest.raises(RateLimitedError):
        referral_factory(tables, 1).acquire(Priority.QUALIFICATION)

    tables.clock.at += 5

    assert referral_factory(tables, 1).acquire(Priority.QUALIFICATION)


def test_a_wait_under_a_second_is_slept(tables: Tables) -> None:
    limiter = referral_factory(tables, 1)
    limiter.finish(limiter.acquire(Priority.QUALIFICATION), 200, {})

    tables.clock.at += 60.5

    before = tables.clock.at
    assert limiter.acquire(Priority.QUALIFICATION)
    assert 0 < tables.clock.at - before <= 1


@pytest.mark.parametrize("operation", ["get_item", "put_item"])
def test_no_item_no_call(tables: Tables, client: CountingClient, operation: str) -> None:
    client.refuse(operation, 2)
    limiter = referral_factory(tables)
    for _ in range(2):
        with pytest.raises(TransientError):
            limiter.acquire()
    assert limiter.acquire()


def test_a_write_whose_answer_was_lost_costs_a_slot_at_most(tables: Tables, client: CountingClient) -> None:
    client.refuse("put_item", happens=True)
    limiter = referral_factory(tables)
    with pytest.raises(TransientError):
        limiter.acquire()
    assert limiter.usage() == (1, 1)


def test_an_end_that_cannot_be_noted_costs_nothing_but_time(tables: Tables, client: CountingClient) -> None:
    limiter, other = referral_factory(tables), referral_factory(tables)
    permit = limiter.acquire()
    limiter.acquire()
    client.refuse("put_item")

    limiter.finish(permit, 200, {})

    assert other.usage() == (2, 2)

    tables.clock.at += 32

    assert other.usage() == (2, 0)


def test_a_call_of_a_quiet_time_costs_one_write_and_no_slot_too_few(tables: Tables, client: CountingClient) -> None:
    limiter, other = referral_factory(tables, 60), referral_factory(tables, 60)
    for _ in range(3):
        permit = limiter.acquire()
        tables.clock.at += 1
        limiter.finish(permit, 200, {})

    assert (client.used["get_item"], client.used["put_item"]) == (1, 3)
    assert other.usage() == (3, 1)  # the last one as if its worker had died

    tables.clock.at += 40
    limiter.finish(limiter.acquire(), 200, {})

    assert other.usage() == (4, 1)

    tables.clock.at += 22.5  # the first three ended a minute ago, though nobody knew that when they did

    assert other.usage() == (1, 1)


def test_an_end_that_another_worker_has_yet_to_write_makes_nobody_write_more(tables: Tables, client: CountingClient) -> None:
    workers = [referral_factory(tables, 60) for _ in range(4)]
    for worker in workers[:2]:
        worker.finish(worker.acquire(), 200, {})

    assert client.used["put_item"] == 2

    workers[2].finish(workers[2].acquire(), 200, {})

    assert client.used["put_item"] == 3

    workers[3].finish(workers[3].acquire(), 200, {})  # the fourth slot is given back at once

    assert client.used["put_item"] == 5
    assert referral_factory(tables, 60).usage() == (4, 3)


def test_a_busy_minute_hears_of_each_end_at_once(tables: Tables) -> None:
    limiter, other = referral_factory(tables, 60), referral_factory(tables, 60)
    for _ in range(31):
        limiter.finish(limiter.acquire(Priority.QUALIFICATION), 200, {})
    assert other.usage() == (31, 0)


def test_a_permit_that_took_long_to_write_is_given_up(tables: Tables, client: CountingClient) -> None:
    class SlowTable(Table):
        def put(self, *arguments: Any, **options: Any) -> bool:
            done = super().put(*arguments, **options)
            tables.clock.at += 6
            return done

    slow = SlowTable(tables.table.client, tables.table.name, SeededChance())
    with pytest.raises(RateLimitedError):
        ReferralFactoryLimiter(slow, tables.clock, SeededChance(), 15).acquire()


def test_threads_never_pass_the_limit_together() -> None:
    """On the fake only: moto loses updates under threads."""
    from random import Random

    from tests.contract.repository_tables import new_table
    from tests.fakes.dynamodb import FakeDynamoDB

    clock, lock, permits = VirtualClock(), Lock(), list[str]()

    class Player:
        def client(self, _: str) -> FakeDynamoDB:
            return fake

    fake = FakeDynamoDB(clock.now, Random(1))
    table = new_table(Player())  # type: ignore[arg-type]
    clock.sleep = lambda _: None  # type: ignore[method-assign]

    def work() -> None:
        limiter = ReferralFactoryLimiter(table, clock, SeededChance(), 30)
        for _ in range(12):
            try:
                permit = limiter.acquire(Priority.QUALIFICATION)
            except RateLimitedError:
                continue
            with lock:
                permits.append(permit)
            limiter.finish(permit, 200, {})

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 20 <= len(permits) <= 30
    assert len(set(permits)) == len(permits)
    assert ReferralFactoryLimiter(table, clock, SeededChance(), 30).usage()[0] >= len(permits)


# -- strikes ----------------------------------------------------------------------------------------------------------


def test_strikes_outlive_the_worker(tables: Tables) -> None:
    vendor = Vendor.REFERRAL_FACTORY
    assert DynamoStrikes(tables.table).find(vendor) == Strikes()

    for at in (NOW, NOW + 30, NOW + 90):
        DynamoStrikes(tables.table).update(vendor, lambda strikes, at=at: strikes.struck(at))  # type: ignore[misc]

    stored = DynamoStrikes(tables.table).find(vendor)
    assert stored == Strikes(2, NOW + 90, NOW + 90)

    before, after = DynamoStrikes(tables.table).update(vendor, lambda strikes: strikes.lifted(forget=False))
    assert (before, after) == (stored, Strikes(2, NOW + 90))
    assert DynamoStrikes(tables.table).find(vendor) == after


# -- Intercom ---------------------------------------------------------------------------------------------------------


def intercom(tables: Tables, time_left: float = 40.0, place: float = 0.0) -> IntercomLimiter:
    return IntercomLimiter(tables.table, tables.clock, lambda: time_left, place, WORKERS)


def test_workers_share_the_windows_cap(tables: Tables) -> None:
    workers = [intercom(tables) for _ in range(3)]
    workers[0].acquire()

    workers[0].finish("", 200, headers(limit=167))

    made = 1 + sum(take_all(worker.acquire) for worker in workers)
    assert cap_of(167, WORKERS) == 135
    assert made == cap_of(167, WORKERS)

    tables.clock.at += 10

    assert take_all(workers[1].acquire) == cap_of(167, WORKERS)


@pytest.mark.parametrize("workers", [15, WORKERS])
def test_four_fifths_of_the_smallest_plan_are_used_however_many_workers_there_are(workers: int) -> None:
    assert cap_of(167, workers) == 135
    assert cap_of(167, workers) * 6 * 30 / 2.2 > 10_000, "signups that come at once are in Intercom within thirty minutes"


@pytest.mark.parametrize(("limit", "waits"), [(167, True), (1667, False)])
def test_where_many_workers_share_few_calls_none_is_sent_in_a_windows_last_second(
    tables: Tables, limit: int, waits: bool
) -> None:
    """It may arrive in the next window, whose calls others use up."""
    limiter = intercom(tables)
    limiter.acquire()
    limiter.finish("", 200, headers(limit=limit))
    end = tables.clock.at - tables.clock.at % 10 + 10
    tables.clock.at = end - 0.5

    limiter.acquire()

    assert (tables.clock.at >= end) is waits


def test_sync_leaves_a_quarter_of_each_window(tables: Tables) -> None:
    sync, delivery = intercom(tables), intercom(tables)
    sync.acquire(Priority.SYNC)
    sync.finish("", 200, headers(limit=167))

    assert 1 + take_all(lambda: sync.acquire(Priority.SYNC)) == 102
    assert take_all(delivery.acquire) == cap_of(167, WORKERS) - 102


def test_until_an_answer_tells_the_smallest_plan_is_taken(tables: Tables) -> None:
    assert take_all(intercom(tables).acquire) == cap_of(None, WORKERS) == cap_of(167, WORKERS)


def test_what_was_learnt_is_known_to_the_next_worker(tables: Tables) -> None:
    first = intercom(tables)
    first.acquire()
    first.finish("", 200, headers(limit=500, reset=NOW + 3))
    second = intercom(tables)

    tables.clock.at += 20

    assert take_all(second.acquire) == cap_of(500, WORKERS)
    assert second.usage() == (cap_of(500, WORKERS), cap_of(500, WORKERS), 500)

    with pytest.raises(RateLimitedError) as refused:
        second.acquire()
    assert refused.value.retry_after == pytest.approx(3)


def test_five_calls_cost_one_call_to_dynamodb(tables: Tables, client: CountingClient) -> None:
    limiter = intercom(tables)
    limiter.acquire()
    limiter.finish("", 200, headers())
    client.used.clear()

    for _ in range(150):
        limiter.acquire()
        limiter.finish("", 200, headers())

    assert client.used.total() <= 30


def test_a_429_holds_this_worker_and_the_others_until_the_reset(tables: Tables) -> None:
    first, second = intercom(tables), intercom(tables)
    first.acquire()
    first.finish("", 429, headers(reset=NOW + 25))
    for worker in (first, second):
        with pytest.raises(RateLimitedError):
            worker.acquire()
    tables.clock.at = NOW + 20
    for worker in (first, second):
        with pytest.raises(RateLimitedError):
            worker.acquire()
    tables.clock.at = NOW + 30.5
    first.acquire()
    second.acquire()


def test_a_reset_far_away_holds_for_a_minute_at_most(tables: Tables) -> None:
    limiter = intercom(tables)
    limiter.acquire()
    limiter.finish("", 429, headers(reset=NOW + 86_400))

    with pytest.raises(RateLimitedError) as refused:
        limiter.acquire()
    assert refused.value.retry_after == pytest.approx(60)


def test_a_skewed_clock_is_set_right_by_the_answers_date(tables: Tables) -> None:
    limiter = intercom(tables)
    limiter.acquire()
    date = {"date": "Sun, 22 Nov 2026 01:00:00 GMT"}  # Intercom is an hour ahead of us
    limiter.finish("", 429, headers(reset=NOW + 3_600 + 5) | date)

    with pytest.raises(RateLimitedError) as refused:
        limiter.acquire()
    assert refused.value.retry_after == pytest.approx(10, abs=5)


def test_little_that_remains_is_left_to_others(tables: Tables) -> None:
    limiter = intercom(tables)
    limiter.acquire()
    limiter.finish("", 200, headers(limit=1_000, remaining=99))
    with pytest.raises(RateLimitedError):
        limiter.acquire()
    tables.clock.at += 10
    limiter.acquire()


def test_the_end_of_a_window_is_slept_over_when_time_is_left(tables: Tables) -> None:
    limiter, hurried = intercom(tables), intercom(tables, time_left=24)
    tables.clock.at += 8.5
    limiter.acquire()
    limiter.finish("", 429, headers(reset=NOW + 10))
    with pytest.raises(RateLimitedError):
        hurried.acquire()

    limiter.acquire()

    assert tables.clock.at == NOW + 10


@pytest.mark.parametrize("answer", [{}, {"x-ratelimit-limit": "many"}, {"x-ratelimit-reset": "-1"}, headers(limit=0)])
def test_headers_that_tell_nothing_change_nothing(tables: Tables, answer: dict[str, str]) -> None:
    limiter = intercom(tables)
    limiter.acquire()
    limiter.finish("", 200, answer)
    assert limiter.usage()[1:] == (cap_of(None, WORKERS), None)


def test_without_the_counter_each_worker_has_a_share(tables: Tables, client: CountingClient) -> None:
    limiter = intercom(tables)
    client.refuse("update_item", 1_000)

    limiter.finish("", 200, headers(limit=800))

    share = cap_of(800, WORKERS) // WORKERS
    assert share > 1

    for _ in range(3):
        assert take_all(limiter.acquire) == share
        tables.clock.at += 10


def test_without_the_counter_the_workers_take_turns_where_there_are_fewer_calls(tables: Tables, client: CountingClient) -> None:
    limiters = [intercom(tables, place=number / WORKERS) for number in range(WORKERS)]
    client.refuse("update_item", 100_000)
    turns = []

    for _ in range(2):  # as many as the turns in which all workers come
        turns.append([take_all(limiter.acquire) for limiter in limiters])
        tables.clock.at += 10

    assert all(sum(taken) <= cap_of(None, WORKERS) for taken in turns)
    assert [sum(taken) for taken in zip(*turns, strict=True)] == [1] * WORKERS


def test_what_was_called_on_credit_is_counted_later(tables: Tables, client: CountingClient) -> None:
    limiter = intercom(tables)
    limiter.finish("", 200, headers(limit=800))
    client.refuse("update_item")

    assert take_all(limiter.acquire) == cap_of(800, WORKERS)
    assert intercom(tables).usage()[0] == cap_of(800, WORKERS)
