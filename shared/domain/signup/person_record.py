"""What is stored of one e-mail address, and of a create that is under way."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Reservation:
    """Our intent to create a contact.

    ``first_at``: since when a contact that turns up may be ours; ``last_at``: the newest attempt.
    """

    first_at: float
    last_at: float
    role: str


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """What the ledger remembers of one e-mail address in one workspace, with the lease held on it.

    ``ours``: this application created the contact. ``created_for``: the key of the row for which it was, or is being,
    created. ``converted``: it made a user of the lead, or was about to.
    ``fence`` grows with each lease; a write with an older one is refused.
    """

    workspace_id: str
    email: str
    contact_id: str | None = None
    ours: bool = False
    role: str | None = None
    reservation: Reservation | None = None
    erased_at: float | None = None
    fence: int = 0
    lease_owner: str = ""
    converted: bool = False
    created_for: str = ""

    def moved_to(self, contact_id: str | None) -> PersonRecord:
        """With another contact, or with none: to whom one belongs is never inherited."""
        return replace(self, contact_id=contact_id, role=None, ours=False, created_for="")
