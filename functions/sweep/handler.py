"""Each minute: enqueue what is due."""

from __future__ import annotations

from typing import Any

from shared.runtime import bootstrap
from shared.use_cases.operations.enqueue_due import enqueue_due


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """A schedule's event → how many were enqueued."""
    environment = bootstrap.environment("sweep")
    environment.begin(context, event)
    try:
        swept = enqueue_due(environment)
    finally:
        environment.flush()
    return {"enqueued": swept.enqueued, "inbox": swept.inbox, "released": swept.released, "beside": swept.beside}
