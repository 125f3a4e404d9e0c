"""`make audit` says what it could not look at, and finds what it looks for."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tools import audit
from tools.shipped import NOTICES, bill_of_materials, notices, shipped


def answers(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    def run(call: Any, **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(call, 1, text, "no connection")

    monkeypatch.setattr(audit.subprocess, "run", run)


@pytest.mark.parametrize("text", ["", json.dumps({"dependencies": [{"name": "requests", "skip_reason": "not found"}]})])
def test_data_that_cannot_be_reached_is_said_plainly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    answers(monkeypatch, text)

    assert list(audit.vulnerabilities(strict=False)) == []

    said = capsys.readouterr().out
    assert "NOT CHECKED for known vulnerabilities" in said
    assert "requests" in said
    assert len(list(audit.vulnerabilities(strict=True))) == 1


def test_a_known_hole_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    hole = {"id": "CVE-1", "fix_versions": ["9"]}
    answers(monkeypatch, json.dumps({"dependencies": [{"name": "requests", "version": "1", "vulns": [hole]}]}))
    assert list(audit.vulnerabilities(strict=False)) == ["requests 1: CVE-1, mended in 9"]


def test_a_new_secret_is_found_and_a_known_place_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known = {"results": {"a.py": [{"hashed_secret": "1"}]}}
    (tmp_path / "known").write_text(json.dumps(known))
    monkeypatch.setattr(audit, "KNOWN", tmp_path / "known")
    entries = [{"hashed_secret": one, "line_number": 3, "type": "AWS Access Key"} for one in ("1", "2")]

    answers(monkeypatch, json.dumps({"results": {"a.py": entries}}))

    assert set(audit.secrets()) == {"a.py:3 AWS Access Key"}


def test_a_licence_that_is_not_listed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    packages = [replace(shipped()[0], licence="AGPL-3.0"), *shipped()[1:]]
    monkeypatch.setattr(audit, "shipped", lambda: packages)
    assert [line for line in audit.licences() if "AGPL-3.0" in line]


def test_the_notices_and_the_bill_of_materials_are_of_what_ships() -> None:
    packages = shipped()

    assert NOTICES.read_text() == notices(packages), "make notices"
    assert all(package.texts and package.licence in audit.LICENCES for package in packages)

    components = bill_of_materials(packages)["components"]
    assert {one["name"] for one in components} >= {"requests", "pydantic", "aws-lambda-powertools"}
    assert all(one["externalReferences"][0]["hashes"] for one in components)
