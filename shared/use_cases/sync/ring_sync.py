"""Wake the workers of a run."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.sync.run import Phase, SyncRun
from shared.messages import SyncPage
from shared.use_cases.environment import Environment

LANES = 8
"""Workers on one run: as many as the queue hands out (MaximumConcurrency)."""


def ring_sync(environment: Environment, run: SyncRun, lanes: int) -> SyncRun:
    """Rings so many workers in a new round: what is left in the queue of an earlier one counts no more. Pages are read by one
    worker. Whom the queue refuses is rung by the next tick. Raises TransientError when it refuses the first."""
    wanted = min(lanes, max(1, run.chunks - run.chunks_done)) if run.phase is Phase.WORK else 1
    now = environment.clock.now()
    rung = environment.sync_runs.update(
        run.campaign_id,
        run.slot,
        lambda fresh: (
            fresh
            if fresh.finished
            else replace(fresh.going_on(now), round=fresh.round + 1, lanes=lanes if fresh.phase is Phase.WORK else 0)
        ),
    )
    environment.sync_queue.send(SyncPage(run.campaign_id, run.slot, 0, rung.round))
    others = [SyncPage(run.campaign_id, run.slot, lane, rung.round) for lane in range(1, wanted)]
    refused = environment.sync_queue.send_all(others)
    if not refused:
        return rung
    return environment.sync_runs.update(
        run.campaign_id,
        run.slot,
        lambda fresh: fresh if fresh.finished else replace(fresh, lanes=wanted - len(refused)),
    )
