"""The routes of *Try it now*: a made-up person, sent through a campaign and taken back."""

from __future__ import annotations

from dataclasses import replace

from functions.admin_api.http.access import author_of
from functions.admin_api.http.openapi import CAMPAIGN_ID, operation
from functions.admin_api.http.reading import number_in_path
from functions.admin_api.http.router import Route
from functions.admin_api.routes.preview import typed_person
from shared.adapters.admin import workspace_answers as answers
from shared.adapters.admin.requests import TrialRequest, read_form
from shared.domain.person import Audience
from shared.domain.signup.synthetic import Trial
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer
from shared.use_cases.campaign.try_campaign import begin_trial, take_back_trial
from shared.use_cases.signup.our_own import find_trial

DELETED = "The made-up person is gone, here and in Intercom."
KEPT = (
    "The made-up person is gone. The contact in Intercom stays: it was there before, has another address by now, or never was."
)


def get_trial(environment: Environment, request: HttpRequest) -> HttpAnswer:
    trial = find_trial(environment, number_in_path(request, "id"))
    return json_answer(200, answers.TrialAnswer(trial=_show(trial) if trial.email else None))


def post_trial(environment: Environment, request: HttpRequest) -> HttpAnswer:
    person = typed_person(read_form(TrialRequest, request.body).person)
    person = replace(person, source="Referred" if person.audience is Audience.PERSON_INVITED else "Direct")
    trial = begin_trial(environment, author_of(request.claims), number_in_path(request, "id"), person)
    return json_answer(201, answers.TrialAnswer(trial=_show(trial)))


def delete_trial(environment: Environment, request: HttpRequest) -> HttpAnswer:
    deleted = take_back_trial(environment, author_of(request.claims), number_in_path(request, "id"))
    return json_answer(200, answers.TakenBack(contact_deleted=deleted, message=DELETED if deleted else KEPT))


def _show(trial: Trial) -> answers.TrialPerson:
    return answers.TrialPerson(user_id=trial.user_id, email=trial.email, began_at=trial.began_at, begun_by=trial.begun_by)


ROUTES = (
    Route(
        "GET",
        "/api/campaigns/{id}/trial",
        get_trial,
        operation(
            "The made-up person who is in a campaign now", answers.TrialAnswer, parameters=(CAMPAIGN_ID,), problems=(404,)
        ),
    ),
    Route(
        "POST",
        "/api/campaigns/{id}/trial",
        post_trial,
        operation(
            "Send a made-up person through a campaign",
            answers.TrialAnswer,
            parameters=(CAMPAIGN_ID,),
            body=TrialRequest,
            created=True,
            problems=(400, 404, 409),
            form=True,
            description=(
                "Posted to the application's own webhook, as Referral Factory posts a signup. Referral Factory gets nothing. "
                "The preview says beforehand what Intercom will get. The address needs a plus. One at a time in a campaign."
            ),
        ),
    ),
    Route(
        "DELETE",
        "/api/campaigns/{id}/trial",
        delete_trial,
        operation(
            "Take the made-up person back",
            answers.TakenBack,
            parameters=(CAMPAIGN_ID,),
            problems=(404, 409),
            description="With the contact that was created in Intercom for it; any other contact stays.",
        ),
    ),
)
