"""Make one Intercom contact match one person, exactly once.

Intercom has no upsert, its search lags minutes behind a create, leads are not unique by e-mail, and a user beside a lead
is not refused. So the ledger remembers ids, a create is reserved before and confirmed after, and a reservation without a
confirmation is never followed by a blind create. Called with the person's lease held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from shared.domain.campaign.campaign import ArchivedPolicy, DuplicatePolicy
from shared.domain.contact import Contact, Value, preferred
from shared.domain.signup.happened import Happened
from shared.domain.signup.person_record import PersonRecord
from shared.domain.signup.state import State
from shared.domain.timing import SEARCH_LAG
from shared.errors import (
    ContactGoneError,
    ContradictoryError,
    DuplicateError,
    NotRestorableError,
    PermanentError,
    UnavailableError,
)
from shared.ports.clock import Clock
from shared.ports.contact import People
from shared.ports.vendors import Intercom
from shared.use_cases.contact.create_contact import ContactCreator
from shared.use_cases.contact.find_contact import ContactFinder
from shared.use_cases.contact.update_contact import ContactUpdater
from shared.use_cases.contact.wanted_contact import Wanted
from shared.use_cases.contact.write_attempt import Outcome, UnconfirmedError, WriteAttempt

CLOCK_SKEW = 60.0
"""Seconds that Intercom's clock may be behind ours."""


