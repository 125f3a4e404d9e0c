"""SQS hands over people who refer; every five minutes new attributes are spread and the lists of rewards looked through."""

from __future__ import annotations

from typing import Any

from shared.errors import FailureError, MalformedPayloadError
from shared.messages import Message, UpdateReferrer
from shared.observability import logger
from shared.runtime import bootstrap
from shared.runtime.batch import Attempt, Batch
from shared.use_cases.referrer.poll_rewards import RewardPoll
from shared.use_cases.referrer.spread_attributes import spread_attributes
from shared.use_cases.referrer.update_referrer import ReferrerUpdateAttempt


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS event → the records that failed; a schedule's event → nothing to deliver again."""
    environment = bootstrap.environment("update_referrer")
    environment.begin(context, event)
    try:
        if "Records" not in event:
            _poll(environment)
            return {"batchItemFailures": []}
        answer = Batch(
            environment,
            environment.referrer_queue,
            environment.intercom_guard,
            lambda message: _attempt(environment, message),
            hurries=False,
        ).process(event)
        logger.info("batch processed", records=len(event["Records"]), failed=len(answer["batchItemFailures"]))
        return answer
    finally:
        environment.flush()


def _attempt(environment: bootstrap.Environment, message: Message) -> Attempt:
    match message:
        case UpdateReferrer():
            return ReferrerUpdateAttempt(environment, message.campaign_id, message.referrer_user_id)
        case _:
            raise MalformedPayloadError("not a message about a referrer")


def _poll(environment: bootstrap.Environment) -> None:
    try:
        spread_attributes(environment)
        RewardPoll(environment).run()
    except FailureError as error:
        logger.warning(
            "reward poll stopped", error=type(error).__name__, vendor=error.vendor, status=error.status, code=error.code
        )
        environment.metrics.count("RewardPollFailed")
