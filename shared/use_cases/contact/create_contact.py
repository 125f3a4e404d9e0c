"""Create a contact: reserved before, confirmed after, and never blindly where a reservation was not confirmed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shared.domain.contact import Role
from shared.domain.mapping import prepare
from shared.domain.signup.happened import Happened
from shared.domain.signup.person_record import Reservation
from shared.domain.timing import LONGEST_CREATE, SEARCH_LAG
from shared.errors import TransientError
from shared.ports.clock import Clock
from shared.ports.vendors import Intercom
from shared.use_cases.contact.drop_refused import drop_refused
from shared.use_cases.contact.write_attempt import REFUSED_ERRORS, Outcome, WriteAttempt


class ContactCreator:
    """Raises what the Intercom port raises, TransientError and UnconfirmedError."""

    def __init__(self, intercom: Intercom, clock: Clock, attempt: WriteAttempt, time_left: Callable[[], float]) -> None:
        self._intercom = intercom
        self._clock = clock
        self._attempt = attempt
        self._time_left = time_left

    def wait_out_search_lag(self) -> None:
        """An unconfirmed create: for a user 409 will settle it, for a lead only a search after the lag can."""
        reservation = self._attempt.person.reservation
        if reservation is None or (reservation.role == Role.USER and self._attempt.wanted.role is Role.USER):
            return
        remaining = reservation.last_at + SEARCH_LAG - self._clock.now()
        if remaining > 0:
            raise TransientError("An earlier create was not answered; waiting until search can show it.", retry_after=remaining)

    def create(self) -> Outcome:
        """DuplicateError: somebody has the details already, perhaps our own lost create."""
        attempt, wanted = self._attempt, self._attempt.wanted
        if self._time_left() < LONGEST_CREATE:
            raise TransientError("Not enough time left to wait for a create.", retry_after=1.0)
        unreserved = attempt.person
        before = unreserved.reservation
        if before is None and not wanted.may_create:
            attempt.need_confirmation()
        now = self._clock.now()
        reservation = Reservation(before.first_at if before else now, now, wanted.role)
        all_values = {**wanted.creation_values, **wanted.values}
        prepared = prepare(all_values, self._intercom.attributes(all_values), wanted.zone)
        created_for = unreserved.created_for if before else wanted.row
        attempt.remember(replace(unreserved, reservation=reservation, created_for=created_for))
        try:
            contact, _, refused = drop_refused(
                self._intercom.read_attributes,
                prepared.values,
                lambda values: self._intercom.create_contact(wanted.spelling, wanted.role, values),
                self._time_left,
                creates=True,
            )
        except REFUSED_ERRORS:
            attempt.remember(unreserved)  # it is answered: this create made nothing
            raise
        attempt.confirm(contact, created_for=wanted.row, last=True)
        attempt.met = contact
        dropped = (*prepared.dropped, *refused)
        lost = {drop.attribute for drop in dropped}
        written = {n: v for n, v in prepared.values.items() if n not in lost}
        baseline = contact.value(wanted.tracked) if wanted.tracked else None
        return attempt.delivered(
            Happened.CREATED, contact.id, written, dropped, baseline, settle_since=reservation.first_at - SEARCH_LAG
        )
