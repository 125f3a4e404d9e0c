"""What the admin API answers; its OpenAPI description is made of these."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue

from shared.adapters.admin.schemas import CampaignSettings
from shared.domain.campaign.campaign import Status


class _AsSettings:
    @classmethod
    def __get_pydantic_json_schema__(cls, _: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(CampaignSettings.__pydantic_core_schema__)


StoredSettings = Annotated[dict[str, Any], _AsSettings]
"""Settings as they are stored, which may be by an older release's rules: they are shown as they are, not read again."""
Scalar = str | Annotated[int | float, WithJsonSchema({"type": "number"})] | bool | None


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CampaignSummary(Answer):
    campaign_id: int
    name: str
    status: Status
    version: int


class CampaignPage(Answer):
    """`cursor` is null on the last page."""

    items: list[CampaignSummary]
    cursor: str | None


class Version(Answer):
    """`saved_at` in seconds since 1970."""

    version: int
    saved_at: float
    saved_by: str
    document: StoredSettings


class VersionPage(Answer):
    """Newest first; `cursor` is null on the last page."""

    items: list[Version]
    cursor: str | None


class Remark(Answer):
    """`place` in the document, such as `person_invited.mapping[2].to`; empty for the whole."""

    place: str
    message: str


class Saved(Answer):
    """`warnings` stopped nothing: what a draft still lacks, or what could not be checked."""

    campaign_id: int
    version: int
    document: StoredSettings
    warnings: list[Remark]


class Deletion(Answer):
    """`means`: what deleting the settings leads to, sentence by sentence. `refused`: why it cannot be
    done now; empty: it can."""

    campaign_id: int
    version: int
    means: list[str]
    refused: str


class Deleted(Answer):
    campaign_id: int
    message: str


class Problem(BaseModel):
    """RFC 9457, `application/problem+json`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class SettingsProblem(Problem):
    errors: list[Remark]


class Current(Answer):
    version: int
    document: StoredSettings


class ConflictProblem(Problem):
    """Somebody saved in between. `current` is null when there is no such campaign."""

    current: Current | None
    sent: CampaignSettings = Field(description="What was sent and not saved.")
