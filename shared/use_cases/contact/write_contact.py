"""Make one Intercom contact match one person, exactly once.

Intercom has no upsert, its search lags minutes behind a create, leads are not unique by e-mail, and a user beside a lead
is not refused. So the ledger remembers ids, a create is reserved before and confirmed after, and a reservation without a
confirmation is never followed by a blind create. Called with the person's lease held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from shared.domain.campaign.campaign import ArchivedPolicy, DuplicatePolicy
from shared.domain.contact import Contact, Role, Value, preferred
from shared.domain.mapping import Dropped, prepare
from shared.domain.person import fold_email
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import KnownPerson, Reservation, State
from shared.domain.timing import LONGEST_CREATE, SEARCH_LAG
from shared.errors import (
    ApplicationError,
    ApplicationRefusedError,
    ConnectionLostError,
    ContactGoneError,
    ContradictoryError,
    DuplicateError,
    NotRestorableError,
    NotSentError,
    OwnTroubleError,
    PermanentError,
    RateLimitedError,
    TransientError,
    UnavailableError,
)
from shared.ports.clock import Clock
from shared.ports.contact import People
from shared.ports.vendors import Intercom
from shared.use_cases.contact.drop_refused import drop_refused

CLOCK_SKEW = 60.0
"""Seconds that Intercom's clock may be behind ours."""
REFUSALS = (
    PermanentError,
    RateLimitedError,
    ConnectionLostError,
    NotSentError,
    ApplicationRefusedError,
    OwnTroubleError,
)
"""After these Intercom has changed nothing."""
MOST_STEPS = 4
"""From a dead id to a living contact."""


class UnconfirmedError(ApplicationError):
    """Something would be written that waits until Referral Factory has confirmed the signup. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the contact should be.

    ``email`` is folded, ``spelling`` the person's own;
    ``values``: mapped, wanted now; ``creation_values``: only for a create; ``written``: what this row sent before;
    ``new_signup``: nothing was delivered for this row yet, so a contact may be created or brought back; ``tracked``: the
    attribute whose value can qualify; ``row``: names the row, so that its own contact is known; ``asked_again``: somebody
    replays it, so the contact itself is compared; ``owed``: values for a create that Intercom had no attribute for
    then, written where the contact still has none; ``confirmed``: the signup may write to a contact that it did not create,
    ``may_create``: it may create one; ``filled``: what this row wrote where the contact had nothing.
    """

    email: str
    spelling: str
    role: Role
    values: Mapping[str, Value]
    creation_values: Mapping[str, Value]
    duplicates: DuplicatePolicy
    archived: ArchivedPolicy
    accepted_at: float
    new_signup: bool
    written: Mapping[str, Value] = field(default_factory=dict)
    tracked: str | None = None
    zone: str = "UTC"
    row: str = ""
    asked_again: bool = False
    owed: Mapping[str, Value] = field(default_factory=dict)
    confirmed: bool = True
    may_create: bool = True
    filled: Mapping[str, Value] = field(default_factory=dict)


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


