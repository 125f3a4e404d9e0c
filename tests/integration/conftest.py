"""The local stack for tests over HTTP. One for all of this folder, which one worker runs, and ended after them;
KEEP_STACK_LOGS=1 leaves .sandbox/run-<port> behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.stack.ministack import HOW_TO_INSTALL, VENV
from sandbox.stack.settings import StackSettings
from sandbox.stack.stack import Stack
from tests.integration.over_http import OverHttp

ECHO = Path(__file__).parent / "echo" / "template.yaml"
KEEP_LOGS = bool(os.environ.get("KEEP_STACK_LOGS"))


def need_ministack() -> None:
    """Skip without ministack's venv; where CI=true that is a failure."""
    if (VENV / "bin" / "python").exists():
        return
    text = f"ministack is not installed ({VENV.name}); {HOW_TO_INSTALL}"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """The real template with both stand-ins, on free ports. Tests share it: use e-mails of your own."""
    need_ministack()
    with Stack(StackSettings(keep=KEEP_LOGS)) as running:
        yield running


@pytest.fixture(scope="package")
def echo_stack() -> Iterator[Stack]:
    """A template with one function that answers what it got; no stand-ins."""
    need_ministack()
    nowhere = "http://127.0.0.1:9"
    settings = StackSettings(template=ECHO, intercom_url=nowhere, referral_factory_url=f"{nowhere}/api/v2", keep=KEEP_LOGS)
    with Stack(settings) as running:
        yield running


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="module")
def outside(stack: Stack) -> Iterator[OverHttp]:
    outside = OverHttp(stack)
    yield outside
    outside.close()


@pytest.fixture(scope="module")
def campaign(outside: OverHttp) -> int:
    """A new one."""
    return outside.configure()
