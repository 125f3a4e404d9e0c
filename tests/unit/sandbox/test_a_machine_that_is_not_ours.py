"""Installing and starting on machines whose pip and AWS are set up for something else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sandbox.stack.ministack import Ministack
from tools import install_requirements


@pytest.mark.parametrize("name", ["PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_NO_DEPS", "PYTHONPATH"])
def test_pip_is_not_told_where_to_install(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    assert name not in install_requirements.environment()


@pytest.mark.parametrize("setting", ["user = true", "target = /elsewhere", "prefix = /elsewhere", "no-deps = true"])
@pytest.mark.parametrize("section", ["install", "global"])
def test_a_pip_conf_says_where_packages_come_from_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str, section: str
) -> None:
    index = "https://packages.example/simple"
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {index}\n[{section}]\n{setting}\n".replace("[global]\n[", "["))
    if section == "global":
        (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {index}\n{setting}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    told = install_requirements.environment()
    assert told["PIP_INDEX_URL"] == index
    assert not {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_NO_DEPS"} & told.keys()
    assert told["PIP_CONFIG_FILE"] == "/dev/null"


def test_a_venv_without_its_packages_does_not_count_as_installed(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("no-such-package-of-ours==1.0\n")
    (tmp_path / "all.txt").write_text("-r more.txt\npytest==1.0\n# pandas==2\n")
    assert install_requirements.missing(tmp_path / "all.txt") == ["no-such-package-of-ours"]
    assert sys.prefix != sys.base_prefix


def test_a_profile_that_does_not_exist_keeps_nothing_from_starting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.setenv(name, "no-such-profile")
    stack = object.__new__(Ministack)
    stack.endpoint, stack.access_key, stack.secret_key = "http://127.0.0.1:1", "a", "b"
    client = stack.client("sqs")
    assert client.meta.endpoint_url.startswith("http://127.0.0.1")
    client.close()
