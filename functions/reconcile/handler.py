"""Every five minutes, and when a webhook names no user: look for what no webhook brought, of either vendor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.messages import ReconcileCampaigns, message_of
from shared.runtime import bootstrap
from shared.use_cases.operations.reconcile_vendors import reconcile_vendors


def lambda_handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """A schedule's event, or SQS records → nothing to deliver again: the next pass comes in any case."""
    environment = bootstrap.environment("reconcile")
    environment.begin(context, event)
    try:
        messages = [message_of(record["body"]) for record in event.get("Records", ())]
        reconcile_vendors(environment, [message for message in messages if isinstance(message, ReconcileCampaigns)])
    finally:
        environment.flush()
    return {"batchItemFailures": []}
