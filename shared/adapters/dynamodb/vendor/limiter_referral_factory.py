"""At most so many calls to Referral Factory in any sliding minute, over all workers, by one item. No item, no call.

https://developers.referral-factory.com: 600 a minute; over it a few times, the address is blocked for days.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared.adapters.dynamodb.items import from_item, json_text, to_item
from shared.adapters.dynamodb.keys import vendor_key
from shared.adapters.dynamodb.table import Table
from shared.domain.connection.connection import Vendor
from shared.domain.vendor.limits import BEGIN_WITHIN, ENDS_PER_SECOND, CallLog, Priority
from shared.errors import FailureError, RateLimitedError, TransientError
from shared.observability import logger
from shared.ports.clock import Chance, Clock
from shared.ports.vendor import Limiter

LOG_KEY = (vendor_key(Vendor.REFERRAL_FACTORY), "LIMITER")
PERMIT_ATTEMPTS = 20
"""Times the item is written before a permit is refused: with ten calls in flight, others are often faster."""
LONGEST_SLEEP = 1.0
COLLISION_PAUSE = 0.05
FRESH = 2.0
"""Seconds for which the item is taken as this worker left it; its version tells whether it still is so."""
QUIET_SHARE = 0.5
"""Of the limit. Under it a call's end is written with the next call's begin: until then it counts as if its worker had died,
which is too long, never too short."""
QUIET_IN_FLIGHT = 3
"""Calls in flight up to which that is so, of ten: two of them may have ended, and wait for their workers' next calls."""

Ends = tuple[tuple[float, int], ...]


class ReferralFactoryLimiter(Limiter):
    """``limit``: calls in any sliding minute. A call of a quiet time costs one write."""

    def __init__(self, table: Table, clock: Clock, chance: Chance, limit: int) -> None:
        self._table = table
        self._clock = clock
        self._chance = chance
        self.limit = limit
        self._ended: list[tuple[str, float]] = []
        self._left: tuple[float, CallLog, int] | None = None

    def acquire(self, priority: Priority = Priority.RECONCILE) -> str:
        """See ``Limiter.acquire``. Sleeps a second at most, then says for how long to stay away. TransientError when the
        item cannot be read or written: no call is made."""
        slept = False
        for _ in range(PERMIT_ATTEMPTS):
            began, kept = self._clock.now(), self._kept()
            log, version = kept or self._read()
            wait = log.wait(began, self.limit, priority)
            if wait > 0 and kept:
                continue
            if wait > 0:
                if slept or wait > LONGEST_SLEEP:
                    raise _refusal(wait)
                slept = True
                self._clock.sleep(wait)
                continue
            permit = self._chance.token()[:8]
            if self._write(log.begun(permit, began), version):
                if self._clock.now() - began > BEGIN_WITHIN:  # its slot would be free again too early
                    raise _refusal(LONGEST_SLEEP)
                return permit
            if not kept:
                self._pause()
        raise _refusal(LONGEST_SLEEP)

    def finish(self, permit: str, status: int | None, headers: Mapping[str, str]) -> None:
        """See ``Limiter.finish``. A call that cannot be noted as ended holds its slot somewhat longer."""
        self._ended.append((permit, self._clock.now()))
        if self._is_quiet():
            return
        try:
            for _ in range(PERMIT_ATTEMPTS):
                kept = self._kept()
                log, version = kept or self._read()
                if self._write(log, version):
                    return
                if not kept:
                    self._pause()
        except TransientError as error:
            logger.warning("end of a call not noted", error=type(error).__name__, code=error.code)

    def _is_quiet(self) -> bool:
        """When this worker's call began."""
        log = self._left[1] if self._left else None
        return log is not None and len(log.open) <= QUIET_IN_FLIGHT and log.occupied <= self.limit * QUIET_SHARE

    def report(self, error: FailureError | None) -> None:
        """Nothing to learn: what it means for further calls is decided around this limiter."""

    def usage(self) -> tuple[int, int]:
        """Slots of the minute that are taken, and calls in flight."""
        log = self._read()[0].at(self._clock.now())
        return log.occupied, len(log.open)

    def _kept(self) -> tuple[CallLog, int] | None:
        """As this worker left it a moment ago; asked once."""
        left, self._left = self._left, None
        if left is None or self._clock.now() - left[0] > FRESH:
            return None
        return self._with_ends(left[1]), left[2]

    def _read(self) -> tuple[CallLog, int]:
        item = self._table.find(*LOG_KEY)
        if item is None:
            return CallLog(), 0
        values = from_item(item)
        calls = tuple((str(permit), float(start)) for permit, start in json.loads(values["open"]))
        return self._with_ends(CallLog(calls, _ends_of(values))), int(values["version"])

    def _with_ends(self, log: CallLog) -> CallLog:
        """With those of this worker's calls that are not written yet."""
        for permit, ended_at in self._ended:
            log = log.finished(permit, ended_at)
        return log

    def _write(self, log: CallLog, version: int) -> bool:
        pk, sk = LOG_KEY
        row: dict[str, str | float | None] = {"pk": pk, "sk": sk, "version": version + 1}
        row |= {"open": json_text(log.open), "ends": json_text(_short(log.ended))}
        condition = "version = :version" if version else "attribute_not_exists(pk)"
        written = self._table.put(to_item(row), condition, {":version": version} if version else None)
        if written:
            self._ended.clear()
            self._left = (self._clock.now(), log, version + 1)
        return written

    def _pause(self) -> None:
        self._clock.sleep(self._chance.fraction() * COLLISION_PAUSE)


def _short(ended: Ends) -> list[list[int]]:
    """The first one's second and, counted in half seconds from there, the ends with their calls: the item stays near 1 kB."""
    since = int(ended[0][0]) if ended else 0
    return [[since], *([int((moment - since) * ENDS_PER_SECOND), calls] for moment, calls in ended)]


def _ends_of(values: Mapping[str, Any]) -> Ends:
    """Reads what ``_short`` wrote, or the whole seconds of an item of version 1."""
    if "ends" not in values:
        return tuple((float(second), int(calls)) for second, calls in json.loads(values["ended"]))
    [since], *ends = json.loads(values["ends"])
    return tuple((since + count / ENDS_PER_SECOND, int(calls)) for count, calls in ends)


def _refusal(wait: float) -> RateLimitedError:
    return RateLimitedError("Our own limit at Referral Factory is reached.", retry_after=wait, vendor=Vendor.REFERRAL_FACTORY)
