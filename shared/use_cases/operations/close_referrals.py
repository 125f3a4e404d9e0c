"""Mark as dealt with: a row that a person has looked at needs no attention until something else goes wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.signup.referral import Referral
from shared.domain.signup.referral_filter import ReferralFilter
from shared.ports.operations import Change
from shared.use_cases.environment import Environment
from shared.use_cases.signup.replay_referrals import REPLAYED_AT_ONCE, TIME_FOR_A_ROW


@dataclass(frozen=True, slots=True)
class Closed:
    """``cursor``: where to go on, None when all that match were seen."""

    closed: int
    cursor: str | None


def close_referral(environment: Environment, who: str, campaign_id: int, user_id: int) -> bool:
    """False when nothing of it was open. Raises NotFoundError and TransientError."""
    closed = _close(environment, who, campaign_id, user_id)
    if closed:
        what = f"Marked the referral of user {user_id} in campaign {campaign_id} as dealt with."
        environment.audit.add(Change(environment.clock.now(), who, what))
    return closed


def close_all(environment: Environment, who: str, wanted: ReferralFilter, cursor: str | None) -> Closed:
    """One batch of what matches, from ``cursor`` on. Raises MalformedPayloadError for an invalid cursor, and TransientError."""
    page = environment.referral_search.search(wanted, REPLAYED_AT_ONCE, cursor)
    seen, closed = 0, 0
    for row in page.items:
        if environment.time_left() < TIME_FOR_A_ROW:
            break
        seen += 1
        closed += _close(environment, who, row.campaign_id, row.user_id)
    if closed:
        what = f"Marked {closed} referral{'' if closed == 1 else 's'} as dealt with at once."
        environment.audit.add(Change(environment.clock.now(), who, what))
    return Closed(closed, page.cursor if seen == len(page.items) else cursor or "")


def _close(environment: Environment, who: str, campaign_id: int, user_id: int) -> bool:
    now = environment.clock.now()
    was_open = False

    def change(row: Referral) -> Referral:
        nonlocal was_open
        was_open = bool(row.open_troubles)
        return row.closed(now, who)

    environment.referrals.update(campaign_id, user_id, change)
    return was_open
