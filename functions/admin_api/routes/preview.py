"""The route of the preview."""

from __future__ import annotations

from functions.admin_api.http.openapi import CAMPAIGN_ID, operation
from functions.admin_api.http.reading import number_in_path
from functions.admin_api.http.router import Route
from shared.adapters.admin import workspace_answers as answers
from shared.adapters.admin.requests import PreviewRequest, TypedPerson, read_form
from shared.adapters.admin.schemas import settings_of
from shared.domain.campaign.campaign import Campaign
from shared.domain.person import Person, Referrer
from shared.domain.signup.referral import Referral
from shared.errors import InvalidSettingsError
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer
from shared.use_cases.campaign.preview_contact import Field, preview_contact, signup_of


def post_preview(environment: Environment, request: HttpRequest) -> HttpAnswer:
    campaign_id = number_in_path(request, "id")
    form = read_form(PreviewRequest, request.body)
    if (form.user_id is None) == (form.person is None):
        raise InvalidSettingsError([("", "Choose somebody who signed up (user_id), or type a person (person).")])
    if form.settings and form.settings.campaign_id != campaign_id:
        raise InvalidSettingsError([("settings.campaign_id", "These are the settings of another campaign.")])
    preview = preview_contact(environment, _campaign(environment, campaign_id, form), _row(environment, campaign_id, form))
    body = answers.PreviewAnswer(
        outcome=preview.outcome,
        role=preview.role,
        contact_id=preview.contact_id,
        checked=preview.checked,
        fields=[_field(field) for field in preview.fields],
    )
    return json_answer(200, body)


def _campaign(environment: Environment, campaign_id: int, form: PreviewRequest) -> Campaign:
    if form.settings is None:
        return environment.campaigns.get(campaign_id)
    return settings_of(form.settings.model_dump(by_alias=True))


def _row(environment: Environment, campaign_id: int, form: PreviewRequest) -> Referral:
    if form.person is None:
        return environment.referrals.get(campaign_id, form.user_id or 0)
    return signup_of(environment, campaign_id, typed_person(form.person))


def typed_person(person: TypedPerson) -> Person:
    return Person(
        user_id=0,
        audience=person.audience,
        first_name=person.first_name,
        email=person.email,
        code=person.code,
        url=person.url,
        source=person.source,
        meta=dict(person.meta),
        referrer=Referrer(None, **person.referrer.model_dump()),
    )


def _field(field: Field) -> answers.FieldAnswer:
    return answers.FieldAnswer(
        attribute=field.attribute,
        value=field.value,
        sources=list(field.sources),
        joined=len(field.sources) > 1,
        only_on_create=field.only_on_create,
        sent=field.sent,
        reason=field.reason,
        dropped=field.dropped,
        before=field.before,
    )


ROUTES = (
    Route(
        "POST",
        "/api/campaigns/{id}/preview",
        post_preview,
        operation(
            "Exactly what would be sent to Intercom for a person",
            answers.PreviewAnswer,
            parameters=(CAMPAIGN_ID,),
            body=PreviewRequest,
            problems=(400, 404),
            form=True,
        ),
        looks=True,
    ),
)
