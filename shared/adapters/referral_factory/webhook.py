"""Referral Factory's webhooks as the receiver sees them: is it theirs, and which fields does it hold?

Referral Factory signs nothing and documents no payload; its form allows up to three custom headers, GET and POST, and field
names of the customer's choosing. https://referral-factory.com/help (outbound webhooks)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from shared.adapters.referral_factory.bodies import read_body as read_fields
from shared.errors import InvalidSignatureError

__all__ = ["check_secret", "read_fields"]


def check_secret(header_values: Sequence[str], secrets: Sequence[str]) -> int:
    """Which of the secrets it is, the first is 0.

    Raises InvalidSignatureError unless the header came once and holds one of the secrets (current and next).

    Takes the same time whatever is wrong. An empty secret is never right. A doubled header, which API Gateway joins with a
    comma, is refused.
    """
    value = header_values[0] if len(header_values) == 1 else ""
    if not value.isascii():
        value = ""
    given = hashlib.sha256(value.encode("ascii")).digest()
    right = []
    for secret in secrets:
        expected = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        right.append(hmac.compare_digest(given, expected) and bool(secret))
    if not any(right):
        raise InvalidSignatureError("the webhook's secret is missing or wrong")
    return right.index(True)
