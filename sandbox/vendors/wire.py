"""The HTTP messages that the vendors' rules speak.

The rules are pure: no socket, no clock, no chance of their own. The HTTP servers of the sandbox and the simulated world
of the tests call the same ``answer``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Header names are lower-case; ``path`` is decoded and has no query."""

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Request:
        parts = urlsplit(target)
        return cls(
            method=method.upper(),
            path=parts.path or "/",
            query=parse_qs(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in (headers or {}).items()},
            body=body,
        )

    def first(self, name: str, default: str = "") -> str:
        """The first query value of that name."""
        return (self.query.get(name) or [default])[0]


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of_json(cls, status: int, document: Any, headers: Mapping[str, str] | None = None) -> Response:
        body = json.dumps(document, ensure_ascii=False).encode()
        return cls(status, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, body)


@dataclass(frozen=True, slots=True)
class OutgoingWebhook:
    """A call a vendor makes to us. ``attempt`` counts from 1; ``not_before`` is a time of the injected clock, in seconds."""

    vendor: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    attempt: int = 1
    not_before: float = 0.0
    name: str = ""
