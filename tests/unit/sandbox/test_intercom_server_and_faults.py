"""The fault plan and the server that plays it."""

from __future__ import annotations

import http.client
import http.server
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.vendors.faults import FaultPlan, MalformedFaultError
from sandbox.vendors.server import MAX_BODY, RunningServer, serve
from sandbox.vendors.wire import OutgoingWebhook, Request, Response


class CountingVendor:
    """The smallest vendor: counts the calls that took effect."""

    name = "counting"

    def __init__(self) -> None:
        self.effects: list[str] = []
        self.due: list[OutgoingWebhook] = []
        self.results: list[tuple[OutgoingWebhook, int | None]] = []
        self.settings: dict[str, Any] = {"lag": 1}

    def answer(self, request: Request) -> Response:
        self.effects.append(f"{request.method} {request.path}")
        if request.path == "/bug":
            raise KeyError("bug")
        if request.path == "/closed":
            return Response(0)
        return Response.of_json(200, {"count": len(self.effects), "sent": request.body.decode()})

    def is_api_call(self, request: Request) -> bool:
        return not request.path.startswith("/ui")

    def refuse(self, status: int) -> Response:
        return Response.of_json(status, {"type": "error.list", "status": status})

    def take_webhooks(self, now: float) -> list[OutgoingWebhook]:
        due, self.due = self.due, []
        return due

    def webhook_answered(self, webhook: OutgoingWebhook, status: int | None) -> None:
        self.results.append((webhook, status))

    def read_settings(self) -> dict[str, Any]:
        return dict(self.settings)

    def change_settings(self, changes: dict[str, Any]) -> None:
        if set(changes) - set(self.settings):
            raise ValueError("unknown setting")
        self.settings.update(changes)

    def reset(self, *, settings: bool = False) -> None:
        self.effects.clear()


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with serve(CountingVendor(), chance=random.Random(1)) as running:
        yield running


