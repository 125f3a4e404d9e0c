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
    ApplicationRefusedError,
    ConnectionLostError,
    ContactGoneError,
    DuplicateError,
    FailureError,
    NotRestorableError,
    RateLimitedError,
    RejectedError,
    ResourceRefusedError,
    UnavailableError,
    plain_word,
)

INTERCOM = "intercom"
LONGEST_RETRY_AFTER = 60.0
LONGEST_ERROR_TEXT = 2_000
"""Characters that are read of a text of Intercom's; a 1 MB message took 12.7 s to look through."""
LONGEST_DATE = 64
MOST_ERRORS = 50
_REQUEST_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")
_CONFLICT_ID = re.compile(r"\bid=([0-9a-f]{24})(?![0-9A-Za-z-])")
_ADDRESS = re.compile(r"(?<!\S)\S*@\S*")
"""A word with an at sign; looked for from the beginning of a word only, so in linear time."""
_INVALID_DATA = frozenset({"parameter_invalid", "parameter_not_found", "data_invalid", "unprocessable_entity"})
"""Codes about what was sent, whatever the status."""
_ABOUT_APPLICATION = re.compile(r"version|suspended|api_plan_restricted|token_blocked|app_")
"""Codes of a 400, 403 or 422 that are about the application."""
_MOST_WORDS = 160
_NOT_NOW = frozenset({408, 423, 425})
"""Statuses that say nothing but to come again."""
PERMISSIONS: tuple[tuple[str, str], ...] = (
    ("/contacts/search", "Read and list users and companies"),
    ("/contacts", "Write users and companies"),
    ("/data_attributes", "Read and list users and companies"),
    ("/segments", "Read and list users and companies"),
    ("/tags", "Read tags"),
    ("/events", "Write events"),
)
"""The permission of Intercom's Developer Hub that calls of a path need; the first that fits."""
_CANONICAL = re.compile(r"/contacts/([0-9A-Za-z_-]+)>\s*;[^,]*\brel=\"?canonical\b")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An ``error.list``: its first error, and ``errors``, all as (field, message). All empty when the body is none.

    ``page``: the body is a page of HTML, so something between us and Intercom answered.
    """

    code: str = ""
    message: str = ""
    field: str = ""
    request_id: str | None = None
    errors: tuple[tuple[str, str], ...] = ()
    page: bool = False

    @property
    def words(self) -> str:
        """Intercom's words without any address."""
        if self.page:
            return "a web page instead of an answer"
        return _ADDRESS.sub("…", " ".join(filter(None, (self.code, self.message))))[:_MOST_WORDS]


