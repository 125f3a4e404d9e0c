"""What is wrong now, and what a person is to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.signup.completeness import Completeness
from shared.domain.timing import DAY
from shared.use_cases.connection.read_connection import ConnectionState
from shared.use_cases.environment import Environment
from shared.use_cases.operations.judge_campaign import find_useless
from shared.use_cases.signup.reconcile_progress import USERS_PROGRESS, progress_of

LATE_AFTER = 600.0
"""Seconds after which a waiting signup is reported."""
SILENT_AFTER = 300.0
RECONCILE_SILENT_AFTER = 900.0
MOST = 100
MOST_QUARANTINED = 20
"""What is counted by looking is counted up to here. Quarantined bodies are large."""
CONNECTION = "#/connection"


@dataclass(frozen=True, slots=True)
class Problem:
    """``what`` is wrong now and what to ``do``. ``since`` in epoch seconds, None when nobody noted; ``where`` is the page of
    the console to go to."""

    kind: str
    what: str
    do: str
    since: float | None = None
    where: str = ""


def find_problems(
    environment: Environment,
    connection: ConnectionState,
    campaigns: Sequence[Campaign],
    proofs: Mapping[int, Completeness],
    attention: int,
    quarantined: int,
) -> list[Problem]:
    """The worst first. Raises TransientError when our own tables cannot be read."""
    now = environment.clock.now()
    waiting = environment.figures.waiting()
    first_at = min((campaign.saved_at for campaign in campaigns), default=now)
    return [
        *_vendors(connection, is_begun=bool(campaigns)),
        *_replays(now, connection),
        *_work(now, waiting.get("oldest_at"), waiting.get("measured_at", first_at), _reconciled_at(environment)),
        *_unaccounted(campaigns, proofs),
        *_unknown_signups(now, campaigns),
        *_settings(campaigns),
        *_rows(attention, quarantined),
    ]


def _unknown_signups(now: float, campaigns: Sequence[Campaign]) -> list[Problem]:
    what = "{}: in the last hour many signups came that Referral Factory does not know. New contacts wait for its confirmation."
    do = "Somebody probably has the webhook secret: make a new one on the Connection page, then look at who is not confirmed."
    return [
        Problem("creates_wait", what.format(campaign.name), do, None, "#/activity?show=attention")
        for campaign in campaigns
        if now < campaign.creates_wait_until
    ]


def _settings(campaigns: Sequence[Campaign]) -> list[Problem]:
    return [
        Problem("campaign", f"{campaign.name}: {text}", "Open its settings.", None, f"#/campaigns/{campaign.campaign_id}")
        for campaign in campaigns
        if campaign.status is Status.ACTIVE
        for text in (*find_useless(campaign), *campaign.problems)
    ]


def _unaccounted(campaigns: Sequence[Campaign], proofs: Mapping[int, Completeness]) -> list[Problem]:
    return [
        Problem(
            "unaccounted",
            f"{campaign.name}: {proof.unaccounted} of {proof.people} people at Referral Factory are not accounted for.",
            "See who they are.",
            proof.checked_at,
            f"#/campaigns/{campaign.campaign_id}",
        )
        for campaign in campaigns
        if (proof := proofs.get(campaign.campaign_id)) is not None and proof.unaccounted
    ]


def _reconciled_at(environment: Environment) -> float:
    return progress_of(environment.progresses.find(USERS_PROGRESS)).succeeded_at


def _vendors(connection: ConnectionState, *, is_begun: bool) -> list[Problem]:
    """Not ``is_begun``: no campaign is set up. That a vendor was never connected is then a step of the set-up."""
    alarms = []
    for state in (connection.intercom, connection.referral_factory):
        if state.problem and (is_begun or state.connected or state.breaker is not None):
            since = state.breaker.opened_at if state.breaker else None
            alarms.append(Problem(f"{state.vendor}_stopped", state.problem, "Look at the connection page.", since, CONNECTION))
        missing = state.notes.get("missing_permissions") or ()
        if missing:
            what = f"The Intercom app lacks permissions: {', '.join(missing)}."
            alarms.append(
                Problem("permissions", what, "Tick them in Intercom's Developer Hub, then connect again.", None, CONNECTION)
            )
    strikes = connection.strikes
    if strikes.count and not strikes.stopped:
        what = f"Referral Factory has warned {strikes.count} times that too many calls came."
        do = "Ask whoever runs this application for fewer calls a minute; then forget the warnings on the connection page."
        alarms.append(Problem("strikes", what, do, strikes.last_at, CONNECTION))
    return alarms


def _replays(now: float, connection: ConnectionState) -> list[Problem]:
    replayed_at = connection.workspace.replayed_at if connection.workspace else None
    if replayed_at is None or now - replayed_at > DAY:
        return []
    what = "Somebody sent a copy of an uninstall call of Intercom. Intercom still takes our token, so nothing was stopped."
    do = "If it happens again, make a new client secret in Intercom's Developer Hub: whoever sends it has seen a signed call."
    return [Problem("uninstall_copied", what, do, replayed_at)]


def _work(now: float, oldest: float | None, measured_at: float, reconciled_at: float) -> list[Problem]:
    """``measured_at``: when somebody last looked who waits; when the first campaign was saved if nobody has looked yet, for
    until then nobody waits."""
    alarms = []
    if oldest and now - oldest > LATE_AFTER:
        what = f"A signup has been waiting for {int((now - oldest) // 60)} minutes."
        alarms.append(
            Problem(
                "oldest_undelivered", what, "Look at the waiting referrals: each says why.", oldest, "#/activity?group=waiting"
            )
        )
    if now - measured_at > SILENT_AFTER:
        do = "Whoever runs this application finds the reason in the log of the function sweep."
        alarms.append(Problem("sweep_silent", "Waiting signups are not being looked after.", do, measured_at))
    if reconciled_at and now - reconciled_at > RECONCILE_SILENT_AFTER:
        what = "Referral Factory's list has not been read, so what a lost webhook did not bring is not found."
        alarms.append(
            Problem("reconcile_silent", what, "Look at the connection to Referral Factory.", reconciled_at, CONNECTION)
        )
    return alarms


def _rows(attention: int, quarantined: int) -> list[Problem]:
    alarms = []
    if attention:
        what = f"{_count(attention)} somebody to look."
        alarms.append(Problem("attention", what, "Look at Activity: each says what to do.", None, "#/activity?group=attention"))
    if quarantined:
        count = f"{quarantined}{' or more' if quarantined >= MOST_QUARANTINED else ''}"
        alarms.append(
            Problem("quarantine", f"Messages that could not be read: {count}.", "Look at them.", None, "#/quarantine")
        )
    return alarms


def _count(number: int) -> str:
    if number >= MOST:
        return f"{MOST} people or more need"
    return "1 person needs" if number == 1 else f"{number} people need"