class ContactWriter:
    """One write for one person: by the id that is known, else whoever has the e-mail address, else a create. ``time_left``
    answers the seconds that this invocation still has; ``keep`` is given a contact that the row did not create, and what
    stands there, before it is written to."""

    def __init__(
        self,
        intercom: Intercom,
        people: People,
        clock: Clock,
        person: PersonRecord,
        wanted: Wanted,
        time_left: Callable[[], float],
        keep: Callable[[str, Mapping[str, Value]], None],
    ) -> None:
        self._intercom = intercom
        self._clock = clock
        self._wanted = wanted
        self._earlier = person.reservation
        self._attempt = WriteAttempt(people, person, wanted)
        self._finder = ContactFinder(intercom, self._attempt)
        self._creator = ContactCreator(intercom, clock, self._attempt, time_left)
        self._updater = ContactUpdater(intercom, self._attempt, time_left, keep)

    @property
    def person(self) -> PersonRecord:
        """What is known of the address by now."""
        return self._attempt.person

    def write(self) -> Outcome:
        """Raises what the Intercom port raises, BusyError when the lease was lost, PermanentError about this person, and
        UnconfirmedError: then nothing of this attempt is remembered, and the next one starts over."""
        before = self._attempt.person
        try:
            return self._write()
        except UnconfirmedError:
            if self._attempt.person != before:
                self._attempt.remember(before)
            raise

    def _write(self) -> Outcome:
        if self._attempt.person.contact_id:
            return self._with_baseline(self._write_known(self._attempt.person.contact_id))
        if self._attempt.person.erased_at and self._wanted.accepted_at <= self._attempt.person.erased_at:
            return Outcome(State.ERASED, Happened.ERASED, reason="The contact was deleted in Intercom after this signup.")
        self._creator.wait_out_search_lag()
        return self._with_baseline(self._find_or_create())

    def _with_baseline(self, outcome: Outcome) -> Outcome:
        """What was met before this row had any part in it."""
        wanted = self._wanted
        outcome = replace(outcome, ours=self._attempt.person.ours and outcome.contact_id == self._attempt.person.contact_id)
        if wanted.tracked is None or outcome.contact_id is None or not wanted.new_signup or self._attempt.met is None:
            return outcome
        baseline = self._attempt.met.value(wanted.tracked)
        if outcome.moved is not None:  # a create of ours: whatever it holds beside the initial value was changed since
            baseline = wanted.creation_values.get(wanted.tracked)
        met_at = self._attempt.met.created_at if outcome.moved is not None else self._attempt.met.updated_at
        return replace(outcome, baseline=baseline, baseline_at=float(met_at), standing=self._attempt.standing)

    # -- an id is known -----------------------------------------------------------------------------------------------

    def _write_known(self, contact_id: str) -> Outcome:
        """Later facts of a row go to the contact that it created by one PUT; everything else is compared with the contact."""
        if self._attempt.is_own(contact_id) and not self._wanted.new_signup and not self._wanted.asked_again:
            return self._put(contact_id, self._wanted.written)
        try:
            contact = self._intercom.get_contact(contact_id)
        except ContactGoneError as gone:
            return self._climb(contact_id, gone)
        return self._take(contact)

    def _take(self, contact: Contact) -> Outcome:
        """A contact as Intercom answered it now. A search's hits would be minutes old."""
        self._attempt.met = self._attempt.met or contact
        if not self._attempt.is_own(contact.id) and self._wanted.duplicates is DuplicatePolicy.SKIP:
            return self._skipped(contact)
        outcome = self._put(contact.id, contact.values)
        return replace(outcome, baseline=contact.value(self._wanted.tracked)) if self._wanted.tracked else outcome

    def _put(self, contact_id: str, there: Mapping[str, Value]) -> Outcome:
        try:
            return self._updater.update(contact_id, there)
        except ContactGoneError as gone:
            return self._climb(contact_id, gone)
        except DuplicateError as duplicate:
            return self._collided(contact_id, duplicate)

    def _collided(self, contact_id: str, duplicate: DuplicateError) -> Outcome:
        """A write to one contact runs into another: the user that a lead should have become exists already."""
        self._attempt.step()
        if duplicate.contact_id is None:
            raise duplicate
        if duplicate.archived or duplicate.contact_id == contact_id:
            raise PermanentError(f"Intercom has another contact with these details ({duplicate.contact_id}).")
        self._attempt.notes.append(f"contact {contact_id} stands beside the user {duplicate.contact_id}, which was used")
        return self._adopt(self._finder.named(duplicate.contact_id))

    def _climb(self, dead_id: str, gone: ContactGoneError) -> Outcome:
        """From a dead id: the survivor of a merge, else who has the e-mail, else the archive, else erased."""
        self._attempt.step()
        if gone.canonical_id and gone.canonical_id != dead_id:
            self._attempt.notes.append(f"contact {dead_id} was merged into {gone.canonical_id}")
            self._attempt.remember(self._attempt.person.moved_to(gone.canonical_id))
            try:
                survivor = self._intercom.get_contact(gone.canonical_id)
            except ContactGoneError as again:
                return self._climb(gone.canonical_id, again)
            return self._adopt(survivor)
        found = preferred(hit for hit in self._finder.search() if hit.id != dead_id)
        if found is not None:
            self._attempt.notes.append(f"contact {dead_id} is gone; {found.id} has the e-mail now")
            return self._adopt(found)
        return self._bring_back(dead_id)

    def _bring_back(self, dead_id: str) -> Outcome:
        """Unarchives for a new signup. Where the contact was deleted, a new signup creates another."""
        if not self._wanted.new_signup or self._wanted.archived is ArchivedPolicy.SKIP:
            why = "only a new signup brings a contact back" if not self._wanted.new_signup else "the campaign leaves it so"
            return Outcome(
                State.FAILED,
                Happened.ARCHIVED,
                dead_id,
                f"The contact was archived or deleted in Intercom, and {why}.",
                notes=tuple(self._attempt.notes),
            )
        if not self._attempt.is_own(dead_id):
            self._attempt.need_confirmation()
        self._attempt.step()
        try:
            self._intercom.unarchive_contact(dead_id)
        except (NotRestorableError, ContactGoneError):  # deleted, or merged into one that nobody with the address has
            return self._erase()
        except UnavailableError as error:
            raise ContradictoryError(f"{error}, when asked to unarchive the contact", vendor="intercom") from error
        self._attempt.notes.append("brought back from Intercom's archive")
        return self._adopt(self._intercom.get_contact(dead_id))

    def _erase(self) -> Outcome:
        nobody = self._attempt.person.moved_to(None)
        if self._wanted.new_signup and self._attempt.person.contact_id is None:  # the deleted one was named by a 409
            raise ContradictoryError("Intercom still holds a deleted contact's place.", vendor="intercom")
        if self._wanted.new_signup:
            self._attempt.notes.append(f"contact {self._attempt.person.contact_id} was deleted in Intercom before this signup")
            self._attempt.remember(nobody)
            return self._create()
        self._attempt.remember(replace(nobody, reservation=None, erased_at=self._clock.now()))
        return Outcome(
            State.ERASED,
            Happened.ERASED,
            reason="The contact was deleted in Intercom. Nobody is brought back after that.",
            notes=tuple(self._attempt.notes),
        )

    # -- no id is known -----------------------------------------------------------------------------------------------

    def _find_or_create(self) -> Outcome:
        found = preferred(self._finder.search())
        if found is not None:
            return self._adopt(found)
        if not self._wanted.new_signup:
            return Outcome(
                State.ERASED, Happened.ERASED, reason="The contact is no longer in Intercom; only a new signup creates one."
            )
        return self._create()

    def _create(self) -> Outcome:
        try:
            return self._creator.create()
        except DuplicateError as duplicate:
            if duplicate.contact_id is None:
                raise
            return self._adopt_duplicate(duplicate.contact_id, archived=duplicate.archived)

    def _adopt_duplicate(self, contact_id: str, *, archived: bool) -> Outcome:
        """409: somebody has the details already, perhaps our own lost create."""
        self._attempt.step()
        return self._bring_back(contact_id) if archived else self._adopt(self._finder.named(contact_id))

    def _adopt(self, contact: Contact) -> Outcome:
        """Takes a contact that is there: ours if it came after an earlier reservation whose end is unknown. This
        attempt's own proves nothing, for a 409 says that the contact was there before."""
        earlier = self._earlier
        lost = earlier if earlier is not None and contact.created_at >= earlier.first_at - CLOCK_SKEW else None
        own = self._attempt.person.ours and self._attempt.person.contact_id == contact.id
        self._attempt.confirm(
            contact, created_for=(self._attempt.person.created_for or self._wanted.row) if lost or own else None
        )
        outcome = self._take(contact)
        if lost and self._attempt.is_own(contact.id):
            self._attempt.standing.pop(contact.id, None)
            outcome = replace(outcome, what=Happened.CREATED, settle_since=lost.first_at - SEARCH_LAG, moved=contact)
        return outcome

    def _skipped(self, contact: Contact) -> Outcome:
        baseline = contact.value(self._wanted.tracked) if self._wanted.tracked else None
        return Outcome(
            State.SKIPPED,
            Happened.SKIPPED,
            contact.id,
            "The contact was in Intercom before; the campaign leaves such contacts as they are.",
            notes=tuple(self._attempt.notes),
            baseline=baseline,
        )
