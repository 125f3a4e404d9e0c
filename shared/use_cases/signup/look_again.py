"""What an attribute cost a contact is sent once more when Intercom takes it again, or the settings were saved anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.mapping import unusable
from shared.domain.signup.referral import Referral, State
from shared.domain.timing import DELIVERY_LEASE
from shared.messages import DeliverContact
from shared.use_cases.environment import Environment

FIRST_LOOK, LONGEST_LOOK = 600.0, 3_600.0
"""Seconds between two looks; they grow with the time that the row has been so."""
LOOKS_FOR = 30 * 86_400.0
"""Seconds after which only a person sends it again."""
BACK = "attribute back"


def next_look(row: Referral, now: float) -> float | None:
    """For a row that was delivered in part, and with which nobody has dealt yet."""
    waited = now - (row.history[-1].at if row.history else row.accepted_at)
    if State.PARTIAL not in row.open_troubles or waited >= LOOKS_FOR:
        return None
    return now + min(max(FIRST_LOOK, waited / 4), LONGEST_LOOK)


def look_again(environment: Environment, row: Referral, next_check: Callable[[Referral], float | None]) -> Referral:
    """Asks Intercom for nothing but its attributes, which many rows share. Raises what the Intercom port raises."""
    now = environment.clock.now()
    campaign = environment.campaigns.find(row.campaign_id)
    again = campaign is not None and campaign.status is Status.ACTIVE and _may_go_better(environment, row, campaign)

    def change(fresh: Referral) -> Referral:
        if fresh.look_at != row.look_at:
            return fresh
        if again and State.PARTIAL in fresh.open_troubles:
            return replace(fresh, attempts=0, look_at=None).told(now, BACK).waiting(now + DELIVERY_LEASE, "It is sent again.")
        waits = replace(fresh, look_at=next_look(fresh, now))
        return replace(waits, due_at=next_check(waits))

    after = environment.referrals.update(row.campaign_id, row.user_id, change)
    if not after.finished:
        environment.delivery_queue.send(DeliverContact(row.campaign_id, row.user_id, BACK, now))
    return after


def _may_go_better(environment: Environment, row: Referral, campaign: Campaign) -> bool:
    if campaign.version > (row.settings_version or 0):
        return True
    absent = [drop.attribute for drop in row.dropped if drop.absent]
    if not absent:
        return False
    environment.intercom_guard.check()
    attributes = environment.intercom().attributes(absent)
    return any(unusable(name, attributes) is None for name in absent)
