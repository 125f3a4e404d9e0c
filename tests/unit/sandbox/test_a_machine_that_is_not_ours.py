"""Installing and starting on machines whose pip and AWS are set up for something else."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sandbox.commands import campaign_places
from sandbox.stack.ministack import ROOT, local_client, session
from tools import install_requirements
from tools.expand_template import TEMPLATE, expand


@pytest.mark.parametrize("name", ["PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_NO_DEPS", "PYTHONPATH"])
def test_pip_installs_where_we_say(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
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

    given = install_requirements.environment()

    assert given["PIP_INDEX_URL"] == index
    assert not {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_NO_DEPS"} & given.keys()
    assert given["PIP_CONFIG_FILE"] == "/dev/null"


def test_a_venv_without_its_packages_does_not_count_as_installed(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("no-such-package-of-ours==1.0\n")
    (tmp_path / "all.txt").write_text("-r more.txt\npytest==1.0\n# pandas==2\n")
    assert install_requirements.missing(tmp_path / "all.txt") == ["no-such-package-of-ours"]
    assert sys.prefix != sys.base_prefix


def wheel_of(folder: Path) -> Path:
    """A package with one module, as an index would have it."""
    path = folder / "first_look-1.0-py3-none-any.whl"
    about = "first_look-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("first_look.py", "SEEN = True\n")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: first-look\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    return path


@pytest.mark.thorough
def test_the_venv_of_make_run_holds_what_is_locked_and_neither_pip_nor_bytecode(tmp_path: Path) -> None:
    digest = hashlib.sha256(wheel_of(tmp_path).read_bytes()).hexdigest()
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PYTHON": sys.executable}
    lock, venv = tmp_path / "lock.txt", tmp_path / "venv"
    ended = []

    for locked in ("0" * 64, digest):  # the second time it goes on with the venv that is there
        lock.write_text(f"first-look==1.0 --hash=sha256:{locked}\n")
        call = [ROOT / "tools/make_venv.sh", venv, lock, "--light"]
        ended.append(subprocess.run(call, env=environment, timeout=120, check=False).returncode)

    assert (ended[0] != 0, ended[1]) == (True, 0)

    (packages,) = venv.glob("lib/python3*/site-packages")
    assert sorted(path.name for path in packages.iterdir()) == ["first_look-1.0.dist-info", "first_look.py"]


def test_nothing_that_aws_is_set_up_for_keeps_from_calling_the_local_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.setenv(name, "no-such-profile")
    for name in ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"):
        monkeypatch.setenv(name, "true")
    session.cache_clear()

    client = local_client("sqs", "http://127.0.0.1:1", "a", "b")

    assert client.meta.endpoint_url == "http://127.0.0.1:1"

    client.close()
    session.cache_clear()


def test_the_template_is_expanded_alike_whatever_aws_is_set_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = expand(TEMPLATE)
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "cn-north-1")

    assert expand(TEMPLATE) == plain
    assert (os.environ["AWS_PROFILE"], os.environ["AWS_DEFAULT_REGION"]) == ("no-such-profile", "cn-north-1")


def test_the_sandbox_calls_this_machine_through_no_proxy_and_no_profile() -> None:
    """``requests.get`` and its like take the proxies of the environment, ``boto3.client`` its profile."""
    taking = re.compile(r"\b(?:requests\.(?:get|put|post|delete|patch|head|request)|urlopen|boto3\.client)\(")
    of_aws = Path(campaign_places.__file__)

    sources = [path for path in (ROOT / "sandbox").rglob("*.py") if path != of_aws]
    assert [path.name for path in sources if taking.search(path.read_text())] == []

    sessions = [path.read_text() for path in sources if "requests.Session()" in path.read_text()]
    assert sessions
    assert all(text.count("requests.Session()") == text.count("trust_env = ") for text in sessions)
