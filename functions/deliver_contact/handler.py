"""SQS hands over signups to deliver."""

from __future__ import annotations

from typing import Any

from shared.domain.connection.connection import CAME_WITH_NEXT, Vendor
from shared.errors import MalformedPayloadError
from shared.messages import DeliverContact, Message
from shared.observability import logger
from shared.runtime import bootstrap
from shared.runtime.batch import Batch
from shared.use_cases.signup.deliver_contact import DeliveryAttempt
from shared.use_cases.signup.our_own import tells_of_our_own


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS event → the records that failed."""
    environment = bootstrap.environment("deliver_contact")
    environment.begin(context, event)

    def attempt_of(message: Message) -> DeliveryAttempt:
        if not isinstance(message, DeliverContact):
            raise MalformedPayloadError("not a message to deliver")
        if message.fields is not None and not tells_of_our_own(environment, message.campaign_id, message.fields):
            name = f"{message.campaign_id}/{message.event}"
            environment.figures.received(Vendor.REFERRAL_FACTORY, name, message.received_at)
            if message.with_next:
                environment.figures.received(Vendor.REFERRAL_FACTORY, CAME_WITH_NEXT, message.received_at)
        return DeliveryAttempt(environment, message)

    answer = Batch(environment, environment.delivery_queue, environment.intercom_guard, attempt_of).process(event)
    if len(event["Records"]) > 1 or answer["batchItemFailures"]:  # of one that went well, its own line tells
        logger.info("batch processed", records=len(event["Records"]), failed=len(answer["batchItemFailures"]))
    environment.flush()
    return answer
