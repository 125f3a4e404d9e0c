"""What an attribute cost a contact is sent once more when Intercom takes it again, or the settings were saved anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from shared.domain.campaign.campaign import Status
from shared.domain.mapping import unusable
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import CONTACT_COUNTS, Referral, State
from shared.domain.timing import DELIVERY_LEASE
from shared.messages import DeliverContact
from shared.use_cases.contact.known_contact import is_here
from shared.use_cases.environment import Environment
from shared.use_cases.referrer.mark_referrer import mark_referrer


def look_again(environment: Environment, row: Referral, next_check: Callable[[Referral], float | None]) -> Referral:
    """Asks Intercom for nothing but its attributes, which many rows share. Raises what the Intercom port raises."""
    now = environment.clock.now()
    campaign = environment.campaigns.find(row.campaign_id)
    active = campaign is not None and campaign.status is Status.ACTIVE and is_here(environment, row)
    saved = campaign is not None and campaign.version > (row.settings_version or 0)
    absent = [drop.attribute for drop in row.dropped if drop.absent] if State.PARTIAL in row.open_troubles else []
    again = active and State.PARTIAL in row.open_troubles and (saved or _takes_one(environment, absent))
    if active and CONTACT_COUNTS in row.open_troubles:
        referrer = environment.referrers.find(row.campaign_id, row.user_id)
        if referrer is not None and _takes_one(environment, referrer.left_out):
            mark_referrer(environment, row.campaign_id, row.user_id)

    def change(fresh: Referral) -> Referral:
        if fresh.look_at != row.look_at:
            return fresh
        if again and State.PARTIAL in fresh.open_troubles:
            return (
                replace(fresh, attempts=0, look_at=None)
                .with_event(now, Happened.ATTRIBUTE_BACK)
                .waiting(now + DELIVERY_LEASE, "It is sent again.")
            )
        waits = fresh.looking(now)
        return replace(waits, due_at=next_check(waits))

    after = environment.referrals.update(row.campaign_id, row.user_id, change)
    if not after.finished:
        environment.delivery_queue.send(DeliverContact(row.campaign_id, row.user_id, Happened.ATTRIBUTE_BACK, now))
    return after


def _takes_one(environment: Environment, absent: Sequence[str]) -> bool:
    """Whether an attribute that Intercom did not have is there now."""
    if not absent:
        return False
    environment.intercom_guard.check()
    attributes = environment.intercom().attributes(absent)
    return any(unusable(name, attributes) is None for name in absent)
