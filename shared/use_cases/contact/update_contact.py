"""Write to a contact what differs from it. What stands there is kept first, unless the row created the contact itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from shared.domain.campaign.campaign import DuplicatePolicy
from shared.domain.contact import Contact, Role, Value
from shared.domain.mapping import Dropped, prepare
from shared.domain.signup.happened import Happened
from shared.errors import ContactGoneError
from shared.ports.vendors import Intercom
from shared.use_cases.contact.drop_refused import drop_refused
from shared.use_cases.contact.wanted_contact import changes_of, is_same
from shared.use_cases.contact.write_attempt import REFUSED_ERRORS, Outcome, WriteAttempt


class ContactUpdater:
    """``keep`` is given a contact that the row did not create, and what stands there, before it is written to. Raises what the
    Intercom port raises, and UnconfirmedError."""

    def __init__(
        self,
        intercom: Intercom,
        attempt: WriteAttempt,
        time_left: Callable[[], float],
        keep: Callable[[str, Mapping[str, Value]], None],
    ) -> None:
        self._intercom = intercom
        self._attempt = attempt
        self._time_left = time_left
        self._keep = keep

    def update(self, contact_id: str, there: Mapping[str, Value]) -> Outcome:
        """Writes what differs from ``there``; nothing when nothing does."""
        attempt, wanted = self._attempt, self._attempt.wanted
        all_values = {**self._owed(contact_id), **wanted.values}
        prepared = prepare(all_values, self._intercom.attributes(all_values), wanted.zone)
        is_own = attempt.is_own(contact_id)
        fills = wanted.duplicates is DuplicatePolicy.FILL and not is_own
        changes = changes_of(wanted, prepared.values, there, fills=fills, same_contact=contact_id == attempt.began_with)
        converts = wanted.role is Role.USER and attempt.person.role == Role.LEAD and not fills
        refused: tuple[Dropped, ...] = ()
        baseline: Value = None
        if changes or converts:
            if not is_own:
                attempt.need_confirmation()
                if changes:
                    self._keep(contact_id, {name: there.get(name) for name in changes})
            contact, refused = self._send(contact_id, changes, converts=converts)
            baseline = contact.value(wanted.tracked) if wanted.tracked else None
            attempt.met = attempt.met or contact
            # A lead of which somebody else made a user stays known as the lead, for that may be what qualifies.
            if contact.role != attempt.person.role and (converts or attempt.person.role != Role.LEAD):
                attempt.remember(replace(attempt.person, role=contact.role))
        dropped = (*prepared.dropped, *refused)
        lost = {drop.attribute for drop in dropped}
        held = {n: v for n, v in prepared.values.items() if not fills or n in changes or is_same(n, there.get(n), v)}
        written = {**wanted.written, **{n: v for n, v in held.items() if n not in lost}}
        what = Happened.UPDATED if changes or converts else Happened.UNCHANGED
        return attempt.delivered(what, contact_id, written, dropped, baseline)

    def _send(self, contact_id: str, changes: Mapping[str, Value], *, converts: bool) -> tuple[Contact, tuple[Dropped, ...]]:
        """Remembers before the write that it makes a user of the lead; a refusal takes that back."""
        attempt = self._attempt
        converted = attempt.person.converted
        if converts:
            attempt.remember(replace(attempt.person, converted=True))
        try:
            contact, _, refused = drop_refused(
                self._intercom.read_attributes,
                changes,
                lambda values: self._intercom.put_contact(contact_id, values, Role.USER if converts else None),
                self._time_left,
            )
        except REFUSED_ERRORS:
            if attempt.person.converted is not converted:
                attempt.remember(replace(attempt.person, converted=converted))
            raise
        return contact, refused

    def _owed(self, contact_id: str) -> Mapping[str, Value]:
        """What its create should have brought and could not. A contact that is gone is found out by the write."""
        owed = self._attempt.wanted.owed
        if not owed or not self._attempt.is_own(contact_id):
            return {}
        try:
            contact = self._intercom.get_contact(contact_id)
        except ContactGoneError:
            return {}
        return {name: value for name, value in owed.items() if contact.value(name) is None}
