"""A limiter that never limits."""

from __future__ import annotations

from collections.abc import Mapping


class UnlimitedLimiter:
    """The null implementation of ``shared.ports.services.Limiter``."""

    def acquire(self, calls: int = 1) -> None:
        """Lets every call pass."""

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """Learns nothing."""
