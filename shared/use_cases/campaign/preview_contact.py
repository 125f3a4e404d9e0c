"""What would be sent to Intercom for a person, by the same steps as the delivery, without sending anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shared.domain.campaign.campaign import Action, Campaign, DuplicatePolicy
from shared.domain.contact import Attribute, Contact, Role, Value, preferred
from shared.domain.mapping import Dropped, prepare
from shared.domain.person import Person, fold_email, is_deliverable
from shared.domain.signup.person_record import PersonRecord
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.errors import ConfigurationError, ContactGoneError, FailureError
from shared.ports.vendors import Intercom
from shared.use_cases.contact.contact_of_row import address_of, in_workspace, with_contact_of
from shared.use_cases.contact.wanted_contact import changes_of, is_same, wanted_of
from shared.use_cases.environment import Environment

FIXED = "value"
"""The source of a fixed value."""
HAS_IT = "The contact has it already."
IS_KEPT = "The contact has another value, which is kept."
CORRECTED = "The contact has another e-mail address in Intercom, which is kept."
NOT_CREATED_AGAIN = (
    "Nothing is sent and the referral fails: the contact was archived or deleted in Intercom, and only a new signup brings a "
    "contact back."
)
BY_SYNC = (
    "Nothing is sent: the sync added this person from a contact that was in Intercom before. What that contact gets is said "
    "under Sync and Rewards."
)


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute. ``sources``: what of the person goes there, in order; ``reason``: why it is not sent. ``dropped``:
    Intercom would not take the value. ``before``: what the contact has now, None: nothing."""

    attribute: str
    value: Value
    sources: tuple[str, ...]
    only_on_create: bool
    sent: bool
    reason: str = ""
    dropped: bool = False
    before: Value = None


@dataclass(frozen=True, slots=True)
class Preview:
    """``role`` None: nothing is sent. ``checked``: Intercom could be asked about its attributes and the e-mail address."""

    outcome: str
    role: Role | None = None
    contact_id: str | None = None
    fields: tuple[Field, ...] = ()
    checked: bool = True


@dataclass(frozen=True, slots=True)
class _There:
    """The contact that would be written to, with the values that it has now. ``own``: it was created for this very row."""

    id: str
    role: str | None
    own: bool
    values: Mapping[str, Value] = field(default_factory=dict)


def signup_of(environment: Environment, campaign_id: int, person: Person) -> Referral:
    """The row of somebody who would sign up now."""
    return Referral(campaign_id, person.user_id, State.PENDING, person, environment.clock.now())


def preview_contact(environment: Environment, campaign: Campaign, row: Referral) -> Preview:
    """As if the row were delivered now by an active campaign. Works while Intercom does not answer, and says so."""
    row = replace(row, state=State.PENDING, asked_again=True)
    settings = campaign.audience(row.audience)
    email = fold_email(row.person.email or "")
    connection = environment.connections.find()
    workspace_id = connection.workspace_id if connection else ""
    member = environment.sync_members.find(campaign.campaign_id, email) if email else None
    if member is not None and member.brought(row.person, workspace_id or member.workspace_id):
        return Preview(BY_SYNC, contact_id=member.contact_id)
    if settings.action is Action.NONE:
        return Preview(f"Nothing is sent: the campaign sends no {row.audience.replace('_', ' ')} to Intercom.")
    if not is_deliverable(email):
        why = "there is no e-mail address" if not email else "no mail system takes this e-mail address"
        return Preview(f"Nothing is sent and the referral fails: {why}.")
    row = in_workspace(row, connection.workspace_id) if connection else row
    wanted = wanted_of(row, campaign, settings, email, connection.timezone if connection else "UTC")
    record = _record_of(environment, row, email)
    if record and not record.contact_id and record.erased_at and row.accepted_at <= record.erased_at:
        return Preview("Nothing is sent: the contact was deleted in Intercom after this signup.")
    own = record is not None and record.ours and record.created_for == row.key
    there = _There(record.contact_id, record.role, own, row.written) if record and record.contact_id else None
    everything = {**wanted.creation_values, **wanted.values}
    try:
        attributes: Mapping[str, Attribute] | None = environment.intercom().attributes(everything)
        there = _read(environment.intercom(), there, email)
    except (FailureError, ConfigurationError):
        attributes = None
    if there is None and not wanted.new_signup:
        return Preview(NOT_CREATED_AGAIN)
    skipped = there is not None and not there.own and wanted.duplicates is DuplicatePolicy.SKIP
    fills = there is not None and not there.own and wanted.duplicates is DuplicatePolicy.FILL
    fields = _fields(campaign, row, wanted.values if there else everything, attributes, wanted.values, wanted.zone)
    if skipped:
        fields = _unsent(fields, "The contact is left as it is.")
    elif there:
        changed = changes_of(wanted, {one.attribute: one.value for one in fields if one.sent}, there.values, fills=fills)
        fields = tuple(
            replace(one, sent=False, reason=_why_not(one, there)) if one.sent and one.attribute not in changed else one
            for one in fields
        )
    if there:
        fields = tuple(replace(one, before=there.values.get(one.attribute)) for one in fields)
    outcome = _outcome(there, wanted.role, skipped=skipped, fills=fills, checked=attributes is not None)
    return Preview(outcome, wanted.role, there.id if there else None, fields, attributes is not None)


