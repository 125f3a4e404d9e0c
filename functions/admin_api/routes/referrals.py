"""The routes of Activity: the list of referrals, also as a table, and one with its story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from functions.admin_api.http.csv_table import csv_answer, csv_of
from functions.admin_api.http.openapi import OPAQUE_PAGING, operation, path_parameter, query_parameter
from functions.admin_api.http.reading import (
    LAST_MOMENT,
    MAX_CSV,
    MAX_PEOPLE,
    MAX_SEARCHED,
    filter_in_query,
    number_in_path,
    paging,
    takes_csv,
    user_in_path,
)
from functions.admin_api.http.router import Route
from shared.adapters.admin import referral_answers as answers
from shared.adapters.admin.requests import MAX_USER_ID
from shared.adapters.admin.schemas import MAX_CAMPAIGN_ID
from shared.domain.connection.connection import BreakerKind, Vendor
from shared.domain.operations.story import advice_for, sentence_of, standing_of, story_of
from shared.domain.person import Audience
from shared.domain.qualification.qualification import Qualification
from shared.domain.referrer.referrer import ReferrerRecord
from shared.domain.signup.referral import Referral
from shared.domain.signup.referral_filter import Flag, Group
from shared.domain.signup.state import State
from shared.domain.vendor.call import VendorCall
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer

_TIME = {"type": "integer", "minimum": 1, "maximum": LAST_MOMENT}
TIMES = (
    query_parameter("since", _TIME, "Signed up then or later, in seconds since 1970."),
    query_parameter("until", _TIME, "Signed up before then."),
)
CAMPAIGN = query_parameter("campaign_id", {"type": "integer", "minimum": 1, "maximum": MAX_CAMPAIGN_ID})
FILTERS = (
    CAMPAIGN,
    query_parameter("state", {"enum": [str(state) for state in State]}),
    query_parameter("audience", {"enum": [str(audience) for audience in Audience]}),
    query_parameter("flag", {"enum": [str(flag) for flag in Flag]}),
    query_parameter(
        "attention",
        {"type": "boolean"},
        "Only what a person should look at and nobody has dealt with.",
    ),
    query_parameter("elsewhere", {"type": "boolean"}, "Only those whose contact is in another Intercom workspace."),
    query_parameter("reason", {"type": "string", "maxLength": 1_000}, "The whole reason, as the answers show it."),
    query_parameter("email", {"type": "string", "maxLength": 254}, "The whole e-mail address, in any letter case."),
    query_parameter("group", {"enum": [str(group) for group in Group]}, "A part of the list, by what it asks of a person."),
    query_parameter("converted", {"type": "boolean"}, "Only who is qualified."),
    query_parameter(
        "text",
        {"type": "string", "maxLength": MAX_SEARCHED},
        "A part of the name or address of the person or of whoever referred them. Many pages may be short.",
    ),
    query_parameter(
        "people",
        {"type": "string", "pattern": "^[0-9]+-[0-9]+(,[0-9]+-[0-9]+)*$"},
        f"Up to {MAX_PEOPLE} people: the campaign's id, a dash, the person's id.",
    ),
    *TIMES,
)
MOST_COUNTED = 10_000
MOST_CALLS = 40
ONE = (
    path_parameter("campaign_id", "The campaign's id in Referral Factory."),
    path_parameter("user_id", "The person's id in Referral Factory.", highest=MAX_USER_ID),
)
ELSEWHERE = "The contact is in another Intercom workspace. Send again brings the person to the one that is connected."
COLUMNS = (
    "campaign_id", "user_id", "first_name", "email", "referrer_first_name", "referrer_email", "audience", "state", "qualified",
    "reason", "what_to_do", "possibly_doubled", "unverified", "dealt_with", "origin", "accepted_at", "delivered_at",
    "attempts", "contact_id",
)  # fmt: skip


def get_referrals(environment: Environment, request: HttpRequest) -> HttpAnswer:
    wants_csv = takes_csv(request)
    limit, cursor = paging(request, MAX_CSV if wants_csv else 100)
    workspace_id = workspace_id_of(environment)
    page = environment.referral_search.search(filter_in_query(request, workspace_id), limit, cursor)
    paused = _pause(environment, page.items)
    rows = [_referral(environment, row, workspace_id, paused) for row in page.items]
    if wants_csv:
        return csv_answer(request, "referrals.csv", csv_of(COLUMNS, (row.model_dump() for row in rows)), page.cursor)
    return json_answer(200, answers.ReferralPage(items=rows, cursor=page.cursor))


def get_counts(environment: Environment, request: HttpRequest) -> HttpAnswer:
    wanted = filter_in_query(request, workspace_id_of(environment))
    search = environment.referral_search
    counts = {str(group): search.count(wanted, group, MOST_COUNTED) for group in Group}
    return json_answer(200, answers.ReferralCounts(**counts, most=MOST_COUNTED))


def get_referral(environment: Environment, request: HttpRequest) -> HttpAnswer:
    row = environment.referrals.get(number_in_path(request, "campaign_id"), user_in_path(request))
    key = row.campaign_id, row.user_id
    body = answers.StoryAnswer(
        referral=_referral(environment, row, workspace_id_of(environment), _pause(environment, [row])),
        person=asdict(row.person),
        written=dict(row.written),
        overwritten=dict(row.overwritten),
        dropped=[answers.DroppedAnswer(attribute=drop.attribute, reason=drop.reason) for drop in row.dropped],
        notes=list(row.notes),
        settings_version=row.settings_version,
        story=[
            answers.StoryLine(at=event.at, what=event.what, sentence=sentence_of(event), detail=event.detail)
            for event in story_of(row, environment.rewards.of_person(*key))
        ],
        calls=[_call(call) for call in environment.calls.of_person(*key, MOST_CALLS)],
        qualification=_qualification(environment.qualifications.find(*key)),
        referrer=_referrer(environment.referrers.find(*key)),
    )
    return json_answer(200, body)


def _referral(environment: Environment, row: Referral, workspace_id: str, paused: BreakerKind | None) -> answers.ReferralAnswer:
    elsewhere = row.is_elsewhere(workspace_id)
    return answers.ReferralAnswer(
        campaign_id=row.campaign_id,
        user_id=row.user_id,
        first_name=row.person.first_name,
        email=row.person.email,
        referrer_first_name=row.person.referrer.first_name,
        referrer_email=row.person.referrer.email,
        audience=row.audience,
        state=row.state,
        qualified=row.converted,
        reason=row.reason,
        what_to_do=ELSEWHERE if elsewhere else advice_for(row, paused),
        possibly_doubled=row.possibly_doubled,
        unverified=row.unverified,
        refusals=dict(row.refusals),
        dealt_with=bool(row.troubles) and not row.open_troubles,
        needs_attention=bool(row.open_troubles),
        origin="synthetic" if row.synthetic else str(row.origin),
        accepted_at=row.accepted_at,
        delivered_at=row.delivered_at,
        due_at=row.due_at,
        attempts=row.attempts,
        contact_id=row.contact_id,
        contact_url=None if elsewhere else _contact_url(environment, row.contact_id, workspace_id),
        in_another_workspace=elsewhere,
    )


def _call(call: VendorCall) -> answers.CallAnswer:
    return answers.CallAnswer(
        at=call.at,
        host=call.host,
        method=call.method,
        path=call.path,
        sent=call.sent,
        status=call.status,
        milliseconds=call.milliseconds,
        request_id=call.request_id,
        answer=call.answer,
    )


def _qualification(seen: Qualification | None) -> answers.QualificationAnswer | None:
    if seen is None:
        return None
    return answers.QualificationAnswer(
        stage=seen.stage,
        stands=standing_of(seen),
        qualified=seen.reported,
        value=seen.value,
        by_hand=seen.by_hand,
        due_at=seen.due_at,
        confirmed_at=seen.confirmed_at,
        reason=seen.reason,
    )


def _referrer(record: ReferrerRecord | None) -> answers.ReferrerAnswer | None:
    if record is None:
        return None
    return answers.ReferrerAnswer(
        written=dict(record.written),
        contact_id=record.contact_id,
        updated_at=record.updated_at,
        due_at=record.due_at,
        note=record.note,
    )


def _pause(environment: Environment, rows: Sequence[Referral]) -> BreakerKind | None:
    """Why Intercom is not called now, if any of these waits for it."""
    if not any(row.state is State.PENDING for row in rows):
        return None
    breaker = environment.breakers.find(Vendor.INTERCOM)
    return breaker.kind if breaker else None


def workspace_id_of(environment: Environment) -> str:
    """Empty while no workspace is connected."""
    connection = environment.connections.find()
    return connection.workspace_id if connection else ""


def _contact_url(environment: Environment, contact_id: str | None, workspace_id: str) -> str | None:
    if not contact_id or not workspace_id:
        return None
    if environment.settings.intercom_api_url:  # a stand-in shows its contacts beside its API
        return f"{environment.settings.intercom_api_url.rstrip('/')}/ui/contacts/{contact_id}"
    return f"https://app.intercom.com/a/apps/{workspace_id}/users/{contact_id}"


ROUTES = (
    Route(
        "GET",
        "/api/referrals",
        get_referrals,
        operation(
            "Referrals, newest first",
            answers.ReferralPage,
            parameters=(*FILTERS, *OPAQUE_PAGING),
            problems=(400,),
            csv=True,
            description="With Accept: text/csv a table of up to 1,000 rows; the header Link names the next page.",
        ),
    ),
    Route(
        "GET",
        "/api/referrals/counts",
        get_counts,
        operation(
            "How many are in each part of the list",
            answers.ReferralCounts,
            parameters=(CAMPAIGN, *TIMES),
            problems=(400,),
        ),
    ),
    Route(
        "GET",
        "/api/referrals/{campaign_id}/{user_id}",
        get_referral,
        operation("One referral's whole story", answers.StoryAnswer, parameters=ONE, problems=(404,)),
        noted=True,
    ),
)
