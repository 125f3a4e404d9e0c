"""SQS hands over what Intercom's notifications tell."""

from __future__ import annotations

from typing import Any

from shared.errors import MalformedPayloadError
from shared.messages import Message, QualifyReferral
from shared.observability import logger
from shared.runtime import bootstrap
from shared.runtime.batch import Batch
from shared.use_cases.qualification.qualify_referral import QualificationAttempt


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS event → the records that failed."""
    environment = bootstrap.environment("qualify_referral")
    environment.begin(context, event)

    def attempt_of(message: Message) -> QualificationAttempt:
        if not isinstance(message, QualifyReferral):
            raise MalformedPayloadError("not a message about a qualification")
        return QualificationAttempt(environment, message)

    answer = Batch(environment, environment.qualification_queue, environment.intercom_guard, attempt_of, hurries=False).process(
        event
    )
    logger.info("batch processed", records=len(event["Records"]), failed=len(answer["batchItemFailures"]))
    environment.flush()
    return answer
