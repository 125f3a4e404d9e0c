"""The routes of campaigns and their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.admin_api.http.access import author_of
from functions.admin_api.http.openapi import CAMPAIGN_ID, PAGING, conditional, operation
from functions.admin_api.http.preconditions import Verdict, etag_of, is_unchanged, judge_put
from functions.admin_api.http.reading import number_in_path, paging
from functions.admin_api.http.router import Route
from shared.adapters.admin import answers
from shared.adapters.admin.schemas import CampaignSettings, settings_of
from shared.adapters.admin.strict_json import read_object
from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.campaign.settings_check import Problem
from shared.errors import ConflictError, InvalidSettingsError
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer, problem
from shared.use_cases.campaign.delete_campaign import PAUSE_FIRST, delete_campaign, meaning_of_deletion
from shared.use_cases.campaign.read_campaigns import list_campaigns, list_versions
from shared.use_cases.campaign.save_campaign import save_campaign


def get_campaigns(environment: Environment, request: HttpRequest) -> HttpAnswer:
    page = list_campaigns(environment.campaigns, *paging(request))
    items = [
        answers.CampaignSummary(campaign_id=row.campaign_id, name=row.name, status=row.status, version=row.version)
        for row in page.items
    ]
    return json_answer(200, answers.CampaignPage(items=items, cursor=page.cursor))


def get_campaign(environment: Environment, request: HttpRequest) -> HttpAnswer:
    campaign = environment.campaigns.get(_campaign_id(request))
    headers = {"etag": etag_of(campaign.version), "cache-control": "no-cache"}
    if is_unchanged(request, campaign.version):
        return HttpAnswer(304, headers)
    return json_answer(200, campaign.document, headers)


def put_campaign(environment: Environment, request: HttpRequest) -> HttpAnswer:
    campaign_id = _campaign_id(request)
    document = read_object(request.body)
    settings = settings_of(document)
    if settings.campaign_id != campaign_id:
        raise InvalidSettingsError([("campaign_id", f"campaign_id is {settings.campaign_id}, the address {campaign_id}.")])
    current = environment.campaigns.find(campaign_id)
    verdict = judge_put(request, current.version if current else None)
    if verdict is Verdict.MISSING:
        detail = "Send the version you have changed as If-Match, for example If-Match: " + etag_of(
            current.version if current else 1
        )
        return problem(428, "Precondition required", detail)
    if verdict is Verdict.STALE:
        return _conflict(current, document)
    version = current.version if current else None
    author = author_of(request.claims)
    try:
        saved = save_campaign(environment, settings, version, author)
    except ConflictError:
        return _conflict(environment.campaigns.find(campaign_id), document)
    body = answers.Saved(
        campaign_id=campaign_id,
        version=saved.campaign.version,
        document=dict(saved.campaign.document),
        warnings=remarks(saved.warnings),
    )
    return json_answer(200 if current else 201, body, {"etag": etag_of(saved.campaign.version)})


def get_deletion(environment: Environment, request: HttpRequest) -> HttpAnswer:
    campaign = environment.campaigns.get(_campaign_id(request))
    body = answers.Deletion(
        campaign_id=campaign.campaign_id,
        version=campaign.version,
        means=meaning_of_deletion(environment, campaign),
        refused=PAUSE_FIRST if campaign.status is Status.ACTIVE else "",
    )
    return json_answer(200, body, {"etag": etag_of(campaign.version)})


def delete(environment: Environment, request: HttpRequest) -> HttpAnswer:
    campaign = environment.campaigns.get(_campaign_id(request))
    verdict = judge_put(request, campaign.version)
    if verdict is Verdict.MISSING:
        detail = f"Send the version you looked at as If-Match, for example If-Match: {etag_of(campaign.version)}"
        return problem(428, "Precondition required", detail)
    if verdict is not Verdict.REPLACE:
        detail = f"Somebody else has saved version {campaign.version} in between. Nothing was deleted."
        return problem(412, "Precondition failed", detail, headers={"etag": etag_of(campaign.version)})
    delete_campaign(environment, campaign.campaign_id, campaign.version, author_of(request.claims))
    message = f"The settings of campaign {campaign.campaign_id} are deleted."
    return json_answer(200, answers.Deleted(campaign_id=campaign.campaign_id, message=message))


def get_versions(environment: Environment, request: HttpRequest) -> HttpAnswer:
    page = list_versions(environment.campaigns, _campaign_id(request), *paging(request))
    items = [
        answers.Version(version=row.version, saved_at=row.saved_at, saved_by=row.saved_by, document=dict(row.document))
        for row in page.items
    ]
    return json_answer(200, answers.VersionPage(items=items, cursor=page.cursor))


def remarks(problems: Sequence[Problem]) -> list[answers.Remark]:
    return [answers.Remark(place=place, message=message) for place, message in problems]


def _conflict(current: Campaign | None, sent: Mapping[str, Any]) -> HttpAnswer:
    if current is None:
        return problem(412, "Precondition failed", "There are no settings for this campaign yet.", current=None, sent=sent)
    detail = f"Somebody else has saved version {current.version} in between. Nothing of yours was saved."
    state = answers.Current(version=current.version, document=dict(current.document))
    headers = {"etag": etag_of(current.version)}
    return problem(412, "Precondition failed", detail, headers=headers, current=state, sent=sent)


def _campaign_id(request: HttpRequest) -> int:
    return number_in_path(request, "id")


ROUTES = (
    Route(
        "GET",
        "/api/campaigns",
        get_campaigns,
        operation("List the campaigns, by id", answers.CampaignPage, parameters=PAGING, problems=(400,)),
    ),
    Route(
        "GET",
        "/api/campaigns/{id}",
        get_campaign,
        operation(
            "Read a campaign's settings; the version is the ETag",
            CampaignSettings,
            parameters=(CAMPAIGN_ID, conditional("If-None-Match", "Answer 304 when this is still the version.")),
            problems=(404,),
            others={304: "Unchanged"},
            etag=True,
        ),
    ),
    Route(
        "PUT",
        "/api/campaigns/{id}",
        put_campaign,
        operation(
            "Save a campaign's settings as the next version",
            answers.Saved,
            parameters=(CAMPAIGN_ID, conditional("If-Match", "The version that was changed; not for a new campaign.")),
            body=CampaignSettings,
            created=True,
            problems=(400, 404, 428),
            special={412: answers.ConflictProblem, 422: answers.SettingsProblem},
            etag=True,
            description=(
                "What can never work is refused with 422. What is missing is a warning in a draft or a paused campaign and "
                "refused in an active one. Attributes are checked against the Intercom workspace: what it would not take is "
                "refused, in a paused campaign only warned of; when Intercom cannot be reached, saving works and warns."
            ),
        ),
    ),
    Route(
        "GET",
        "/api/campaigns/{id}/deletion",
        get_deletion,
        operation(
            "Say what deleting a campaign's settings means",
            answers.Deletion,
            parameters=(CAMPAIGN_ID,),
            problems=(404,),
            etag=True,
        ),
    ),
    Route(
        "DELETE",
        "/api/campaigns/{id}",
        delete,
        operation(
            "Delete a campaign's settings",
            answers.Deleted,
            parameters=(CAMPAIGN_ID, conditional("If-Match", "The version that was looked at.")),
            problems=(404, 409, 412, 428),
            description=(
                "Refused with 409 while the campaign is active. Referrals, contacts and versions stay; "
                "`GET /api/campaigns/{id}/deletion` says what else it means."
            ),
        ),
    ),
    Route(
        "GET",
        "/api/campaigns/{id}/versions",
        get_versions,
        operation(
            "List what was saved, newest first",
            answers.VersionPage,
            parameters=(CAMPAIGN_ID, *PAGING),
            problems=(400, 404),
        ),
    ),
)
