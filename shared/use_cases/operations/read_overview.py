"""How it goes, out of what the workers counted: no vendor is called and no list is read through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.operations.figures import Day, day_of, percentile, summed
from shared.domain.timing import DAY
from shared.use_cases.environment import Environment
from shared.use_cases.operations.read_health import Health, read_health


@dataclass(frozen=True, slots=True)
class DayFigures:
    """``p50``, ``p99`` and ``longest_wait`` in seconds."""

    day: str
    signups: int
    delivered: int
    qualified: int
    rewarded: int
    failed: int
    p50: float | None
    p99: float | None
    longest_wait: float


@dataclass(frozen=True, slots=True)
class Overview:
    """``funnels`` of the period and ``totals`` of all time, by campaign id. Times in seconds."""

    health: Health
    names: Mapping[int, str]
    funnels: Mapping[int, Mapping[str, int]]
    totals: Mapping[int, Mapping[str, int]]
    days: Sequence[DayFigures]
    p50: float | None
    p99: float | None


def read_overview(environment: Environment, days: int) -> Overview:
    """Of the last ``days`` days, today included. Raises TransientError when our own tables cannot be read."""
    now = environment.clock.now()
    rows = environment.figures.days(day_of(now - (days - 1) * DAY), day_of(now))
    by_campaign: dict[int, Counter[str]] = {}
    for row in rows:
        if row.campaign_id:
            by_campaign.setdefault(row.campaign_id, Counter()).update(row.counts)
    _, times = summed(row for row in rows if row.campaign_id)
    health = read_health(environment)
    return Overview(
        health=health,
        names={campaign.campaign_id: campaign.name for campaign in health.settings},
        funnels=by_campaign,
        totals=environment.figures.totals(day_of(now)),
        days=[_day(day_of(now - back * DAY), rows) for back in reversed(range(days))],
        p50=percentile(times, 0.5),
        p99=percentile(times, 0.99),
    )


def _day(day: str, rows: Sequence[Day]) -> DayFigures:
    counts, times = summed(row for row in rows if row.day == day and row.campaign_id)
    longest = [row.counts.get("longest_wait", 0) for row in rows if row.day == day and not row.campaign_id]
    return DayFigures(
        day=day,
        signups=max(0, counts["signups"]),
        delivered=max(0, counts["delivered"]),
        qualified=max(0, counts["qualified"]),
        rewarded=max(0, counts["rewarded"]),
        failed=max(0, counts["failed"]),
        p50=percentile(times, 0.5),
        p99=percentile(times, 0.99),
        longest_wait=float(max(longest, default=0)),
    )
