"""The transport over real sockets: bounded in time and size, to known hosts only, nothing sent twice."""

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator

import pytest

from shared.adapters.http.transport import HttpResponse, RequestsTransport
from shared.errors import ConfigurationError, RefusedError, UnavailableError
from tests.support.raw_server import RawServer, answering, reset, serving

Sender = Callable[..., HttpResponse]


@pytest.fixture
def send() -> Iterator[Sender]:
    made: list[RequestsTransport] = []

    def call(server: RawServer, method: str = "GET", body: bytes | None = None, timeout: float = 5.0) -> HttpResponse:
        if not made:
            made.append(RequestsTransport([server.url], body_limit=10_000))
        return made[0].send(method, server.url + "/path?a=b", {"Authorization": "Bearer t"}, body, timeout)

    yield call
    for transport in made:
        transport.close()


def test_an_answer_comes_with_lower_case_headers_over_one_connection(send: Sender) -> None:
    with serving(answering(b'{"a":1}', "X-RateLimit-Reset: 5", status="404 Not Found")) as server:
        for _ in range(3):
            answer = send(server, "POST", b"{}")
            assert answer.status == 404
            assert answer.body == b'{"a":1}'
            assert answer.headers["x-ratelimit-reset"] == "5"
        assert server.connections == 1
        assert server.requests[0].startswith(b"POST /path?a=b HTTP/1.1\r\n")
        assert b"Authorization: Bearer t" in server.requests[0]


def test_other_hosts_are_not_called() -> None:
    transport = RequestsTransport(["https://api.intercom.io"])
    for url in (
        "http://api.intercom.io/me",
        "https://api.intercom.io:444/me",
        "https://api.intercom.io.evil.example/",
        "https://api.intercom.io@evil.example/",
        "ftp://api.intercom.io/",
        "nonsense",
    ):
        with pytest.raises(ConfigurationError):
            transport.send("GET", url, {}, None, 1)


def test_redirects_are_answered_not_followed(send: Sender) -> None:
    with serving(answering(b"", "Location: http://127.0.0.1:1/", status="302 Found")) as server:
        assert send(server).status == 302


def test_nothing_is_sent_twice_when_the_connection_breaks(send: Sender) -> None:
    with serving(reset) as server:
        with pytest.raises(UnavailableError) as failure:
            send(server, "POST", b"{}")
        assert not isinstance(failure.value, RefusedError)
        assert len(server.requests) == 1


def test_a_refused_connection_is_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(RefusedError):
        RequestsTransport([url]).send("GET", url, {}, None, 1)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ids=["nothing", "header", "body", "chunks"],
)
def test_a_dripping_answer_ends_by_the_timeout(send: Sender, start: bytes) -> None:
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(start)
        while not over.wait(0.05):
            connection.sendall(b"1")

    with serving(drip) as server:
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            send(server, timeout=0.5)
        assert time.monotonic() - began < 10.0, "the shortest of these answers drips for 25 s"
        over.set()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"not http at all\r\n\r\n",
    ],
)
def test_half_an_answer_counts_as_no_answer(send: Sender, answer: bytes) -> None:
    def half(connection: socket.socket) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    with serving(half) as server, pytest.raises(UnavailableError):
        send(server)


def test_compressed_answers_are_read(send: Sender) -> None:
    with serving(answering(gzip.compress(b"hello"), "Content-Encoding: gzip")) as server:
        assert send(server).body == b"hello"
        assert send(server).body == b"hello"
        assert server.connections == 1


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"x" * 10_001, "identity"),
        (gzip.compress(b"x" * 50_000_000), "gzip"),
        (zlib.compress(b"x" * 10_001), "deflate"),
        (gzip.compress(b"hello")[:-3], "gzip"),
        (b"hello", "gzip"),
        (b"hello", "br"),
    ],
    ids=["long", "bomb", "deflate bomb", "cut", "not gzip", "not asked for"],
)
def test_what_is_too_large_or_not_decodable_is_no_answer(send: Sender, body: bytes, encoding: str) -> None:
    with serving(answering(body, f"Content-Encoding: {encoding}")) as server, pytest.raises(UnavailableError):
        send(server)
