"""Two referrals with one contact: it qualifies one of them. Nobody is paid for twice."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.campaign.campaign import Campaign
from shared.domain.person import Audience
from shared.domain.qualification.qualification import Sighting
from shared.domain.qualification.verdict import may_qualify
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Referral
from shared.use_cases.environment import Environment
from shared.use_cases.qualification.new_sighting import saw


def find_twin(environment: Environment, row: Referral, campaign: Campaign) -> int | None:
    """The person of another referral of the campaign with the same contact: one that signed up before, or counts already.
    Nobody is paid for twice."""
    connection, referrals = environment.connections.find(), environment.referrals
    if connection is None or row.contact_id is None:
        return None
    keys = referrals.referrals_of_contact(connection.workspace_id, row.contact_id)
    for key, other in referrals.find_all([one for one in keys if one[0] == row.campaign_id and one[1] != row.user_id]).items():
        if other.contact_id != row.contact_id or other.audience is not Audience.PERSON_INVITED:
            continue
        seen = environment.qualifications.find(*key)
        is_older = other.user_id < row.user_id and other.finished and may_qualify(other, campaign)
        if is_older or (seen is not None and seen.wanted):
            return other.user_id
    return None


def leave_to_twin(environment: Environment, twin_id: int, row: Referral, sighting: Sighting | None) -> None:
    """The row says so, once; nothing enqueues it any more."""
    note = f"Does not count: person {twin_id} of this campaign has the same contact, and a contact qualifies one referral."
    now, key = environment.clock.now(), (row.campaign_id, row.user_id)
    environment.qualifications.update(*key, lambda one: replace(saw(one, sighting), due_at=None, reason=note))
    environment.referrals.update(
        *key,
        lambda one: (
            one if note in one.notes else replace(one, notes=(*one.notes, note)).with_event(now, Happened.COUNTS_ONCE, note)
        ),
    )
