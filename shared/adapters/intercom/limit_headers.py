"""What Intercom's answers tell about its limit: X-RateLimit-Limit, -Remaining and -Reset (epoch seconds) on every one.

https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.adapters.intercom.errors import date_of
from shared.domain.vendor.limits import WINDOW

SKEWED = 2.0
"""Seconds between Intercom's ``Date`` and our clock from which ours is thought wrong; the header has whole seconds."""
LARGEST_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class LimitHeaders:
    """None: not reported, or not credible. ``reset_at``: the window's end, by our own clock."""

    limit: int | None = None
    remaining: int | None = None
    reset_at: float | None = None

    @property
    def alignment(self) -> int | None:
        """The second of ten at which windows end by our clock; None when the reset is not that of a window."""
        return None if self.reset_at is None else int(self.reset_at) % int(WINDOW)


def limits_of(headers: Mapping[str, str], now: float) -> LimitHeaders:
    """Header names are in lower case. ``now`` by our clock; a skewed one is set right by the answer's ``Date``."""
    limit, remaining = _number(headers, "limit"), _number(headers, "remaining")
    reset = _number(headers, "reset")
    there = date_of(headers.get("date", ""))
    skew = 0.0 if there is None or abs(there - now) <= SKEWED else float(round(there - now))
    return LimitHeaders(limit if limit and limit <= LARGEST_LIMIT else None, remaining, None if reset is None else reset - skew)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"x-ratelimit-{name}", "").strip()
    return int(text[:13]) if text.isascii() and text.isdigit() else None
