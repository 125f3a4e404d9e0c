"""The console's help says what docs/configure.md says, and explains every word that the pages show."""

from __future__ import annotations

import json
import re

import pytest

from shared.domain.mapping import SOURCES
from shared.domain.signup.referral_filter import Flag
from shared.domain.signup.state import Origin, State
from shared.domain.sync.run import RunState
from tests.unit.console.test_console_files import FILES, ROOT
from tools.render_help import SOURCE, TARGET, UnknownMarkupError, as_file, render

GUIDE = json.loads(TARGET.read_text("utf-8"))["sections"]
EXTRAS = {"states", "fields", "api"}


def keys_of(file: str, name: str) -> set[str]:
    """The keys of an object that a script exports."""
    (body,) = re.findall(rf"export const {name} = \{{\n(.*?)\n\}};", next(FILES.rglob(file)).read_text("utf-8"), re.S)
    return set(re.findall(r'^  "?([\w.]+)"?:', body, re.M))


def test_the_help_is_the_document_as_it_is_now() -> None:
    """After a change: ``make help-pages``."""
    assert TARGET.read_text("utf-8") == as_file(render(SOURCE.read_text("utf-8")))


def test_each_target_that_the_makefile_names_does_something() -> None:
    """A name that is only declared as phony does nothing, and says nothing about it."""
    text = (ROOT / "Makefile").read_text("utf-8")
    (names,) = re.findall(r"^\.PHONY: (.*)$", text, re.M)
    ruled = set(re.findall(r"^([a-z-]+):", text, re.M))
    assert set(names.split()) == ruled


def test_no_word_of_the_document_is_lost_on_the_way() -> None:
    def texts(node: object) -> list[str]:
        if isinstance(node, str):
            return [node]
        return [text for each in node for text in texts(each)] if isinstance(node, list) else []

    shown = " ".join(text for section in GUIDE for text in [section["title"], *texts(section["content"])])
    document = SOURCE.read_text("utf-8").split("\n## ", 1)[1]
    words = set(re.findall(r"\w{4,}", document))

    assert words - set(re.findall(r"\w{4,}", shown)) == set()


def test_markup_that_the_page_cannot_show_is_refused() -> None:
    with pytest.raises(UnknownMarkupError):
        render("## Title\n\n![picture](x.png)\n")


def test_every_link_into_the_help_has_its_section() -> None:
    there = {section["id"] for section in GUIDE} | EXTRAS
    scripts = {path.name: path.read_text("utf-8") for path in FILES.rglob("*.js") if path.parent.name != "texts"}
    extras = re.findall(r'^  \["(\w+)", texts\.\w+, ', scripts["help.js"].split("const EXTRAS")[1].split("];")[0], re.M)

    assert set(extras) == EXTRAS

    steps = re.findall(r'"#/\w+", "([\w-]+)"\],', scripts["help.js"].split("const STEPS")[1].split("];")[0])
    (tabs,) = re.findall(r"const HELP = \{(.*?)\};", scripts["campaign.js"], re.S)

    assert len(steps) == 7

    keys = re.findall(r'^  \["(\w+)", texts\.\w+, ', scripts["campaign.js"].split("const TABS")[1].split("];")[0], re.M)
    assert keys == re.findall(r"^  (\w+): ", tabs, re.M) != []
    assert {*steps, *re.findall(r': "([\w-]+)"', tabs)} <= there

    (problems,) = re.findall(r"const HELP = \{(.*?)\};", scripts["health.js"], re.S)
    states = re.findall(r'"((?:trouble|when)-[\w-]+)"', scripts["referral.js"].split("function helpAbout")[1])

    assert len(states) == 3
    assert {*states, *re.findall(r': "([\w-]+)"', problems)} <= there
    assert {name for text in scripts.values() for name in re.findall(r'#/help/([\w-]+)"', text)} <= there


def test_every_field_state_and_flag_is_explained() -> None:
    assert keys_of("fields.js", "SOURCE_HELP") == SOURCES | {"meta."}
    assert keys_of("fields.js", "SOURCE_NAMES") == SOURCES

    (mapped,) = re.findall(r"const SOURCES = \{(.*?)\};", (FILES / "campaign" / "sources.js").read_text("utf-8"), re.S)
    assert sorted(re.findall(r'"([\w.]+)"', mapped)) == sorted(SOURCES)

    states = {str(state) for state in State}
    assert keys_of("states.js", "STATES") == keys_of("states.js", "STATE_HELP") == states

    runs = {str(state) for state in RunState}
    assert keys_of("states.js", "RUN_STATES") == keys_of("states.js", "RUN_STATE_HELP") == runs
    assert keys_of("states.js", "CAMPAIGN_STATE_HELP") == {"draft", "active", "paused"}

    (origins,) = re.findall(r"export const ORIGINS = \{(.*?)\};", (FILES / "parts" / "texts" / "states.js").read_text("utf-8"))
    assert set(re.findall(r"(\w+):", origins)) == {*(str(origin) for origin in Origin), "synthetic"}

    flags = re.findall(r"export const FLAGS = \{(.*?)\};", (FILES / "parts" / "texts" / "states.js").read_text("utf-8"))
    assert set(re.findall(r"(\w+):", flags[0])) == {str(flag) for flag in Flag}


def test_each_step_of_the_guides_is_described() -> None:
    guide = "\n".join(json.dumps(section, ensure_ascii=False) for section in GUIDE)
    steps = (
        *("Allow and Install", "Direct", "Referred", "a Lead or a User", "First Name and Email", "refresh button"),
        *("default Intercom values", "person who made the referral", "override data", "custom data attribute", "Connected"),
        *("Referral Count", "active or static", "ongoing or once-off", "NOT be notified", "Disconnect", "private window"),
        "campaign setup is complete",
    )
    assert [words for words in steps if words not in guide] == []
