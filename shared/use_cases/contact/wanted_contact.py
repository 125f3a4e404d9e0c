"""What a row wants its contact to be."""

from __future__ import annotations

from shared.domain.campaign.campaign import Action, AudienceSettings, Campaign
from shared.domain.contact import Value
from shared.domain.mapping import map_facts
from shared.domain.person import clean_email
from shared.domain.signup.referral import Referral
from shared.use_cases.contact.write_contact import Wanted


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
