"""A limiter that never limits."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.vendor.limits import Priority
from shared.errors import FailureError
from shared.ports.vendor import Limiter


class UnlimitedLimiter(Limiter):
    """For unit tests and calls outside the limits."""

    def acquire(self, priority: Priority = Priority.RECONCILE) -> str:
        """Lets every call pass."""
        return ""

    def finish(self, permit: str, status: int | None, headers: Mapping[str, str]) -> None:
        """Learns nothing."""

    def report(self, error: FailureError | None) -> None:
        """Learns nothing."""
