"""How fast the vendors may be called: pure rules over what is stored.

Referral Factory (https://developers.referral-factory.com): 600 calls a minute for a key; over it a few times, and the address
is blocked for days. So its rule is exact and errs on the slow side. Intercom (https://developers.intercom.com/docs/references/
rest-api/errors/rate-limiting): windows of 10 seconds that its answers describe; over it, it only says 429.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.domain.timing import REFERRAL_FACTORY_TIMEOUT

MINUTE = 60.0
SKEW = 1.0
"""Seconds that two workers' clocks may be apart."""
BEGIN_WITHIN = 5.0
"""Seconds from a permit to the start of its call; an older permit is given up."""
ENDS_PER_SECOND = 2
"""A call's end is rounded up to half a second: finer is nearer to the limit, coarser a shorter log."""
MOST_IN_FLIGHT = 10
SPREAD = 10.0
SPREAD_SLACK = 1.2
"""Sync makes no more of its minute's calls in ten seconds than a sixth and a fifth of it, so that slots come free evenly."""
HIGHEST_LIMIT = 480
LIMIT_OUTSIDE_PRODUCTION = 60
ONE_STRIKE = 60.0
"""Seconds in which further 429s belong to the same strike."""
STRIKES_TO_STOP = 2

WINDOW = 10.0
OUR_SHARE = 0.9
ON_ITS_WAY = 1.0
"""Seconds from a permit to the arrival of its call at Intercom."""
FIXED_WORKERS = 10
"""Workers of the queues whose MaximumConcurrency is fixed in the template; deliveries and sync have parameters."""
LARGEST_BLOCK = 20
SMALLEST_LIMIT = 167
"""Calls a window of the smallest documented plan, taken until an answer has named ours."""


class Priority(StrEnum):
    """Who is served first when calls are scarce."""

    QUALIFICATION = "qualification"
    RECONCILE = "reconcile"
    SYNC = "sync"


# -- Referral Factory: a sliding minute -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallLog:
    """The calls that may still count at the vendor: ``open`` ones as (permit, start), ``ended`` ones as
    (moment, calls), the oldest first.

    We cannot know when a call arrived, only that it was between its start and its end. Whoever holds a slot from the start to
    a minute after the end holds it whenever the arrival could share a sliding minute with the next one. Ends are rounded up
    to half a second, so the log never has more than about 140 entries. A call that was never ended (its worker died) is taken
    as ended when it must have been given up.
    """

    open: tuple[tuple[str, float], ...] = ()
    ended: tuple[tuple[float, int], ...] = ()

    def at(self, now: float) -> CallLog:
        """Without what can no longer count."""
        if not any(now >= start + _LONGEST_OPEN for _, start in self.open):
            kept = bisect_right(self.ended, now, key=lambda end: _free_at(end[0]))
            return replace(self, ended=self.ended[kept:]) if kept else self
        dead = [start for _, start in self.open if now >= start + _LONGEST_OPEN]
        alive = tuple((permit, start) for permit, start in self.open if now < start + _LONGEST_OPEN)
        ended = Counter(dict(self.ended)) + Counter(_rounded(start + _LONGEST_OPEN) for start in dead)
        return CallLog(alive, tuple(sorted((moment, calls) for moment, calls in ended.items() if now < _free_at(moment))))

    def begun(self, permit: str, now: float) -> CallLog:
        log = self.at(now)
        return replace(log, open=(*log.open, (permit, now)))

    def finished(self, permit: str, now: float) -> CallLog:
        """Unchanged but for time when the permit is unknown: it was taken as ended already."""
        log = self.at(now)
        if permit not in dict(log.open):
            return log
        ended = Counter(dict(log.ended)) + Counter([_rounded(now)])
        return CallLog(tuple(call for call in log.open if call[0] != permit), tuple(sorted(ended.items())))

    @property
    def occupied(self) -> int:
        """Slots of the minute that are taken."""
        return len(self.open) + sum(calls for _, calls in self.ended)

    def since(self, moment: float) -> int:
        """Calls in flight, and those that ended after ``moment``."""
        return len(self.open) + sum(calls for end, calls in self.ended if end > moment)

    def wait(self, now: float, limit: int, priority: Priority) -> float:
        """Seconds until a call of that priority may begin if no other does, 0 when it may now. ``limit``: calls in any
        sliding minute."""
        log = self.at(now)
        if len(log.open) >= MOST_IN_FLIGHT - _IN_FLIGHT_LEFT[priority]:
            return 1.0
        if priority is Priority.SYNC and log.since(now - SPREAD) >= max(1, math.ceil(limit * SPREAD / MINUTE * SPREAD_SLACK)):
            return 1.0
        to_free = log.occupied - (limit - reserve_of(limit, priority)) + 1
        if to_free <= 0:
            return 0.0
        times = [(_free_at(moment), calls) for moment, calls in log.ended]
        times += [(_free_at(_rounded(start + _LONGEST_OPEN)), 1) for _, start in log.open]
        for moment, calls in sorted(times):
            to_free -= calls
            if to_free <= 0:
                return max(moment - now, 0.1)
        return MINUTE


