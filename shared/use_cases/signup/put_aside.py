"""Rows that are not to be delivered, or not now: held, known from before, not wanted, or brought by our own sync."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shared.domain.campaign.campaign import Action, Campaign, Status
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import Origin, State
from shared.use_cases.environment import Environment

HELD_UNCONFIGURED = 30 * 86_400.0
"""Seconds that a signup of a campaign nobody configured is held."""


def is_for_nobody(row: Referral, campaign: Campaign) -> bool:
    """Whether an active campaign leaves the person alone."""
    return joined_before(row, campaign) or campaign.audience(row.audience).action is Action.NONE


def put_aside(environment: Environment, row: Referral, campaign: Campaign | None) -> None:
    """Holds what must not be delivered yet, closes what never will be."""
    now = environment.clock.now()
    change: Callable[[Referral], Referral]
    if campaign is None:
        expires_at = row.expires_at or now + HELD_UNCONFIGURED

        def change(fresh: Referral) -> Referral:
            return replace(fresh.held("Nobody has configured this campaign yet."), expires_at=expires_at)

    elif campaign.status is not Status.ACTIVE:

        def change(fresh: Referral) -> Referral:
            return replace(fresh.held(f"The campaign is {campaign.status}."), expires_at=None)

    elif joined_before(row, campaign):

        def change(fresh: Referral) -> Referral:
            return fresh.done(State.KNOWN, "Joined before the campaign was activated here.")

    else:

        def change(fresh: Referral) -> Referral:
            return fresh.done(State.NOT_WANTED, f"The campaign sends no {row.audience.replace('_', ' ')} to Intercom.")

    environment.referrals.update(row.campaign_id, row.user_id, change)


def is_brought_by_sync(environment: Environment, row: Referral, email: str) -> bool:
    """Whether our own sync added the person, who therefore comes from an Intercom contact: the row is finished with that
    contact, and nothing is written. The reservation tells, perhaps before our own answer is stored."""
    member = environment.sync_members.find(row.campaign_id, email) if email else None
    if member is None:
        return False
    connection = environment.connections.find()
    workspace_id = connection.workspace_id if connection else member.workspace_id
    if not member.brought(row.person, workspace_id):
        return False
    contact_id, now = member.contact_id, environment.clock.now()
    environment.referrals.update(
        row.campaign_id,
        row.user_id,
        lambda fresh: replace(
            fresh.done(State.DELIVERED, "Added by the sync, from this contact."),
            contact_id=contact_id,
            workspace_id=workspace_id,
            delivered_at=fresh.delivered_at or now,
            attempts=0,
        ).with_event(now, Happened.FROM_SYNC),
    )
    environment.metrics.count("ContactFromSync")
    return True


def joined_before(row: Referral, campaign: Campaign) -> bool:
    """At or below the activation mark, and no webhook reported that they joined."""
    mark = campaign.activation_mark
    return mark is not None and row.user_id <= mark and row.origin is not Origin.WEBHOOK and not campaign.backfill
