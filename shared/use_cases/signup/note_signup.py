"""What a signup or a webhook about a person means to people who refer."""

from __future__ import annotations

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.signup.referral import Referral
from shared.messages import DeliverContact
from shared.use_cases.environment import Environment
from shared.use_cases.referrer.mark_referrer import mark_referrer, mark_referrer_of
from shared.use_cases.referrer.note_reward import note_rewarded


def note_signup(environment: Environment, campaign: Campaign | None, row: Referral, message: DeliverContact) -> None:
    """Before the delivery, at each attempt until it is done: killed after the row and before the mark, the next attempt
    marks. A reward is noted in every campaign that is configured; counts wait for an active one that writes some. Raises
    TransientError."""
    if campaign is None:
        return
    if message.event == "rewarded" and message.fields is not None:
        note_rewarded(environment, campaign, message.fields, row.user_id)
    counts = campaign.status is Status.ACTIVE and bool(campaign.written_to_referrers)
    if counts and row.delivered_at is None and not row.finished:
        mark_referrer_of(environment, row)


def remind_referrer(environment: Environment, row: Referral, workspace_id: str) -> None:
    """The person has a contact now: counts and rewards that had none to go to are written."""
    referrer = environment.referrers.find(row.campaign_id, row.user_id)
    if referrer is not None and referrer.in_workspace(workspace_id).contact_id is None:
        mark_referrer(environment, row.campaign_id, row.user_id)
