"""Start the runs that are due, and see to those that are open. Each minute, and when a person asks for a run.

One schedule for all campaigns: which slot is due, the rows tell.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.connection.connection import Connection, Vendor
from shared.domain.sync.run import Phase, RunState, SyncHead, SyncRun
from shared.domain.sync.source import Mode, SyncSettings, is_whole, slot_of
from shared.errors import ConflictError, InvalidSettingsError, TransientError
from shared.messages import SyncPage
from shared.observability import logger
from shared.ports.operations import Change
from shared.use_cases.environment import Environment
from shared.use_cases.sync.end_sync import end_sync, reason_to_stop
from shared.use_cases.sync.enqueue_sync import LANES, enqueue_sync

STALE = 150.0
"""Seconds without any step after which the workers of a run are taken for dead: longer than their longest step."""
SECONDS_TO_NAME = 3
"""A run that was asked for is named by its second, or by one of the next when a run that has ended holds that name."""


@dataclass(slots=True)
class Started:
    """What one tick did."""

    started: int = 0
    enqueued: int = 0


def start_due(environment: Environment, scheduled_at: float) -> Started:
    """One tick. ``scheduled_at``: the schedule's time, so that a late or doubled tick starts the same slot. What fails for one
    campaign does not keep the others; the next minute tries again."""
    done = Started()
    for campaign in environment.campaigns.list():
        try:
            _see_to(environment, campaign, scheduled_at, done)
        except TransientError as error:
            logger.warning("sync not seen to", campaign_id=campaign.campaign_id, code=error.code)
    environment.metrics.count("SyncTickFinished")
    return done


def start_once(environment: Environment, campaign_id: int, requested_by: str) -> SyncRun:
    """A run that a person asked for; it reads everybody. Raises NotFoundError, InvalidSettingsError for a campaign that is not
    active or has no sync, ConflictError while another run is open or Intercom is disconnected."""
    campaign = environment.campaigns.get(campaign_id)
    problems = []
    if campaign.status is not Status.ACTIVE:
        problems.append(("status", f"The campaign is {campaign.status}; only an active one is synced."))
    if campaign.sync.mode is Mode.OFF:
        problems.append(("sync.mode", "The campaign's sync is off. Choose “once” or “ongoing”."))
    if problems:
        raise InvalidSettingsError(problems)
    connection = environment.connections.find()
    if connection is not None and not connection.connected:
        raise ConflictError("Intercom is disconnected. Connect it, then start the run.")
    now = environment.clock.now()
    for slot in range(int(now), int(now) + SECONDS_TO_NAME):
        run = _new_run(campaign, slot, now, None, requested_by, connection)
        if environment.sync_runs.start(run, scheduled=False):
            _enqueue_first(environment, run)
            environment.audit.add(Change(now, requested_by, f"Started a sync run of campaign {campaign_id}."))
            return run
    raise ConflictError(f"A sync run of campaign {campaign_id} is under way. Wait for its end, or cancel it.")


def _see_to(environment: Environment, campaign: Campaign, scheduled_at: float, done: Started) -> None:
    head = environment.sync_runs.head(campaign.campaign_id)
    if head.open_slot is not None:
        done.enqueued += _watch(environment, campaign, head.open_slot)
        return
    settings = campaign.sync
    if campaign.status is not Status.ACTIVE or settings.mode is not Mode.ONGOING:
        return
    slot = slot_of(scheduled_at, settings.interval)
    connection = environment.connections.find()
    if slot <= head.last_slot or (connection is not None and not connection.connected):
        return
    now, workspace_id = environment.clock.now(), connection.workspace_id if connection else ""
    run = _new_run(campaign, slot, now, _watermark(head, settings, workspace_id, now), "", connection)
    if environment.sync_runs.start(run, scheduled=True):
        _enqueue_first(environment, run)
        done.started += 1


def _watch(environment: Environment, campaign: Campaign, slot: int) -> int:
    """Sees to an open run: ends it when it is not wanted any more, wakes it when its wait is over or its workers died."""
    run = environment.sync_runs.find(campaign.campaign_id, slot)
    if run is None or run.finished:
        environment.sync_runs.close(campaign.campaign_id, slot)
        return 0
    reason = reason_to_stop(campaign, run, environment.connections.find())
    if reason is not None:
        end_sync(environment, run, RunState.CANCELLED, reason)
        return 0
    now = environment.clock.now()
    paused = [breaker for vendor in Vendor if (breaker := environment.breakers.find(vendor)) is not None]
    if run.state is RunState.WAITING:
        if now < (run.due_at or 0.0) or any(breaker.is_open(now) for breaker in paused):
            return 0
        enqueue_sync(environment, run, 1)
        return 1
    few = run.phase is Phase.WORK and run.lanes < min(LANES, run.chunks - run.chunks_done)
    if now - run.touched_at >= STALE or (few and not paused):
        enqueue_sync(environment, run, 1 if paused else LANES)
        return 1
    return 0


def _watermark(head: SyncHead, settings: SyncSettings, workspace_id: str, now: float) -> float | None:
    same = head.is_of(settings.source_key, workspace_id)
    whole = is_whole(settings, now=now, whole_at=head.whole_at, list_total=head.list_total, same_source=same)
    return None if whole else head.watermark


def _new_run(
    campaign: Campaign,
    slot: int,
    now: float,
    changed_since: float | None,
    requested_by: str,
    connection: Connection | None,
) -> SyncRun:
    return SyncRun(
        campaign_id=campaign.campaign_id,
        slot=slot,
        state=RunState.QUEUED,
        created_at=now,
        settings_version=campaign.version,
        settings=campaign.sync,
        requested_by=requested_by,
        changed_since=changed_since,
        touched_at=now,
        workspace_id=connection.workspace_id if connection else "",
    )


def _enqueue_first(environment: Environment, run: SyncRun) -> None:
    """A refused message costs nothing but time: the schedule finds the run without a step."""
    try:
        environment.sync_queue.send(SyncPage(run.campaign_id, run.slot))
    except TransientError:
        logger.warning("queue refused a run's first message", campaign_id=run.campaign_id)
