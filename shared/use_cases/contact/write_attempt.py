"""What one attempt at a contact knows on its way, and how it can end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shared.domain.contact import MOST_STEPS, Contact, Value
from shared.domain.mapping import Dropped
from shared.domain.signup.happened import Happened
from shared.domain.signup.person_record import PersonRecord
from shared.domain.signup.state import State
from shared.errors import (
    ApplicationError,
    ApplicationRefusedError,
    ConnectionLostError,
    NotSentError,
    OwnTroubleError,
    PermanentError,
    RateLimitedError,
)
from shared.ports.contact import People
from shared.use_cases.contact.wanted_contact import Wanted

REFUSED_ERRORS = (
    PermanentError,
    RateLimitedError,
    ConnectionLostError,
    NotSentError,
    ApplicationRefusedError,
    OwnTroubleError,
)
"""After these Intercom has changed nothing."""


class UnconfirmedError(ApplicationError):
    """Something would be written that waits until Referral Factory has confirmed the signup. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended. ``settle_since``: contacts created since then, which search did not show yet, are counted later; None when
    nothing was created.

    ``baseline``: the tracked value before this row had any part in it, at ``baseline_at`` (the contact's ``updated_at``), and
    ``standing`` the values of all contacts with the e-mail. ``moved``: our own lost create, as somebody has changed it since.
    ``ours``: this application created the contact.
    """

    state: State
    what: Happened
    contact_id: str | None = None
    reason: str = ""
    written: Mapping[str, Value] = field(default_factory=dict)
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()
    baseline: Value = None
    settle_since: float | None = None
    baseline_at: float | None = None
    standing: Mapping[str, Value] = field(default_factory=dict)
    moved: Contact | None = None
    ours: bool = False


class WriteAttempt:
    """``person``: what is known of the address by now; ``met``: the first contact that was read or written, ``standing``: the
    tracked values of all contacts that a search found; ``notes``: for whoever reads the row."""

    def __init__(self, people: People, person: PersonRecord, wanted: Wanted) -> None:
        self._people = people
        self._steps = MOST_STEPS
        self.wanted = wanted
        self.person = person
        self.began_with = person.contact_id
        self.met: Contact | None = None
        self.standing: dict[str, Value] = {}
        self.notes: list[str] = []

    def is_own(self, contact_id: str) -> bool:
        """Whether this very row created the contact: everybody else's is one that was there before."""
        person = self.person
        return person.ours and person.contact_id == contact_id and person.created_for == self.wanted.row

    def need_confirmation(self) -> None:
        if not self.wanted.confirmed:
            raise UnconfirmedError("Referral Factory has not confirmed the signup.")

    def step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise PermanentError("The contact's id leads from one dead end to the next in Intercom.")

    def remember(self, person: PersonRecord, *, last: bool = False) -> None:
        """``last``: nothing is remembered after it, so that the lease is given back with it."""
        if last:
            self._people.confirm(person)
        else:
            self._people.save(person)
        self.person = person

    def confirm(self, contact: Contact, *, created_for: str | None, last: bool = False) -> None:
        """``created_for``: the row for which this application created the contact; None: it did not."""
        self.remember(
            replace(
                self.person,
                contact_id=contact.id,
                role=contact.role,
                ours=created_for is not None,
                created_for=created_for or "",
                reservation=None,
                erased_at=None,
            ),
            last=last,
        )

    def delivered(
        self,
        what: Happened,
        contact_id: str,
        written: Mapping[str, Value],
        dropped: tuple[Dropped, ...],
        baseline: Value,
        settle_since: float | None = None,
    ) -> Outcome:
        reason = "; ".join(drop.reason for drop in dropped)
        state = State.PARTIAL if dropped else State.DELIVERED
        return Outcome(state, what, contact_id, reason, written, dropped, tuple(self.notes), baseline, settle_since)
