"""Intercom posts a notification, or asks something."""

from __future__ import annotations

from typing import Any

from shared.errors import InvalidSignatureError, MalformedPayloadError, TransientError
from shared.observability import logger
from shared.runtime import bootstrap
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer, problem, too_large
from shared.use_cases.qualification.accept_notification import MAX_NOTIFICATION, accept_notification
from shared.use_cases.qualification.answer_intercom import describe_health, note_uninstall

UNAUTHORIZED = problem(401, "Unauthorized", "The signature is missing or wrong.")
HUB, BODY = "x-hub-signature", "x-body-signature"

bootstrap.get_ready("intercom_webhook", bootstrap.Environment.ready_for_notifications)


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An HTTP API event (payload 2.0) → 200, 401, 413 or 503; never 410 or 429, which Intercom would punish."""
    environment = bootstrap.environment("intercom_webhook")
    environment.begin(context, event)
    answer, outcome = _answer(environment, event)
    logger.info("notification answered", status=answer.status, outcome=outcome)
    environment.flush()
    return answer.event()


def _answer(environment: bootstrap.Environment, event: dict[str, Any]) -> tuple[HttpAnswer, str]:
    if too_large(event, MAX_NOTIFICATION):
        return problem(413, "Too large", "A notification has at most 1 MB."), "too large"
    try:
        request = HttpRequest.of(event)
        if request.method == "HEAD":
            return HttpAnswer(200), "head"
        hub, signature = request.headers.get(HUB), request.headers.get(BODY)
        match request.path.rpartition("/")[2]:
            case "uninstall":
                note_uninstall(environment, signature, hub, request.body)
                return json_answer(200, {}), "uninstall"
            case "health":
                return json_answer(200, describe_health(environment, signature, hub, request.body)), "health"
            case _:
                outcome = accept_notification(environment, hub, request.body)
                return json_answer(200, {}), outcome
    except (InvalidSignatureError, MalformedPayloadError):
        environment.metrics.count("NotificationRefused")
        return UNAUTHORIZED, "refused"
    except TransientError:
        return problem(503, "Not stored", "Nothing could store the notification. Send it again."), "not stored"
