"""What the campaigns bring, counted from the ledger itself: a worker that dies loses no count, and nobody counts twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.operations.figures import day_of
from shared.domain.operations.results import Joined, Results, day_in, first_moment, results_of
from shared.domain.spelling import is_zone, zone_of
from shared.domain.timing import DAY
from shared.use_cases.environment import Environment

MOST_ROWS_COUNTED = 50_000
"""People that are counted at once, the newest first."""
FRESH_AT_LEAST = 5.0
FRESH_FACTOR = 20.0
"""A count is shown for so many times the seconds that it took, so that a large ledger is not read all the time."""


@dataclass(frozen=True, slots=True)
class Counted:
    """``rewarded`` by campaign id, of the period and of as many days before. ``days``: all of the period, oldest first.
    ``is_whole``: nobody was left out."""

    at: float
    since: float
    zone: str
    names: Mapping[int, str]
    results: Results
    rewarded: Mapping[int, int]
    rewarded_before: int
    days: tuple[str, ...]
    is_whole: bool


class CountedResults:
    """Counts, and keeps each count for a while."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._kept: dict[int, tuple[float, Counted]] = {}

    def read(self, days: int) -> Counted:
        """Of the last ``days`` days in the workspace's time zone, today included. Raises TransientError."""
        now = self._environment.clock.now()
        until, counted = self._kept.get(days, (0.0, None))
        if counted is not None and now < until:
            return counted
        counted = _count(self._environment, now, days)
        took = self._environment.clock.now() - now
        self._kept = {**self._kept, days: (now + max(FRESH_AT_LEAST, FRESH_FACTOR * took), counted)}
        return counted


def _count(environment: Environment, now: float, days: int) -> Counted:
    connection = environment.connections.find()
    name = connection.timezone if connection and is_zone(connection.timezone) else "UTC"
    zone = zone_of(name)
    since = first_moment(now, days, zone)
    before = since - (now - since)
    names = {campaign.campaign_id: campaign.name for campaign in environment.campaigns.list()}
    people: list[Joined] = []
    for campaign_id in sorted({*names, *environment.figures.totals(day_of(now))}):
        people += environment.referral_search.joined(campaign_id, before, MOST_ROWS_COUNTED + 1 - len(people))
    shown = tuple(dict.fromkeys(day_in(since + back * DAY / 2, zone) for back in range(int((now - since) / DAY * 2) + 1)))
    rewarded, rewarded_before = _rewarded(environment, before, since, now)
    results = results_of(people[:MOST_ROWS_COUNTED], since, zone)
    return Counted(now, since, name, names, results, rewarded, rewarded_before, shown, len(people) <= MOST_ROWS_COUNTED)


def _rewarded(environment: Environment, before: float, since: float, now: float) -> tuple[Counter[int], int]:
    """As they were counted when they were given: the ledger has no list of rewards. Its days are those of UTC."""
    rewarded: Counter[int] = Counter()
    earlier = 0
    first = day_of(since)
    for row in environment.figures.days(day_of(before), day_of(now)):
        count = row.counts.get("rewarded", 0)
        if row.campaign_id and row.day >= first:
            rewarded[row.campaign_id] += count
        elif row.campaign_id:
            earlier += count
    return rewarded, max(0, earlier)
