"""Schemathesis plays /api/openapi.json against the local stack: no 500, and no answer that the description does not name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox.stack.settings import StackSettings
from sandbox.stack.stack import Stack
from tests.browser.windows import CALL_SECONDS, call
from tests.integration.conftest import need_ministack
from tests.support.documents import example

pytestmark = [pytest.mark.browser, pytest.mark.stack]
EXAMPLES = os.environ.get("API_EXAMPLES", "6")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LONGEST = 240.0


def test_schemathesis_finds_no_500_and_no_undocumented_answer(tmp_path: Path) -> None:
    """In a stack of its own, for it disconnects vendors and discards what it can."""
    program = shutil.which("st", path=str(Path(sys.executable).parent))
    if program is None:
        text = "schemathesis is not installed here; `make browser-test` installs and runs it"
        pytest.fail(text) if os.environ.get("NEED_BROWSER") == "1" else pytest.skip(text)
    need_ministack()

    with Stack(StackSettings(search_lag=0.0)) as stack:
        call(stack, "PUT", "/api/campaigns/1", example())
        for body in (b'{"id": 1, "first_name": "A", "email": "a@example.com"}', b"{unreadable"):
            headers = {"X-Webhook-Secret": stack.settings.webhook_secret, "Content-Type": "application/json"}
            address = f"{stack.url}/webhooks/referral-factory/1/joined"
            assert requests.post(address, data=body, headers=headers, timeout=CALL_SECONDS).status_code == 202
        description = tmp_path / "openapi.json"
        description.write_text(json.dumps(call(stack, "GET", "/api/openapi.json")))
        command = [program, "run", str(description), "--url", stack.url, "-H", f"Authorization: Bearer {stack.token()}"]
        command += ["--phases", "fuzzing", "--max-examples", EXAMPLES, "--checks", CHECKS, "--generation-deterministic"]
        command += ["--request-timeout", str(CALL_SECONDS), "--suppress-health-check", "all", "--no-color"]
        played = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False, cwd=tmp_path)
    assert played.returncode == 0, played.stdout[-8_000:] + played.stderr[-2_000:]
    assert "passed" in played.stdout
