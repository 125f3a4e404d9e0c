"""Wake the workers of a run."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.sync.run import Phase, SyncRun
from shared.messages import SyncPage
from shared.use_cases.environment import Environment

LANES = 8
"""Workers on one run: as many as the queue hands out (MaximumConcurrency)."""


def enqueue_sync(environment: Environment, run: SyncRun, lanes: int) -> SyncRun:
    """Rings so many workers in a new round: what is left in the queue of an earlier one counts no more. Pages are read by one
    worker. Whom the queue refuses is enqueued by the next tick. Raises TransientError when it refuses the first."""
    wanted = min(lanes, max(1, run.chunks - run.chunks_done)) if run.phase is Phase.WORK else 1
    now = environment.clock.now()
    enqueued = environment.sync_runs.update(
        run.campaign_id,
        run.slot,
        lambda fresh: (
            fresh
            if fresh.finished
            else replace(fresh.going_on(now), round=fresh.round + 1, lanes=lanes if fresh.phase is Phase.WORK else 0)
        ),
    )
    environment.sync_queue.send(SyncPage(run.campaign_id, run.slot, 0, enqueued.round))
    others = [SyncPage(run.campaign_id, run.slot, lane, enqueued.round) for lane in range(1, wanted)]
    refused = environment.sync_queue.send_all(others)
    if not refused:
        return enqueued
    return environment.sync_runs.update(
        run.campaign_id,
        run.slot,
        lambda fresh: fresh if fresh.finished else replace(fresh, lanes=wanted - len(refused)),
    )
