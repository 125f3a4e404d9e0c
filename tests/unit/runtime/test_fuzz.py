"""`make fuzz` finds what it looks for; a short run of it finds nothing."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from shared.adapters.intercom import signatures
from shared.adapters.referral_factory import webhook_secrets
from shared.errors import InvalidSignatureError
from shared.use_cases.connection import connect_intercom
from tests.fuzz import __main__ as fuzz
from tests.fuzz import targets


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["fuzz", *words])
    try:
        return fuzz.main(), capsys.readouterr().out
    finally:
        fuzz.logging.disable(fuzz.logging.NOTSET)


def test_a_short_run_finds_nothing_and_tries_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = run(monkeypatch, capsys, "--inputs", "780", "--seed", "5")
    assert status == 0, said
    assert "780 inputs, 0 found" in said, said
    assert said.count("        60  ") == 13, said


def accept_all(*_: Any) -> int:
    return 0


def refuse_nobody(header: str | None, body: bytes, secrets: Any) -> None:
    if body == b"never":
        raise InvalidSignatureError("never")


@pytest.mark.parametrize(
    ("module", "name", "broken", "target"),
    [
        (webhook_secrets, "check_secret", accept_all, "signup_without_the_secret"),
        (signatures, "check_hub_signature", refuse_nobody, "notification_without_a_signature"),
        (connect_intercom.hmac, "compare_digest", lambda *_: True, "way_back_from_intercom"),
        (targets, "fold_email", lambda email: email + "x", "addresses"),
        (targets, "is_deliverable", lambda email: time.sleep(0) or sum(range(9_000_000)) > 0, "addresses"),
        (targets, "role_of", lambda *_: targets.Role.ADMIN, "groups"),
        (targets.lists, "page_of", lambda *_, **__: {}["x"], "intercoms_answers"),
    ],
    ids=["secret", "signature", "state", "address", "slow", "group", "answer"],
)
def test_what_is_broken_is_found_and_can_be_played_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: Any, name: str, broken: Any, target: str
) -> None:
    monkeypatch.setattr(module, name, broken)
    status, said = run(monkeypatch, capsys, "--inputs", "40", "--only", target)
    assert (status, f"FOUND  {target}, --seed 1 --first " in said) == (1, True), said