def read_refusal(response: HttpResponse) -> Refusal:
    """What Intercom says about an error; never fails."""
    request_id = response.headers.get("x-request-id")
    try:
        document: Any = json.loads(response.body)
        errors = [
            {name: value[:LONGEST_ERROR_TEXT] for name, value in error.items() if isinstance(value, str)}
            for error in document["errors"][:MOST_ERRORS]
            if isinstance(error, dict)
        ]
        first = errors[0]
        named = document.get("request_id")
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return Refusal(request_id=_plain_id(request_id), page=response.body.lstrip()[:1] == b"<")
    return Refusal(
        plain_word(first.get("code")) or "",
        first.get("message", ""),
        first.get("field", ""),
        _plain_id(named if isinstance(named, str) else request_id),
        tuple((error.get("field", ""), error.get("message", "")) for error in errors),
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
    found = _CANONICAL.search(link[:LONGEST_ERROR_TEXT])
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
            if name in message and re.search(pattern.format(re.escape(name)), message):
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


def error_of(
    response: HttpResponse,
    *,
    now: float,
    sent: Iterable[str] = (),
    about_contact: bool = False,
    path: str = "",
    token_works: bool = False,
) -> FailureError:
    """The error of an answer that is not 2xx.

    ``sent``: attribute names of the request. ``about_contact``: the call is about one contact, so 403, 404 and 410 are as well.
    ``token_works``: after a 401 another call was answered.
    """
    status = response.status
    said = read_refusal(response)
    facts: dict[str, Any] = {"vendor": INTERCOM, "status": status, "code": said.code or None, "request_id": said.request_id}
    if status == 429:
        return RateLimitedError(
            "Intercom's rate limit is reached",
            retry_after=wait_of(status, response.headers, now),
            vendor=INTERCOM,
            status=status,
            code=said.code or None,
            request_id=said.request_id,
        )
    if status == 409:
        contact_id, archived = read_conflict(next((text for _, text in said.errors if _CONFLICT_ID.search(text)), said.message))
        return DuplicateError(
            "Intercom has such a contact already", contact_id=contact_id, archived=archived, request_id=said.request_id
        )
    if about_contact and status in (404, 410) and not said.page:
        canonical = read_canonical_id(response.headers.get("link", ""))
        return ContactGoneError(
            "Intercom does not know the contact", canonical_id=canonical, status=status, request_id=said.request_id
        )
    about_us = said.page or _ABOUT_APPLICATION.search(said.code) is not None
    if (status in (400, 422) and not about_us) or (status == 401 and token_works and said.code in _INVALID_DATA):
        names = tuple(sent)
        found = (find_named_attribute(field, text, names) for field, text in said.errors)
        fields = tuple(dict.fromkeys(name for name in found if name))
        about = f" because of {', '.join(fields)}" if fields else ""
        return RejectedError(f"Intercom refused the request{about} ({said.code or status})", fields=fields, **facts)
    if status == 401 and not token_works:
        return ConnectionLostError("Intercom no longer takes the access token", **facts)
    if says_nothing(status) or status < 400:
        return UnavailableError(f"Intercom answered {status}", retry_after=wait_of(status, response.headers, now), **facts)
    if (about_contact and status in (401, 403) and not about_us) or path.startswith(_NOT_FOR_DELIVERY):
        return resource_refused(path, status, said.words, facts)
    return ApplicationRefusedError(f"Intercom refuses the application ({status}): {said.words}".rstrip(": "), **facts)


def says_nothing(status: int) -> bool:
    """Whether an answer of that status shows neither that Intercom works nor that it refuses."""
    return status >= 500 or status == 429 or status in _NOT_NOW


def resource_refused(path: str, status: int, words: str, facts: Mapping[str, Any]) -> ResourceRefusedError:
    """For what is refused by itself while Intercom works. A path that is nobody's names the permission."""
    permission = permission_of(path) if status in (401, 403) else ""
    missing = f"; the permission {permission!r} may be missing" if permission else ""
    return ResourceRefusedError(
        f"Intercom refuses this call ({status}){missing}: {words}".rstrip(": "), permission=permission, **facts
    )


_NOT_FOR_DELIVERY = ("/events", "/segments", "/tags")
"""Paths that no contact needs to be written."""


def permission_of(path: str) -> str:
    """The permission that a path needs; empty for one contact's own, where its refusal may be about the contact."""
    if path.startswith("/contacts/") and not path.startswith("/contacts/search"):
        return ""
    return next((name for prefix, name in PERMISSIONS if path.startswith(prefix)), "")


def not_restorable(response: HttpResponse) -> NotRestorableError | None:
    """For a refused unarchive: whether the contact was deleted or merged for good.

    Texts: "User has been marked for permanent deletion and is not restorable.", "User has been merged and is not restorable."
    """
    said = read_refusal(response)
    if response.status != 400 or ("restorable" not in said.message and "permanent deletion" not in said.message):
        return None
    sentence = "was merged into another" if "merged" in said.message else "is being deleted for good"
    return NotRestorableError(
        f"Intercom cannot unarchive the contact: it {sentence}", vendor="intercom", status=400, request_id=said.request_id
    )


def date_of(text: str) -> float | None:
    """Epoch seconds of an HTTP date; None for any other text."""
    try:
        moment = parsedate_to_datetime(text[:LONGEST_DATE])
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
