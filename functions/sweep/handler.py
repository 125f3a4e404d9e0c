"""Each minute: ring what is due."""

from __future__ import annotations

from typing import Any

from shared.runtime import bootstrap
from shared.use_cases.operations.ring_due import ring_due


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """A schedule's event → how many were rung."""
    environment = bootstrap.environment("sweep")
    environment.begin(context, event)
    try:
        swept = ring_due(environment)
    finally:
        environment.flush()
    return {"rung": swept.rung, "inbox": swept.inbox, "released": swept.released, "beside": swept.beside}
