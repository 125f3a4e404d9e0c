"""The real clock and real chance: the only module that reads time or randomness."""

from __future__ import annotations

import random
import secrets
import time

from shared.ports.clock import Chance, Clock


class SystemClock(Clock):
    """Wall-clock time of this machine."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Sleeps ``seconds``; not at all when that is negative."""
        time.sleep(max(0.0, seconds))


class SystemChance(Chance):
    """Randomness of this machine."""

    def fraction(self) -> float:
        """In [0, 1)."""
        return random.random()  # noqa: S311 - jitter, not a secret

    def token(self) -> str:
        """A new unguessable id of 32 hex digits."""
        return secrets.token_hex(16)


def monotonic() -> float:
    """Seconds that never go back, for time-outs only."""
    return time.monotonic()
