"""The rate limit, its strikes and the block.

Referral Factory: 600 calls a minute for each access token; an address that went over the limit more than three times is
blocked, in one version of the page for the next 7 days. https://referral-factory.com/developers (rate limits)
"""

from __future__ import annotations

from collections import deque
from typing import Any

from sandbox.vendors.referral_factory.settings import ReferralFactorySettings

WINDOW_SECONDS = 60.0
STRIKE_SECONDS = 60.0
STRIKES_BEFORE_BLOCK = 3


class CallLimit:
    """Counts the calls of each token in a sliding minute, and the strikes of each address."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[float]] = {}
        self._strikes: dict[str, list[float]] = {}
        self._blocked_until: dict[str, float] = {}
        self.most_in_a_minute = 0
        self.refused_calls = 0

    def is_blocked(self, address: str, now: float) -> bool:
        until = self._blocked_until.get(address)
        if until is None:
            return False
        if now < until:
            return True
        del self._blocked_until[address]
        self._strikes.pop(address, None)
        return False

    def block(self, address: str, until: float) -> None:
        """Block an address by hand, as a neighbour behind the same address would cause."""
        self._blocked_until[address] = until

    def admit(self, token: str, address: str, now: float, settings: ReferralFactorySettings) -> bool:
        """Count one call. False: over the limit, and a strike if the last one is 60 s or more ago."""
        calls = self._calls.setdefault(token, deque())
        while calls and calls[0] <= now - WINDOW_SECONDS:
            calls.popleft()
        over = len(calls) >= settings.calls_per_minute
        if not over or settings.refused_calls_count:
            calls.append(now)
        self.most_in_a_minute = max(self.most_in_a_minute, len(calls))
        if over:
            self.refused_calls += 1
            self._strike(address, now, settings)
        return not over

    def seconds_until_free(self, token: str, now: float, settings: ReferralFactorySettings) -> float:
        """When the next call would be admitted if none came before it."""
        calls = self._calls.get(token, ())
        if len(calls) < settings.calls_per_minute:
            return 0.0
        return max(0.0, calls[-settings.calls_per_minute] + WINDOW_SECONDS - now)

    def _strike(self, address: str, now: float, settings: ReferralFactorySettings) -> None:
        strikes = self._strikes.setdefault(address, [])
        if strikes and now - strikes[-1] < STRIKE_SECONDS:
            return
        if settings.strike_memory_seconds is not None:
            strikes[:] = [strike for strike in strikes if now - strike < settings.strike_memory_seconds]
        strikes.append(now)
        if len(strikes) > STRIKES_BEFORE_BLOCK:
            self._blocked_until[address] = now + settings.block_seconds

    def state(self, now: float) -> dict[str, Any]:
        """What the admin page shows; blocked addresses with the seconds left."""
        return {
            "calls_in_the_last_minute": {
                token: sum(1 for call in calls if call > now - WINDOW_SECONDS) for token, calls in self._calls.items()
            },
            "most_in_a_minute": self.most_in_a_minute,
            "refused_calls": self.refused_calls,
            "strikes": {address: len(strikes) for address, strikes in self._strikes.items()},
            "blocked_for_seconds": {address: until - now for address, until in self._blocked_until.items() if until > now},
        }
