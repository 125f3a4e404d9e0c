"""Intercom's refusals as our errors. Rules: https://developers.intercom.com/docs/references/rest-api/errors/http-responses

Messages are our own words: Intercom's may quote an e-mail address or a value, and ours end in logs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from shared.adapters.http.transport import HttpResponse
from shared.domain.contact import CUSTOM
from shared.errors import (
    ConnectionLostError,
    ContactGoneError,
    DuplicateError,
    FailureError,
    NotRestorableError,
    PermanentError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
    plain_word,
)

VENDOR = "intercom"
LONGEST_RETRY_AFTER = 60.0
_REQUEST_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")
_CONFLICT_ID = re.compile(r"\bid=([0-9a-f]+)")
_CANONICAL = re.compile(r"/contacts/([0-9A-Za-z_-]+)>\s*;[^,]*\brel=\"?canonical\b")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The first error of an ``error.list``. All empty when the body is none."""

    code: str = ""
    message: str = ""
    field: str = ""
    request_id: str | None = None


def read_refusal(response: HttpResponse) -> Refusal:
    """What Intercom says about an error; never fails."""
    request_id = response.headers.get("x-request-id")
    try:
        document: Any = json.loads(response.body)
        first = document["errors"][0]
        texts = {name: value for name, value in first.items() if isinstance(value, str)}
        named = document.get("request_id")
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return Refusal(request_id=_plain_id(request_id))
    return Refusal(
        plain_word(texts.get("code")) or "",
        texts.get("message", ""),
        texts.get("field", ""),
        _plain_id(named if isinstance(named, str) else request_id),
    )


def _plain_id(request_id: str | None) -> str | None:
    return request_id if request_id and _REQUEST_ID.fullmatch(request_id) else None


def read_conflict(message: str) -> tuple[str | None, bool]:
    """The contact id in a 409's message, None when it names none, and whether that contact is archived.

    The only place where Intercom tells either is the text: "An archived contact matching those details already exists
    with id=600e1e3dd3d27deecdf95953".
    """
    found = _CONFLICT_ID.search(message)
    return (found.group(1) if found else None), "archived" in message.lower()


def read_canonical_id(link: str) -> str | None:
    """The survivor of a merge: ``Link: </contacts/{id}>; rel="canonical"`` of a 410 (API 2.16)."""
    found = _CANONICAL.search(link)
    return found.group(1) if found else None


def find_named_attribute(field: str, message: str, sent: Iterable[str]) -> str | None:
    """Which of the sent attributes a refusal is about: its ``field``, else the longest name that its message holds, a
    quoted one first. None when it tells neither."""
    bare = {name.removeprefix(CUSTOM): name for name in sorted(sent)}
    if field:
        return bare.get(field.removeprefix(CUSTOM), plain_word(field))
    by_length = sorted(bare, key=len, reverse=True)
    for pattern in (r"['\"`](?:custom_attributes\.)?{}['\"`]", r"(?<![\w.]){}(?!\w)", r"(?<!\w)custom_attributes\.{}(?!\w)"):
        for name in by_length:
            if re.search(pattern.format(re.escape(name)), message):
                return bare[name]
    return None


def wait_of(status: int, headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, at most 60; None when nobody says. ``X-RateLimit-Reset`` counts for a 429 only, since every answer
    has it; it is compared with the answer's own ``Date``, so that a skewed clock of ours does no harm."""
    here = date_of(headers.get("date", ""))
    waits: list[float] = []
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        waits.append(min(float(asked[:9]), LONGEST_RETRY_AFTER))
    elif (until := date_of(asked)) is not None:
        waits.append(until - (now if here is None else here))
    reset = headers.get("x-ratelimit-reset", "").strip()
    if status == 429 and reset.isascii() and reset.isdigit():
        waits.append(float(reset[:13]) - (now if here is None else here))
    return min(max(0.0, *waits), LONGEST_RETRY_AFTER) if waits else None


def error_of(response: HttpResponse, *, now: float, sent: Iterable[str] = (), about_contact: bool = False) -> FailureError:
    """The error of an answer that is not 2xx.

    ``sent``: attribute names of the request. ``about_contact``: the path names one contact, so 404 and 410 are about it.
    """
    status = response.status
    said = read_refusal(response)
    if status == 429:
        return RateLimitedError(
            "Intercom's rate limit is reached",
            retry_after=wait_of(status, response.headers, now),
            vendor=VENDOR,
            status=status,
            code=said.code or None,
            request_id=said.request_id,
        )
    if status == 409:
        contact_id, archived = read_conflict(said.message)
        return DuplicateError(
            "Intercom has such a contact already", contact_id=contact_id, archived=archived, request_id=said.request_id
        )
    if about_contact and status in (404, 410):
        canonical = read_canonical_id(response.headers.get("link", ""))
        return ContactGoneError(
            "Intercom does not know the contact", canonical_id=canonical, status=status, request_id=said.request_id
        )
    facts: dict[str, Any] = {"vendor": VENDOR, "status": status, "code": said.code or None, "request_id": said.request_id}
    if status in (400, 422):
        field = find_named_attribute(said.field, said.message, sent)
        about = f" because of {field}" if field else ""
        return RejectedError(f"Intercom refused the request{about} ({said.code or status})", field=field, **facts)
    return _other_error(status, said, wait_of(status, response.headers, now), facts)


def not_restorable(response: HttpResponse) -> NotRestorableError | None:
    """For a refused unarchive: whether the contact was deleted or merged for good.

    Texts: "User has been marked for permanent deletion and is not restorable.", "User has been merged and is not restorable."
    """
    said = read_refusal(response)
    if response.status != 400 or ("restorable" not in said.message and "permanent deletion" not in said.message):
        return None
    merged = "merged" in said.message
    sentence = "was merged into another" if merged else "is being deleted for good"
    return NotRestorableError(
        f"Intercom cannot unarchive the contact: it {sentence}", merged=merged, status=400, request_id=said.request_id
    )


def _other_error(status: int, said: Refusal, wait: float | None, facts: dict[str, Any]) -> FailureError:
    if status == 401:
        return ConnectionLostError("Intercom no longer takes the access token", **facts)
    if status == 403:
        why = "the workspace's plan does not allow it" if said.code == "api_plan_restricted" else "a permission is missing"
        return PermanentError(f"Intercom forbids the call: {why}", **facts)
    if status in (404, 408, 410) or status >= 500 or status < 400:
        return UnavailableError(f"Intercom answered {status}", retry_after=wait, **facts)
    return PermanentError(f"Intercom refused the call ({said.code or status})", **facts)


def date_of(text: str) -> float | None:
    """Epoch seconds of an HTTP date; None for any other text."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
