"""Where a reversal counts, the newest state wins: ask Intercom for it, under the person's lease.

The lease keeps two workers' answers in order within the one second that Intercom's ``updated_at`` tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.domain.campaign.rule import Rule
from shared.domain.connection.connection import Connection
from shared.domain.person import fold_email
from shared.domain.qualification.qualification import Qualification, Sighting
from shared.domain.signup.referral import Referral
from shared.domain.timing import QUALIFICATION_LEASE
from shared.errors import ContactGoneError
from shared.use_cases.connection.find_connection import find_connection
from shared.use_cases.environment import Environment
from shared.use_cases.leases import leased
from shared.use_cases.qualification.follow_contact import follow_merge

WITHIN_THE_SECOND = 0.999
"""Intercom answers whole seconds and notifies in milliseconds: what it answered stood at the second's end."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What Intercom answered for ``asked``; ``survivor_id`` when that contact was merged."""

    asked: str
    sighting: Sighting
    survivor_id: str | None = None


def read_contacts(environment: Environment, row: Referral, rule: Rule, seen: Qualification) -> tuple[Referral, Qualification]:
    """Asks for each contact whose value seems to have moved since it was read last: one call a change. A merged one is
    followed. Raises what the Intercom port raises, BusyError, and BreakerOpenError."""
    seen = seen.under(rule)
    unread = seen.unread()
    moved = [one for one in unread if not _is_as_read(seen, one)]
    readings = [_Reading(one.contact_id, replace(one, read=True)) for one in unread if one not in moved]
    if moved:
        readings += _ask(environment, row, rule, [*moved, *_doubtful(seen, rule, moved)])
    if not readings:
        return row, seen

    def note(one: Qualification) -> Qualification:
        for reading in readings:
            one = one.saw(reading.sighting)
            if reading.survivor_id:
                one = one.joined(reading.asked, reading.survivor_id)
        return one

    seen = environment.qualifications.update(row.campaign_id, row.user_id, note)
    for reading in readings:
        if reading.survivor_id:
            row = follow_merge(environment, row, reading.survivor_id, is_own=reading.asked == row.contact_id)
    return row, seen


def _doubtful(seen: Qualification, rule: Rule, moved: Sequence[Sighting]) -> list[Sighting]:
    """What was read last of other contacts at a qualified value: one of them may since have been merged into the contact that
    moved away from it, and not every notification of a merge names it."""
    if all(rule.matches(one.value) for one in moved):
        return []
    asked = {seen.survivor_of(one.contact_id) for one in moved}
    others = dict.fromkeys(seen.survivor_of(one.contact_id) for one in seen.sightings if one.read)
    read = [seen.last_read(contact_id) for contact_id in others if contact_id not in asked]
    return [one for one in read if one is not None and rule.matches(one.value)]


def _is_as_read(seen: Qualification, seen_there: Sighting) -> bool:
    """The value is the one that was read last: whatever came in between has a notification of its own."""
    last = seen.last_read(seen_there.contact_id)
    return last is not None and last.value == seen_there.value


def _ask(environment: Environment, row: Referral, rule: Rule, moved: Sequence[Sighting]) -> list[_Reading]:
    environment.intercom_guard.admit()
    connection = find_connection(environment)
    email = row.address or fold_email(row.person.email or "")
    with leased(environment, connection.workspace_id, email, QUALIFICATION_LEASE):
        return [_read(environment, connection, rule, one) for one in moved]


def _read(environment: Environment, connection: Connection, rule: Rule, seen_there: Sighting) -> _Reading:
    """The contact's newest state; of one that is archived or deleted what was reported last."""
    intercom, survivor_id = environment.intercom(connection), None
    try:
        try:
            contact = intercom.get_contact(seen_there.contact_id)
        except ContactGoneError as gone:
            if gone.canonical_id is None:
                raise
            survivor_id = gone.canonical_id
            contact = intercom.get_contact(survivor_id)
    except ContactGoneError:
        return _Reading(seen_there.contact_id, replace(seen_there, read=True))
    read_at = contact.updated_at + WITHIN_THE_SECOND
    if read_at < seen_there.at and survivor_id is None:  # an answer from before the notification
        return _Reading(seen_there.contact_id, replace(seen_there, read=True))
    shown = Sighting(contact.id, read_at, contact.value(rule.attribute), read=True, attribute=rule.attribute)
    return _Reading(seen_there.contact_id, shown, survivor_id)
