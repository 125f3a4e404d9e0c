"""Each minute: start the sync runs whose slot has come, and see to those that are open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.runtime import bootstrap
from shared.use_cases.sync.start_sync import start_due


def lambda_handler(event: Mapping[str, Any], context: Any) -> dict[str, int]:
    """A schedule's event → how many runs were started and enqueued."""
    environment = bootstrap.environment("start_sync")
    environment.begin(context, event)
    try:
        done = start_due(environment, _scheduled_at(event) or environment.clock.now())
    finally:
        environment.flush()
    return {"started": done.started, "enqueued": done.enqueued}


def _scheduled_at(event: Mapping[str, Any]) -> float | None:
    """The time the schedule fired for, in epoch seconds; None when the event does not tell.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    try:
        moment = datetime.fromisoformat(str(event["time"]))
    except (KeyError, ValueError):
        return None
    return moment.timestamp() if moment.tzinfo else None
