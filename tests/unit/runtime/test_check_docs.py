"""The documents' own check: long lines, words of the list, and breaking lines without changing what is shown."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from tools.check_docs import (
    LONGEST,
    documents,
    engineers_problems,
    engineers_texts,
    name_problems,
    problems,
    user_texts,
    word_problems,
    wrap,
)

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


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Referral Factory told that the person joined.", True),
        ("People of whom no webhook came.", True),
        ("Referral Factory reported that the person joined.", False),
        ("told", False),
    ],
)
def test_users_read_no_word_of_the_list(text: str, wrong: bool) -> None:
    assert bool(list(word_problems(text))) is wrong


def test_the_story_the_console_the_alarms_and_the_guide_are_looked_at() -> None:
    looked_at = {path.name for path, _, _ in user_texts()}
    assert {"happened.py", "story.py", "find_problems.py", "mapping.js", "template.yaml", "configure.md"} <= looked_at
    texts = [text for _, _, text in user_texts()]
    assert "Referral Factory reported that the person joined." in texts


def test_no_text_for_users_has_a_word_of_the_list() -> None:
    assert [(path.name, number, problem) for path, number, text in user_texts() for problem in word_problems(text)] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a reversal is told once", True),
        ("what the message tells of a contact", True),
        ("ValueError for a number that is none.", True),
        ("attributes that are None are left out", False),
        ("a refused connection is told apart", False),
        ("pip is not told where to install", True),
        ("pip is not told to install", False),
        ("a reversal is reported once", False),
        ("the stand-in can be told to fail", False),
        ("test whom a draft held is not late", True),
        ("test half an answer is none", True),
        ("test half an answer counts as no answer", False),
        ("The sweep rings a row again.", True),
        ("a lost connection rings until somebody reconnects", False),
    ],
)
def test_engineers_read_no_word_of_the_list(text: str, wrong: bool) -> None:
    assert bool(list(engineers_problems(text))) is wrong


def test_docstrings_comments_and_names_of_tests_are_looked_at_and_have_no_word_of_the_list() -> None:
    texts = [(path.name, text) for path, _, text in engineers_texts() if path.name != "test_check_docs.py"]
    looked_at = {text for _, text in texts}
    assert any("no block of the runbook is left out" in text for text in looked_at)
    assert any("tracked attribute" in text for text in looked_at)
    assert [(name, problem) for name, text in texts for problem in engineers_problems(text)] == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("retry_helpers", True),
        ("ContactManager", True),
        ("user_info", True),
        ("data_type", False),
        ("test_a_restored_row_keeps_its_data", False),
        ("informed_at", False),
        ("database", False),
        ("told_wrong", True),
    ],
)
def test_a_name_says_what_it_is(name: str, wrong: bool) -> None:
    assert bool(list(name_problems(name))) is wrong


@pytest.mark.parametrize(
    "text",
    [
        "What no webhook told is found by polling.",
        "Changes of which nobody has told us.",
        "A turn that is to be told later.",
        "What a notification should have told.",
    ],
)
def test_an_engineer_reads_reported_where_somebody_reports(text: str) -> None:
    assert list(engineers_problems(text))
