"""How it goes, out of what the workers counted: no vendor is called and no list is read through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.operations.figures import Day, day_of, percentile, summed
from shared.use_cases.connection.read_connection import ConnectionState, read_connection
from shared.use_cases.environment import Environment
from shared.use_cases.signup.reconcile_progress import NAME, progress_of

DAY = 86_400.0
LATE_AFTER = 600.0
"""Seconds after which a waiting signup is told of."""
SILENT_AFTER = 300.0
RECONCILE_SILENT_AFTER = 900.0
MOST = 100
MOST_QUARANTINED = 20
"""What is counted by looking is counted up to here. Quarantined bodies are large."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """``what`` is wrong now and what to ``do``. ``since`` in epoch seconds, None when nobody noted."""

    kind: str
    what: str
    do: str
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """``funnels`` of the period and ``totals`` of all time, by campaign id. Times in seconds."""

    connection: ConnectionState
    names: Mapping[int, str]
    funnels: Mapping[int, Mapping[str, int]]
    totals: Mapping[int, Mapping[str, int]]
    days: Sequence[Mapping[str, Any]]
    p50: float | None
    p99: float | None
    oldest_undelivered: float
    measured_at: float | None
    attention: int
    quarantined: int
    alarms: Sequence[Alarm]


def read_overview(environment: Environment, days: int) -> Overview:
    """Of the last ``days`` days, today included. Raises TransientError when our own tables cannot be read."""
    now = environment.clock.now()
    rows = environment.figures.days(day_of(now - (days - 1) * DAY), day_of(now))
    by_campaign: dict[int, Counter[str]] = {}
    for row in rows:
        if row.campaign_id:
            by_campaign.setdefault(row.campaign_id, Counter()).update(row.counts)
    _, times = summed(row for row in rows if row.campaign_id)
    waiting = environment.figures.waiting()
    oldest = waiting.get("oldest_at")
    connection = read_connection(environment)
    attention = environment.referral_search.count_attention(MOST)
    quarantined = len(environment.quarantine_shelf.list(MOST_QUARANTINED).items)
    measured_at = waiting.get("measured_at")
    names = {campaign.campaign_id: campaign.name for campaign in environment.campaigns.list()}
    return Overview(
        connection=connection,
        names=names,
        funnels=by_campaign,
        totals=environment.figures.totals(),
        days=[_day(day_of(now - back * DAY), rows) for back in reversed(range(days))],
        p50=percentile(times, 0.5),
        p99=percentile(times, 0.99),
        oldest_undelivered=max(0.0, now - oldest) if oldest else 0.0,
        measured_at=measured_at,
        attention=attention,
        quarantined=quarantined,
        alarms=[
            *_vendors(connection),
            *_replays(now, connection),
            *_work(now, oldest, measured_at if names else now, _reconciled_at(environment)),
            *_rows(attention, quarantined),
        ],
    )


def _day(day: str, rows: Sequence[Day]) -> Mapping[str, Any]:
    counts, times = summed(row for row in rows if row.day == day and row.campaign_id)
    longest = [row.counts.get("longest_wait", 0) for row in rows if row.day == day and not row.campaign_id]
    funnel = {name: max(0, counts[name]) for name in ("signups", "delivered", "qualified", "rewarded", "failed")}
    fast = {"p50": percentile(times, 0.5), "p99": percentile(times, 0.99)}
    return {"day": day, **funnel, **fast, "longest_wait": float(max(longest, default=0))}


def _reconciled_at(environment: Environment) -> float:
    return progress_of(environment.progresses.find(NAME)).succeeded_at


def _vendors(connection: ConnectionState) -> list[Alarm]:
    alarms = []
    for state in (connection.intercom, connection.referral_factory):
        if state.problem:
            since = state.breaker.opened_at if state.breaker else None
            alarms.append(Alarm(f"{state.vendor}_stopped", state.problem, "Look at the connection page.", since))
        missing = state.notes.get("missing_permissions") or ()
        if missing:
            what = f"The Intercom app lacks permissions: {', '.join(missing)}."
            alarms.append(Alarm("permissions", what, "Tick them in Intercom's Developer Hub, then connect again."))
    strikes = connection.strikes
    if strikes.count and not strikes.stopped:
        what = f"Referral Factory has warned {strikes.count} times that too many calls came."
        do = "Ask whoever runs this application for fewer calls a minute; then forget the warnings on the connection page."
        alarms.append(Alarm("strikes", what, do, strikes.last_at))
    return alarms


def _replays(now: float, connection: ConnectionState) -> list[Alarm]:
    replayed_at = connection.workspace.replayed_at if connection.workspace else None
    if replayed_at is None or now - replayed_at > DAY:
        return []
    what = "Somebody sent an old uninstall call of Intercom again. Intercom still takes our token, so nothing was stopped."
    do = "If it happens again, make a new client secret in Intercom's Developer Hub: whoever sends it has seen a signed call."
    return [Alarm("uninstall_repeated", what, do, replayed_at)]


def _work(now: float, oldest: float | None, measured_at: float | None, reconciled_at: float) -> list[Alarm]:
    """Before the first campaign is saved nobody waits, and the first minute's look may be still to come."""
    alarms = []
    if oldest and now - oldest > LATE_AFTER:
        what = f"A signup has been waiting for {int((now - oldest) // 60)} minutes."
        alarms.append(Alarm("oldest_undelivered", what, "Look at the waiting referrals: each says why.", oldest))
    if measured_at is None or now - measured_at > SILENT_AFTER:
        do = "Whoever runs this application finds the reason in the log of its function sweep."
        alarms.append(Alarm("sweep_silent", "Nothing has looked after waiting signups.", do, measured_at))
    if reconciled_at and now - reconciled_at > RECONCILE_SILENT_AFTER:
        what = "Referral Factory's list has not been read, so what a lost webhook did not bring is not found."
        alarms.append(Alarm("reconcile_silent", what, "Look at the connection to Referral Factory.", reconciled_at))
    return alarms


def _rows(attention: int, quarantined: int) -> list[Alarm]:
    alarms = []
    if attention:
        what = f"{_count(attention)} failed, partial or doubtful."
        alarms.append(Alarm("attention", what, "Look at Activity: each says what to do."))
    if quarantined:
        count = f"{quarantined}{' or more' if quarantined >= MOST_QUARANTINED else ''}"
        alarms.append(Alarm("quarantine", f"Webhooks that nobody could read: {count}.", "Look at Unreadable webhooks."))
    return alarms


def _count(number: int) -> str:
    if number >= MOST:
        return f"{MOST} referrals or more are"
    return "1 referral is" if number == 1 else f"{number} referrals are"
