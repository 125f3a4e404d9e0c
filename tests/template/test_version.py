"""One version, wherever it is shown."""

from __future__ import annotations

import re
import tomllib

from functions.admin_api.http.openapi import describe
from shared.version import VERSION
from tests.template.reading import ROOT


def test_the_stacks_output_is_the_version() -> None:
    found = re.search(
        r"^  ApplicationVersion:\n.*\n    Value: (\S+)$", (ROOT / "template.yaml").read_text("utf-8"), re.MULTILINE
    )
    assert found is not None
    assert found[1] == VERSION


def test_the_api_says_it() -> None:
    assert describe([])["info"]["version"] == VERSION


def test_the_consoles_foot_shows_what_its_settings_hold() -> None:
    """Which is the version: tests/unit/console/test_console_files.py."""
    files = ROOT / "functions" / "console" / "files"
    assert 'byId("foot").textContent = common.version(signin.version());' in (files / "app.js").read_text("utf-8")
    assert "version = () => config.version;" in (files / "parts" / "signin.js").read_text("utf-8")


def test_the_changelog_begins_with_it_and_says_what_an_upgrade_needs() -> None:
    newest = re.search(r"^## (\d+\.\d+\.\d+)[^\n]*\n(.*?)(?=^## |\Z)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M | re.S)
    assert newest is not None
    assert newest[1] == VERSION
    assert "### Upgrading" in newest[2]


def test_nobody_keeps_a_second_one() -> None:
    assert "version" in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dynamic"]
