"""Every option of a campaign is read by the application, shown by the console, and has one default wherever it is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from shared.adapters.admin.schemas import CampaignSettings
from shared.domain.campaign.campaign import campaign_of
from shared.domain.sync.source import sync_settings_of

ROOT = Path(__file__).parents[3]
CONSOLE = ROOT / "functions/console/files"
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


READERS = _text("shared/domain/**/*.py", "shared/use_cases/**/*.py")
PAGES = _text("functions/console/files/**/*.js", without=("settings_model.js", "sources.js", "words.js"))


def test_the_options_are_found() -> None:
    assert {"action", "from", "to", "unqualify_on_reversal", "write_back", "interval_minutes"} <= set(OPTIONS)


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_is_read(option: str) -> None:
    assert re.search(rf"[\"']{option}[\"']", READERS), "nothing in the application reads it: saving it changes nothing"


@pytest.mark.parametrize("option", sorted(set(OPTIONS) - set(NO_CONTROL)))
def test_an_option_is_in_the_console(option: str) -> None:
    assert re.search(rf"\b{option}\b", PAGES), "whoever uses the console cannot set it"


def _blank_of_the_console() -> dict[str, Any]:
    """The literals of settings_model.js as JSON."""
    text = (CONSOLE / "campaign" / "settings_model.js").read_text("utf-8")

    def literal(name: str) -> str:
        found = re.search(rf"const {name} = \(\) => \((.*?)\);\n", text, re.DOTALL)
        assert found is not None
        quoted = re.sub(r"(\w+):", r'"\1":', found[1])
        return re.sub(r",(\s*[}\]])", r"\1", quoted)

    made: dict[str, Any] = json.loads(literal("blank").replace("audience()", literal("audience")))
    return made


def test_the_consoles_defaults_are_the_applications() -> None:
    ours = CampaignSettings(campaign_id=1).model_dump(by_alias=True, exclude={"campaign_id"})
    assert _blank_of_the_console() == ours


def test_what_is_left_out_is_read_as_the_default_that_is_described() -> None:
    whole = CampaignSettings(campaign_id=1).model_dump(by_alias=True)
    short, long = campaign_of({"campaign_id": 1}, 1), campaign_of(whole, 1)
    differ = [name for name in long.__slots__ if name != "document" and getattr(short, name) != getattr(long, name)]
    assert differ == []
    assert sync_settings_of(None) == sync_settings_of({}) == sync_settings_of(whole["sync"])
