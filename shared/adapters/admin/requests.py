"""The bodies that the console sends beside settings, with messages a marketer understands."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError

from shared.adapters.admin.schemas import MAX_CAMPAIGN_ID, CampaignSettings, Form, OneOf, problem_of
from shared.adapters.admin.strict_json import read_object
from shared.domain.connection.connection import Rotation, Vendor
from shared.domain.person import Audience
from shared.domain.signup.referral_filter import Flag, Group
from shared.domain.signup.state import State
from shared.errors import InvalidSettingsError

Secret = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[\x21-\x7e]+$")]
Text = Annotated[str, Field(max_length=2_000)]
MAX_USER_ID = 10**15
Moment = Annotated[float, Field(ge=1, le=9_999_999_999)]
Model = TypeVar("Model", bound=Form)


class ConnectIntercom(Form):
    """With `access_token` it is tried and stored; without, the answer names Intercom's page to go to."""

    access_token: Secret | None = None
    client_id: Secret | None = None
    client_secret: Secret | None = None


class ConnectReferralFactory(Form):
    api_key: Secret


class DisconnectVendor(Form):
    vendor: OneOf[Vendor]


class RotateWebhookSecret(Form):
    """`make_next`, put it into Referral Factory, then `promote`: refused while no webhook has come with the next one, unless
    `sure`."""

    action: OneOf[Rotation]
    sure: bool = False


class PersonByEmail(Form):
    email: Annotated[str, Field(min_length=3, max_length=254)]


class LiftStop(Form):
    """`forget`: only when Referral Factory said that it has forgotten its warnings too."""

    forget: bool = False


class NewAttribute(Form):
    """`options` with the type `options` only."""

    name: Annotated[str, Field(min_length=1, max_length=190)]
    data_type: Literal["string", "integer", "float", "boolean", "date", "datetime", "options"]
    options: list[Annotated[str, Field(min_length=1, max_length=255)]] = Field(default=[], max_length=100)


class TypedReferrer(Form):
    first_name: Text | None = None
    email: Text | None = None
    code: Text | None = None
    url: Text | None = None


class TypedPerson(Form):
    """Somebody who might sign up."""

    audience: OneOf[Audience] = Audience.PERSON_INVITED
    first_name: Text | None = None
    email: Text | None = None
    code: Text | None = None
    url: Text | None = None
    source: Text | None = None
    meta: dict[Annotated[str, Field(min_length=1, max_length=200)], Text] = Field(default={}, max_length=60)
    referrer: TypedReferrer = TypedReferrer()


class PreviewRequest(Form):
    """Somebody who signed up (`user_id`) or somebody typed (`person`); with `settings` those are tried instead of the saved
    ones."""

    user_id: int | None = Field(default=None, ge=1, le=MAX_USER_ID)
    person: TypedPerson | None = None
    settings: CampaignSettings | None = None


class TrialRequest(Form):
    person: TypedPerson


class PersonInCampaign(Form):
    campaign_id: int = Field(ge=1, le=MAX_CAMPAIGN_ID)
    user_id: int = Field(ge=1, le=MAX_USER_ID)


class MatchingReferrals(Form):
    """What matches, a batch a call; send `cursor` to go on. Something other than the campaign, the audience and the times is
    needed, so that nobody takes everybody by mistake."""

    campaign_id: int | None = Field(default=None, ge=1, le=MAX_CAMPAIGN_ID)
    state: OneOf[State] | None = None
    audience: OneOf[Audience] | None = None
    flag: OneOf[Flag] | None = None
    attention: bool = False
    elsewhere: bool = False
    reason: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    email: Annotated[str, Field(min_length=1, max_length=254)] | None = None
    group: OneOf[Group] | None = None
    converted: bool = False
    text: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    people: Annotated[list[PersonInCampaign], Field(min_length=1, max_length=100)] | None = None
    cursor: Annotated[str, Field(max_length=4_000)] | None = None


def read_form(model: type[Model], body: bytes) -> Model:
    """The body as the form; an empty one as ``{}``. Raises MalformedPayloadError for what is no JSON object, and
    InvalidSettingsError that names each place whose shape is wrong."""
    document = read_object(body) if body.strip() else {}
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise InvalidSettingsError([problem_of(detail) for detail in error.errors(include_url=False)]) from None
