"""What a row wants its contact to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.campaign.campaign import Action, ArchivedPolicy, AudienceSettings, Campaign, DuplicatePolicy
from shared.domain.contact import Role, Value
from shared.domain.mapping import map_facts
from shared.domain.person import clean_email, fold_email
from shared.domain.signup.referral import Referral


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


def mapped_values(campaign: Campaign, row: Referral) -> dict[str, Value]:
    """The attributes that the row's facts go to."""
    return map_facts(row.person, campaign.campaign_id, campaign.name, campaign.audience(row.audience).mapping)


def wants_differ(campaign: Campaign, before: Referral, after: Referral) -> bool:
    """Whether the facts of the two ask for different contacts."""
    if campaign.audience(after.audience).action is Action.NONE:
        return False
    return before.audience is not after.audience or mapped_values(campaign, before) != mapped_values(campaign, after)


def wanted_of(row: Referral, campaign: Campaign, settings: AudienceSettings, email: str, zone: str) -> Wanted:
    """What the contact of the row should be. ``email`` is folded; what is written is the person's own spelling."""
    values = mapped_values(campaign, row)
    creation_values = campaign.creation_values(row.audience)
    spelling = clean_email(row.person.email or "") or email
    if "email" in values:
        values["email"] = spelling
    return Wanted(
        email=email,
        spelling=spelling,
        zone=zone,
        role=settings.action.role,
        values=values,
        creation_values=creation_values,
        duplicates=settings.duplicates,
        archived=settings.archived,
        accepted_at=row.accepted_at,
        new_signup=row.delivered_at is None,
        written=row.written,
        tracked=campaign.trigger.attribute if campaign.trigger else None,
        row=row.key,
        asked_again=row.asked_again,
        filled=row.filled,
        owed={drop.attribute: creation_values[drop.attribute] for drop in row.dropped if drop.attribute in creation_values},
    )


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
