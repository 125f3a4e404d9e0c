"""The shape of a campaign's settings (DESIGN section 6), with messages a marketer understands.

What the settings mean is checked in ``shared.domain.campaign.settings_check``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from shared.adapters.campaign_document import NO_AUDIENCE, NO_REWARDS, NO_SYNC, campaign_of
from shared.domain.campaign.campaign import Action, ArchivedPolicy, Campaign, Document, DuplicatePolicy, Status
from shared.domain.campaign.settings_check import Problem
from shared.domain.sync.source import Mode, SourceKind
from shared.errors import InvalidSettingsError

MAX_CAMPAIGN_ID = 10**12 - 1
MAX_ROWS = 300  # a workspace has at most 250 custom attributes


def _value(value: Any) -> Any:
    if isinstance(value, str | bool | int | float):
        if isinstance(value, str) and len(value) > 255:
            raise PydanticCustomError("settings", "takes at most 255 characters")
        return value
    raise PydanticCustomError("settings", "takes a text, a number, true or false")


Value = Annotated[Any, BeforeValidator(_value), WithJsonSchema({"type": ["string", "number", "boolean"], "maxLength": 255})]
Choice = TypeVar("Choice", bound=StrEnum)
OneOf = Annotated[Choice, Field(strict=False)]
"""A word of an enumeration, which JSON sends as a text."""
Name = Annotated[str, Field(min_length=1, max_length=250)]
ListId = Annotated[str, Field(min_length=1, max_length=100)]


class Form(BaseModel):
    """Strict: a number is no text, and a setting that does not exist is refused by name."""

    model_config = ConfigDict(extra="forbid", strict=True)


class MappingRow(Form):
    """One attribute of a contact and the field of the sign-up form it goes to."""

    source: Name = Field(alias="from")
    target: Name = Field(alias="to")


class AudienceRow(Form):
    """One fact of a person (`from`), or a fixed `value`, and the attribute it goes to. A fixed value is written to contacts
    that exist as well. Rows to one text attribute are joined by a space, in order."""

    source: Name | None = Field(default=None, alias="from")
    value: Value | None = None
    target: Name = Field(alias="to")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.source is None) is (self.value is None):
            raise PydanticCustomError("settings", "takes either “from”, a field of the person, or “value”, a fixed one")
        return self


class AudienceSettings(Form):
    """What happens in Intercom when such a person joins. `defaults` are written only when the contact is created."""

    action: OneOf[Action] = NO_AUDIENCE.action
    mapping: list[AudienceRow] = Field(default=[], max_length=MAX_ROWS)
    defaults: dict[Name, Value] = Field(default={}, max_length=MAX_ROWS)
    duplicates: OneOf[DuplicatePolicy] = NO_AUDIENCE.duplicates
    archived: OneOf[ArchivedPolicy] = NO_AUDIENCE.archived
    merge_leads: bool = Field(
        default=NO_AUDIENCE.merge_leads,
        description="A lead that this application created beside a user with the same e-mail is merged into the user.",
    )


class AttributeTrigger(Form):
    """The referral qualifies when this attribute of the contact takes one of the values."""

    kind: Literal["attribute"]
    attribute: Name
    initial_value: Value | None = None
    qualified_values: list[Value] = Field(default=[], max_length=100)
    messenger_risk_accepted: Name | None = Field(
        default=None, description="The attribute's own name: accepts that Intercom's Messenger lets visitors set it."
    )


class BecameUserTrigger(Form):
    """The referral qualifies when the lead becomes a user."""

    kind: Literal["became_user"]


class Qualification(Form):
    trigger: Annotated[AttributeTrigger | BecameUserTrigger, Field(discriminator="kind")]
    unqualify_on_reversal: bool = False
    take_back_accepted: list[Value] = Field(
        default=[],
        max_length=100,
        description="Values that qualify no more: accepts that those who qualified by them no longer do.",
    )
    qualify_skipped: bool = False


class Rewards(Form):
    """Attributes of the recipient's contact that hold the rewards; null for none."""

    issue_due: bool = NO_REWARDS.issue_due
    last_reward: Name | None = None
    rewards_total: Name | None = None
    reward_status: Name | None = None


