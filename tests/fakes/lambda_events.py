"""What Lambda hands to a function: webhooks, notifications, records of a queue; and its context."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WEBHOOK_SECRET = "local-webhook-secret"
REFERRAL_FACTORY = "http://referral-factory.test"
EMAIL = "ivo.invited@example.com"


def webhook_fields(**changes: Any) -> dict[str, Any]:
    """What the webhook of a person invited tells; a field given as None is left out."""
    fields = {
        "referrer_id": 41,
        "referrer_code": "R1taK0de",
        "referrer_first_name": "Rita",
        "referrer_email": "rita.referring@example.com",
        "id": 42,
        "code": "Iv0K0de1",
        "first_name": "Ivo",
        "email": EMAIL,
        "url": f"{REFERRAL_FACTORY}/Iv0K0de1",
        "source": "Referred",
        "date": "2026-11-22",
        "referrals_count": 0,
        "campaign_id": 1,
        "Last Name": "Lindqvist",
    }
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


@dataclass
class Context:
    """Lambda's context of an invocation that has so many seconds left."""

    seconds: float = 45.0

    aws_request_id = "an-invocation"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def record_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """What Lambda makes of a received message."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
    }


def webhook_event(
    body: Any = None,
    *,
    campaign: str = "1",
    event: str = "joined",
    secret: str | None = WEBHOOK_SECRET,
    method: str = "POST",
    query: str = "",
    content_type: str = "application/json",
) -> dict[str, Any]:
    """An HTTP API event (payload 2.0)."""
    made: dict[str, Any] = json.loads((ROOT / "events" / "signup_webhook_joined_json.json").read_text())
    made["pathParameters"] = {"campaign_id": campaign, "event": event}
    made["requestContext"]["http"]["method"] = method
    made["rawQueryString"] = query
    made["headers"] |= {"content-type": content_type, "x-webhook-secret": secret}
    if secret is None:
        del made["headers"]["x-webhook-secret"]
    if isinstance(body, bytes):
        made |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    else:
        made["body"] = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    return made


def notification_event(
    body: bytes | str, headers: Mapping[str, str], *, method: str = "POST", path: str = "/webhooks/intercom"
) -> dict[str, Any]:
    """An HTTP API event (payload 2.0); ``body`` as bytes comes in base64."""
    made: dict[str, Any] = json.loads((ROOT / "events" / "intercom_webhook_user_updated.json").read_text())
    made |= {"routeKey": f"{method} {path}", "rawPath": path}
    made["requestContext"]["routeKey"] = made["routeKey"]
    made["requestContext"]["http"] |= {"method": method, "path": path}
    made["headers"] = {"content-type": "application/json", **{name.lower(): value for name, value in headers.items()}}
    encoded = isinstance(body, bytes)
    made["isBase64Encoded"] = encoded
    made["body"] = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    return made
