"""How a sync run ended for each contact, and how many there are of each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_EXAMPLES = 20
LEFT_OUT = "left out: "
"""Begins the reason of a contact that got all but some attributes."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many contacts. ``finished`` of those ``seen`` have an outcome: linked (written), unchanged, skipped or failed.
    ``created``: people added to the campaign. ``examples``: (contact id, reason) of some that were skipped or failed."""

    seen: int = 0
    finished: int = 0
    created: int = 0
    linked: int = 0
    unchanged: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[tuple[str, str], ...] = ()

    def plus(self, other: Tally) -> Tally:
        return Tally(
            seen=self.seen + other.seen,
            finished=self.finished + other.finished,
            created=self.created + other.created,
            linked=self.linked + other.linked,
            unchanged=self.unchanged + other.unchanged,
            skipped=dict(Counter(self.skipped) + Counter(other.skipped)),
            failed=dict(Counter(self.failed) + Counter(other.failed)),
            examples=(*self.examples, *other.examples)[:MOST_EXAMPLES],
        )

    def with_outcome(self, outcome: Outcome, contact_id: str) -> Tally:
        """One more contact finished."""
        example = ((contact_id, outcome.reason),) if outcome.reason else ()
        return self.plus(
            Tally(
                finished=1,
                created=int(outcome.created),
                linked=int(outcome.what == "linked"),
                unchanged=int(outcome.what == "unchanged"),
                skipped={outcome.reason: 1} if outcome.what == "skipped" else {},
                failed={outcome.reason: 1} if outcome.what == "failed" else {},
                examples=example,
            )
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended for one contact: ``what`` is linked, unchanged, skipped or failed."""

    what: str
    reason: str = ""
    created: bool = False
