"""Whatever state, mark, refusal or pause there is: the runbook names it and says what to press, and so does the console."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from shared.domain.connection.connection import BreakerKind
from shared.domain.operations.story import advice_for, standing_of
from shared.domain.qualification.qualification import Qualification, Stage
from shared.domain.signup.referral import CONTACT_COUNTS, DOUBT, QUALIFICATION
from shared.domain.signup.referral_filter import Flag
from shared.domain.signup.state import TROUBLED, State
from shared.domain.sync.run import RunState
from shared.use_cases.connection import read_connection
from tests.support.builders import App
from tests.unit.operations.test_activity import add

ROOT = Path(__file__).parents[3]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
TEXTS = ROOT / "functions" / "console" / "files" / "parts" / "texts"
HELP = json.loads((ROOT / "functions" / "console" / "files" / "help" / "guide.json").read_text("utf-8"))["sections"]
REFUSALS = (QUALIFICATION, CONTACT_COUNTS, DOUBT, "reward 7")
SOME_REASON = "Some reason."


def row_with(trouble: str) -> Any:
    app = App()
    app.configure()
    if trouble in set(State):
        add(app, 1, state=State(trouble), reason=SOME_REASON)
    elif trouble in set(Flag):
        add(app, 1, state=State.DELIVERED, **{trouble: True})
    else:
        add(app, 1, state=State.DELIVERED, refusals={trouble: SOME_REASON})
    return app.row(1)


def section_of_the_runbook(title: str) -> dict[str, list[str]]:
    """Its tables: first cell → the others."""
    (body,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## )", RUNBOOK, re.M | re.S)
    rows = [[cell.strip() for cell in line.strip("| \n").split(" | ")] for line in body.splitlines() if line.startswith("| `")]
    return {name: rest for first, *rest in rows for name in re.findall(r"`([\w ]+)`", first)}


@pytest.mark.parametrize("word", [*State, *Flag, QUALIFICATION, CONTACT_COUNTS, DOUBT, "reward", *BreakerKind, *RunState])
def test_the_runbook_says_of_each_state_what_it_means_and_what_to_press(word: str) -> None:
    meaning, press = section_of_the_runbook("States, and what to press")[str(word)]
    assert meaning
    assert press


@pytest.mark.parametrize("trouble", [*State, *Flag, *REFUSALS])
def test_each_state_of_a_row_has_its_advice(trouble: str) -> None:
    assert advice_for(row_with(trouble)).endswith(".")


def test_a_doubt_and_a_refusal_are_advised_differently() -> None:
    assert "qualify" in advice_for(row_with(DOUBT))
    assert "Mark as dealt with" in advice_for(row_with(DOUBT))
    assert "Send again" in advice_for(row_with(QUALIFICATION))


@pytest.mark.parametrize("kind", BreakerKind)
def test_each_pause_of_a_vendor_has_its_words(kind: BreakerKind) -> None:
    text = read_connection._STOPPED[kind]
    assert {name for _, name, _, _ in Formatter().parse(text) if name} <= {"vendor", "words"}


@pytest.mark.parametrize("stage", Stage)
def test_each_stage_of_a_qualification_has_its_words(stage: Stage) -> None:
    assert standing_of(Qualification(1, 1, stage, reported=True)).endswith(".")


def test_the_consoles_help_explains_each_mark_that_needs_attention_by_the_name_it_has_there() -> None:
    states, activity = ((TEXTS / name).read_text("utf-8") for name in ("states.js", "activity.js"))
    labels = [re.findall(rf'^  {state}: \["([^"]+)"', states, re.M)[0] for state in TROUBLED]
    labels += [re.findall(rf'{flag}: "([^"]+)"', states)[0] for flag in Flag]
    labels += [
        re.findall(rf'^  {name}: "([^"]+)"', activity, re.M)[0] for name in ("perhapsItQualifies", "somethingWasRefused")
    ]
    (section,) = [one for one in HELP if one["id"] == "when-something-needs-attention"]

    guide = json.dumps(section, ensure_ascii=False).lower()

    assert [label for label in labels if label.lower() not in guide] == []
