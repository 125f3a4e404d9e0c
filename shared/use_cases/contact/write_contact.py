"""Make one Intercom contact match one person, exactly once.

Intercom has no upsert, its search lags minutes behind a create, leads are not unique by e-mail, and a user beside a lead
is not refused. So the ledger remembers ids, a create is reserved before and confirmed after, and a reservation without a
confirmation is never followed by a blind create. Called with the person's lease held.
"""

from __future__ import annotations

import contextlib
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
    RejectedError,
    TransientError,
)
from shared.ports.clock import Clock
from shared.ports.contact import People
from shared.ports.vendors import Intercom

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
CORE = frozenset({"email", "name"})
"""What a contact is left with when Intercom refuses the rest without saying what of it."""
MOST_STEPS = 4
"""From a dead id to a living contact."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the contact should be.

    ``email`` is folded, ``spelling`` the person's own;
    ``values``: mapped, wanted now; ``creation_values``: only for a create; ``written``: what this row sent before;
    ``new_signup``: nothing was delivered for this row yet, so a contact may be created or brought back; ``tracked``: the
    attribute whose value can qualify, which has to be known after the outcomes ``baseline_wanted``.
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
    baseline_wanted: frozenset[State] = frozenset()
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended. ``settle_since``: count contacts created since then, in 15 minutes; None when nothing was created.

    ``baseline``: the tracked value before this row had any part in it, at ``baseline_at`` (the contact's ``updated_at``), and
    ``standing`` the values of all contacts with the e-mail. ``moved``: our own lost create, as somebody has changed it since.
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


class ContactWriter:
    """One write for one person. ``time_left`` answers the seconds that this invocation still has."""

    def __init__(
        self,
        intercom: Intercom,
        people: People,
        clock: Clock,
        person: KnownPerson,
        wanted: Wanted,
        time_left: Callable[[], float],
    ) -> None:
        self._intercom = intercom
        self._people = people
        self._clock = clock
        self._person = person
        self._wanted = wanted
        self._time_left = time_left
        self._notes: list[str] = []
        self._met: Contact | None = None
        self._standing: dict[str, Value] = {}
        self._steps = MOST_STEPS

    def write(self) -> Outcome:
        """Raises what the Intercom port raises, BusyError when the lease was lost, PermanentError about this person."""
        if self._person.contact_id:
            return self._with_baseline(self._write_known(self._person.contact_id))
        if self._person.erased_at and self._wanted.accepted_at <= self._person.erased_at:
            return Outcome(State.ERASED, Happened.ERASED, reason="The contact was deleted in Intercom after this signup.")
        self._wait_out_search_lag()
        return self._with_baseline(self._find_or_create())

    def _with_baseline(self, outcome: Outcome) -> Outcome:
        """What was met before this row had any part in it. A contact that needed no write is read, where it matters."""
        wanted = self._wanted
        if wanted.tracked is None or outcome.contact_id is None or not wanted.new_signup:
            return outcome
        if self._met is None and outcome.state in wanted.baseline_wanted:
            with contextlib.suppress(ContactGoneError):
                self._met = self._intercom.get_contact(outcome.contact_id)
        if self._met is None:
            return outcome
        baseline = self._met.value(wanted.tracked)
        if outcome.moved is not None:  # a create of ours: whatever it holds beside the initial value was changed since
            baseline = wanted.creation_values.get(wanted.tracked)
        met_at = self._met.created_at if outcome.moved is not None else self._met.updated_at
        return replace(outcome, baseline=baseline, baseline_at=float(met_at), standing=self._standing)

    # -- an id is known -----------------------------------------------------------------------------------------------

    def _write_known(self, contact_id: str) -> Outcome:
        if not self._person.ours and self._wanted.duplicates is DuplicatePolicy.SKIP:
            return self._skipped(contact_id)
        return self._put(contact_id, self._wanted.written)

    def _put(self, contact_id: str, there: Mapping[str, Value]) -> Outcome:
        """Writes what differs from ``there``; nothing when nothing does."""
        prepared = prepare(self._wanted.values, self._intercom.attributes(self._wanted.values), self._wanted.zone)
        changes = {name: value for name, value in prepared.values.items() if not is_same(name, there.get(name), value)}
        convert = self._wanted.role is Role.USER and self._person.role == Role.LEAD
        dropped = prepared.dropped
        baseline: Value = None
        converted = self._person.converted
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
        written = {**self._wanted.written, **{n: v for n, v in prepared.values.items() if n not in refused}}
        return self._delivered(
            Happened.UPDATED if changes or convert else Happened.UNCHANGED, contact_id, written, dropped, baseline
        )

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
            self._remember(replace(self._person, contact_id=gone.canonical_id, role=None))
            return self._put(gone.canonical_id, {})
        found = preferred(hit for hit in self._search() if hit.id != dead_id)
        if found is not None:
            self._notes.append(f"contact {dead_id} is gone; {found.id} has the e-mail now")
            self._remember(replace(self._person, contact_id=found.id, role=found.role))
            return self._write_known(found.id)
        return self._bring_back(dead_id)

    def _bring_back(self, dead_id: str) -> Outcome:
        """Unarchives for a new signup; a deleted contact is never brought back."""
        if not self._wanted.new_signup or self._wanted.archived is ArchivedPolicy.SKIP:
            why = "only a new signup brings a contact back" if not self._wanted.new_signup else "the campaign leaves it so"
            return Outcome(
                State.FAILED,
                Happened.ARCHIVED,
                dead_id,
                f"The contact was archived or deleted in Intercom, and {why}.",
                notes=tuple(self._notes),
            )
        self._step()
        try:
            self._intercom.unarchive_contact(dead_id)
        except NotRestorableError as error:
            if error.merged:
                raise PermanentError("The contact was merged in Intercom into one that cannot be found.") from None
            return self._erase()
        except ContactGoneError:
            return self._erase()
        self._notes.append("brought back from Intercom's archive")
        return self._adopt(self._intercom.get_contact(dead_id))

    def _erase(self) -> Outcome:
        erased = replace(self._person, contact_id=None, role=None, ours=False, reservation=None, erased_at=self._clock.now())
        self._remember(erased)
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
        hits = self._intercom.search_by_email(self._wanted.email)
        if len(hits) > 1:
            self._notes.append(f"{len(hits)} contacts in Intercom have this e-mail: {', '.join(hit.id for hit in hits)}")
        if self._wanted.tracked:
            self._standing = {hit.id: value for hit in hits if (value := hit.value(self._wanted.tracked)) is not None}
        return hits

    def _create(self) -> Outcome:
        if self._time_left() < LONGEST_CREATE:
            raise TransientError("Not enough time left to wait for a create.", retry_after=1.0)
        before = self._person.reservation
        now = self._clock.now()
        reservation = Reservation(before.first_at if before else now, now, self._wanted.role)
        wanted = {**self._wanted.creation_values, **self._wanted.values}
        prepared = prepare(wanted, self._intercom.attributes(wanted), self._wanted.zone)
        self._remember(replace(self._person, reservation=reservation))
        try:
            contact, dropped = self._dropping_refused(
                prepared.values,
                prepared.dropped,
                lambda values: self._intercom.create_contact(self._wanted.spelling, self._wanted.role, values),
                creates=True,
            )
        except DuplicateError as duplicate:
            if duplicate.contact_id is None:
                self._remember(replace(self._person, reservation=before))
                raise
            return self._adopt_duplicate(duplicate.contact_id, archived=duplicate.archived)
        except REFUSALS:
            self._remember(replace(self._person, reservation=before))  # refused: nothing was created
            raise
        self._confirm(contact, ours=True)
        self._met = contact
        refused = {drop.attribute for drop in dropped}
        written = {n: v for n, v in prepared.values.items() if n not in refused}
        baseline = contact.value(self._wanted.tracked) if self._wanted.tracked else None
        return self._delivered(
            Happened.CREATED, contact.id, written, dropped, baseline, settle_since=reservation.first_at - CLOCK_SKEW
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
        """Takes a contact that is there: ours if it came after our open reservation, else pre-existing."""
        reservation = self._person.reservation
        lost_create = reservation is not None and contact.created_at >= reservation.first_at - CLOCK_SKEW
        self._confirm(contact, ours=self._person.ours or lost_create)
        self._met = contact
        if not self._person.ours and self._wanted.duplicates is DuplicatePolicy.SKIP:
            return self._skipped(contact.id, contact)
        outcome = self._put(contact.id, contact.values)
        if self._wanted.tracked:
            outcome = replace(outcome, baseline=contact.value(self._wanted.tracked))
        if lost_create and reservation is not None:
            self._standing.pop(contact.id, None)
            outcome = replace(outcome, what=Happened.CREATED, settle_since=reservation.first_at - CLOCK_SKEW, moved=contact)
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
        """Sends; drops what Intercom refuses by name as often as it names something new, and where it names nothing, all but
        e-mail and name. An e-mail address that is refused is not sent again."""
        anew = False
        while True:
            try:
                return send(values), dropped
            except RejectedError as error:
                if (creates and "email" in error.fields) or not values:
                    raise
                refused = dict.fromkeys((name for name in error.fields if name in values), f"Intercom refused it: {error}")
                if not anew:
                    anew = True
                    refused = {**self._unfit(values), **refused}
                refused = refused or dict.fromkeys(values.keys() - CORE, f"Intercom refused the contact with it: {error}")
                if not refused:
                    raise
                values = {name: value for name, value in values.items() if name not in refused}
                dropped = (*dropped, *(Dropped(name, reason) for name, reason in sorted(refused.items())))
                if self._time_left() < LONGEST_CREATE:  # everything was refused so far: nothing is in doubt
                    raise RateLimitedError("Not enough time left to send the rest.", retry_after=1.0) from error

    def _unfit(self, values: Mapping[str, Value]) -> dict[str, str]:
        """What the attributes, read anew, no longer take."""
        try:
            attributes = self._intercom.read_attributes()
        except TransientError:
            return {}
        return {drop.attribute: drop.reason for drop in prepare(values, attributes).dropped}

    def _confirm(self, contact: Contact, *, ours: bool) -> None:
        self._remember(
            replace(self._person, contact_id=contact.id, role=contact.role, ours=ours, reservation=None, erased_at=None)
        )

    def _remember(self, person: KnownPerson) -> None:
        self._people.save(person)
        self._person = person

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
