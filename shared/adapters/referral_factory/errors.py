"""Referral Factory's refusals as our errors. https://developers.referral-factory.com (errors)"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared.adapters.http.transport import HttpResponse
from shared.adapters.referral_factory.reading import count_of
from shared.errors import (
    BlockedError,
    ConnectionLostError,
    FailureError,
    PermanentError,
    RateLimitedError,
    RefusedError,
    RejectedError,
    TransientError,
    UnavailableError,
    plain_word,
)

REFERRAL_FACTORY = "referral_factory"
LONGEST_WAIT = 3_600.0


def error_of_transport(error: TransientError) -> FailureError:
    """A refused connection is how a block may look: https://developers.referral-factory.com does not say."""
    if isinstance(error, RefusedError):
        return BlockedError("Referral Factory refuses connections from this address", vendor=REFERRAL_FACTORY)
    error.vendor = REFERRAL_FACTORY
    return error


def error_of(response: HttpResponse, method: str) -> FailureError:
    """The error of an answer that is not 2xx; its own words stay out, they may quote an e-mail address. A 404 refuses a
    change for good; to a read it may be a deployment of theirs."""
    status = response.status
    facts: dict[str, Any] = {"vendor": REFERRAL_FACTORY, "status": status}
    match status:
        case 401:
            return ConnectionLostError("Referral Factory no longer takes the API key", **facts)
        case 403:
            return BlockedError("Referral Factory refuses this address or key", **facts)
        case 429:
            wait = _retry_after(response.headers)
            return RateLimitedError("Referral Factory's rate limit is reached", retry_after=wait, **facts)
        case 404 | 410 if method != "GET":
            return RejectedError("Referral Factory does not know what was to be changed", **facts)
        case 400 | 422:
            return RejectedError("Referral Factory refused the request", field=_named_fields(response), **facts)
        case 404 | 408 | 423 | 425:
            return UnavailableError(f"Referral Factory answered {status}", **facts)
        case _ if status >= 500 or status < 400:
            return UnavailableError(f"Referral Factory answered {status}", retry_after=_retry_after(response.headers), **facts)
        case _:
            return PermanentError(f"Referral Factory refused the call ({status})", **facts)


def _named_fields(response: HttpResponse) -> str | None:
    """The fields that a 422 is about; its messages stay out, they may quote what was sent."""
    try:
        errors = json.loads(response.body)["errors"]
        names = [name for name in errors if isinstance(name, str) and plain_word(name)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return ", ".join(sorted(names)[:5]) or None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, should it ever say so: it documents no such header."""
    seconds = count_of(headers.get("retry-after"))
    return None if seconds is None else min(float(seconds), LONGEST_WAIT)
