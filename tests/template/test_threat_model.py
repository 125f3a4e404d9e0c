"""Each row of the threat model names tests that exist, and no row is missing."""

from __future__ import annotations

import re

from tests.template.reading import ROOT

WHO = (
    "nothing but the address",
    "a campaign link",
    "the webhook secret",
    "an Intercom Messenger",
    "a token of the issuer, and no group",
    "the viewer group",
    "the admin group",
    "an operator's role in AWS",
    "a web page that a developer visits while `make run` runs",
)
TEXT = (ROOT / "docs/security.md").read_text()


def test_each_row_of_the_threat_model_names_what_shows_it() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("| ")][1:]
    rows = [row for row in rows if set(row[0]) != {"-"}]
    assert tuple(row[0] for row in rows) == WHO
    assert [row[0] for row in rows if len(row) != 4 or not re.search(r"`(tests/\S+\.py|test_\w+)`", row[3])] == []


def test_every_test_that_the_page_names_exists() -> None:
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    tests = {
        name for path in files for name in re.findall(r"^(?:async )?def (test_\w+)\(", (ROOT / path).read_text(), re.MULTILINE)
    }
    assert [name for name in re.findall(r"`(tests/[\w/]+\.py)`", TEXT) if name not in files] == []
    assert [name for name in re.findall(r"`(test_\w+)`", TEXT) if name not in tests] == []
    assert not re.search(r"not done yet|\bTODO\b", TEXT, re.IGNORECASE)
