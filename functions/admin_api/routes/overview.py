"""The routes of the overview and of what is wrong now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from functions.admin_api.http.openapi import operation, query_parameter
from functions.admin_api.http.reading import number_in_query
from functions.admin_api.http.router import Route
from functions.admin_api.routes import showing
from shared.adapters.admin import overview_answers as answers
from shared.domain.connection.connection import Vendor
from shared.domain.signup.completeness import Place
from shared.errors import TransientError
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer
from shared.use_cases.connection.read_connection import VendorState
from shared.use_cases.operations.judge_campaign import CampaignHealth
from shared.use_cases.operations.read_health import read_health
from shared.use_cases.operations.read_overview import Overview, read_overview
from shared.use_cases.operations.smaller_pages import find_smaller_pages

DAYS, MOST_DAYS = 14, 90
STEPS = ("signups", "delivered", "qualified", "rewarded", "failed", "skipped")


def get_overview(environment: Environment, request: HttpRequest) -> HttpAnswer:
    overview = read_overview(environment, number_in_query(request, "days", DAYS, MOST_DAYS))
    health, connection = overview.health, overview.health.connection
    url, smaller = environment.settings.console_url, find_smaller_pages(environment)
    body = {
        "now": environment.clock.now(),
        "total": _funnel(None, "All campaigns", _sum(overview.funnels)),
        "campaigns": _campaigns(overview),
        "all_time": _funnel(None, "All campaigns", _sum(overview.totals)),
        "days": list(overview.days),
        "p50": overview.p50,
        "p99": overview.p99,
        "oldest_undelivered": health.oldest_undelivered,
        "attention": health.attention,
        "quarantined": health.quarantined,
        "limits": [
            {**_intercom(environment), **_held(connection.intercom), "smaller_pages": Vendor.INTERCOM in smaller},
            {
                **_referral_factory(environment),
                **_held(connection.referral_factory),
                "smaller_pages": Vendor.REFERRAL_FACTORY in smaller,
            },
        ],
        "alarms": [asdict(problem) for problem in health.problems],
        "webhooks": [
            *showing.factory_webhooks(environment, connection.referral_factory.received),
            *showing.intercom_webhooks(url, connection.intercom.received),
        ],
    }
    return json_answer(200, body)


def get_health(environment: Environment, _: HttpRequest) -> HttpAnswer:
    health = read_health(environment)
    body = {
        "level": health.level,
        "sentence": health.sentence,
        "oldest_undelivered": health.oldest_undelivered,
        "vendors": [
            {"vendor": state.vendor, "connected": state.connected, "problem": state.problem}
            for state in (health.connection.intercom, health.connection.referral_factory)
        ],
        "campaigns": [_campaign_health(campaign) for campaign in health.campaigns],
        "problems": [asdict(problem) for problem in health.problems],
        "steps": [asdict(step) for step in health.steps],
        "complete": health.next_step is None,
    }
    return json_answer(200, body)


def _campaign_health(campaign: CampaignHealth) -> dict[str, Any]:
    proof = campaign.completeness
    completeness = proof and {
        "people": proof.people,
        "accounted_for": proof.accounted_for,
        "checked_at": proof.checked_at,
        "places": {str(place): proof.counts.get(place, 0) for place in Place},
        "unaccounted": [{"user_id": user_id, "why": why} for user_id, why in proof.gaps.items()],
    }
    return {**asdict(campaign), "completeness": completeness}


def _held(state: VendorState) -> dict[str, str]:
    """No vendor is free to be called while something is wrong with it."""
    return {"problem": state.problem} if state.problem else {}


def _campaigns(overview: Overview) -> list[dict[str, Any]]:
    """Those that are set up or have had signups."""
    ids = sorted({*overview.names, *overview.funnels, *overview.totals})
    return [_funnel(one, overview.names.get(one) or f"Campaign {one}", overview.funnels.get(one, {})) for one in ids]


def _funnel(campaign_id: int | None, name: str, counts: Mapping[str, int]) -> dict[str, Any]:
    return {"campaign_id": campaign_id, "name": name, **{step: max(0, int(counts.get(step, 0))) for step in STEPS}}


def _sum(funnels: Mapping[int, Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counts in funnels.values():
        total.update(counts)
    return total


def _intercom(environment: Environment) -> dict[str, Any]:
    shape = {"vendor": "intercom", "seconds": 10}
    try:
        used, cap, _ = environment.intercom_limiter.usage()
    except TransientError:
        return {**shape, "used": None, "cap": None, "problem": "The count cannot be read now."}
    held = used > cap
    return {
        **shape,
        "used": min(used, cap),
        "cap": cap,
        "problem": "Intercom said that it is too much for now." if held else "",
    }


def _referral_factory(environment: Environment) -> dict[str, Any]:
    shape = {"vendor": "referral_factory", "seconds": 60, "cap": environment.referral_factory_limiter.limit}
    try:
        used, _ = environment.referral_factory_limiter.usage()
    except TransientError:
        return {**shape, "used": None, "problem": "The count cannot be read now."}
    return {**shape, "used": used, "problem": ""}


ROUTES = (
    Route(
        "GET",
        "/api/health",
        get_health,
        operation(
            "What is wrong now, what each campaign does, and how far the set-up is",
            answers.HealthAnswer,
            description="The one source of the console's header, badges and checklist. No vendor is called.",
        ),
    ),
    Route(
        "GET",
        "/api/overview",
        get_overview,
        operation(
            "How it goes: funnel, delivery times, limits, what is wrong now",
            answers.OverviewAnswer,
            parameters=(query_parameter("days", {"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": DAYS}),),
            problems=(400,),
            description="Made of what the workers counted: no vendor is called, so it answers while they are down.",
        ),
    ),
)
