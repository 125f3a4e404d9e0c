"""What an attribute cost a contact is sent once more when Intercom takes it again, or the settings were saved again; and a
signup that was given up, when somebody mended what may have been the cause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from shared.domain.campaign.campaign import Status
from shared.domain.connection.connection import Vendor
from shared.domain.mapping import unusable
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import CONTACT_COUNTS, Referral
from shared.domain.signup.state import State
from shared.domain.timing import DELIVERY_LEASE
from shared.messages import DeliverContact
from shared.use_cases.contact.contact_of_row import is_here
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
    mended = active and State.FAILED in row.open_troubles and (saved or _mended_at(environment) > _given_up_at(row))
    if active and CONTACT_COUNTS in row.open_troubles:
        referrer = environment.referrers.find(row.campaign_id, row.user_id)
        if referrer is not None and _takes_one(environment, referrer.left_out):
            mark_referrer(environment, row.campaign_id, row.user_id)

    def change(fresh: Referral) -> Referral:
        if fresh.look_at != row.look_at or not fresh.finished:
            return fresh
        if again and State.PARTIAL in fresh.open_troubles:
            return (
                replace(fresh, attempts=0, look_at=None)
                .with_event(now, Happened.ATTRIBUTE_BACK)
                .waiting(now + DELIVERY_LEASE, "It is sent again.")
            )
        if mended and State.FAILED in fresh.open_troubles:
            anew = replace(fresh, attempts=0, look_at=None).with_event(now, Happened.MENDED)
            return anew.reopened(now, now + DELIVERY_LEASE, "It is sent again.")
        waits = fresh.looking(now)
        return replace(waits, due_at=next_check(waits))

    after = environment.referrals.update(row.campaign_id, row.user_id, change)
    if not after.finished:
        why = Happened.MENDED if mended else Happened.ATTRIBUTE_BACK
        environment.delivery_queue.send(DeliverContact(row.campaign_id, row.user_id, why, now))
    return after


def _mended_at(environment: Environment) -> float:
    """When Intercom was connected last, or its permissions were looked at and none was missing."""
    notes = environment.vendor_notes.find(Vendor.INTERCOM)
    checked_at = 0.0 if notes.get("missing_permissions") else notes.get("checked_at", 0.0)
    return max(float(checked_at), float(notes.get("connected_at", 0.0)))


def _given_up_at(row: Referral) -> float:
    return max((event.at for event in row.history if event.what == Happened.FAILED), default=row.accepted_at)


def _takes_one(environment: Environment, absent: Sequence[str]) -> bool:
    """Whether an attribute that Intercom did not have is there now."""
    if not absent:
        return False
    environment.intercom_guard.check()
    attributes = environment.intercom().attributes(absent)
    return any(unusable(name, attributes) is None for name in absent)
