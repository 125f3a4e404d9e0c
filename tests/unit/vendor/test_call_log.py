"""Referral Factory's sliding minute: whatever the latencies, the vendor never sees more than the limit."""

import math
from collections.abc import Sequence
from heapq import heappop, heappush

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.timing import REFERRAL_FACTORY_TIMEOUT
from shared.domain.vendor.limits import MOST_IN_FLIGHT, CallLog, Priority, Strikes, reserve_of

NOW = 1_795_305_600.0
CALLS = st.lists(
    st.tuples(
        st.floats(0, 20),  # seconds since the last try
        st.floats(0.001, REFERRAL_FACTORY_TIMEOUT),  # how long the call takes
        st.floats(0, 1),  # when within that it arrives
        st.booleans(),  # whether its end is ever noted
        st.floats(-0.4, 0.4),  # the worker's clock
    ),
    max_size=120,
)


def most_in_a_minute(arrivals: Sequence[float]) -> int:
    ordered = sorted(arrivals)
    first, most = 0, 0
    for last, at in enumerate(ordered):
        while ordered[first] <= at - 60:
            first += 1
        most = max(most, last - first + 1)
    return most


@settings(max_examples=150, deadline=None)
@given(CALLS, st.integers(1, 12), st.sampled_from(Priority))
def test_no_sliding_minute_of_arrivals_exceeds_the_limit(
    calls: list[tuple[float, float, float, bool, float]], limit: int, priority: Priority
) -> None:
    log, now, arrivals = CallLog(), NOW, list[float]()
    ends: list[tuple[float, str, float]] = []
    for number, (pause, latency, arrives, is_noted, skew) in enumerate(calls):
        now += pause
        while ends and ends[0][0] <= now:
            end, permit, own_skew = heappop(ends)
            log = log.finished(permit, end + own_skew)
        if log.wait(now + skew, limit, priority) > 0:
            continue
        log = log.begun(str(number), now + skew)
        arrivals.append(now + latency * arrives)
        if is_noted:
            heappush(ends, (now + latency, str(number), skew))
        assert log.occupied <= limit
        assert len(log.open) <= MOST_IN_FLIGHT
    assert most_in_a_minute(arrivals) <= limit


@settings(max_examples=50, deadline=None)
@given(CALLS, st.integers(1, 12))
def test_after_the_wait_that_was_named_the_call_may_begin(
    calls: list[tuple[float, float, float, bool, float]], limit: int
) -> None:
    log, now = CallLog(), NOW
    for number, (pause, latency, _, is_noted, _) in enumerate(calls):
        now += pause
        wait = log.wait(now, limit, Priority.QUALIFICATION)
        if wait and len(log.at(now).open) < MOST_IN_FLIGHT:
            assert log.wait(now + wait + 1, limit, Priority.QUALIFICATION) == 0
        elif not wait:
            log = log.begun(str(number), now)
            log = log.finished(str(number), now + latency) if is_noted else log
            now += latency if is_noted else 0


def test_the_log_stays_small_at_the_highest_pace() -> None:
    log, longest = CallLog(), 0
    for number in range(4_000):
        at = NOW + number * 0.125
        if log.wait(at, 480, Priority.QUALIFICATION) == 0:
            log = log.begun(str(number), at).finished(str(number), at + 0.1)
        longest = max(longest, len(log.ended) + len(log.open))
    assert longest <= 128, "two entries a second, for a minute and what a call may last"


def test_a_steady_pace_comes_close_to_the_limit() -> None:
    log, made = CallLog(), 0
    for tick in range(9_000):
        at = NOW + tick / 10
        if log.wait(at, 300, Priority.SYNC) == 0:
            log, made = log.begun(str(tick), at).finished(str(tick), at + 0.05), made + 1
    assert made >= 300 * 15 * 0.97, "a minute of 61.3 s, of which sync leaves 2 of 300"


