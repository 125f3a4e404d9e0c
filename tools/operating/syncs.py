"""A campaign's sync runs: show, start and follow, cancel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.adapters.admin.sync_answers import run_answer
from shared.domain.sync.run import RunState, SyncRun
from shared.ports.operations import Result
from shared.runtime.bootstrap import Environment
from shared.use_cases.sync.read_syncs import cancel_run, read_run, read_runs
from shared.use_cases.sync.start_sync import start_once
from tools.follow_sync import follow, summary
from tools.operating.operator import OperatingError, Operator


def sync(environment: Environment, operator: Operator, campaign_id: int, step: str) -> Iterator[str]:
    """``start`` follows the run with a progress bar, also one that is open already. Raises OperatingError at the end of one
    that is not done."""
    newest = next(iter(read_runs(environment, campaign_id, 1).items), None)
    is_open = newest is not None and not newest.finished
    if step == "show":
        yield from (summary(_described(environment, newest)) if newest else [f"Campaign {campaign_id} has no sync run."])
        return
    if step == "cancel":
        if newest is None or not is_open:
            raise OperatingError("No run is open.")
        operator.confirm(f"Cancel run {newest.slot}? People it linked keep their links.")
        run = cancel_run(environment, campaign_id, str(newest.slot), operator.name)
        yield from summary(_described(environment, run))
        return
    run = newest if newest is not None and is_open else start_once(environment, campaign_id, operator.name)
    environment.audit.complete(Result.DONE)  # whoever stops looking leaves the run alone

    def look() -> dict[str, Any]:
        return _described(environment, read_run(environment, campaign_id, str(run.slot)))

    ended = follow(look)
    yield from summary(ended)
    if ended["state"] != RunState.DONE:
        raise OperatingError("The run failed." if ended["state"] == RunState.FAILED else "The run was cancelled.")


def _described(environment: Environment, run: SyncRun) -> dict[str, Any]:
    return run_answer(run, environment.clock.now()).model_dump(mode="json")
