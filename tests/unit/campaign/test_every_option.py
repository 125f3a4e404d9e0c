"""Every option of a campaign is read by the application, shown by the console, and has one default wherever it is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from functions.admin_api.handler import ROUTES
from functions.admin_api.http.openapi import describe
from shared.adapters.admin.schemas import AttributeTrigger as AttributeTriggerForm
from shared.adapters.admin.schemas import CampaignSettings, Qualification
from shared.adapters.campaign_document import campaign_of, sync_of
from shared.domain.campaign.campaign import AttributeTrigger, AudienceSettings, Campaign, Rewards
from shared.domain.person import Audience
from shared.domain.sync.source import WRITE_BACK_FACTS, SyncSettings

ROOT = Path(__file__).parents[3]
NO_CONTROL = {"campaign_id": "the page's own address", "ids": "drawn as lists"}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for part in get_args(annotation):
        yield from _models(part)


def _options(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = list(_models(field.annotation))
        yield field.alias or name
        for one in inner:
            yield from _options(one)


OPTIONS = sorted(set(_options(CampaignSettings)))


def _text(*patterns: str, without: tuple[str, ...] = ()) -> str:
    return "\n".join(path.read_text("utf-8") for pattern in patterns for path in ROOT.glob(pattern) if path.name not in without)


NAMED_BY_THE_DOMAIN = {*(field.name for field in fields(Rewards)), *WRITE_BACK_FACTS, *Audience}
PARSER = _text("shared/adapters/campaign_document.py") + " ".join(f'"{name}"' for name in NAMED_BY_THE_DOMAIN)
READERS = _text("shared/domain/**/*.py", "shared/use_cases/**/*.py")
SETTINGS = {
    field.name for part in (Campaign, AudienceSettings, AttributeTrigger, Rewards, SyncSettings) for field in fields(part)
}
PAGES = _text("functions/console/files/**/*.js", without=("settings_model.js", "sources.js", "fields.js", "states.js"))


def test_the_options_are_found() -> None:
    assert {"action", "from", "to", "unqualify_on_reversal", "write_back", "interval_minutes"} <= set(OPTIONS)


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_is_parsed(option: str) -> None:
    assert f'"{option}"' in PARSER, "no setting of the application comes from it: saving it changes nothing"


@pytest.mark.parametrize("name", sorted(SETTINGS - {"document"}))
def test_a_setting_is_used(name: str) -> None:
    assert re.search(rf"\.{name}\b", READERS), "nothing in the application reads it: saving it changes nothing"


def test_nobody_but_adapters_looks_into_a_document() -> None:
    assert not re.search(r"\w\.document\b", READERS)


@pytest.mark.parametrize("option", sorted(set(OPTIONS) - set(NO_CONTROL)))
def test_an_option_is_in_the_console(option: str) -> None:
    assert re.search(rf"\b{option}\b", PAGES), "whoever uses the console cannot set it"


def test_the_description_holds_the_default_of_each_setting_that_the_console_fills_in() -> None:
    schemas = describe(ROUTES)["components"]["schemas"]
    for model in (CampaignSettings, Qualification, AttributeTriggerForm):
        optional = {field.alias or key for key, field in model.model_fields.items() if not field.is_required()}
        assert optional == {key for key, property_ in schemas[model.__name__]["properties"].items() if "default" in property_}


def test_what_is_left_out_is_read_as_the_default_that_is_described() -> None:
    whole = CampaignSettings(campaign_id=1).model_dump(by_alias=True)
    short, long = campaign_of({"campaign_id": 1}, 1), campaign_of(whole, 1)

    differ = [name for name in long.__slots__ if name != "document" and getattr(short, name) != getattr(long, name)]
    assert differ == []
    assert sync_of(None) == sync_of({}) == sync_of(whole["sync"])
