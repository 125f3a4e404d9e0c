"""Which callers a port of the local stack answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.guard import KEY_HEADER, AwsGuard, is_allowed

HOST = ("Host", "127.0.0.1:8000")
NAVIGATION = (("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"))
KEY = "LOCAL1234567890"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", (HOST,)),
        ("GET", (("host", "LOCALHOST:8000"),)),
        ("PUT", (HOST, ("Origin", "http://127.0.0.1:8000"), ("Sec-Fetch-Site", "same-origin"))),
        ("POST", (HOST, ("Origin", "http://localhost:8000"))),
        ("POST", (HOST, ("Origin", "http://127.0.0.1:8004"), ("Sec-Fetch-Site", "same-site"))),
        ("POST", (HOST, ("Origin", "null"), ("Sec-Fetch-Site", "same-origin"))),
        ("GET", (HOST, ("Sec-Fetch-Site", "none"))),
        ("GET", (HOST, ("Sec-Fetch-Site", "cross-site"), *NAVIGATION)),
    ],
)
def test_programs_and_the_stacks_own_pages_are_answered(method: str, headers: tuple[tuple[str, str], ...]) -> None:
    assert is_allowed(method, headers, 8000, [8004])


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", ()),
        ("GET", (("Host", "evil.example.com"),)),
        ("GET", (("Host", "evil.example.com:8000"),)),
        ("GET", (("Host", "127.0.0.1"),)),
        ("GET", (("Host", "127.0.0.1:8001"),)),
        ("GET", (("Host", "127.0.0.1:8000.evil.example.com"),)),
        ("GET", (("Host", "127.0.0.1.nip.io:8000"),)),
        ("GET", (HOST, ("host", "evil.example.com"))),
        ("POST", (HOST, ("Origin", "https://evil.example.com"))),
        ("POST", (HOST, ("Origin", "https://127.0.0.1:8000"))),
        ("POST", (HOST, ("Origin", "http://127.0.0.1:3000"))),
        ("POST", (HOST, ("Origin", "null"))),
        ("POST", (HOST, ("Origin", ""))),
        ("POST", (HOST, ("Origin", "http://127.0.0.1:8000"), ("Origin", "https://evil.example.com"))),
        ("GET", (HOST, ("Sec-Fetch-Site", "cross-site"))),
        ("GET", (HOST, ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image"))),
        ("GET", (HOST, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe"))),
        ("POST", (HOST, ("Sec-Fetch-Site", "cross-site"), *NAVIGATION)),
    ],
)
def test_other_web_pages_are_not(method: str, headers: tuple[tuple[str, str], ...]) -> None:
    assert not is_allowed(method, headers, 8000, [8004])


def call(headers: dict[str, str], query: str = "", kind: str = "http") -> tuple[list[Any], list[Any]]:
    """What the guard sent, and what the application behind it got."""
    sent: list[Any] = []
    passed: list[Any] = []

    async def application(scope: Any, _: Any, send: Any) -> None:
        passed.append(scope)
        answer = [(b"Access-Control-Allow-Origin", b"*"), (b"x-kept", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": answer})

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    async def send(message: Any) -> None:
        sent.append(message)

    pairs = [(name.lower().encode(), value.encode()) for name, value in {"Host": "127.0.0.1:8003", **headers}.items()]
    scope = {"type": kind, "method": "POST", "headers": pairs, "query_string": query.encode(), "path": "/"}
    asyncio.run(AwsGuard(application, 8003, KEY)(scope, receive, send))
    return sent, passed


SIGNED = {"Authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20261130/eu-central-1/s3/aws4_request, Signature=1"}


@pytest.mark.parametrize(
    ("headers", "query"), [(SIGNED, ""), ({}, f"X-Amz-Credential={KEY}%2F20261130%2Feu-central-1"), ({KEY_HEADER: KEY}, "")]
)
def test_aws_is_spoken_with_this_runs_key(headers: dict[str, str], query: str) -> None:
    sent, passed = call(headers, query)
    assert sent == [{"type": "http.response.start", "status": 200, "headers": [(b"x-kept", b"1")]}]
    assert KEY_HEADER.encode() not in dict(passed[0]["headers"])


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, ""),
        ({"Authorization": "Bearer x"}, ""),
        ({"Authorization": SIGNED["Authorization"].replace(KEY, "test")}, ""),
        ({"Authorization": SIGNED["Authorization"].replace(KEY, "000000000000")}, ""),
        ({"Authorization": SIGNED["Authorization"].replace(KEY, KEY + "1")}, ""),
        ({KEY_HEADER: ""}, ""),
        ({}, f"AWSAccessKeyId={KEY}"),
        ({**SIGNED, "Host": "evil.example.com:8003"}, ""),
        ({**SIGNED, "Origin": "https://evil.example.com"}, ""),
        ({**SIGNED, "Origin": "http://127.0.0.1:8003"}, ""),
        ({**SIGNED, "Sec-Fetch-Site": "same-origin"}, ""),
    ],
)
def test_without_it_or_from_a_page_nothing_reaches_ministack(headers: dict[str, str], query: str) -> None:
    sent, passed = call(headers, query)
    assert (sent[0]["status"], passed) == (403, [])


def test_web_sockets_are_closed() -> None:
    assert call(SIGNED, kind="websocket") == ([{"type": "websocket.close", "code": 1008}], [])


def test_an_empty_key_opens_nothing() -> None:
    with pytest.raises(ValueError, match="key"):
        AwsGuard(None, 1, "")  # type: ignore[arg-type]
