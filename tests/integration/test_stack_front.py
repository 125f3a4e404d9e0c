"""What passes through the front, ministack's HTTP API and the bridge."""

from __future__ import annotations

import concurrent.futures
import hashlib
import http.client
import socket
import time
from collections.abc import Iterator

import pytest
import requests

from sandbox.stack.stack import Stack
from tests.integration.over_http import CALL_SECONDS

pytestmark = pytest.mark.stack

BODIES = {
    "spaces and line ends": b'{ "a" :\r\n\t1 }\n',
    "escapes and emoji": '{"a": "\\u0000 \U0001f600 שלום"}'.encode(),
    "byte order mark": b"\xef\xbb\xbf{}",
    "NUL": b'{"a": "\x00"}',
    "no JSON": b"}{",
    "a form": b"a=1&b=%20+x",
    "64 kB": b"x" * 65_536,
}


@pytest.fixture
def http_session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("media", ["application/json", "application/x-www-form-urlencoded", None])
def test_a_body_arrives_byte_for_byte(echo_stack: Stack, http_session: requests.Session, name: str, media: str | None) -> None:
    headers = {"Content-Type": media} if media else {}
    answer = http_session.post(f"{echo_stack.url}/open/1", data=BODIES[name], headers=headers, timeout=CALL_SECONDS)
    assert answer.status_code == 200
    assert answer.json()["digest"] == hashlib.sha256(BODIES[name]).hexdigest()


def test_bytes_that_are_no_text_arrive_too(echo_stack: Stack, http_session: requests.Session) -> None:
    body = bytes(range(256))
    headers = {"Content-Type": "application/octet-stream"}
    answer = http_session.post(f"{echo_stack.url}/open/1", data=body, headers=headers, timeout=CALL_SECONDS)
    assert answer.json()["digest"] == hashlib.sha256(body).hexdigest()


def test_a_chunked_body_arrives_whole(echo_stack: Stack, http_session: requests.Session) -> None:
    chunks = [b"a" * 1000, b"b" * 70_000, b"c"]
    answer = http_session.post(f"{echo_stack.url}/open/1", data=iter(chunks), timeout=CALL_SECONDS)
    assert answer.json()["digest"] == hashlib.sha256(b"".join(chunks)).hexdigest()


def test_query_path_and_headers_arrive_as_sent_and_nothing_is_added(echo_stack: Stack, http_session: requests.Session) -> None:
    headers = {"X-Hub-Signature": "sha1=Ab", "Content-Type": "text/plain"}
    answer = http_session.post(f"{echo_stack.url}/open/a%20b?x=1&x=%2F&y=", data=b"-", headers=headers, timeout=CALL_SECONDS)

    event = answer.json()["event"]
    assert event["rawQueryString"] == "x=1&x=%2F&y="
    assert event["pathParameters"] == {"id": "a b"}
    assert event["headers"]["x-hub-signature"] == "sha1=Ab"
    assert event["headers"]["host"] == echo_stack.url.removeprefix("http://")
    assert set(event["headers"]) == {
        *("host", "user-agent", "accept-encoding", "accept", "connection", "content-length", "content-type"),
        "x-hub-signature",
    }
    assert answer.headers["X-Mixed-Case"] == "kept"


def test_head_is_answered_without_a_body_and_the_connection_goes_on(echo_stack: Stack) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", echo_stack.ports.base, timeout=CALL_SECONDS)
    try:
        for method in ("HEAD", "POST", "HEAD"):
            connection.request(method, "/open/1")
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200
            assert bool(content) == (method == "POST")
    finally:
        connection.close()


def test_an_unknown_route_is_404(echo_stack: Stack, http_session: requests.Session) -> None:
    for method, path in (("GET", "/"), ("GET", "/open/1"), ("POST", "/open"), ("POST", "/apix")):
        assert http_session.request(method, echo_stack.url + path, timeout=CALL_SECONDS).status_code == 404


def test_a_body_over_10_mb_is_413_as_on_aws(echo_stack: Stack, http_session: requests.Session) -> None:
    body = b"x" * (10 * 1024 * 1024 + 1)
    assert http_session.post(f"{echo_stack.url}/open/1", data=body, timeout=CALL_SECONDS).status_code == 413
    connection = http.client.HTTPConnection("127.0.0.1", echo_stack.ports.base, timeout=CALL_SECONDS)
    try:
        connection.request("POST", "/open/1", iter([b"y" * 6_000_000] * 2), encode_chunked=True)
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pytest.fail("the answer was lost")
    finally:
        connection.close()


@pytest.mark.parametrize(
    "head",
    [
        b"GET\r\n\r\n",
        b"GET http://elsewhere/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
        b"POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_a_malformed_request_is_400_and_the_connection_ends(echo_stack: Stack, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", echo_stack.ports.base), timeout=CALL_SECONDS) as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        content = b""
        while received := connection.recv(4096):
            content += received
    assert content.startswith(b"HTTP/1.1 400 ")


def test_an_idle_connection_is_usable_after_ministack_dropped_its_own(echo_stack: Stack) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", echo_stack.ports.base, timeout=CALL_SECONDS)
    try:
        for pause in (0.0, 6.0, 0.0):
            time.sleep(pause)
            connection.request("POST", "/open/1", b"x")
            answer = connection.getresponse()
            assert answer.status == 200
            answer.read()
            local = connection.sock
        assert connection.sock is local
    finally:
        connection.close()


def test_a_hundred_signups_at_once_are_all_answered(echo_stack: Stack) -> None:
    def call(number: int) -> int:
        return requests.post(f"{echo_stack.url}/open/{number}", data=b"{}", timeout=60).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(call, range(100))) == {200}
