"""A contact's life goes on in Intercom: merged, archived, deleted. The ledger follows; it never brings anybody back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shared.domain.campaign.rule import ROLE, rule_of
from shared.domain.contact import MOST_STEPS, Contact, Value, preferred
from shared.domain.person import fold_email, is_deliverable
from shared.domain.qualification.qualification import Sighting
from shared.domain.qualification.verdict import is_older
from shared.domain.signup.happened import Happened
from shared.domain.signup.person_record import PersonRecord
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.domain.timing import QUALIFICATION_LEASE
from shared.errors import ContactGoneError
from shared.messages import QualifyReferral
from shared.ports.signup import Pointer
from shared.use_cases.connection.find_connection import find_connection
from shared.use_cases.environment import Environment
from shared.use_cases.leases import leased

DELETED_IN_INTERCOM = "The contact was deleted in Intercom. Nobody is brought back after that."
STORIES = {"contact.archived": Happened.ARCHIVED_IN_INTERCOM, "contact.unarchive": Happened.UNARCHIVED_IN_INTERCOM}


def follow_contact(environment: Environment, row: Referral, message: QualifyReferral) -> Referral:
    """The row after what the message reports about its contact's life. Raises TransientError, BusyError too."""
    is_its_own = message.contact_id is not None and message.contact_id == row.contact_id
    if message.topic == "contact.merged" and message.contact_id and not is_its_own:
        is_own = row.contact_id is not None and message.merged_from == row.contact_id
        return follow_merge(environment, row, message.contact_id, is_own=is_own)
    if message.topic == "contact.deleted" and message.contact_id and is_its_own and row.finished:
        if row.state is State.ERASED:
            return row
        return _follow_other(environment, row, message.contact_id) or _erase(environment, row, message.contact_id)
    if message.topic in STORIES and is_its_own:
        return _report_once(environment, row, STORIES[message.topic])
    return row


def follow_own_contact(environment: Environment, row: Referral) -> Referral:
    """The row after Intercom was asked whether its contact was merged. Raises what the Intercom port raises, and BusyError."""
    for _ in range(MOST_STEPS):
        if row.contact_id is None:
            return row
        try:
            environment.intercom(find_connection(environment)).get_contact(row.contact_id)
        except ContactGoneError as gone:
            if gone.canonical_id is not None:
                row = follow_merge(environment, row, gone.canonical_id, is_own=True)
                continue
        return row
    return row


def follow_merge(environment: Environment, row: Referral, survivor_id: str, *, is_own: bool) -> Referral:
    """The survivor is the row's contact from now on. Not ``is_own``: nobody said that it was the row's contact that was
    merged, so the survivor's changes count for the row, which keeps its own contact until a call shows that it is gone."""
    connection, dead_id = environment.connections.find(), row.contact_id
    if connection is None:
        return row
    environment.referrals.point(Pointer(connection.workspace_id, contact_id=survivor_id), row.campaign_id, row.user_id)
    if not is_own or dead_id is None:
        return row
    environment.qualifications.update(row.campaign_id, row.user_id, lambda one: one.joined(dead_id, survivor_id))
    _change_person(environment, row, dead_id, lambda one: one.moved_to(survivor_id))
    now, note = environment.clock.now(), f"contact {dead_id} was merged into {survivor_id}"

    def move(one: Referral) -> Referral:
        if one.contact_id != dead_id:
            return one
        return replace(one, contact_id=survivor_id, ours=False, notes=(*one.notes, note)).with_event(now, Happened.MERGED, note)

    return environment.referrals.update(row.campaign_id, row.user_id, move)


def _follow_other(environment: Environment, row: Referral, dead_id: str) -> Referral | None:
    """Another contact with the e-mail is the row's from now on; None where there is none. A qualified value at which it stands
    already does not count. Raises what the Intercom port raises."""
    connection, email = environment.connections.find(), fold_email(row.person.email or "")
    if connection is None or not email:
        return None
    environment.intercom_guard.admit()
    intercom = environment.intercom(connection)
    hits = [hit for hit in intercom.search_by_email(email) if hit.id != dead_id]
    for _ in range(MOST_STEPS):
        hit = preferred(hits)
        if hit is None:
            return None
        try:
            contact = intercom.get_contact(hit.id)  # what a search shows may be minutes old
        except ContactGoneError:
            hits.remove(hit)
            continue
        if fold_email(contact.email) != email:
            hits.remove(hit)
            continue
        return _move(environment, row, dead_id, contact)
    return None


def _move(environment: Environment, row: Referral, dead_id: str, contact: Contact) -> Referral:
    connection, contact_id = find_connection(environment), contact.id
    campaign = environment.campaigns.find(row.campaign_id)
    rule = rule_of(campaign) if campaign else None
    standing: dict[str, Value] = {}
    if rule is not None:
        standing = {contact_id: str(contact.role) if rule.attribute == ROLE else contact.value(rule.attribute)}
        if rule.attribute != ROLE and rule.matches(standing[contact_id]):
            environment.campaigns.watch_departures(row.campaign_id, environment.clock.now())
            if is_older(row, rule, standing[contact_id]):
                before = rule.since_of(standing[contact_id]) - 1
                sighting = Sighting(contact_id, before, standing[contact_id], attribute=rule.attribute)
                environment.qualifications.update(row.campaign_id, row.user_id, lambda one: one.saw(sighting))
    environment.referrals.point(Pointer(connection.workspace_id, contact_id=contact_id), row.campaign_id, row.user_id)
    _change_person(environment, row, dead_id, lambda one: one.moved_to(contact_id))
    now, note = environment.clock.now(), f"contact {dead_id} was deleted; {contact_id} has the e-mail address too"

    def move(one: Referral) -> Referral:
        if one.contact_id != dead_id:
            return one
        moved = replace(one, contact_id=contact_id, ours=False, standing={**standing, **one.standing}, notes=(*one.notes, note))
        return moved.with_event(now, Happened.FOLLOWED, note)

    return environment.referrals.update(row.campaign_id, row.user_id, move)


def _erase(environment: Environment, row: Referral, contact_id: str) -> Referral:
    now = environment.clock.now()
    if environment.erases_deleted_contacts and row.person.email and is_deliverable(fold_email(row.person.email)):
        environment.erasures.request(row.person.email, now)
    _change_person(
        environment,
        row,
        contact_id,
        lambda one: replace(one.moved_to(None), erased_at=now),
    )
    return environment.referrals.update(
        row.campaign_id,
        row.user_id,
        lambda one: one.done(State.ERASED, DELETED_IN_INTERCOM).with_event(now, Happened.ERASED, DELETED_IN_INTERCOM),
    )


def _report_once(environment: Environment, row: Referral, what: Happened) -> Referral:
    """A notification that comes twice is reported once."""
    now = environment.clock.now()

    def tell(one: Referral) -> Referral:
        return one if one.history and one.history[-1].what == what else one.with_event(now, what)

    return environment.referrals.update(row.campaign_id, row.user_id, tell)


def _change_person(
    environment: Environment, row: Referral, contact_id: str, change: Callable[[PersonRecord], PersonRecord]
) -> None:
    """Under the person's lease, and only while that contact is theirs. Raises BusyError."""
    connection, email = environment.connections.find(), row.address or fold_email(row.person.email or "")
    if connection is None or not email:
        return
    with leased(environment, connection.workspace_id, email, QUALIFICATION_LEASE) as person:
        if person.contact_id == contact_id:
            environment.people.save(change(person))