def call(server: RunningServer, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def read(server: RunningServer, path: str) -> Any:
    return json.loads(call(server, "GET", path)[1])


def a_request(method: str = "GET", target: str = "/contacts") -> Request:
    return Request.of(method, target)


def test_the_first_order_that_fits_is_played_and_counted_off() -> None:
    plan = FaultPlan()
    plan.add([{"kind": "status", "path": "^/tags"}, {"kind": "reset", "method": "get|head", "times": 2}])
    chance = random.Random(1)

    assert plan.choose(a_request("POST"), chance) is None
    assert [getattr(plan.choose(a_request(), chance), "kind", None) for _ in range(3)] == ["reset", "reset", None]
    assert [order.kind for order in plan.orders()] == ["status"]


def test_probability_is_a_share_of_the_calls() -> None:
    plan = FaultPlan()
    plan.add({"kind": "status", "probability": 0.2})
    chance = random.Random(7)

    played = sum(plan.choose(a_request(), chance) is not None for _ in range(2000))

    assert 320 < played < 480


def test_an_order_with_a_known_id_takes_its_place() -> None:
    plan = FaultPlan()
    plan.add({"id": "one", "kind": "status", "status": 500})
    plan.add({"id": "one", "kind": "status", "status": 429})

    assert [order.status for order in plan.orders()] == [429]
    assert plan.remove("one")
    assert not plan.remove("one")


@pytest.mark.parametrize(
    "document",
    [
        [],
        "reset",
        {"kind": "nova"},
        {"kind": "status", "status": 99},
        {"kind": "status", "probability": 2},
        {"kind": "delay", "seconds": -1},
        {"kind": "status", "path": "("},
        {"kind": "status", "surprise": 1},
        {"kind": "status", "times": True},
    ],
)
def test_a_malformed_order_is_refused_with_a_reason(document: object) -> None:
    if document == []:
        assert FaultPlan().add(document) == []
        return
    with pytest.raises(MalformedFaultError):
        FaultPlan().add(document)


def test_counting_off_is_safe_between_threads() -> None:
    plan = FaultPlan()
    plan.add({"kind": "status", "times": 100})
    played: list[int] = []

    def choose_many() -> None:
        chance = random.Random(1)
        played.append(sum(plan.choose(a_request(), chance) is not None for _ in range(100)))

    threads = [threading.Thread(target=choose_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(played) == 100


@pytest.mark.parametrize(
    ("order", "status", "happened"),
    [
        ({"kind": "status", "status": 503}, 503, False),
        ({"kind": "html"}, 502, False),
        ({"kind": "error_list_200"}, 200, False),
        ({"kind": "delay", "seconds": 0.05}, 200, True),
        ({"kind": "reset"}, None, False),
        ({"kind": "lost_answer"}, None, True),
        ({"kind": "hang", "seconds": 0.05}, None, True),
        ({"kind": "truncated"}, "half", True),
    ],
)
def test_each_kind_of_fault(server: RunningServer, order: dict[str, Any], status: Any, happened: bool) -> None:
    server.faults.add(order)
    if status is None:
        with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
            call(server, "POST", "/contacts", {})
    elif status == "half":
        with pytest.raises(http.client.IncompleteRead):
            call(server, "POST", "/contacts", {})
    else:
        assert call(server, "POST", "/contacts", {})[0] == status
    assert server.vendor.effects == (["POST /contacts"] if happened else [])


def test_a_status_fault_can_bring_headers_and_a_body(server: RunningServer) -> None:
    order = {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}, "body": "slow down", "times": 1}
    assert call(server, "POST", "/__admin/faults", order)[0] == 200
    assert call(server, "GET", "/contacts") == (429, b"slow down")
    assert read(server, "/__admin/faults") == {"faults": []}


def test_a_delay_holds_up_no_other_call(server: RunningServer) -> None:
    server.faults.add({"kind": "delay", "seconds": 60.0, "path": "^/slow", "times": 1})
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(f"GET /slow HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
        while read(server, "/__admin/faults")["faults"]:
            time.sleep(0.01)
        assert call(server, "GET", "/quick")[0] == 200
        slow.setblocking(False)
        with pytest.raises(BlockingIOError):
            slow.recv(1)


def test_faults_spare_pages_and_the_admin_calls(server: RunningServer) -> None:
    server.faults.add({"kind": "reset"})

    assert call(server, "GET", "/ui")[0] == 200
    assert [order["kind"] for order in read(server, "/__admin/faults")["faults"]] == ["reset"]
    assert call(server, "DELETE", "/__admin/faults")[0] == 200
    assert call(server, "GET", "/contacts")[0] == 200


def test_calls_are_logged_with_their_bodies(server: RunningServer) -> None:
    call(server, "POST", "/contacts?a=1", {"email": "ada@example.com"})
    call(server, "GET", "/ui")
    call(server, "GET", "/tags")

    calls = read(server, "/__admin/calls")["calls"]

    assert [(one["method"], one["path"], one["status"]) for one in calls] == [
        ("POST", "/contacts", 200),
        ("GET", "/tags", 200),
    ]
    assert calls[0]["body"] == {"email": "ada@example.com"}
    assert calls[0]["query"] == {"a": ["1"]}
    assert read(server, f"/__admin/calls?since={calls[0]['sequence']}")["calls"] == calls[1:]

    call(server, "DELETE", "/__admin/calls")

    assert read(server, "/__admin/calls")["calls"] == []


def test_settings_and_reset(server: RunningServer) -> None:
    assert call(server, "PUT", "/__admin/settings", {"lag": 5})[0] == 200
    assert read(server, "/__admin/settings") == {"lag": 5}
    assert call(server, "PUT", "/__admin/settings", {"surprise": 5})[0] == 400

    call(server, "GET", "/contacts")

    assert call(server, "POST", "/__admin/reset")[0] == 200
    assert server.vendor.effects == []
    assert read(server, "/__admin/calls")["calls"] == []


def test_a_page_of_another_origin_cannot_use_the_admin_calls(server: RunningServer) -> None:
    assert call(server, "POST", "/__admin/reset", Origin="http://evil.example.com")[0] == 403


def test_odd_calls_do_not_end_the_server(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(server, "GET", "/bug")[0] == 500
    assert "KeyError" in capsys.readouterr().err

    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        call(server, "GET", "/closed")
    assert call(server, "POST", "/contacts", **{"Content-Length": str(MAX_BODY + 1)})[0] == 413
    assert call(server, "POST", "/contacts", **{"Transfer-Encoding": "chunked"})[0] == 411
    assert call(server, "HEAD", "/contacts") == (200, b"")


def test_several_calls_use_one_connection(server: RunningServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    for _ in range(3):
        connection.request("POST", "/contacts", b"{}")
        assert connection.getresponse().read()
        assert connection.sock is not None
    connection.close()


class _Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, self.headers["X-Name"], body))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_due_webhooks_are_sent_and_their_answers_are_reported(server: RunningServer) -> None:
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    receiver.received = []
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    good = OutgoingWebhook(
        "counting", "POST", f"http://127.0.0.1:{receiver.server_port}/hook?x=1", {"X-Name": "n"}, b'{"a": 1}', name="t"
    )
    nobody = OutgoingWebhook("counting", "POST", "http://127.0.0.1:9/", {}, b"{}")
    with server.lock:
        server.vendor.due = [good, nobody]
    deadline = time.monotonic() + 30
    while len(server.vendor.results) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    receiver.shutdown()
    receiver.server_close()

    thread.join()

    assert receiver.received == [("/hook?x=1", "n", b'{"a": 1}')]
    assert {(webhook.url, status) for webhook, status in server.vendor.results} == {(good.url, 202), (nobody.url, None)}

    logged = {entry["url"]: entry for entry in read(server, "/__admin/webhooks")["webhooks"]}
    assert logged[good.url]["status"] == 202
    assert logged[good.url]["body"] == {"a": 1}
    assert "refused" in logged[nobody.url]["problem"]