class SyncSource(Form):
    """`ids` only with segments (active lists) or tags (static lists)."""

    kind: OneOf[SourceKind] = NO_SYNC.kind
    ids: list[ListId] = Field(default=[], max_length=100)


class WriteBack(Form):
    """Attributes of the contact that hold what Referral Factory knows; null for none."""

    referral_link: Name | None = None
    referral_code: Name | None = None
    referral_count: Name | None = None
    converted_referral_count: Name | None = None


class Sync(Form):
    """Which contacts get a referral link, and how often."""

    mode: OneOf[Mode] = NO_SYNC.mode
    interval_minutes: int = Field(default=NO_SYNC.interval // 60, ge=5, le=1440)
    source: SyncSource = SyncSource()
    mapping: list[MappingRow] = Field(default=[], max_length=MAX_ROWS)
    write_back: WriteBack = WriteBack()
    notify: bool = NO_SYNC.notify


class CampaignSettings(Form):
    """A campaign's settings. A draft may be incomplete; an active campaign may not."""

    campaign_id: int = Field(ge=1, le=MAX_CAMPAIGN_ID)
    name: str = Field(default="", max_length=255)
    status: OneOf[Status] = Status.DRAFT
    backfill: bool = False
    person_invited: AudienceSettings = AudienceSettings()
    person_referring: AudienceSettings = AudienceSettings()
    qualification: Qualification | None = None
    rewards: Rewards = Rewards()
    sync: Sync = Sync()
    aliases: dict[Name, Name] = Field(default={}, max_length=MAX_ROWS)


def settings_of(document: Document) -> Campaign:
    """The settings of a document that was sent. Raises InvalidSettingsError that names each place whose shape is wrong."""
    try:
        CampaignSettings.model_validate(dict(document))
    except ValidationError as error:
        raise InvalidSettingsError([problem_of(detail) for detail in error.errors(include_url=False)]) from None
    return campaign_of(document)


def problem_of(detail: ErrorDetails) -> Problem:
    """A refusal of pydantic's in plain words."""
    steps = list(detail["loc"])
    if steps[:2] == ["qualification", "trigger"]:
        del steps[2:3]  # pydantic names the chosen kind of trigger here
    if steps and steps[-1] == "[key]":
        steps.pop()
    place = place_of(steps)
    return place, f"{_sentence(detail, place.rpartition('.')[2] or 'A name')}."


def place_of(steps: list[int | str]) -> str:
    """``["sync", "mapping", 2, "to"]`` → ``sync.mapping[2].to``."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _sentence(detail: ErrorDetails, name: str) -> str:
    limits = detail.get("ctx") or {}
    if detail["type"] in _NAMED:
        return _NAMED[detail["type"]].format(name=name, **limits)
    said = _SENTENCES.get(detail["type"], "{message}").format(message=detail["msg"], **limits)
    return f"{name} {said}"


_NAMED: Mapping[str, str] = {
    "missing": "{name} is missing",
    "extra_forbidden": "There is no setting called “{name}” here",
}
_SENTENCES: Mapping[str, str] = {
    "literal_error": "takes {expected}",
    "enum": "takes {expected}",
    "union_tag_not_found": "needs a kind: 'attribute' or 'became_user'",
    "union_tag_invalid": "takes the kind 'attribute' or 'became_user'",
    "int_type": "takes a whole number",
    "int_from_float": "takes a whole number",
    "bool_type": "takes true or false",
    "string_type": "takes a text",
    "list_type": "takes a list",
    "dict_type": "takes a group of settings in braces",
    "model_type": "takes a group of settings in braces",
    "model_attributes_type": "takes a group of settings in braces",
    "greater_than_equal": "takes at least {ge}",
    "less_than_equal": "takes at most {le}",
    "string_too_short": "must not be empty",
    "string_too_long": "takes at most {max_length} characters",
    "too_long": "takes at most {max_length} entries",
    "string_pattern_mismatch": "holds a blank or a sign that no key has; copy the whole of it again",
}
