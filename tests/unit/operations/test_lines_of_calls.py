"""Each call leaves one line in the log: without personal data, and under the ids that the access log and Lambda give it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from functions.admin_api import handler as admin_api
from functions.console import handler as console_files
from functions.intercom_webhook import handler as intercom_webhook
from functions.signup_webhook import handler as signup_webhook
from shared.observability import logger
from tests.fakes.lambda_events import notification_event, webhook_event
from tests.support.admin_api import sample
from tests.support.builders import App
from tests.support.console_api import Console


class Lines(logging.Handler):
    """What is logged, as written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(json.dumps({"message": record.msg, **{name: getattr(record, name, None) for name in FIELDS}}))


FIELDS = ("method", "status")


@pytest.fixture
def lines() -> Iterator[list[str]]:
    handler = Lines()
    logger.addHandler(handler)
    yield handler.written
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/referrals", "email=ivo%40example.com", 200),
        ("/api/referrals/ivo@example.com", "", 404),
        ("/api/referrals", "limit=x", 400),
    ],
)
def test_a_call_of_the_api_is_one_line_without_the_person_it_was_about(
    lines: list[str], path: str, query: str, status: int
) -> None:
    console = Console()
    lines.clear()

    assert console.call("GET", path, query=query).status == status

    answered = [line for line in lines if "admin call answered" in line]
    assert answered == [json.dumps({"message": "admin call answered", "method": "GET", "status": status})]
    assert "ivo" not in "".join(lines)


def test_a_refused_call_is_logged_as_well(lines: list[str]) -> None:
    console = Console(claims={"groups": ["others"]})
    lines.clear()
    assert console.call("GET", "/api/campaigns").status == 403
    assert json.loads(lines[-1])["status"] == 403


def test_a_file_of_the_console_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_SCOPES", "SIGN_IN_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:8004")
    monkeypatch.setenv("STAGE", "local")
    console_files._settings.cache_clear()
    for path, status in (("/", 200), ("/console/nothing.js", 404)):
        event = {"rawPath": path, "headers": {}, "requestContext": {"requestId": "a1", "http": {"method": "GET"}}}
        assert console_files.lambda_handler(event, None)["statusCode"] == status
        (line,) = capsys.readouterr().out.splitlines()
        expected = {"level": "INFO", "message": "file answered", "method": "GET", "status": status, "request_id": "a1"}
        assert json.loads(line) == expected
    console_files._settings.cache_clear()


@pytest.mark.parametrize(
    ("function", "event", "status", "said"),
    [
        (signup_webhook, webhook_event({}, secret="wrong"), 401, "webhook answered"),
        (intercom_webhook, notification_event(b"{}", {}), 401, "notification answered"),
        (admin_api, sample("admin_api_get_campaign") | {"headers": {}}, 403, "admin call answered"),
    ],
)
def test_who_was_refused_is_found_in_the_log_by_the_ids_of_the_call(function: Any, event: Any, status: int, said: str) -> None:
    app, written = App(), io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logger.registered_formatter)
    event["requestContext"]["requestId"] = "of-the-access-log"
    logger.addHandler(handler)

    answer = app.invoke(function, event)
    logger.removeHandler(handler)

    (line,) = [json.loads(text) for text in written.getvalue().splitlines() if said in text]
    assert answer["statusCode"] == status
    assert line["status"] == status
    assert line["request_id"] == "of-the-access-log"
    assert line["function_request_id"] == "an-invocation"
