"""What would be sent to Intercom for a person, by the same steps as the delivery, without sending anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from shared.domain.campaign import Action, Campaign, DuplicatePolicy
from shared.domain.contact import Attribute, Contact, Role, Value, preferred
from shared.domain.mapping import Dropped, fact, prepare
from shared.domain.person import Person, fold_email, is_deliverable
from shared.domain.referral import Referral, State
from shared.errors import ConfigurationError, FailureError
from shared.ports.services import Clock, Intercom
from shared.use_cases.deliver_contact import wanted_of


class Previewing(Protocol):
    """What previewing needs of the environment."""

    @property
    def clock(self) -> Clock: ...
    def intercom(self) -> Intercom: ...


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute. ``sources``: what of the person goes there, in order; ``reason``: why it is not sent."""

    attribute: str
    value: Value
    sources: tuple[str, ...]
    only_on_create: bool
    sent: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """``role`` None: nothing is sent. ``checked``: Intercom could be asked about its attributes and the e-mail address."""

    outcome: str
    role: Role | None = None
    contact_id: str | None = None
    fields: tuple[Field, ...] = ()
    checked: bool = True


def preview_contact(environment: Previewing, campaign: Campaign, person: Person) -> Preview:
    """As if the person signed up now. Works while Intercom does not answer, and says so."""
    row = Referral(campaign.campaign_id, person.user_id, State.PENDING, person, environment.clock.now())
    settings = campaign.audience(row.audience)
    if settings.action is Action.NONE:
        return Preview(f"Nothing is sent: the campaign sends no {row.audience.replace('_', ' ')} to Intercom.")
    email = fold_email(person.email or "")
    if not is_deliverable(email):
        why = "there is no e-mail address" if not email else "no mail system takes this e-mail address"
        return Preview(f"Nothing is sent and the referral fails: {why}.")
    wanted = wanted_of(row, campaign, settings, email)
    everything = {**wanted.creation_values, **wanted.values}
    try:
        attributes: Mapping[str, Attribute] | None = environment.intercom().attributes(everything)
        there = preferred(environment.intercom().search_by_email(email))
    except (FailureError, ConfigurationError):
        attributes, there = None, None
    skipped = there is not None and wanted.duplicates is DuplicatePolicy.SKIP
    values = wanted.values if there else everything
    fields = _fields(campaign, row, values, attributes, wanted.values)
    if skipped:
        reason = "The contact is left as it is."
        fields = tuple(replace(field, sent=False, reason=field.reason or reason) for field in fields)
    outcome = _outcome(there, wanted.role, wanted.duplicates, checked=attributes is not None)
    return Preview(outcome, wanted.role, there.id if there else None, fields, attributes is not None)


def _fields(
    campaign: Campaign,
    row: Referral,
    values: Mapping[str, Value],
    attributes: Mapping[str, Attribute] | None,
    mapped: Mapping[str, Value],
) -> tuple[Field, ...]:
    prepared = prepare(values, attributes) if attributes is not None else None
    sent = prepared.values if prepared else values
    dropped: tuple[Dropped, ...] = prepared.dropped if prepared else ()
    reasons = {drop.attribute: drop.reason for drop in dropped}
    sources: dict[str, list[str]] = {}
    for line in campaign.audience(row.audience).mapping:
        known = fact(row.person, campaign.campaign_id, campaign.name, line.source)
        sources.setdefault(line.target, []).extend([line.source] if known not in {None, ""} else [])
    found = [
        Field(
            name, sent.get(name, value), tuple(sources.get(name, ())), name not in mapped, name in sent, reasons.get(name, "")
        )
        for name, value in values.items()
    ]
    unknown = [name for name in sources if name not in values]
    return (*found, *(Field(name, None, (), False, False, "The person has no such value.") for name in unknown))


def _outcome(there: Contact | None, role: Role, duplicates: DuplicatePolicy, *, checked: bool) -> str:
    if not checked:
        return (
            f"Intercom does not answer now, so this is unchecked. If nobody has the e-mail address there, a {role} is created."
        )
    if there is None:
        return f"Nobody in Intercom has this e-mail address: a {role} is created."
    if duplicates is DuplicatePolicy.SKIP:
        return f"Intercom has a {there.role} with this e-mail address, and the campaign leaves such contacts as they are."
    turned = " The lead becomes a user." if role is Role.USER and there.role is Role.LEAD else ""
    return f"Intercom has a {there.role} with this e-mail address, which is updated; values may be overwritten.{turned}"
