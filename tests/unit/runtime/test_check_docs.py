"""The documents' own check: long lines, words of the list, and breaking lines without changing what is shown."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from tools.check_docs import LONGEST, documents, problems, wrap

LONG = "word " * 40
SHAPES = {
    "a paragraph": LONG,
    "an item": f"* {LONG}",
    "a numbered item": f"3. {LONG}",
    "an item in an item": f"* one\n  * {LONG}",
    "a quote": f"> {LONG}\n> {LONG}"[:100],
    "a dash where a line would end": "x" * 115 + " - and a list it is not " + LONG,
    "a number where a line would end": "x" * 116 + " 3. is no list " + LONG,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_breaking_a_line_changes_nothing_that_is_shown(shape: str) -> None:
    def shown(text: str) -> str:
        return MarkdownIt("commonmark").render(text).replace("\n", " ")

    wrapped = wrap(SHAPES[shape])
    assert max(map(len, wrapped.splitlines())) <= LONGEST
    assert " ".join(shown(wrapped).split()) == " ".join(shown(SHAPES[shape]).split())


def test_what_is_wrong_is_named_with_its_line() -> None:
    text = f"fine\n{LONG}\n| {LONG} |\n```\n{LONG}\n```\nA key that is none is refused.\n"
    assert [number for number, _ in problems(text)] == [2, 7]


def test_the_documents_are_looked_at() -> None:
    assert {"README.md", "runbook.md", "configure.md", "reference.md"} <= {path.name for path in documents()}


def test_what_an_earlier_break_left_over_joins_the_next_line() -> None:
    ragged = f"* {'one ' * 25}\n  two\n  {'three ' * 10}four\n* another\n"
    filled = wrap(ragged)
    assert "\n  two\n" not in filled
    assert filled.split() == ragged.split()
    assert wrap(filled) == filled
