"""The routes of the overview and of what is wrong now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from functions.admin_api.http.openapi import operation, query_parameter
from functions.admin_api.http.reading import number_in_query
from functions.admin_api.http.router import Route
from functions.admin_api.routes import showing
from shared.adapters.admin import overview_answers as answers
from shared.domain.connection.connection import Vendor
from shared.domain.signup.completeness import Completeness, Place
from shared.errors import TransientError
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer
from shared.use_cases.connection.read_connection import VendorState
from shared.use_cases.operations.find_problems import Problem
from shared.use_cases.operations.judge_campaign import CampaignHealth
from shared.use_cases.operations.read_health import read_health
from shared.use_cases.operations.read_overview import DayFigures, Overview, read_overview
from shared.use_cases.operations.smaller_pages import find_smaller_pages

DAYS, MOST_DAYS = 14, 90
NO_COUNT = "The count cannot be read now."


def get_overview(environment: Environment, request: HttpRequest) -> HttpAnswer:
    overview = read_overview(environment, number_in_query(request, "days", DAYS, MOST_DAYS))
    health, connection = overview.health, overview.health.connection
    url, smaller = environment.settings.console_url, find_smaller_pages(environment)
    body = answers.OverviewAnswer(
        now=environment.clock.now(),
        total=_funnel(None, "All campaigns", _sum(overview.funnels)),
        campaigns=_campaigns(overview),
        all_time=_funnel(None, "All campaigns", _sum(overview.totals)),
        days=[_day(day) for day in overview.days],
        p50=overview.p50,
        p99=overview.p99,
        oldest_undelivered=health.oldest_undelivered,
        attention=health.attention,
        quarantined=health.quarantined,
        limits=[
            _intercom(environment, connection.intercom, smaller),
            _referral_factory(environment, connection.referral_factory, smaller),
        ],
        alarms=[_problem(problem) for problem in health.problems],
        webhooks=[
            *showing.factory_webhooks(environment, connection.referral_factory.received),
            *showing.intercom_webhooks(url, connection.intercom.received),
        ],
    )
    return json_answer(200, body)


def get_health(environment: Environment, _: HttpRequest) -> HttpAnswer:
    health = read_health(environment)
    body = answers.HealthAnswer(
        level=health.level,
        sentence=health.sentence,
        oldest_undelivered=health.oldest_undelivered,
        vendors=[
            answers.VendorHealth(vendor=state.vendor, connected=state.connected, problem=state.problem)
            for state in (health.connection.intercom, health.connection.referral_factory)
        ],
        campaigns=[_campaign_health(campaign) for campaign in health.campaigns],
        problems=[_problem(problem) for problem in health.problems],
        steps=[
            answers.StepAnswer(kind=step.kind, is_done=step.is_done, what=step.what, do=step.do, where=step.where)
            for step in health.steps
        ],
        complete=health.next_step is None,
    )
    return json_answer(200, body)


def _problem(found: Problem) -> answers.ProblemAnswer:
    return answers.ProblemAnswer(kind=found.kind, what=found.what, do=found.do, since=found.since, where=found.where)


def _campaign_health(campaign: CampaignHealth) -> answers.CampaignHealthAnswer:
    return answers.CampaignHealthAnswer(
        campaign_id=campaign.campaign_id,
        name=campaign.name,
        level=campaign.level,
        sentence=campaign.sentence,
        completeness=_completeness(campaign.completeness) if campaign.completeness else None,
    )


def _completeness(proof: Completeness) -> answers.CompletenessAnswer:
    return answers.CompletenessAnswer(
        people=proof.people,
        accounted_for=proof.accounted_for,
        checked_at=proof.checked_at,
        places=answers.PlacesAnswer(**{str(place): proof.counts.get(place, 0) for place in Place}),
        unaccounted=[answers.GapAnswer(user_id=user_id, why=why) for user_id, why in proof.gaps.items()],
    )


def _campaigns(overview: Overview) -> list[answers.Funnel]:
    """Those that are set up or have had signups."""
    ids = sorted({*overview.names, *overview.funnels, *overview.totals})
    return [_funnel(one, overview.names.get(one) or f"Campaign {one}", overview.funnels.get(one, {})) for one in ids]


def _funnel(campaign_id: int | None, name: str, counts: Mapping[str, int]) -> answers.Funnel:
    return answers.Funnel(
        campaign_id=campaign_id,
        name=name,
        signups=max(0, counts.get("signups", 0)),
        delivered=max(0, counts.get("delivered", 0)),
        qualified=max(0, counts.get("qualified", 0)),
        rewarded=max(0, counts.get("rewarded", 0)),
        failed=max(0, counts.get("failed", 0)),
        skipped=max(0, counts.get("skipped", 0)),
    )


def _day(day: DayFigures) -> answers.DayAnswer:
    return answers.DayAnswer(
        day=day.day,
        signups=day.signups,
        delivered=day.delivered,
        qualified=day.qualified,
        rewarded=day.rewarded,
        failed=day.failed,
        p50=day.p50,
        p99=day.p99,
        longest_wait=day.longest_wait,
    )


def _sum(funnels: Mapping[int, Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counts in funnels.values():
        total.update(counts)
    return total


def _intercom(environment: Environment, state: VendorState, smaller: frozenset[Vendor]) -> answers.LimitAnswer:
    used: int | None
    cap: int | None
    try:
        used, cap, _ = environment.intercom_limiter.usage()
    except TransientError:
        used, cap, problem = None, None, NO_COUNT
    else:
        problem = "Intercom said that it is too much for now." if used > cap else ""
        used = min(used, cap)
    return _limit(state, smaller, used, cap, 10, problem)


def _referral_factory(environment: Environment, state: VendorState, smaller: frozenset[Vendor]) -> answers.LimitAnswer:
    limiter = environment.referral_factory_limiter
    used: int | None
    try:
        (used, _), problem = limiter.usage(), ""
    except TransientError:
        used, problem = None, NO_COUNT
    return _limit(state, smaller, used, limiter.limit, 60, problem)


def _limit(
    state: VendorState, smaller: frozenset[Vendor], used: int | None, cap: int | None, seconds: int, problem: str
) -> answers.LimitAnswer:
    """No vendor is free to be called while something is wrong with it."""
    return answers.LimitAnswer(
        vendor=state.vendor,
        used=used,
        cap=cap,
        seconds=seconds,
        problem=state.problem or problem,
        smaller_pages=state.vendor in smaller,
    )


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
