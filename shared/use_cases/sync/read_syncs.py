"""A campaign's sync runs, how far they are, and their cancellation."""

from __future__ import annotations

from shared.domain.sync.run import RunState, SyncRun
from shared.errors import NotFoundError
from shared.ports.listing import Page
from shared.ports.operations import Change
from shared.use_cases.environment import Environment
from shared.use_cases.sync.end_sync import end_sync


def read_runs(environment: Environment, campaign_id: int, limit: int, cursor: str | None = None) -> Page[SyncRun]:
    """Newest first. Raises NotFoundError for an unknown campaign, MalformedPayloadError for a strange cursor."""
    environment.campaigns.get(campaign_id)
    return environment.sync_runs.list(campaign_id, limit, cursor)


def read_run(environment: Environment, campaign_id: int, run_id: str) -> SyncRun:
    """Raises NotFoundError."""
    run = environment.sync_runs.find(campaign_id, int(run_id)) if _is_slot(run_id) else None
    if run is None:
        raise NotFoundError(f"Campaign {campaign_id} has no sync run {run_id[:20]}.")
    return run


def cancel_run(environment: Environment, campaign_id: int, run_id: str, requested_by: str) -> SyncRun:
    """The run as it then is; one that has ended stays as it ended. A worker that is at it stops within seconds; people whom it
    added stay, and the next run links them. Raises NotFoundError."""
    run = read_run(environment, campaign_id, run_id)
    ended = end_sync(environment, run, RunState.CANCELLED, f"Cancelled by {requested_by}.")
    if not run.finished:
        what = f"Cancelled a sync run of campaign {campaign_id}."
        environment.audit.add(Change(environment.clock.now(), requested_by, what))
    return ended


def _is_slot(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12
