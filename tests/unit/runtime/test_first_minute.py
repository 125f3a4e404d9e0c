"""README's first screen answers the questions of the first minute (docs/reference.md), and says what its other parts say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text("utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
SCREEN = 40
"""Lines of it, before the pictures."""


def plain(text: str) -> str:
    """Without markup and line ends."""
    return " ".join(re.sub(r"\]\([^)]*\)|[\[*`|]", "", text).split())


FIRST = plain("\n".join(README.splitlines()[:SCREEN]))
REST = plain(README[README.index("## Which one to use") :])
SECTION = REFERENCE.partition("## The questions of the first minute")[2].partition("\n## ")[0]
ANSWERS = dict(re.findall(r"^\| (.*\?) \| \*(.*)\* \|$", SECTION, re.MULTILINE))


def test_the_questions_are_there() -> None:
    assert len(ANSWERS) > 8


@pytest.mark.parametrize("question", ANSWERS)
def test_a_question_of_the_first_minute_is_answered_on_the_first_screen(question: str) -> None:
    assert ANSWERS[question] in FIRST


@pytest.mark.parametrize("figure", ["71 MB", "15 USD", "7 USD", "10,000 signups", "Basic plan", "about an hour"])
def test_the_first_screen_has_the_figures_of_the_rest(figure: str) -> None:
    assert figure in FIRST
    assert figure in REST


def test_the_limits_are_counted_right() -> None:
    words = {9: "nine", 10: "ten", 11: "eleven", 12: "twelve"}
    limits = re.findall(r"^\* ", README.partition("## What it cannot do")[2].partition("\n## ")[0], re.MULTILINE)
    assert f"attributes only, and {words[len(limits) - 3]} more" in FIRST


def test_each_link_within_the_readme_leads_somewhere() -> None:
    heads = {
        re.sub(r"[^\w\s-]", "", head.lower()).strip().replace(" ", "-")
        for head in re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", README)) <= heads


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("LICENSE", "MIT License"),
        ("SECURITY.md", "privately"),
        ("CONTRIBUTING.md", "## Recipes"),
        ("CHANGELOG.md", "### Upgrading"),
        (".editorconfig", "root = true"),
        (".pre-commit-config.yaml", "make "),
        (".github/workflows/ci.yml", ".ci/run"),
        (".github/pull_request_template.md", "CHANGELOG"),
    ],
)
def test_the_furniture_of_a_public_repository_is_there(name: str, holds: str) -> None:
    assert holds in (ROOT / name).read_text("utf-8")


def test_there_are_templates_for_what_is_wrong_and_what_is_missing() -> None:
    assert len(list((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.md"))) >= 2