_LONGEST_OPEN = BEGIN_WITHIN + REFERRAL_FACTORY_TIMEOUT + SKEW
_IN_FLIGHT_LEFT = {Priority.QUALIFICATION: 0, Priority.RECONCILE: 2, Priority.SYNC: 4}


def _rounded(moment: float) -> float:
    return math.ceil(moment * ENDS_PER_SECOND) / ENDS_PER_SECOND


def _free_at(end: float) -> float:
    return end + MINUTE + SKEW


def reserve_of(limit: int, priority: Priority) -> int:
    """Calls a minute that a priority leaves for those before it, of 300: sync 2, reconcile 1.

    Few are enough, because sync spreads its calls: each second some slots come free, and as long as somebody before it takes
    them, it gets none. So a full minute costs a qualification a second or so, and an idle one costs sync nothing.
    """
    least = {Priority.QUALIFICATION: 0, Priority.RECONCILE: max(1, limit // 300), Priority.SYNC: max(2, limit // 150)}
    return min(least[priority], limit - 1)


@dataclass(frozen=True, slots=True)
class Strikes:
    """What Referral Factory holds against us. Never forgotten by time: how long it remembers is not documented."""

    count: int = 0
    last_at: float = 0.0
    stopped_at: float | None = None

    @property
    def stopped(self) -> bool:
        """No call until a person lifts it."""
        return self.stopped_at is not None

    def struck(self, now: float) -> Strikes:
        """After a 429: one more strike, or still the last one. The second stops all calls."""
        if self.count and now - self.last_at < ONE_STRIKE:
            return self
        count = self.count + 1
        return Strikes(count, now, self.stopped_at or (now if count >= STRIKES_TO_STOP else None))

    def lifted(self, *, forget: bool) -> Strikes:
        """Calls may be made again. The strikes stay, so that the next one stops at once, unless ``forget``."""
        return Strikes() if forget else replace(self, stopped_at=None)


# -- Intercom: windows of ten seconds ---------------------------------------------------------------------------------


def cap_of(limit: int | None, workers: int) -> int:
    """Our calls in one window: 90 % of Intercom's, less those that may arrive in the next window, which are one for each worker
    and no more than a window's calls in the time that one is on its way."""
    of_us = int((limit or SMALLEST_LIMIT) * OUR_SHARE)
    return max(1, of_us - min(workers, math.ceil(of_us * ON_ITS_WAY / WINDOW)))


def ends_early(limit: int | None, workers: int) -> bool:
    """Whether a window takes no call that may arrive in the next one: more workers than there is room for may send one."""
    return workers > (limit or SMALLEST_LIMIT) - cap_of(limit, workers)


def cap_for(priority: Priority, cap: int) -> int:
    """What a priority may take of the cap: sync leaves a quarter of each window to deliveries and qualifications."""
    return max(1, cap - cap // 4) if priority is Priority.SYNC else cap


def window_end(now: float, alignment: int) -> int:
    """The end (epoch seconds) of the window that ``now`` is in; windows end at seconds that leave ``alignment`` of 10."""
    return int(alignment + (math.floor((now - alignment) / WINDOW) + 1) * WINDOW)


def block_of(taken: int, cap: int, workers: int) -> int:
    """Calls to lease at once: many while the window is empty, single ones near its end, so that few lapse unused."""
    return max(1, min(LARGEST_BLOCK, (cap - taken) // workers))


def share_of(cap: int, end: int, place: float, workers: int) -> int:
    """What one worker may call in the window that ends then, while it cannot reach the counter.

    Where a window has fewer calls than there are workers they take turns of one call; ``place`` (0 to 1, by chance, a
    worker's for good) says which.
    """
    if cap >= workers:
        return cap // workers
    turns = math.ceil(workers / cap)
    return int(end // int(WINDOW) % turns == int(place * turns))
