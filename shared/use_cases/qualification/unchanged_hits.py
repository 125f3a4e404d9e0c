"""Hits of reconcile's searches that showed nothing new. Each search shows them again for twenty minutes."""

from __future__ import annotations

from shared.ports.clock import Clock

COMPARED_AGAIN_AFTER = 900.0
"""Seconds after which a hit is compared with the ledger again: not for ever, for the ledger changes too."""
MOST_HITS = 5_000


class UnchangedHits:
    """In this process's memory alone: what is forgotten is compared once more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hits: dict[tuple[str, str], float] = {}

    def has(self, contact_id: str, shown: str) -> bool:
        """``shown``: all that the comparison depends on."""
        noted_at = self._hits.get((contact_id, shown))
        return noted_at is not None and self._clock.now() - noted_at < COMPARED_AGAIN_AFTER

    def note(self, contact_id: str, shown: str) -> None:
        if len(self._hits) >= MOST_HITS:
            self._hits.pop(next(iter(self._hits)))
        self._hits[contact_id, shown] = self._clock.now()
