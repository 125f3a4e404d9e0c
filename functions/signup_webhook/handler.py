"""Referral Factory posts a webhook."""

from __future__ import annotations

from typing import Any

from shared.errors import InvalidSignatureError, MalformedPayloadError, TransientError
from shared.observability import logger
from shared.runtime import bootstrap
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer, problem, too_large
from shared.use_cases.signup.accept_signup import MAX_WEBHOOK, Webhook, accept_signup

UNAUTHORIZED = problem(401, "Unauthorized", "The X-Webhook-Secret header is missing or wrong.")

bootstrap.get_ready("signup_webhook", bootstrap.Environment.ready_for_signups)


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An HTTP API event (payload 2.0) → 202, 401, 413 or 503."""
    environment = bootstrap.environment("signup_webhook")
    environment.begin(context, event)
    answer = _answer(environment, event)
    logger.info("webhook answered", status=answer.status)
    environment.flush()
    return answer.event()


def _answer(environment: bootstrap.Environment, event: dict[str, Any]) -> HttpAnswer:
    if too_large(event, MAX_WEBHOOK) or len(event.get("rawQueryString", "")) > MAX_WEBHOOK:
        return problem(413, "Too large", "A webhook has at most 64 kB.")
    try:
        request = HttpRequest.of(event)
        accept_signup(environment, _webhook(request))
    except (InvalidSignatureError, MalformedPayloadError):
        environment.metrics.count("WebhookRefused")
        return UNAUTHORIZED
    except TransientError:
        return problem(503, "Not stored", "Nothing could store the webhook. Send it again.")
    return json_answer(202, {"status": "accepted"})


def _webhook(request: HttpRequest) -> Webhook:
    return Webhook(
        campaign_id=request.path_parameters.get("campaign_id", ""),
        event=request.path_parameters.get("event", ""),
        secret=request.headers.get("x-webhook-secret"),
        content_type=request.headers.get("content-type", ""),
        query=request.raw_query,
        body=request.body,
    )
