"""The heartbeat of Intercom's notifications: when one that concerned a referral was heard last."""

from __future__ import annotations

from shared.errors import TransientError
from shared.observability import logger
from shared.use_cases.environment import Environment

HEARD = "notifications"
NOTED_EVERY = 60.0
"""Seconds between two notes of one process."""


class NotificationHeartbeat:
    """One for each process."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._noted_at = 0.0

    def note(self) -> None:
        """Never worth a failure."""
        now = self._environment.clock.now()
        if now - self._noted_at < NOTED_EVERY:
            return
        self._noted_at = now
        try:
            self._environment.progresses.save(HEARD, {"heard_at": now})
        except TransientError:
            logger.warning("heartbeat of notifications not noted")

    def heard_at(self) -> float:
        """Epoch seconds; 0 when none was ever heard. Raises TransientError."""
        return float(str((self._environment.progresses.find(HEARD) or {}).get("heard_at", 0.0)))
