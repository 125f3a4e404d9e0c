"""The route of what the campaigns bring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from functions.admin_api.http.openapi import operation, query_parameter
from functions.admin_api.http.reading import number_in_query
from functions.admin_api.http.router import Route
from functions.admin_api.routes.overview import MOST_DAYS
from shared.adapters.admin import overview_answers as answers
from shared.domain.operations.results import Referring, Results
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer
from shared.use_cases.operations.read_results import Counted

RESULT_DAYS = 30


def get_results(environment: Environment, request: HttpRequest) -> HttpAnswer:
    counted = environment.counted_results.read(number_in_query(request, "days", RESULT_DAYS, MOST_DAYS))
    results = counted.results
    rewarded = max(0, sum(counted.rewarded.values()))
    ids = sorted({*counted.names, *results.campaigns}, key=lambda one: (-results.campaigns.get(one, Counter())["invited"], one))
    body = answers.ResultsAnswer(
        counted_at=counted.at,
        since=counted.since,
        zone=counted.zone,
        whole=counted.is_whole,
        total=answers.Earned(**_three(results.counts), rewarded=rewarded),
        before=answers.Earned(**_three(results.before), rewarded=counted.rewarded_before),
        themselves=results.themselves,
        synced=results.synced,
        days=[answers.EarnedDay(day=day, **_three(_of_day(results, day))) for day in counted.days],
        campaigns=[_campaign(counted, one) for one in ids],
        referrers=[_referrer(each) for each in results.referrers],
    )
    return json_answer(200, body)


def _campaign(counted: Counted, campaign_id: int) -> answers.EarnedCampaign:
    results = counted.results
    return answers.EarnedCampaign(
        campaign_id=campaign_id,
        name=counted.names.get(campaign_id) or f"Campaign {campaign_id}",
        **_three(results.campaigns.get(campaign_id, Counter())),
        rewarded=max(0, counted.rewarded.get(campaign_id, 0)),
        days=[results.days.get((campaign_id, day), Counter())["invited"] for day in counted.days],
    )


def _referrer(one: Referring) -> answers.TopReferrer:
    return answers.TopReferrer(
        name=one.name,
        email=one.email,
        campaign_id=one.campaign_id,
        user_id=one.user_id,
        invited=one.invited,
        converted=one.converted,
    )


def _three(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts.get(name, 0) for name in ("invited", "in_intercom", "converted")}


def _of_day(results: Results, day: str) -> Counter[str]:
    total: Counter[str] = Counter()
    for (_, each), counts in results.days.items():
        if each == day:
            total.update(counts)
    return total


ROUTES = (
    Route(
        "GET",
        "/api/results",
        get_results,
        operation(
            "What the campaigns bring: friends invited, in Intercom, converted, rewarded",
            answers.ResultsAnswer,
            parameters=(
                query_parameter("days", {"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": RESULT_DAYS}),
            ),
            problems=(400,),
            description="Counted from the ledger, by the days of the Intercom workspace's time zone. No vendor is called.",
        ),
    ),
)
