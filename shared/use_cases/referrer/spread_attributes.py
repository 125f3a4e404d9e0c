"""Attributes for counts and rewards that a campaign chose lately reach everybody who refers already, not only whoever brings
somebody from now on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.domain.campaign.campaign import Status
from shared.domain.person import Audience
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.observability import logger
from shared.use_cases.environment import Environment
from shared.use_cases.referrer.mark_referrer import mark_referrer, mark_referrer_of

SPREAD_PROGRESS = "referrer_attributes"
ROWS_A_PAGE = 100
PAGES_A_PASS = 10
"""Of one pass: each person marked costs a call to Referral Factory, so a large campaign takes its time."""
TIME_FOR_PAGE = 8.0


def spread_attributes(environment: Environment) -> int:
    """How many people were marked in this pass; the next one goes on where it ended. Raises TransientError."""
    stored: dict[str, Any] = dict(environment.progresses.find(SPREAD_PROGRESS) or {})
    marked = pages = 0
    try:
        for campaign in environment.campaigns.list():
            place = stored.get(str(campaign.campaign_id), {})
            wanted = sorted({*campaign.count_attributes.values(), *campaign.rewards.attributes.values()})
            if campaign.status is not Status.ACTIVE or set(wanted) <= set(place.get("done", ())):
                continue
            if place.get("wanted") != wanted:
                place = {**place, "wanted": wanted, "cursor": None}
            while pages < PAGES_A_PASS and environment.time_left() >= TIME_FOR_PAGE:
                page = environment.referrals.of_campaign(campaign.campaign_id, ROWS_A_PAGE, place["cursor"])
                pages += 1
                marked += _mark(environment, page.items)
                place = {**place, "cursor": page.cursor}
                if page.cursor is None:
                    place = {"done": wanted}
                    break
            stored[str(campaign.campaign_id)] = place
    finally:
        environment.progresses.save(SPREAD_PROGRESS, stored)
    if marked:
        logger.info("attributes spread", people=marked)
    return marked


def _mark(environment: Environment, rows: Sequence[Referral]) -> int:
    """Each person who refers, or has brought one of these."""
    people: dict[int, Referral] = {}
    for row in rows:
        if row.state is State.ERASED or row.forgotten:
            continue
        user_id = row.user_id if row.audience is Audience.PERSON_REFERRING else row.person.referrer.user_id
        if user_id is not None:
            people.setdefault(user_id, row)
    for user_id, row in people.items():
        if row.user_id == user_id:
            mark_referrer(environment, row.campaign_id, user_id, row.person.email)
        else:
            mark_referrer_of(environment, row)
    return len(people)
