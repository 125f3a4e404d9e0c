"""While somebody stands at a qualified value that has to be left first, each change of the workspace's contacts is worked off.
That ends when nobody does any more: once a day the ledger is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.domain.campaign.campaign import Campaign
from shared.domain.campaign.rule import ROLE, Rule, rule_of
from shared.domain.person import Audience
from shared.domain.qualification.qualification import Qualification
from shared.domain.qualification.verdict import awaits_departure, baseline_of, may_qualify
from shared.domain.signup.referral import Referral
from shared.errors import TransientError
from shared.observability import logger
from shared.use_cases.environment import Environment

WATCH_PROGRESS = "departures"
ASKED_AGAIN_AFTER = 86_400.0
STORED_WITHIN = 3_600.0
"""Seconds after the last mark: a delivery that marked it has stored its row by then."""
ROWS_A_PAGE = 100
PAGES_TO_END_A_WATCH = 20
TIME_FOR_PAGE = 8.0


def end_watches(environment: Environment) -> None:
    """Of each campaign that watches; the next pass goes on where this one ended."""
    try:
        _end_watches(environment)
    except TransientError as error:
        logger.warning("watches not looked at", code=error.code)


def _end_watches(environment: Environment) -> None:
    watching = [one for one in environment.campaigns.list() if one.watches_departures]
    if not watching:
        return
    stored: dict[str, Any] = dict(environment.progresses.find(WATCH_PROGRESS) or {})
    before, now = dict(stored), environment.clock.now()
    for campaign in watching:
        place = stored.get(str(campaign.campaign_id), {})
        if place.get("marked_at") != campaign.departures_at:
            place = {"marked_at": campaign.departures_at}
        rests = now - place.get("asked_at", 0.0) < ASKED_AGAIN_AFTER and "cursor" not in place
        if rests or now - campaign.departures_at < STORED_WITHIN:
            continue
        stored[str(campaign.campaign_id)] = _look(environment, campaign, place, now)
    if stored != before:
        environment.progresses.save(WATCH_PROGRESS, stored)


def _look(environment: Environment, campaign: Campaign, place: dict[str, Any], now: float) -> dict[str, Any]:
    """Where it stands afterwards."""
    rule, cursor = rule_of(campaign), place.get("cursor")
    for _ in range(PAGES_TO_END_A_WATCH if rule is not None and rule.attribute != ROLE else 0):
        if environment.time_left() < TIME_FOR_PAGE:
            return {**place, "cursor": cursor}
        page = environment.referrals.of_campaign(campaign.campaign_id, ROWS_A_PAGE, cursor)
        if rule is not None and _somebody_waits(environment, campaign, rule, page.items):
            return {"marked_at": place["marked_at"], "asked_at": now}
        cursor = page.cursor
        if cursor is None:
            break
    if cursor is not None:
        return {**place, "cursor": cursor}
    environment.campaigns.end_watch(campaign.campaign_id, campaign.departures_at)
    logger.info("departures no longer watched", campaign_id=campaign.campaign_id)
    return {"marked_at": place["marked_at"], "asked_at": now}


def _somebody_waits(environment: Environment, campaign: Campaign, rule: Rule, rows: Sequence[Referral]) -> bool:
    connection = environment.connections.find()
    workspace_id = connection.workspace_id if connection else ""
    rows = [
        row
        for row in rows
        if row.audience is Audience.PERSON_INVITED and _may_still(row, campaign) and not row.is_elsewhere(workspace_id)
    ]
    seen = environment.qualifications.find_all([(row.campaign_id, row.user_id) for row in rows]) if rows else {}
    return any(
        awaits_departure(seen.get(key, Qualification(*key)), rule, baseline_of(row, rule))
        for row in rows
        for key in [(row.campaign_id, row.user_id)]
    )


def _may_still(row: Referral, campaign: Campaign) -> bool:
    return not row.forgotten and (not row.finished or may_qualify(row, campaign))