@pytest.mark.parametrize(
    ("priority", "expected"), [(Priority.QUALIFICATION, 300), (Priority.RECONCILE, 299), (Priority.SYNC, 298)]
)
def test_who_comes_later_leaves_a_reserve(priority: Priority, expected: int) -> None:
    log, made = CallLog(), 0
    for tick in range(550):
        at = NOW + tick / 10
        while log.wait(at, 300, priority) == 0:
            log, made = log.begun(str(made), at).finished(str(made), at + 0.05), made + 1
    assert made == expected == 300 - reserve_of(300, priority)


def test_sync_spreads_its_calls_and_others_need_not() -> None:
    for priority, expected in ((Priority.SYNC, 60), (Priority.RECONCILE, 299)):
        log, made = CallLog(), 0
        while log.wait(NOW, 300, priority) == 0:
            log, made = log.begun(str(made), NOW).finished(str(made), NOW + 0.1), made + 1
        assert made == expected


def test_a_qualification_waits_a_moment_however_busy_sync_is_and_sync_waits_until_it_is_served() -> None:
    """Sync at full pace for five minutes; then 100 qualifications at once."""
    log, number, waits, served = CallLog(), 0, list[float](), 0
    for tick in range(4_000):
        at = NOW + tick / 10
        busy = tick >= 3_000 and served < 100
        for priority in (Priority.QUALIFICATION, Priority.SYNC) if busy else (Priority.SYNC,):
            while (priority is Priority.SYNC or served < 100) and log.wait(at, 300, priority) == 0:
                log, number = log.begun(str(number), at).finished(str(number), at + 0.05), number + 1
                if priority is Priority.QUALIFICATION:
                    waits.append(tick / 10 - 300)
                    served += 1

    assert served == 100
    assert waits[0] <= 0.1, "the reserve"
    assert waits[99] <= 22, "five a second, all of them"


@pytest.mark.parametrize("limit", [1, 2, 3, 60, 300, 480])
def test_who_comes_first_leaves_less(limit: int) -> None:
    qualification, reconcile, sync = (reserve_of(limit, priority) for priority in Priority)
    assert 0 == qualification <= reconcile <= sync < limit
    assert limit < 3 or qualification < reconcile < sync


@pytest.mark.parametrize(("priority", "expected"), [(Priority.QUALIFICATION, 10), (Priority.RECONCILE, 8), (Priority.SYNC, 6)])
def test_few_calls_are_in_flight(priority: Priority, expected: int) -> None:
    log = CallLog()
    while log.wait(NOW, 300, priority) == 0:
        log = log.begun(str(len(log.open)), NOW)
    assert len(log.open) == expected
    assert log.wait(NOW, 300, priority) == 1.0


def test_a_call_that_nobody_ended_holds_its_slot_until_it_cannot_count_any_more() -> None:
    log = CallLog().begun("dead", NOW)

    assert log.at(NOW + 30).open
    assert log.at(NOW + 32) == CallLog((), ((math.ceil(NOW + 31), 1),))
    assert log.wait(NOW + 91, 1, Priority.QUALIFICATION) > 0
    assert log.wait(NOW + 92, 1, Priority.QUALIFICATION) == 0
    assert log.finished("dead", NOW + 40) == log.at(NOW + 40)


def test_the_second_strike_stops_and_lifting_leaves_one_more_chance_to_none() -> None:
    once = Strikes().struck(NOW)

    assert (once.count, once.stopped) == (1, False)
    assert once.struck(NOW + 59) == once

    twice = once.struck(NOW + 60)
    assert (twice.count, twice.stopped_at) == (2, NOW + 60)

    lifted = twice.lifted(forget=False)
    assert (lifted.count, lifted.stopped) == (2, False)
    assert lifted.struck(NOW + 86_400).stopped
    assert twice.lifted(forget=True) == Strikes()
    assert not twice.lifted(forget=True).struck(NOW + 86_400).stopped
