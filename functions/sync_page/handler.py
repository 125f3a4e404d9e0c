"""SQS hands over pieces of sync runs."""

from __future__ import annotations

from typing import Any

from shared.errors import MalformedPayloadError
from shared.messages import Message, SyncPage
from shared.observability import logger
from shared.runtime import bootstrap
from shared.runtime.batch import Batch
from shared.use_cases.sync.sync_page import SyncPageAttempt


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS event → the records that failed."""
    environment = bootstrap.environment("sync_page")
    environment.begin(context, event)

    def attempt_of(message: Message) -> SyncPageAttempt:
        if not isinstance(message, SyncPage):
            raise MalformedPayloadError("not a piece of a sync run")
        return SyncPageAttempt(environment, message)

    answer = Batch(environment, environment.sync_queue, environment.intercom_guard, attempt_of).process(event)
    logger.info("batch processed", records=len(event["Records"]), failed=len(answer["batchItemFailures"]))
    environment.flush()
    return answer
