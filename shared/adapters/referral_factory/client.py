"""Referral Factory's REST API v2. Reached over the limit of 600 calls a minute three times, it blocks our address for days:
every call passes the limiter first, and nothing is sent twice but after a 401.

https://developers.referral-factory.com
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.adapters.http import HttpResponse, HttpTransport
from shared.adapters.limits import UnlimitedLimiter
from shared.adapters.referral_factory.reading import count_of
from shared.adapters.referral_factory.schemas import campaign_id_of, person_of
from shared.domain.limits import LONGEST_CALL, Priority
from shared.domain.person import Person
from shared.errors import (
    BlockedError,
    ConnectionLostError,
    FailureError,
    NotSentError,
    PermanentError,
    RateLimitedError,
    RejectedError,
    TransientError,
    UnavailableError,
)
from shared.ports.services import Limiter

VENDOR = "referral_factory"
TIMEOUT = LONGEST_CALL
PAGE_SIZE = 250
LONGEST_WAIT = 3_600.0


class KeyProvider(Protocol):
    """Where the API key is. ``fresh`` reads it anew; an empty text means that there is none."""

    def __call__(self, *, fresh: bool = False) -> str: ...


@dataclass(frozen=True, slots=True)
class PageOfUsers:
    """Implements ``shared.ports.services.UserPage``."""

    people: Sequence[tuple[int, Person]]
    last_page: int | None


class ReferralFactoryClient:
    """Implements ``shared.ports.services.ReferralFactory``. ``base_url`` ends in ``/api/v2``."""

    def __init__(
        self,
        transport: HttpTransport,
        key: KeyProvider,
        base_url: str,
        limiter: Limiter | None = None,
        priority: Priority = Priority.RECONCILE,
    ) -> None:
        self._transport = transport
        self._key = key
        self._base_url = base_url.rstrip("/")
        self._limiter = limiter or UnlimitedLimiter()
        self._priority = priority

    def users(self, page: int) -> PageOfUsers:
        """See ``ReferralFactory.users``. Entries without a user id or campaign are left out."""
        document = self._get(f"/users?page={page}&per_page={PAGE_SIZE}&with=user.analytics")
        entries = document.get("data")
        if not isinstance(entries, list):
            raise UnavailableError("Referral Factory: its answer is no list", vendor=VENDOR, status=200)
        people = [
            (campaign_id, person)
            for entry in entries
            if isinstance(entry, Mapping)
            and (campaign_id := campaign_id_of(entry)) is not None
            and (person := person_of(entry, {})) is not None
        ]
        meta = document.get("meta")
        return PageOfUsers(people, (count_of(meta.get("last_page")) or None) if isinstance(meta, Mapping) else None)

    def _get(self, path: str) -> Mapping[str, Any]:
        response = self._send(path, self._key() or self._key(fresh=True))
        if response.status == 401:
            response = self._send(path, self._key(fresh=True))
        if not 200 <= response.status < 300:
            raise self._reported(_error_of(response))
        try:
            document: Any = json.loads(response.body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            broken = UnavailableError("Referral Factory: its answer is no JSON object", vendor=VENDOR, status=response.status)
            raise self._reported(broken)
        self._limiter.report(None)
        return document

    def _reported(self, error: FailureError) -> FailureError:
        self._limiter.report(error)
        return error

    def _send(self, path: str, key: str) -> HttpResponse:
        if not key:
            raise ConnectionLostError("there is no API key of Referral Factory", vendor=VENDOR)
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        permit = self._limiter.acquire(self._priority)
        try:
            response = self._transport.send("GET", self._base_url + path, headers, None, TIMEOUT)
        except TransientError as error:
            self._limiter.finish(permit, None, {})
            raise self._reported(_error_of_transport(error)) from None
        self._limiter.finish(permit, response.status, response.headers)
        return response


def _error_of_transport(error: TransientError) -> FailureError:
    """A refused connection is how a block may look: https://developers.referral-factory.com does not say."""
    if isinstance(error, NotSentError):
        return BlockedError("Referral Factory refuses connections from this address", vendor=VENDOR)
    error.vendor = VENDOR
    return error


def _error_of(response: HttpResponse) -> FailureError:
    """The error of an answer that is not 2xx; its own words stay out, they may quote an e-mail address."""
    status = response.status
    facts: dict[str, Any] = {"vendor": VENDOR, "status": status}
    match status:
        case 401:
            return ConnectionLostError("Referral Factory no longer takes the API key", **facts)
        case 403:
            return BlockedError("Referral Factory refuses this address or key", **facts)
        case 429:
            wait = _retry_after(response.headers)
            return RateLimitedError("Referral Factory's rate limit is reached", retry_after=wait, **facts)
        case 400 | 422:
            return RejectedError("Referral Factory refused the request", **facts)
        case 404 | 408:
            return UnavailableError(f"Referral Factory answered {status}", **facts)
        case _ if status >= 500 or status < 400:
            return UnavailableError(f"Referral Factory answered {status}", retry_after=_retry_after(response.headers), **facts)
        case _:
            return PermanentError(f"Referral Factory refused the call ({status})", **facts)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, should it ever say so: it documents no such header."""
    seconds = count_of(headers.get("retry-after"))
    return None if seconds is None else min(float(seconds), LONGEST_WAIT)
