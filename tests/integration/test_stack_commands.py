"""``python -m sandbox``: start, token, end, and one clear line for everything that can keep it from starting."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.stack.errors import MinistackError
from sandbox.stack.ministack import ROOT, Ministack
from sandbox.stack.ports import reserve_ports
from sandbox.stack.processes import list_children, wait_until_gone
from tests.integration.conftest import need_ministack
from tests.integration.over_http import CALL_SECONDS, wait_for

pytestmark = pytest.mark.stack


def _command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=CALL_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """``python -m sandbox run`` after its line *Ready*: the process, its port, what it printed."""
    need_ministack()
    family = reserve_ports(0)
    family.listener.close()
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "run"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(family.base), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if line.startswith("Ready"):
            break
    yield process, family.base, printed
    process.kill()
    process.wait()
    process.stdout.close()


def test_it_prints_the_addresses_and_the_secrets_then_ready(running: tuple[subprocess.Popen[str], int, str]) -> None:
    _, port, printed = running
    for part in (*(f"http://127.0.0.1:{port + offset}" for offset in range(5)), "local-webhook-secret", "local-client-secret"):
        assert part in printed
    assert printed.splitlines()[-1].startswith("Ready")


def test_each_address_that_it_prints_answers_a_click(running: tuple[subprocess.Popen[str], int, str]) -> None:
    """But AWS's, which wants a key, and the webhooks', which wants a campaign and a body."""
    _, port, printed = running
    addresses = {
        one for one in re.findall(r"http://[\w.:/-]+", printed) if f":{port + 3}" not in one and "/webhooks/" not in one
    }
    assert len(addresses) >= 6

    shown = {one: requests.get(one, headers={"Accept": "text/html"}, timeout=CALL_SECONDS) for one in addresses}
    assert {one: answer.status_code for one, answer in shown.items() if answer.status_code != 200} == {}
    assert all(answer.headers["content-type"].startswith("text/html") for answer in shown.values())


def test_the_token_of_the_running_stack_is_let_in(running: tuple[subprocess.Popen[str], int, str]) -> None:
    _, port, _ = running
    result = _command("token", PORT=str(port))

    assert result.returncode == 0

    headers = {"Authorization": f"Bearer {result.stdout.splitlines()[-1]}"}
    assert requests.get(f"http://127.0.0.1:{port}/api/nothing-here", headers=headers, timeout=CALL_SECONDS).status_code != 401


def test_a_second_one_on_the_same_ports_says_which_is_taken(running: tuple[subprocess.Popen[str], int, str]) -> None:
    _, port, _ = running
    result = _command("run", PORT=str(port))

    assert result.returncode == 1
    assert result.stderr.startswith(f"Port {port} is taken")
    assert "PORT=" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_killing_it_outright_leaves_no_process(running: tuple[subprocess.Popen[str], int, str]) -> None:
    process, port, _ = running
    requests.post(f"http://127.0.0.1:{port}/webhooks/referral-factory/1/joined", timeout=CALL_SECONDS)

    children = list_children(process.pid)

    everyone = [*children, *(grandchild for child in children for grandchild in list_children(child))]
    assert len(children) >= 3

    process.kill()
    process.wait()

    assert wait_until_gone(everyone, 10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_asked_to_end_it_ends_everything_with_0_even_while_starting(number: signal.Signals) -> None:
    need_ministack()
    process = subprocess.Popen([sys.executable, "-m", "sandbox", "run", "--port", "0"], cwd=ROOT, stdout=subprocess.DEVNULL)
    wait_for(lambda: len(list_children(process.pid)) >= 2, "its parts")
    children = list_children(process.pid)

    process.send_signal(number)

    assert process.wait(CALL_SECONDS) == 0
    assert wait_until_gone(children)


def test_no_stack_no_token() -> None:
    family = reserve_ports(0)
    family.listener.close()
    result = _command("token", PORT=str(family.base))

    assert result.returncode == 1
    assert "make run" in result.stderr
    assert result.stdout == ""


def test_without_ministack_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(MinistackError, match=r"venv is missing.*make install"):
        Ministack(1, tmp_path, venv=tmp_path / "nowhere")


def test_a_ministack_that_does_not_start_gives_its_last_words(tmp_path: Path) -> None:
    interpreter = tmp_path / "venv" / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text("#!/bin/sh\necho broken to bits\nexit 3\n")
    interpreter.chmod(0o755)
    folder = tmp_path / "state"
    folder.mkdir()
    with pytest.raises(MinistackError, match="broken to bits"):
        Ministack(1, folder, venv=tmp_path / "venv")


@pytest.mark.parametrize(("arguments", "code"), [((), 2), (("--help",), 0), (("dance",), 2), (("run", "--help"), 0)])
def test_help_names_the_commands(arguments: tuple[str, ...], code: int) -> None:
    result = _command(*arguments)
    assert result.returncode == code
    assert "usage: python -m sandbox" in result.stdout + result.stderr
