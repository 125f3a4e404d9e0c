"""What a campaign does at this moment, whatever its status says."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.campaign.campaign import Action, Campaign, Status
from shared.domain.operations.health import Level
from shared.domain.person import Audience
from shared.domain.signup.completeness import Completeness
from shared.domain.sync.source import Mode
from shared.use_cases.connection.read_connection import ConnectionState


@dataclass(frozen=True, slots=True)
class CampaignHealth:
    """What a campaign does at this moment, whatever its status says. ``completeness``: of its people, None until all of them
    were counted."""

    campaign_id: int
    name: str
    level: Level
    sentence: str
    completeness: Completeness | None = None


def health_of(campaign: Campaign, connection: ConnectionState, completeness: Completeness | None) -> CampaignHealth:
    level, sentence = _effect(campaign, connection)
    return CampaignHealth(campaign.campaign_id, campaign.name, level, sentence, completeness)


def _effect(campaign: Campaign, connection: ConnectionState) -> tuple[Level, str]:
    if campaign.status is Status.DRAFT:
        return Level.WAIT, "Nothing is sent yet: signups are kept until you activate the campaign."
    if campaign.status is Status.PAUSED:
        return Level.WAIT, "Paused: signups are kept until you activate the campaign again."
    if connection.intercom.problem:
        return Level.BAD, f"Signups wait: {connection.intercom.problem}"
    unfit = [*find_useless(campaign), *campaign.problems]
    if unfit:
        return Level.WARN, unfit[0]
    if connection.referral_factory.problem:
        return Level.WARN, f"Signups go to Intercom, the rest waits: {connection.referral_factory.problem}"
    if not sends(campaign):
        return Level.GOOD, "Contacts of Intercom get their referral links. Nobody who signs up is sent."
    return Level.GOOD, "Signups go to Intercom as they come."


def sends(campaign: Campaign) -> bool:
    return any(campaign.audience(audience).action is not Action.NONE for audience in Audience)


def syncs(campaign: Campaign) -> bool:
    return campaign.sync.mode is not Mode.OFF


def find_useless(campaign: Campaign) -> list[str]:
    """What an active campaign does in vain, or not at all."""
    if not sends(campaign) and not syncs(campaign):
        return ["Nobody is sent: choose what happens to people who sign up, or turn the sync on."]
    if syncs(campaign) and "referral_link" not in campaign.sync.attributes:
        return ["Referral links have nowhere to go: choose the attribute for the link under Sync."]
    return []
