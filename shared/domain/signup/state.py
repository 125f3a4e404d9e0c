"""Where a referral stands, and how it came to us."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where the delivery stands. PENDING and HELD are the only unfinished ones."""

    PENDING = "pending"
    HELD = "held"
    DELIVERED = "delivered"
    PARTIAL = "partial"
    SKIPPED = "skipped"
    FAILED = "failed"
    NOT_WANTED = "not_wanted"
    KNOWN = "known"
    ERASED = "erased"


UNFINISHED = frozenset({State.PENDING, State.HELD})
LEFT_BEHIND = frozenset({State.DELIVERED, State.PARTIAL, State.SKIPPED})
"""Ends that say something of a contact, and so nothing of another workspace."""
IN_INTERCOM = frozenset({State.DELIVERED, State.PARTIAL})
TROUBLED = frozenset({State.FAILED, State.PARTIAL})
"""Ends that a person should look at."""


class Origin(StrEnum):
    """How the signup came to us."""

    WEBHOOK = "webhook"
    RECONCILE = "reconcile"


class Replay(StrEnum):
    """What became of the wish to deliver a referral again."""

    REPLAYED = "replayed"
    ALREADY_WAITING = "already_waiting"
    HELD = "held"
