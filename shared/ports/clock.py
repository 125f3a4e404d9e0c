"""Time and chance."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Time. Everything that waits or stamps asks it."""

    def now(self) -> float:
        """Epoch seconds."""

    def sleep(self, seconds: float) -> None: ...


class Chance(Protocol):
    """Everything random."""

    def fraction(self) -> float:
        """In [0, 1)."""

    def token(self) -> str:
        """A new unguessable id of 32 hex digits."""
