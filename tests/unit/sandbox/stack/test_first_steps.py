"""What a person finds after *Ready*, and what is refused before it."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from sandbox.stack import first_steps, run
from sandbox.stack.errors import StackError
from sandbox.stack.settings import StackSettings
from tests.support.builders import App
from tests.support.deployed import Aws

REAL = {"INTERCOM_API_URL": "https://api.intercom.io", "REFERRAL_FACTORY_API_URL": "https://referral-factory.com/api/v2"}
TOKENS = {"INTERCOM_API_URL": "INTERCOM_ACCESS_TOKEN", "REFERRAL_FACTORY_API_URL": "REFERRAL_FACTORY_API_KEY"}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*TOKENS, *TOKENS.values(), "PORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", REAL)
def test_a_real_vendor_without_a_token_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """With the stand-ins' token every call would be refused, and the vendor would count them."""
    monkeypatch.setenv(name, REAL[name])
    with pytest.raises(StackError, match=f"{name} is a real server: it needs {TOKENS[name]} as well"):
        StackSettings.from_environment()
    monkeypatch.setenv(TOKENS[name], "a-token")
    assert StackSettings.from_environment()


def test_another_stand_in_on_this_machine_needs_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERCOM_API_URL", "http://127.0.0.1:9001")
    assert StackSettings.from_environment().intercom_url == "http://127.0.0.1:9001"


def test_a_real_vendor_is_named_as_such() -> None:
    assert "THE REAL ONE" in run._where("https://api.intercom.io", "https://api.intercom.io", "")
    assert "THE REAL ONE" not in run._where("http://127.0.0.1:9001", "http://127.0.0.1:9001", "")
    assert "real contacts" not in first_steps.next_steps(stack())
    assert "contacts that it writes are real" in first_steps.next_steps(stack(is_real=True))


@pytest.mark.parametrize(
    "step", ["sign up here .*/friends", "the console .*Mara Marketer", "make logs PORT=1", "make break FAULT=\\S+"]
)
def test_what_to_do_next_is_printed(step: str) -> None:
    assert re.search(step, first_steps.next_steps(stack()))


def stack(**changes: Any) -> Any:
    known = {
        "is_real": False,
        "has_both_stand_ins": True,
        "url": "http://127.0.0.1:1",
        "intercom_url": "http://127.0.0.1:1",
        "referral_factory_pages_url": "http://127.0.0.1:1",
        "ports": SimpleNamespace(base=1),
    }
    return SimpleNamespace(**{**known, **changes})


@pytest.mark.parametrize(
    ("both", "empty", "loads"), [(True, False, True), (True, True, False), (False, False, False), (False, True, False)]
)
def test_campaign_1_is_set_up_only_beside_both_stand_ins(
    monkeypatch: pytest.MonkeyPatch, both: bool, empty: bool, loads: bool
) -> None:
    loaded: list[Any] = []
    for name in ("_warm_receiver", "_warm_worker", "_warm_console", "_warm_api"):
        monkeypatch.setattr(first_steps, name, lambda _: None)
    monkeypatch.setattr(first_steps, "_load_example", loaded.append)

    first_steps.prepare(stack(has_both_stand_ins=both), empty=empty)

    assert bool(loaded) is loads


def test_an_error_of_a_function_is_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    app, now = App(), [1_000.0]
    aws = Aws(app)
    monkeypatch.setattr(first_steps.time, "time", lambda: now[0])
    watch = first_steps.ErrorWatch(SimpleNamespace(client=aws))  # type: ignore[arg-type]

    line = json.dumps({"level": "ERROR", "message": "record failed", "campaign_id": 1})

    aws.lines["/local/deliver-contact"] = [(1_005.0, line), (1_006.0, json.dumps({"level": "INFO", "message": "fine"}))]
    assert list(watch.new_errors()) == []

    now[0] = 1_011.0
    (shown,) = watch.new_errors()

    assert shown.startswith("  ! deliver-contact: ERROR")
    assert "record failed  campaign_id=1" in shown

    now[0] = 1_030.0
    assert list(watch.new_errors()) == []


def test_services_that_are_gone_do_not_end_the_stack_with_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(first_steps.time, "time", lambda: now[0])

    def gone(_: str) -> Any:
        raise EndpointConnectionError(endpoint_url="x")

    watch = first_steps.ErrorWatch(SimpleNamespace(client=gone))  # type: ignore[arg-type]

    now[0] = 1_020.0
    assert list(watch.new_errors()) == []
