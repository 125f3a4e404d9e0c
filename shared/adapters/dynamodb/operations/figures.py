"""Counts by day and campaign, and when webhooks last came.

``FIGURES#<month>`` / ``<day>#<campaign>`` holds a campaign's day, ``FIGURES#WAITING`` / ``NOW`` the last sweep's look,
``FIGURES#RECEIVED#<vendor>`` / ``<name>`` the last webhook of each kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.adapters.dynamodb.items import from_item
from shared.adapters.dynamodb.table import Table
from shared.domain.connection.connection import Vendor
from shared.domain.operations.figures import LATE, Day, class_of, day_of
from shared.observability import logger
from shared.ports.operations import Figures

RECEIVED_AGAIN_AFTER = 60.0
"""Seconds in which one worker notes the same webhook once: a storm needs no row written for each."""
WAITING = ("FIGURES#WAITING", "NOW")
MONTHS_STILL = 2
"""Months in a row without any figure before which there are none."""
ALWAYS = "attribute_not_exists(pk) OR attribute_exists(pk)"


class DynamoFigures(Figures):
    def __init__(self, table: Table) -> None:
        self._table = table
        self._counts: dict[tuple[int, str], Counter[str]] = {}
        self._waited: tuple[float | None, float] | None = None
        self._received: dict[tuple[str, str], float] = {}
        self._noted: dict[tuple[str, str], float] = {}

    # -- counting -----------------------------------------------------------------------------------------------------

    def count(self, campaign_id: int, name: str, at: float, by: int = 1) -> None:
        self._counts.setdefault((campaign_id, day_of(at)), Counter())[name] += by

    def delivered_in(self, campaign_id: int, seconds: float, at: float) -> None:
        self.count(campaign_id, f"time_{class_of(seconds)}", at)
        if seconds > LATE:
            self.count(campaign_id, "late", at)

    def waited(self, oldest_at: float | None, now: float) -> None:
        self._waited = (oldest_at, now)

    def received(self, vendor: Vendor, name: str, at: float) -> None:
        key = (str(vendor), name[:200])
        if at - self._noted.get(key, float("-inf")) >= RECEIVED_AGAIN_AFTER:
            self._received[key] = max(at, self._received.get(key, at))

    def flush(self) -> None:
        if not (self._counts or self._received or self._waited):
            return
        try:
            self._write()
        except Exception:  # noqa: BLE001 - a figure must never cost a delivery
            logger.exception("figures not written")
            self._noted |= self._received  # a table that hangs is left alone for a while
        self._counts, self._received, self._waited = {}, {}, None

    def _write(self) -> None:
        for (campaign_id, day), counts in self._counts.items():
            self._add(f"FIGURES#{day[:7]}", f"{day}#{campaign_id}", counts)
        for (vendor, name), at in self._received.items():
            change, condition = "SET received_at = :at", "attribute_not_exists(received_at) OR received_at < :at"
            self._table.update(f"FIGURES#RECEIVED#{vendor}", name, change, condition, {":at": float(at)})
            self._noted[vendor, name] = at
        if self._waited:
            oldest_at, now = self._waited
            change = "SET measured_at = :now, oldest_at = :oldest"
            self._table.update(*WAITING, change, ALWAYS, {":now": float(now), ":oldest": float(oldest_at or 0)})
            if oldest_at:
                self._note_longest(now - oldest_at, day_of(now))

    def _add(self, pk: str, sk: str, counts: Mapping[str, int]) -> None:
        names = sorted(counts)
        change = "ADD " + ", ".join(f"#{name} :{name}" for name in names)
        self._table.update(pk, sk, change, ALWAYS, {f":{name}": counts[name] for name in names})

    def _note_longest(self, seconds: float, day: str) -> None:
        condition = "attribute_not_exists(longest_wait) OR longest_wait < :seconds"
        change = "SET longest_wait = :seconds"
        self._table.update(f"FIGURES#{day[:7]}", f"{day}#0", change, condition, {":seconds": float(seconds)})

    # -- reading ------------------------------------------------------------------------------------------------------

    def days(self, first: str, last: str) -> Sequence[Day]:
        """See ``Figures.days``. Campaign 0 holds what belongs to none: ``longest_wait`` in seconds."""
        return [_day(row) for month in _months(first, last) for row in self._rows(f"FIGURES#{month}", first, f"{last}#~")]

    def totals(self, today: str) -> Mapping[int, Mapping[str, int]]:
        """See ``Figures.totals``. The sweep writes a row each day, so that a month without one was before the first, or the
        application stood still."""
        found: dict[int, Counter[str]] = {}
        missing, month = 0, today[:7]
        while missing <= MONTHS_STILL:
            rows = [_day(row) for row in self._rows(f"FIGURES#{month}", month, f"{month}~")]
            missing = 0 if rows else missing + 1
            month = _month_before(month)
            for day in (day for day in rows if day.campaign_id):
                found.setdefault(day.campaign_id, Counter()).update(day.counts)
        return found

    def waiting(self) -> Mapping[str, float]:
        item = self._table.find(*WAITING)
        row = from_item(item) if item else {}
        return {name: float(row[name]) for name in ("measured_at", "oldest_at") if row.get(name)}

    def last_received(self, vendor: Vendor) -> Mapping[str, float]:
        rows = self._table.query("pk = :pk", {":pk": f"FIGURES#RECEIVED#{vendor}"})
        return {row["sk"]: float(row["received_at"]) for row in map(from_item, rows)}

    def _rows(self, pk: str, first: str, last: str) -> Iterator[dict[str, Any]]:
        values = {":pk": pk, ":first": first, ":last": last}
        return map(from_item, self._table.query("pk = :pk AND sk BETWEEN :first AND :last", values))


def _months(first: str, last: str) -> Iterator[str]:
    year, month = int(first[:4]), int(first[5:7])
    while (name := f"{year:04d}-{month:02d}") <= last[:7]:
        yield name
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _month_before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:7])
    return f"{year - 1:04d}-12" if number == 1 else f"{year:04d}-{number - 1:02d}"


def _numbers(row: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(value) for name, value in row.items() if isinstance(value, int | float) and name != "schema"}


def _day(row: Mapping[str, Any]) -> Day:
    day, _, campaign_id = row["sk"].partition("#")
    numbers = _numbers(row)
    times = {int(name.removeprefix("time_")): value for name, value in numbers.items() if name.startswith("time_")}
    counts = {name: value for name, value in numbers.items() if not name.startswith("time_")}
    return Day(day, int(campaign_id), counts, times)
