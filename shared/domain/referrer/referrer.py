"""What the ledger remembers of a person who refers: that their contact is to be brought up to date, and what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shared.domain.contact import Value

FIRST_DELAY = 10.0
"""Seconds from the first mark to the update, while nothing was written in the last minute."""
AGAIN_DELAY = 30.0
"""Seconds between two updates of somebody who is marked again and again: at most three writes for a minute of signups."""
QUIET = 60.0
LONG_REST = 600.0


@dataclass(frozen=True, slots=True)
class ReferrerRecord:
    """One person in one campaign. Times are epoch seconds.

    ``marks`` counts what happened to them; the update that saw as many clears ``due_at``. ``written``: what ``contact_id``
    holds of ours. ``instead_of``: the dead id that led to ``contact_id``. ``email``: as a referral reported it. ``left_out``:
    attributes that Intercom did not have at the last update. ``tries``: that ended in trouble of this person alone.
    ``workspace_id``: where the contact is.
    """

    campaign_id: int
    user_id: int
    marks: int = 0
    due_at: float | None = None
    marked_at: float | None = None
    email: str | None = None
    contact_id: str | None = None
    instead_of: str | None = None
    written: Mapping[str, Value] = field(default_factory=dict)
    updated_at: float | None = None
    attempts: int = 0
    note: str = ""
    lease_owner: str = ""
    left_out: tuple[str, ...] = ()
    tries: int = 0
    workspace_id: str = ""

    def in_workspace(self, workspace_id: str) -> ReferrerRecord:
        """As this workspace knows the person: what another one holds counts for nothing here."""
        if self.workspace_id in {"", workspace_id}:
            return replace(self, workspace_id=workspace_id)
        return replace(self, contact_id=None, instead_of=None, written={}, left_out=(), workspace_id=workspace_id)

    @property
    def is_marked(self) -> bool:
        return self.due_at is not None


def rests(referrer: ReferrerRecord, now: float) -> bool:
    """Whether an update was put off for so long that the next mark is not to wait for it."""
    return referrer.tries > 0 and referrer.due_at is not None and referrer.due_at - now > LONG_REST


def delay_of(referrer: ReferrerRecord | None, now: float) -> float:
    """Seconds until a mark that is made now is worked off."""
    if referrer is None or referrer.updated_at is None or now - referrer.updated_at >= QUIET:
        return FIRST_DELAY
    return AGAIN_DELAY
