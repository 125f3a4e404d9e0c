"""API Gateway: a vendor's HTTP call as the event of an HTTP API (payload 2.0)."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import unquote, urlsplit

from sandbox.vendors.wire import OutgoingWebhook

ROUTE = "/webhooks/referral-factory/{campaign_id}/{event+}"


def webhook_event(webhook: OutgoingWebhook, time: float) -> dict[str, Any]:
    """What signup_webhook gets for a webhook of Referral Factory; a body that is no text comes in base64."""
    parts = urlsplit(webhook.url)
    campaign_id, event = parts.path.split("/", 4)[3:]
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{webhook.method} {ROUTE}",
        "rawPath": unquote(parts.path),
        "rawQueryString": parts.query,
        "headers": {name.lower(): value for name, value in webhook.headers.items()},
        "pathParameters": {"campaign_id": unquote(campaign_id), "event": unquote(event)},
        "requestContext": {
            "http": {"method": webhook.method, "path": parts.path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9"},
            "requestId": webhook.name,
            "routeKey": f"{webhook.method} {ROUTE}",
            "stage": "$default",
            "timeEpoch": int(time * 1000),
        },
        "isBase64Encoded": False,
    }
    if webhook.body:
        try:
            made["body"] = webhook.body.decode("utf-8")
        except UnicodeDecodeError:
            made["body"] = base64.b64encode(webhook.body).decode("ascii")
            made["isBase64Encoded"] = True
    return made