class ContactWriter:
    """One write for one person. ``time_left`` answers the seconds that this invocation still has; ``keep`` is given a contact
    that the row did not create, and what stands there, before it is written to."""

    def __init__(
        self,
        intercom: Intercom,
        people: People,
        clock: Clock,
        person: KnownPerson,
        wanted: Wanted,
        time_left: Callable[[], float],
        keep: Callable[[str, Mapping[str, Value]], None] = lambda *_: None,
    ) -> None:
        self._keep = keep
        self._intercom = intercom
        self._people = people
        self._clock = clock
        self._person = person
        self._wanted = wanted
        self._time_left = time_left
        self._notes: list[str] = []
        self._earlier = person.reservation
        self._began_with = person.contact_id
        self._met: Contact | None = None
        self._standing: dict[str, Value] = {}
        self._steps = MOST_STEPS

    @property
    def person(self) -> KnownPerson:
        """What is known of the address by now."""
        return self._person

    def write(self) -> Outcome:
        """Raises what the Intercom port raises, BusyError when the lease was lost, PermanentError about this person, and
        UnconfirmedError: then nothing of this attempt is remembered, and the next one begins anew."""
        before = self._person
        try:
            return self._write()
        except UnconfirmedError:
            if self._person != before:
                self._remember(before)
            raise

    def _write(self) -> Outcome:
        if self._person.contact_id:
            return self._with_baseline(self._write_known(self._person.contact_id))
        if self._person.erased_at and self._wanted.accepted_at <= self._person.erased_at:
            return Outcome(State.ERASED, Happened.ERASED, reason="The contact was deleted in Intercom after this signup.")
        self._wait_out_search_lag()
        return self._with_baseline(self._find_or_create())

    def _with_baseline(self, outcome: Outcome) -> Outcome:
        """What was met before this row had any part in it."""
        wanted = self._wanted
        outcome = replace(outcome, ours=self._person.ours and outcome.contact_id == self._person.contact_id)
        if wanted.tracked is None or outcome.contact_id is None or not wanted.new_signup or self._met is None:
            return outcome
        baseline = self._met.value(wanted.tracked)
        if outcome.moved is not None:  # a create of ours: whatever it holds beside the initial value was changed since
            baseline = wanted.creation_values.get(wanted.tracked)
        met_at = self._met.created_at if outcome.moved is not None else self._met.updated_at
        return replace(outcome, baseline=baseline, baseline_at=float(met_at), standing=self._standing)

    # -- an id is known -----------------------------------------------------------------------------------------------

    def _write_known(self, contact_id: str) -> Outcome:
        """Later facts of a row go to the contact that it created by one PUT; everything else is compared with the contact."""
        if self._is_own(contact_id) and not self._wanted.new_signup and not self._wanted.asked_again:
            return self._put(contact_id, self._wanted.written)
        try:
            contact = self._intercom.get_contact(contact_id)
        except ContactGoneError as gone:
            return self._climb(contact_id, gone)
        return self._take(contact)

    def _is_own(self, contact_id: str) -> bool:
        """Whether this very row created the contact: everybody else's is one that was there before."""
        person = self._person
        return person.ours and person.contact_id == contact_id and person.created_for == self._wanted.row

    def _take(self, contact: Contact) -> Outcome:
        """A contact as Intercom answered it now. A search's hits would be minutes old."""
        self._met = self._met or contact
        if not self._is_own(contact.id) and self._wanted.duplicates is DuplicatePolicy.SKIP:
            return self._skipped(contact.id, contact)
        outcome = self._put(contact.id, contact.values)
        return replace(outcome, baseline=contact.value(self._wanted.tracked)) if self._wanted.tracked else outcome

    def _put(self, contact_id: str, there: Mapping[str, Value]) -> Outcome:
        """Writes what differs from ``there``; nothing when nothing does."""
        wanted = {**self._owed(contact_id), **self._wanted.values}
        prepared = prepare(wanted, self._intercom.attributes(wanted), self._wanted.zone)
        fills = self._wanted.duplicates is DuplicatePolicy.FILL and not self._is_own(contact_id)
        changes = changes_of(self._wanted, prepared.values, there, fills=fills, same_contact=contact_id == self._began_with)
        convert = self._wanted.role is Role.USER and self._person.role == Role.LEAD and not fills
        dropped = prepared.dropped
        baseline: Value = None
        converted = self._person.converted
        if (changes or convert) and not self._is_own(contact_id):
            self._need_confirmation()
            if changes:
                self._keep(contact_id, {name: there.get(name) for name in changes})
        if convert and not converted:
            self._remember(replace(self._person, converted=True))
        if changes or convert:
            try:
                contact, dropped = self._dropping_refused(
                    changes,
                    dropped,
                    lambda values: self._intercom.put_contact(contact_id, values, Role.USER if convert else None),
                )
            except REFUSALS as refusal:
                if self._person.converted is not converted:
                    self._remember(replace(self._person, converted=converted))
                if isinstance(refusal, ContactGoneError):
                    return self._climb(contact_id, refusal)
                if isinstance(refusal, DuplicateError):
                    return self._collided(contact_id, refusal)
                raise
            baseline = contact.value(self._wanted.tracked) if self._wanted.tracked else None
            self._met = self._met or contact
            # A lead of which somebody else made a user stays known as the lead, for that may be what qualifies.
            if contact.role != self._person.role and (convert or self._person.role != Role.LEAD):
                self._remember(replace(self._person, role=contact.role))
        refused = {drop.attribute for drop in dropped}
        held = {n: v for n, v in prepared.values.items() if not fills or n in changes or is_same(n, there.get(n), v)}
        written = {**self._wanted.written, **{n: v for n, v in held.items() if n not in refused}}
        return self._delivered(
            Happened.UPDATED if changes or convert else Happened.UNCHANGED, contact_id, written, dropped, baseline
        )

    def _owed(self, contact_id: str) -> Mapping[str, Value]:
        """What its create should have brought and could not. A contact that is gone is found out by the write."""
        owed = self._wanted.owed
        if not owed or not self._is_own(contact_id):
            return {}
        try:
            contact = self._intercom.get_contact(contact_id)
        except ContactGoneError:
            return {}
        return {name: value for name, value in owed.items() if contact.value(name) is None}

    def _collided(self, contact_id: str, duplicate: DuplicateError) -> Outcome:
        """A write to one contact runs into another: the user that a lead should have become exists already."""
        self._step()
        if duplicate.contact_id is None:
            raise duplicate
        if duplicate.archived or duplicate.contact_id == contact_id:
            raise PermanentError(f"Intercom has another contact with these details ({duplicate.contact_id}).")
        self._notes.append(f"contact {contact_id} stands beside the user {duplicate.contact_id}, which was used")
        return self._adopt(self._named(duplicate.contact_id))

    def _climb(self, dead_id: str, gone: ContactGoneError) -> Outcome:
        """From a dead id: the survivor of a merge, else who has the e-mail, else the archive, else erased."""
        self._step()
        if gone.canonical_id and gone.canonical_id != dead_id:
            self._notes.append(f"contact {dead_id} was merged into {gone.canonical_id}")
            self._remember(self._person.moved_to(gone.canonical_id))
            try:
                survivor = self._intercom.get_contact(gone.canonical_id)
            except ContactGoneError as again:
                return self._climb(gone.canonical_id, again)
            return self._adopt(survivor)
        found = preferred(hit for hit in self._search() if hit.id != dead_id)
        if found is not None:
            self._notes.append(f"contact {dead_id} is gone; {found.id} has the e-mail now")
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
                notes=tuple(self._notes),
            )
        if not self._is_own(dead_id):
            self._need_confirmation()
        self._step()
        try:
            self._intercom.unarchive_contact(dead_id)
        except NotRestorableError as error:
            if error.merged:
                raise PermanentError("The contact was merged in Intercom into one that cannot be found.") from None
            return self._erase()
        except ContactGoneError:
            return self._erase()
        except UnavailableError as error:
            raise ContradictoryError(f"{error}, when asked to unarchive the contact", vendor="intercom") from error
        self._notes.append("brought back from Intercom's archive")
        return self._adopt(self._intercom.get_contact(dead_id))

    def _erase(self) -> Outcome:
        nobody = self._person.moved_to(None)
        if self._wanted.new_signup and self._person.contact_id is None:  # the deleted one was named by a 409
            raise ContradictoryError("Intercom still holds a deleted contact's place.", vendor="intercom")
        if self._wanted.new_signup:
            self._notes.append(f"contact {self._person.contact_id} was deleted in Intercom before this signup")
            self._remember(nobody)
            return self._create()
        self._remember(replace(nobody, reservation=None, erased_at=self._clock.now()))
        return Outcome(
            State.ERASED,
            Happened.ERASED,
            reason="The contact was deleted in Intercom. Nobody is brought back after that.",
            notes=tuple(self._notes),
        )

    # -- no id is known -----------------------------------------------------------------------------------------------

    def _wait_out_search_lag(self) -> None:
        """An unconfirmed create: for a user 409 will settle it, for a lead only a search after the lag can."""
        reservation = self._person.reservation
        if reservation is None or (reservation.role == Role.USER and self._wanted.role is Role.USER):
            return
        remaining = reservation.last_at + SEARCH_LAG - self._clock.now()
        if remaining > 0:
            raise TransientError("An earlier create was not answered; waiting until search can show it.", retry_after=remaining)

    def _find_or_create(self) -> Outcome:
        found = preferred(self._search())
        if found is not None:
            return self._adopt(found)
        if not self._wanted.new_signup:
            return Outcome(
                State.ERASED, Happened.ERASED, reason="The contact is no longer in Intercom; only a new signup creates one."
            )
        return self._create()

    def _search(self) -> list[Contact]:
        """The contacts with the e-mail, each as it is now: the index has its ids, but bodies that are minutes old."""
        hits = [contact for hit in self._intercom.search_by_email(self._wanted.email) if (contact := self._read(hit.id))]
        if len(hits) > 1:
            self._notes.append(f"{len(hits)} contacts in Intercom have this e-mail: {', '.join(hit.id for hit in hits)}")
        if self._wanted.tracked:
            self._standing = {hit.id: value for hit in hits if (value := hit.value(self._wanted.tracked)) is not None}
        return hits

    def _read(self, contact_id: str) -> Contact | None:
        """None: it is gone since, or has another e-mail now."""
        try:
            contact = self._intercom.get_contact(contact_id)
        except ContactGoneError:
            return None
        return contact if is_same("email", contact.email, self._wanted.email) else None

    def _create(self) -> Outcome:
        if self._time_left() < LONGEST_CREATE:
            raise TransientError("Not enough time left to wait for a create.", retry_after=1.0)
        before = self._person.reservation
        if before is None and not self._wanted.may_create:
            self._need_confirmation()
        now = self._clock.now()
        reservation = Reservation(before.first_at if before else now, now, self._wanted.role)
        wanted = {**self._wanted.creation_values, **self._wanted.values}
        prepared = prepare(wanted, self._intercom.attributes(wanted), self._wanted.zone)
        created_for = self._person.created_for if before else self._wanted.row
        unreserved = self._person
        self._remember(replace(unreserved, reservation=reservation, created_for=created_for))
        try:
            contact, dropped = self._dropping_refused(
                prepared.values,
                prepared.dropped,
                lambda values: self._intercom.create_contact(self._wanted.spelling, self._wanted.role, values),
                creates=True,
            )
        except DuplicateError as duplicate:
            self._remember(unreserved)  # it is answered: this create made nothing
            if duplicate.contact_id is None:
                raise
            return self._adopt_duplicate(duplicate.contact_id, archived=duplicate.archived)
        except REFUSALS:
            self._remember(unreserved)  # refused: nothing was created
            raise
        self._confirm(contact, created_for=self._wanted.row, last=True)
        self._met = contact
        refused = {drop.attribute for drop in dropped}
        written = {n: v for n, v in prepared.values.items() if n not in refused}
        baseline = contact.value(self._wanted.tracked) if self._wanted.tracked else None
        return self._delivered(
            Happened.CREATED, contact.id, written, dropped, baseline, settle_since=reservation.first_at - SEARCH_LAG
        )

    def _adopt_duplicate(self, contact_id: str, *, archived: bool) -> Outcome:
        """409: somebody has the details already, perhaps our own lost create."""
        self._step()
        return self._bring_back(contact_id) if archived else self._adopt(self._named(contact_id))

    def _named(self, contact_id: str) -> Contact:
        """The contact that a 409 names, if it has the person's e-mail address."""
        try:
            contact = self._intercom.get_contact(contact_id)
        except ContactGoneError:
            raise ContradictoryError(f"Intercom names contact {contact_id} and does not know it.", vendor="intercom") from None
        if fold_email(contact.email) != self._wanted.email:
            raise ContradictoryError(f"Intercom names contact {contact_id}, which has another e-mail.", vendor="intercom")
        return contact

    def _adopt(self, contact: Contact) -> Outcome:
        """Takes a contact that is there: ours if it came after an earlier reservation of which nobody knows the end. This
        attempt's own proves nothing, for a 409 says that the contact was there before."""
        reservation = self._earlier
        lost_create = reservation is not None and contact.created_at >= reservation.first_at - CLOCK_SKEW
        known = self._person.ours and self._person.contact_id == contact.id
        self._confirm(contact, created_for=(self._person.created_for or self._wanted.row) if lost_create or known else None)
        outcome = self._take(contact)
        if lost_create and reservation is not None and self._is_own(contact.id):
            self._standing.pop(contact.id, None)
            outcome = replace(outcome, what=Happened.CREATED, settle_since=reservation.first_at - SEARCH_LAG, moved=contact)
        return outcome

    # -- shared -------------------------------------------------------------------------------------------------------

    def _dropping_refused(
        self,
        values: Mapping[str, Value],
        dropped: tuple[Dropped, ...],
        send: Callable[[Mapping[str, Value]], Contact],
        *,
        creates: bool = False,
    ) -> tuple[Contact, tuple[Dropped, ...]]:
        contact, _, refused = drop_refused(self._intercom.read_attributes, values, send, self._time_left, creates=creates)
        return contact, (*dropped, *refused)

    def _confirm(self, contact: Contact, *, created_for: str | None, last: bool = False) -> None:
        """``created_for``: the row for which this application created the contact; None: it did not. ``last``: nothing is
        remembered after it, so that the lease is given back with it."""
        self._remember(
            replace(
                self._person,
                contact_id=contact.id,
                role=contact.role,
                ours=created_for is not None,
                created_for=created_for or "",
                reservation=None,
                erased_at=None,
            ),
            last=last,
        )

    def _remember(self, person: KnownPerson, *, last: bool = False) -> None:
        if last:
            self._people.confirm(person)
        else:
            self._people.save(person)
        self._person = person

    def _need_confirmation(self) -> None:
        if not self._wanted.confirmed:
            raise UnconfirmedError("Referral Factory has not confirmed the signup.")

    def _step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise PermanentError("The contact's id leads from one dead end to the next in Intercom.")

    def _skipped(self, contact_id: str, contact: Contact | None = None) -> Outcome:
        baseline = contact.value(self._wanted.tracked) if contact and self._wanted.tracked else None
        return Outcome(
            State.SKIPPED,
            Happened.SKIPPED,
            contact_id,
            "The contact was in Intercom before; the campaign leaves such contacts as they are.",
            notes=tuple(self._notes),
            baseline=baseline,
        )

    def _delivered(
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
        return Outcome(state, what, contact_id, reason, written, dropped, tuple(self._notes), baseline, settle_since)


def is_same(name: str, there: Value, wanted: Value) -> bool:
    """Whether a write would change nothing. E-mails are compared folded; ``True`` is not 1."""
    if name == "email" and isinstance(there, str) and isinstance(wanted, str):
        return fold_email(there) == fold_email(wanted)
    return there == wanted and isinstance(there, bool) == isinstance(wanted, bool)


def changes_of(
    wanted: Wanted, values: Mapping[str, Value], there: Mapping[str, Value], *, fills: bool, same_contact: bool = True
) -> dict[str, Value]:
    """What differs from ``there``; ``fills``: only what is empty there, or still as this row filled it. The e-mail only where
    this row's own changed: one that was corrected in Intercom stays. Later facts leave alone what somebody else wrote since to
    an attribute that they do not concern; a contact that took another's place gets all."""
    changes = {name: value for name, value in values.items() if not is_same(name, there.get(name), value)}
    if fills:
        left = {name for name, value in wanted.filled.items() if is_same(name, there.get(name), value)}
        return {name: value for name, value in changes.items() if name in left or there.get(name) in {None, ""}}
    if not wanted.new_signup and not wanted.asked_again and same_contact:
        changes = {name: value for name, value in changes.items() if not is_same(name, wanted.written.get(name), value)}
    before = wanted.written.get("email")
    if "email" in changes and (not before or is_same("email", before, changes["email"])):
        del changes["email"]
    return changes
