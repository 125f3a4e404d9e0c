"""What is counted each day, and what can be told from it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

FIGURES = ("signups", "delivered", "failed", "skipped", "qualified", "rewarded", "late")
BOUNDS = (1, 2, 3, 5, 8, 13, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 86_400)
"""Upper bounds of the classes of delivery times, in seconds; what is longer counts with the last."""
LATE = 1_800.0


@dataclass(frozen=True, slots=True)
class Day:
    """One campaign's day, such as ``2026-11-22`` in UTC. ``times``: deliveries by class of ``BOUNDS``."""

    day: str
    campaign_id: int
    counts: Mapping[str, int] = field(default_factory=dict)
    times: Mapping[int, int] = field(default_factory=dict)


def day_of(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def class_of(seconds: float) -> int:
    """The index of the class in ``BOUNDS``."""
    return min(bisect_left(BOUNDS, seconds), len(BOUNDS) - 1)


def percentile(times: Mapping[int, int], share: float) -> float | None:
    """The upper bound (seconds) of the class that holds it: so many deliveries were at least that fast. None for none."""
    total = sum(times.values())
    if total <= 0:
        return None
    seen = 0
    for index in sorted(times):
        seen += times[index]
        if seen >= share * total:
            return float(BOUNDS[index])
    return float(BOUNDS[-1])


def summed(days: Iterable[Day]) -> tuple[Counter[str], Counter[int]]:
    """Counts and times of several days."""
    counts: Counter[str] = Counter()
    times: Counter[int] = Counter()
    for day in days:
        counts.update(day.counts)
        times.update(day.times)
    return counts, times
