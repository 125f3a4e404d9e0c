"""How a run ends: with everybody done, with the reason why not, or because somebody wanted it."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.connection.connection import Connection
from shared.domain.contact import CUSTOM
from shared.domain.sync.run import MOST_LEAVERS, RunState, SyncHead, SyncRun
from shared.domain.sync.source import Mode
from shared.domain.sync.tally import LEFT_OUT
from shared.errors import FailureError
from shared.observability import logger
from shared.ports.sync import SyncRuns
from shared.use_cases.environment import Environment

IDS_AT_ONCE = 20_000
"""Contact ids that are held in memory when two runs' members are compared."""


def end_sync(environment: Environment, run: SyncRun, state: RunState, reason: str = "", *, problem: str = "") -> SyncRun:
    """Ends the run, unless it has ended. ``problem`` marks the campaign for a person to see to; a run that is done takes such
    a mark away."""
    now = environment.clock.now()
    ended = environment.sync_runs.update(
        run.campaign_id, run.slot, lambda fresh: fresh if fresh.finished else fresh.ended(state, now, reason)
    )
    if ended.finished_at == now:
        if problem or state is RunState.DONE:
            environment.campaigns.note_problems(run.campaign_id, "sync", [problem] if problem else [])
        environment.metrics.count({RunState.DONE: "SyncDone", RunState.FAILED: "SyncFailed"}.get(state, "SyncCancelled"))
        logger.info("sync run ended", campaign_id=run.campaign_id, slot=run.slot, state=state)
    return ended


def finish_sync(environment: Environment, run: SyncRun) -> SyncRun:
    """All contacts have their outcome: report who left the list, and move the watermark."""
    left, leavers = _leavers(environment.sync_runs, run)

    def with_leavers(fresh: SyncRun) -> SyncRun:
        return fresh if fresh.finished else replace(fresh, left=left, leavers=leavers)

    run = environment.sync_runs.update(run.campaign_id, run.slot, with_leavers)
    return end_sync(environment, run, RunState.DONE, problem=_lack_of_attributes(environment, run))


def _lack_of_attributes(environment: Environment, run: SyncRun) -> str:
    """What Intercom no longer has of the attributes that are written back; looked up when contacts had trouble. Empty: nothing,
    or nobody can tell."""
    if not run.tally.failed and not any(reason.startswith(LEFT_OUT) for _, reason in run.tally.examples):
        return ""
    wanted = [attribute for _, attribute in run.settings.write_back if attribute.startswith(CUSTOM)]
    try:
        attributes = environment.intercom().read_attributes()
    except FailureError as error:
        logger.info("attributes not looked up", error=type(error).__name__)
        return ""
    gone = sorted(name for name in wanted if name not in attributes or attributes[name].archived)
    return f"No longer in Intercom, so the sync cannot write it: {', '.join(gone)}." if gone else ""


def reason_to_stop(campaign: Campaign | None, run: SyncRun, connection: Connection | None) -> str | None:
    """Why a run must not go on, in plain words."""
    elsewhere = reason_to_leave(run, connection)
    if elsewhere is not None:
        return elsewhere
    if campaign is None:
        return "The campaign was deleted."
    if campaign.status is not Status.ACTIVE:
        return f"The campaign is {campaign.status}."
    if campaign.sync.mode is Mode.OFF:
        return "The campaign's sync was switched off."
    return None


def reason_to_leave(run: SyncRun, connection: Connection | None) -> str | None:
    """Why the run has no workspace any more whose contacts it could be about."""
    if connection is None:
        return None
    if run.workspace_id not in {"", connection.workspace_id}:
        return "Another Intercom workspace is connected now; these were contacts of the one before."
    return None if connection.connected else "Intercom was disconnected."


def _leavers(runs: SyncRuns, run: SyncRun) -> tuple[int | None, tuple[str, ...]]:
    """Who was in the lists at the last whole run and is not any more: how many, and some of their contact ids. They keep
    their links. None when there is nothing to compare with. Compared part by part, so that memory stays small."""
    head: SyncHead = runs.head(run.campaign_id)
    comparable = head.whole_slot is not None and head.is_of(run.settings.source_key, run.workspace_id)
    if not (run.whole and run.settings.kind.is_list and comparable) or head.whole_slot is None:
        return None, ()
    parts = 1 + max(run.tally.seen, head.list_total or 0) // IDS_AT_ONCE
    left, leavers = 0, list[str]()
    for part in range(parts):
        gone: set[str] = set()
        pages = 0
        for page in runs.pages(run.campaign_id, head.whole_slot):
            pages += 1
            gone.update(contact_id for contact_id in page if _part_of(contact_id, parts) == part)
        if pages < head.whole_pages:  # expired meanwhile
            return None, ()
        for page in runs.pages(run.campaign_id, run.slot):
            gone.difference_update(page)
        left += len(gone)
        leavers += sorted(gone)[: MOST_LEAVERS - len(leavers)]
    return left, tuple(leavers)


def _part_of(contact_id: str, parts: int) -> int:
    return sum(contact_id.encode()) % parts
