"""Events of API Gateway as requests, and answers as events."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import MalformedPayloadError
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer, problem, too_large


def test_a_request_has_all_that_was_sent() -> None:
    request = HttpRequest.of(
        {
            "routeKey": "POST /x/{a}",
            "rawPath": "/x/é",
            "rawQueryString": "a=1&a=2&b=&c=%C3%A9+%2B",
            "headers": {"Content-Type": "text/plain"},
            "pathParameters": {"a": "é"},
            "requestContext": {"http": {"method": "post"}, "authorizer": {"jwt": {"claims": {"sub": "x"}}}},
            "body": base64.b64encode(b"\xff\x00").decode(),
            "isBase64Encoded": True,
        }
    )

    assert request.method == "POST"
    assert request.path == "/x/é"
    assert request.path_parameters == {"a": "é"}
    assert request.claims == {"sub": "x"}
    assert request.query == {"a": ("1", "2"), "b": ("",), "c": ("é +",)}
    assert (request.header("content-TYPE"), request.header("none")) == ("text/plain", "")
    assert request.body == b"\xff\x00"


def test_an_event_with_nothing_is_a_request() -> None:
    request = HttpRequest.of({})

    assert request.method == ""
    assert request.path == "/"
    assert request.body == b""
    assert request.claims == {}
    assert request.query == {}


@pytest.mark.parametrize("body", ["é!", "a", "YQ=", "YQ==\n!", "Y Q="])
def test_base64_is_read_strictly(body: str) -> None:
    with pytest.raises(MalformedPayloadError):
        HttpRequest.of({"body": body, "isBase64Encoded": True})


def test_half_of_a_pair_never_fails() -> None:
    assert HttpRequest.of({"body": "\ud800"}).body == b"\xed\xa0\x80"


@pytest.mark.parametrize(
    ("body", "is_encoded", "limit", "large"),
    [
        (None, False, 0, False),
        ("abc", False, 3, False),
        ("abcd", False, 3, True),
        ("éé", False, 3, True),
        ("\ud800", False, 2, True),
        (base64.b64encode(b"abcd").decode(), True, 4, False),
        (base64.b64encode(b"abcd").decode(), True, 3, True),
        (base64.b64encode(b"abc").decode(), True, 3, False),
    ],
)
def test_the_size_is_known_before_anything_is_decoded(body: str | None, is_encoded: bool, limit: int, large: bool) -> None:
    assert too_large({"body": body, "isBase64Encoded": is_encoded}, limit) is large


def test_an_answer_of_bytes_is_encoded() -> None:
    event = HttpAnswer(200, {"Cache-Control": "no-cache"}, b"\xff").event()
    assert event["body"] == "/w=="
    assert event["isBase64Encoded"] is True
    assert event["headers"]["cache-control"] == "no-cache"


def test_a_problem_says_what_it_is() -> None:
    answer = problem(422, "Invalid", "Because é.", errors=[1])
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(str(answer.body)) == {
        "type": "about:blank",
        "title": "Invalid",
        "status": 422,
        "detail": "Because é.",
        "errors": [1],
    }


def test_no_answer_holds_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_answer(200, {"a": float("nan")})


def test_the_module_loads_nothing_heavy() -> None:
    code = "import sys, shared.runtime.http; print([m for m in ('pydantic', 'requests', 'boto3') if m in sys.modules])"
    root = Path(__file__).parents[3]
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert shown.stdout.strip() == "[]"
