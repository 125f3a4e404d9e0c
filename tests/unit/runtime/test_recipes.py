"""The recipes of CONTRIBUTING.md: what they name is there, and no place is forgotten in which all things of a kind stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
ROOMS = ("docs", "functions", "sandbox", "shared", "tests", "tools")
KINDS_OF_FILE = {".py", ".js", ".md", ".yaml", ".json"}
NO_PLACE = ("docs/decisions.md", "docs/pictures", "CONTRIBUTING.md", "tests/unit/runtime/test_recipes.py")


@dataclass(frozen=True)
class Kind:
    """Things that are there already, and the files with all of them that need no change for one more."""

    examples: tuple[str, ...]
    needless: tuple[str, ...] = ()


KINDS = {
    "A new source of a mapping": Kind(
        ("qr", "converted_referrals_count", "signed_up_at"),
        ("shared/adapters/dynamodb/packed.py",),  # a dictionary for packing: a change of it would make stored rows unreadable
    ),
    "A new option of a campaign": Kind(("unqualify_on_reversal", "merge_leads", "qualify_skipped", "backfill")),
    "A new alarm": Kind(("RewardPollFailed", "SweepSilent", "CreatesWait", "SignupUnverified", "AttributeLeftOut")),
    "A new topic of Intercom's webhooks": Kind(
        ("contact.lead.signed_up", "contact.merged", "contact.archived", "contact.user.updated")
    ),
}


def rows(recipe: str) -> list[tuple[str, str]]:
    """Place and what to do there."""
    section = re.search(rf"^### {re.escape(recipe)}$(.*?)(?=^### |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert section is not None, recipe
    lines = [line for line in section[1].splitlines() if line.startswith("| ")][2:]
    return [(cells[1].strip(), cells[2].strip()) for line in lines if len(cells := line.split("|")) > 2]


def places(cell: str) -> list[str]:
    """Files and folders, by their whole path."""
    return [name for name in re.findall(r"`([^`]+)`", cell) if re.fullmatch(r"[\w./-]+", name) and name != ".in"]


def files_with(examples: tuple[str, ...]) -> set[str]:
    """Files of the repository in which all of them stand."""
    read = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8", "ignore") for path in _files()}
    return {name for name, text in read.items() if not name.startswith(NO_PLACE) and all(one in text for one in examples)}


def _files() -> Iterator[Path]:
    yield from (path for path in ROOT.glob("*.*") if path.suffix in KINDS_OF_FILE)
    for room in ROOMS:
        yield from (
            path for path in (ROOT / room).rglob("*.*") if path.suffix in KINDS_OF_FILE and "node_modules" not in path.parts
        )


ROWS = [(recipe, *row) for recipe in re.findall(r"^### (A new .*)$", TEXT, re.MULTILINE) for row in rows(recipe)]


@pytest.mark.parametrize(("recipe", "place", "what"), ROWS)
def test_what_a_recipe_names_is_there(recipe: str, place: str, what: str) -> None:
    named = places(place)

    assert [name for name in named if not (ROOT / name).exists()] == []

    texts = "".join((ROOT / name).read_text("utf-8") for name in named if (ROOT / name).is_file())
    words = re.findall(r"`(_?[A-Z][A-Z_]{3,})`", what) if texts else []

    assert [word for word in words if word not in texts] == [], recipe


@pytest.mark.parametrize("recipe", KINDS)
def test_a_recipe_forgets_no_file_in_which_all_of_its_kind_stand(recipe: str) -> None:
    named = {name for place, _ in rows(recipe) for name in places(place)}
    found = files_with(KINDS[recipe].examples)
    assert len(found) >= 3, "the examples are gone: take others"
    assert found - named - set(KINDS[recipe].needless) == set()