def _record_of(environment: Environment, row: Referral, email: str) -> PersonRecord | None:
    """What the ledger remembers of the person: Intercom's search shows a new contact minutes later."""
    connection = environment.connections.find()
    if connection is None:
        return None
    address = address_of(row) or email
    record = environment.people.find(connection.workspace_id, address)
    return with_contact_of(record or PersonRecord(connection.workspace_id, address), row)


def _read(intercom: Intercom, expected: _There | None, email: str) -> _There | None:
    """The contact as it is now: the one that is known, or the survivor of its merge, else the one that a search finds."""
    contact_id, own = (expected.id, expected.own) if expected else (None, False)
    if contact_id:
        try:
            contact = intercom.get_contact(contact_id)
        except ContactGoneError as gone:
            contact_id, own = gone.canonical_id, False
        else:
            return _There(contact.id, contact.role, own, contact.values)
    found = intercom.get_contact(contact_id) if contact_id else _found(intercom, email)
    return _There(found.id, found.role, own, found.values) if found else None


def _found(intercom: Intercom, email: str) -> Contact | None:
    """What a search shows may be minutes old; only its id is good."""
    hit = preferred(intercom.search_by_email(email))
    try:
        return intercom.get_contact(hit.id) if hit else None
    except ContactGoneError:
        return None


def _why_not(one: Field, there: _There) -> str:
    if is_same(one.attribute, there.values.get(one.attribute), one.value):
        return HAS_IT
    return CORRECTED if one.attribute == "email" else IS_KEPT


def _unsent(fields: tuple[Field, ...], reason: str) -> tuple[Field, ...]:
    return tuple(replace(one, sent=False, reason=one.reason or reason) for one in fields)


def _fields(
    campaign: Campaign,
    row: Referral,
    values: Mapping[str, Value],
    attributes: Mapping[str, Attribute] | None,
    mapped: Mapping[str, Value],
    zone: str,
) -> tuple[Field, ...]:
    prepared = prepare(values, attributes, zone) if attributes is not None else None
    sent = prepared.values if prepared else values
    dropped: tuple[Dropped, ...] = prepared.dropped if prepared else ()
    reasons = {drop.attribute: drop.reason for drop in dropped}
    sources: dict[str, list[str]] = {}
    for line in campaign.audience(row.audience).mapping:
        value = line.value_of(row.person, campaign.campaign_id, campaign.name)
        sources.setdefault(line.target, []).extend([line.source or FIXED] if value not in {None, ""} else [])
    found = [
        Field(
            name,
            sent.get(name, value),
            tuple(sources.get(name, ())),
            name not in mapped,
            name in sent,
            reasons.get(name, ""),
            dropped=name in reasons,
        )
        for name, value in values.items()
    ]
    unknown = [name for name in sources if name not in values]
    return (*found, *(Field(name, None, (), False, False, "The person has no such value.") for name in unknown))


def _outcome(there: _There | None, role: Role, *, skipped: bool, fills: bool, checked: bool) -> str:
    silent = "" if checked else "Intercom does not answer now, so this is unchecked. "
    if there is None:
        who = "If nobody has the e-mail address there" if silent else "Nobody in Intercom has this e-mail address"
        return f"{silent}{who}{',' if silent else ':'} a {role} is created."
    contact = there.role or "contact"
    if skipped:
        return f"{silent}Intercom has a {contact} with this e-mail address, and the campaign leaves such contacts as they are."
    if fills:
        return f"{silent}Intercom has a {contact} with this e-mail address, of which only empty attributes are written."
    turned = " The lead becomes a user." if role is Role.USER and there.role == Role.LEAD else ""
    if there.own:
        return f"{silent}This application made a {contact} for this e-mail address, which gets what has changed since.{turned}"
    return f"{silent}Intercom has a {contact} with this e-mail address, which is updated; values may be overwritten.{turned}"
