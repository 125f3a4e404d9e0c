"""Delete a campaign's settings: said first, then done. Referrals, contacts and versions stay."""

from __future__ import annotations

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.sync.run import RunState
from shared.errors import ConflictError
from shared.ports.operations import Change
from shared.ports.signup import HELD_SHARDS
from shared.use_cases.environment import Environment
from shared.use_cases.sync.end_sync import end_sync, reason_to_stop

MOST_HELD_COUNTED = 100
"""Held signups of a shard that are counted."""
PAUSE_FIRST = "The campaign is active. Pause it first: then nobody is on the way to Intercom while it is deleted."


def meaning_of_deletion(environment: Environment, campaign: Campaign) -> list[str]:
    """What happens then, for whoever is about to do it."""
    name = f"“{campaign.name}”" if campaign.name else f"campaign {campaign.campaign_id}"
    held = _held(environment, campaign.campaign_id)
    sentences = [
        f"The settings of {name} are deleted here. Nothing is deleted in Referral Factory or Intercom.",
        "Nobody of the campaign is sent to Intercom any more, qualifies, or gets counts, rewards or links.",
        "Its referrals stay under Activity, with their stories.",
        "New signups are kept for 30 days and then forgotten. Switch the campaign's webhooks off in Referral Factory.",
        "The versions stay. Settings saved under the same id bring the campaign back, as a new one.",
    ]
    if held:
        who = "1 signup is kept and reaches" if held == "1" else f"{held} signups are kept and reach"
        sentences.insert(2, f"{who} Intercom only if the campaign is set up again.")
    return sentences


def delete_campaign(environment: Environment, campaign_id: int, expected_version: int, author: str) -> None:
    """Raises NotFoundError, and ConflictError for an active campaign or a version that is no longer the newest."""
    campaign = environment.campaigns.get(campaign_id)
    if campaign.status is Status.ACTIVE:
        raise ConflictError(PAUSE_FIRST)
    environment.campaigns.delete(campaign_id, expected_version)
    head = environment.sync_runs.head(campaign_id)
    run = environment.sync_runs.find(campaign_id, head.open_slot) if head.open_slot is not None else None
    if run is not None:
        end_sync(environment, run, RunState.CANCELLED, reason_to_stop(None, run, environment.connections.find()) or "")
    what = f"Deleted the settings of campaign {campaign_id} (version {expected_version})."
    environment.audit.add(Change(environment.clock.now(), author, what))


def _held(environment: Environment, campaign_id: int) -> str:
    """How many signups wait for the campaign, in words; empty: nobody."""
    counts = [len(environment.referrals.held(campaign_id, shard, MOST_HELD_COUNTED)) for shard in range(HELD_SHARDS)]
    more = any(count >= MOST_HELD_COUNTED for count in counts)
    return f"{sum(counts)} or more" if more else str(sum(counts) or "")
