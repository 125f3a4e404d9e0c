"""Answers with what arrived: the body's digest and length, and the event."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from typing import Any

from shared.marker import VALUE


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    if "Records" in event:
        sys.stdout.writelines(f"queued {record['body']}\n" for record in event["Records"])
        return {"batchItemFailures": []}
    sys.stdout.write("called\n")
    text = event.get("body") or ""
    body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
    answer = {
        "digest": hashlib.sha256(body).hexdigest(),
        "length": len(body),
        "layer": VALUE,
        "environment": sorted(os.environ),
        "event": event,
    }
    headers = {"Content-Type": "application/json", "X-Mixed-Case": "kept"}
    return {"statusCode": 200, "headers": headers, "body": json.dumps(answer)}
