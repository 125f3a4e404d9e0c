"""Intercom's windows of ten seconds, shared by all workers: one counter a window, from which calls are leased in blocks.

https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting. How many calls a window has and when it ends
is learnt from the answers and kept in ``VENDOR#intercom / LIMITER``; the counters are ``VENDOR#intercom / WINDOW#<end>`` and
expire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.adapters.dynamodb.items import Item, from_item, to_item
from shared.adapters.dynamodb.keys import vendor_key
from shared.adapters.dynamodb.table import Table
from shared.adapters.intercom.limit_headers import LimitHeaders, limits_of
from shared.domain.connection.connection import Vendor
from shared.domain.timing import LONGEST_CREATE
from shared.domain.vendor.limits import (
    ON_ITS_WAY,
    WINDOW,
    Priority,
    block_of,
    cap_for,
    cap_of,
    ends_early,
    share_of,
    window_end,
)
from shared.errors import FailureError, RateLimitedError, TransientError
from shared.observability import logger
from shared.ports.clock import Clock
from shared.ports.vendor import Limiter

_KEY = (vendor_key(Vendor.INTERCOM), "LIMITER")
NOTHING_LEFT = 1_000_000_000
"""A counter that nobody leases from any more."""
LOW = 0.1
"""Share of the limit under which what remains is left to others until the window ends."""
LONGEST_SLEEP_FOR_COUNTS = 2.0
LONGEST_HOLD = 60.0
COUNTS_KEPT_SECONDS = 3_600


class IntercomLimiter(Limiter):
    """``time_left`` of the invocation, in seconds. ``place`` (0 to 1):
    chosen by chance, for whose turn it is when no counter tells. ``workers`` may call at the same time, all together."""

    def __init__(self, table: Table, clock: Clock, time_left: Callable[[], float], place: float, workers: int) -> None:
        self._table = table
        self._clock = clock
        self._time_left = time_left
        self._place = place
        self._workers = workers
        self._limit: int | None = None
        self._alignment = 0
        self._end = 0
        self._tokens = 0
        self._taken = 0
        self._on_credit = 0
        self._owed = 0
        self._hold_until = 0.0

    def acquire(self, priority: Priority = Priority.RECONCILE) -> str:
        """See ``Limiter.acquire``. Sleeps up to 2 s for the next window; never a TransientError: a worker that cannot reach
        the counter takes a share of its own."""
        while True:
            now = self._clock.now()
            if now >= self._end:
                self._open_window(now)
            if now >= self._hold_until and not self._is_ending(now) and (self._tokens > 0 or self._lease(priority)):
                self._tokens -= 1
                return ""
            wait = max(self._hold_until, float(self._end)) - now
            if wait > LONGEST_SLEEP_FOR_COUNTS or self._time_left() - wait < LONGEST_CREATE:
                raise RateLimitedError("Our own limit at Intercom is reached.", retry_after=wait, vendor=Vendor.INTERCOM)
            self._clock.sleep(wait)

    def finish(self, permit: str, status: int | None, headers: Mapping[str, str]) -> None:
        """See ``Limiter.finish``. Learns, and holds until the window ends when little remains or after a 429."""
        if status is None:
            return
        now = self._clock.now()
        said = limits_of(headers, now)
        self._learn(said, now)
        if status == 429:
            reset_at = said.reset_at if said.reset_at is not None and said.reset_at > now else now + WINDOW
            self._hold(now, min(reset_at, now + LONGEST_HOLD))
        elif said.remaining is not None and said.remaining < LOW * (said.limit or 0) and said.reset_at is not None:
            self._hold(now, min(said.reset_at, now + WINDOW))

    def report(self, error: FailureError | None) -> None:
        """Nothing to learn."""

    def usage(self) -> tuple[int, int, int | None]:
        """Calls leased in the present window, our cap in it, and Intercom's limit (None until it was learnt)."""
        now = self._clock.now()
        self._open_window(now)
        item = self._table.find(vendor_key(Vendor.INTERCOM), _sort_key(self._end))
        return _taken(item or {}), cap_of(self._limit, self._workers), self._limit

    # -- the window ---------------------------------------------------------------------------------------------------

    def _open_window(self, now: float) -> None:
        """What was leased for the one before lapses. Others may have learnt meanwhile."""
        self._tokens = self._taken = self._on_credit = self._owed = 0
        try:
            item = self._table.find(*_KEY)
        except TransientError:
            item = None
        if item is not None:
            values = from_item(item)
            self._limit, self._alignment = int(values["limit"]), int(values["alignment"])
        self._end = window_end(now, self._alignment)

    def _is_ending(self, now: float) -> bool:
        return self._end - now < ON_ITS_WAY and ends_early(self._limit, self._workers)

    def _lease(self, priority: Priority) -> bool:
        """Takes a block from the window's counter, a single call when a block is too much; False when it is used up."""
        cap = cap_for(priority, cap_of(self._limit, self._workers))
        block = block_of(self._taken, cap, self._workers)
        try:
            return self._take(block, cap) or (block > 1 and self._take(1, cap))
        except TransientError as error:
            logger.warning("limiter unreachable", vendor=Vendor.INTERCOM, code=error.code)
            return self._take_on_credit(block, cap)

    def _take(self, calls: int, cap: int) -> bool:
        """What was called on credit is counted with the next lease."""
        values: dict[str, Any] = {":zero": 0, ":calls": calls + self._owed, ":most": cap - calls}
        values[":expires"] = self._end + COUNTS_KEPT_SECONDS
        after, refused = self._table.update(
            vendor_key(Vendor.INTERCOM),
            _sort_key(self._end),
            "SET #taken = if_not_exists(#taken, :zero) + :calls, expires_at = :expires",
            "attribute_not_exists(#taken) OR #taken <= :most",
            values,
        )
        self._taken = _taken(after if after is not None else refused or {})
        if after is None:
            return False
        self._tokens, self._owed = calls, 0
        return True

    def _take_on_credit(self, block: int, cap: int) -> bool:
        granted = min(block, share_of(cap, self._end, self._place, self._workers) - self._on_credit)
        if granted <= 0:
            return False
        self._on_credit += granted
        self._owed += granted
        self._tokens = granted
        return True

    # -- what the answers tell ----------------------------------------------------------------------------------------

    def _learn(self, said: LimitHeaders, now: float) -> None:
        alignment = said.alignment if said.reset_at is not None and 0 < said.reset_at - now <= WINDOW + 1 else None
        alignment = self._alignment if alignment is None else alignment
        if said.limit is None or (said.limit, alignment) == (self._limit, self._alignment):
            return
        self._limit, self._alignment = said.limit, alignment
        pk, sk = _KEY
        try:
            self._table.put(to_item({"pk": pk, "sk": sk, "limit": said.limit, "alignment": alignment, "learnt_at": float(now)}))
        except TransientError:
            logger.warning("limit not stored", vendor=Vendor.INTERCOM)

    def _hold(self, now: float, until: float) -> None:
        """Stops this worker at once and the others at their next lease."""
        if until <= self._hold_until:
            return
        self._hold_until = until
        self._tokens = 0
        logger.info("calls held", vendor=Vendor.INTERCOM, seconds=until - now)
        end = window_end(now, self._alignment)
        try:
            while end - WINDOW < until:
                values = {":held": NOTHING_LEFT, ":expires": end + COUNTS_KEPT_SECONDS}
                change, condition = (
                    "SET #taken = :held, expires_at = :expires",
                    "attribute_not_exists(#taken) OR #taken < :held",
                )
                self._table.update(vendor_key(Vendor.INTERCOM), _sort_key(end), change, condition, values)
                end += int(WINDOW)
        except TransientError:
            logger.warning("hold not shared", vendor=Vendor.INTERCOM)


def _sort_key(end: int) -> str:
    return f"WINDOW#{end}"


def _taken(item: Item) -> int:
    return int(item["taken"]["N"]) if "taken" in item else 0
