"""HTTP API events (payload 2.0) as requests, and answers as API Gateway takes them. Standard library only."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from shared.errors import MalformedPayloadError

Event = Mapping[str, Any]
PROBLEM = "application/problem+json"
MAX_QUERY_FIELDS = 200
SECURITY_HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""On every answer; an answer's own header of the same name goes before."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One call. Header names are lower-case, ``path_parameters`` decoded.

    ``claims`` are the verified token's, all of them strings; empty on a public route.
    """

    method: str
    path: str
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    raw_query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    claims: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, event: Event) -> HttpRequest:
        """Ask ``too_large`` first. Raises MalformedPayloadError for invalid base64."""
        context = event.get("requestContext") or {}
        raw_query = event.get("rawQueryString") or ""
        return cls(
            method=method_of(event),
            path=event.get("rawPath") or "/",
            path_parameters=dict(event.get("pathParameters") or {}),
            raw_query=raw_query,
            headers=headers_of(event),
            body=_body(event),
            claims=dict(((context.get("authorizer") or {}).get("jwt") or {}).get("claims") or {}),
            cookies=_cookies(event),
        )

    @property
    def query(self) -> dict[str, tuple[str, ...]]:
        """Each name's values in order. Read when asked for, so after the secret. Raises MalformedPayloadError for
        more than MAX_QUERY_FIELDS."""
        query: dict[str, list[str]] = {}
        try:
            for name, value in parse_qsl(self.raw_query, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS):
                query.setdefault(name, []).append(value)
        except ValueError:
            raise MalformedPayloadError(f"The address has more than {MAX_QUERY_FIELDS} fields.") from None
        return {name: tuple(values) for name, values in query.items()}

    def header(self, name: str) -> str:
        """Empty when it was not sent."""
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """``body`` as text is sent as UTF-8, as bytes in base64. ``cookies``: whole values of ``Set-Cookie``."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes = ""
    cookies: tuple[str, ...] = ()

    def event(self) -> dict[str, Any]:
        """What the Lambda function returns."""
        encoded = isinstance(self.body, bytes)
        body = base64.b64encode(self.body).decode("ascii") if isinstance(self.body, bytes) else self.body
        own = {name.lower(): value for name, value in self.headers.items()}
        answer = {"statusCode": self.status, "headers": {**SECURITY_HEADERS, **own}, "body": body, "isBase64Encoded": encoded}
        return answer | ({"cookies": list(self.cookies)} if self.cookies else {})


def method_of(event: Event) -> str:
    """In capitals; empty when the event does not tell."""
    method: str = ((event.get("requestContext") or {}).get("http") or {}).get("method", "")
    return method.upper()


def headers_of(event: Event) -> dict[str, str]:
    """The request's headers by lower-case name, without touching the body."""
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def too_large(event: Event, limit: int) -> bool:
    """Whether the body has more than ``limit`` bytes; nothing is decoded to find out."""
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        return len(body) // 4 * 3 - body[-2:].count("=") > limit
    return len(body) > limit or len(body.encode("utf-8", "surrogatepass")) > limit


def json_answer(status: int, document: Any, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """ASCII JSON of plain values and models; ValueError for NaN."""
    body = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=_plain)
    return HttpAnswer(status, {"content-type": "application/json", **(headers or {})}, body)


def problem(status: int, title: str, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> HttpAnswer:
    """An RFC 9457 problem. ``detail`` is a sentence for the person who made the call; ``extra`` are further members."""
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}
    return json_answer(status, document, {**(headers or {}), "content-type": PROBLEM})


def _plain(model: Any) -> Any:
    """No receiver answers one, so pydantic is not loaded here."""
    return model.model_dump(mode="json")


def _body(event: Event) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return bytes(body.encode("utf-8", "surrogatepass"))
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedPayloadError("the body is said to be base64 and is not") from None


def _cookies(event: Event) -> dict[str, str]:
    """API Gateway hands them on as a list of their own; a header is read too."""
    pairs = [*(event.get("cookies") or ()), *(headers_of(event).get("cookie") or "").split(";")]
    split = (str(pair).partition("=") for pair in pairs)
    return {name.strip(): value.strip() for name, _, value in split if name.strip()}
