"""Serves a vendor's rules over real HTTP on the loopback interface, with faults on order and real outgoing webhooks."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote

from sandbox.guard import is_allowed
from sandbox.vendors.admin import PREFIX, Admin, Log, Vendor, read_small_json
from sandbox.vendors.faults import FaultOrder, FaultPlan
from sandbox.vendors.webhook_sender import WebhookSender
from sandbox.vendors.wire import Request, Response

HOST = "127.0.0.1"
MAX_BODY = 1024 * 1024
IDLE_SECONDS = 120.0
"""An idle connection is closed after this long."""

PROXY_PAGE = b"<html><head><title>Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class RunningServer:
    """A stand-in that is being served. Use it as a context manager, or call ``stop``."""

    def __init__(self, vendor: Vendor, port: int, clock: Callable[[], float], chance: random.Random) -> None:
        self.vendor = vendor
        self.clock = clock
        self.chance = chance
        self.lock = threading.Lock()
        self.faults = FaultPlan()
        self.calls = Log()
        self.webhooks = Log()
        self.stopping = threading.Event()
        self._admin = Admin(vendor, self.lock, self.faults, self.calls, self.webhooks)
        self._sender = WebhookSender(vendor, self.lock, clock, self.webhooks)
        self._http = _Server((HOST, port), self)
        self.port: int = self._http.server_address[1]
        self.url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.1}, name=f"{vendor.name}-http", daemon=True
        )
        self._thread.start()
        self._sender.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End all connections and threads; webhooks that are not sent yet are not sent."""
        if self.stopping.is_set():
            return
        self.stopping.set()
        self._http.shutdown()
        self._http.end_connections()
        self._http.server_close()
        self._thread.join(5)
        self._sender.stop()

    def send_webhooks_soon(self) -> None:
        """Wake the sender: a call may have caused a webhook."""
        self._sender.wake()

    def answer_quietly(self, request: Request) -> Response:
        """The answer to an admin call or a page: no faults, no log."""
        if request.path.startswith(PREFIX):
            return self._admin.answer(request)
        return self.answer_of_vendor(request)

    def answer_of_vendor(self, request: Request) -> Response:
        """The rules' answer; a mistake in the rules becomes a 500 and a traceback on stderr."""
        try:
            with self.lock:
                return self.vendor.answer(request)
        except Exception:  # noqa: BLE001 - the stand-in must go on serving, and the traceback says what was wrong
            traceback.print_exc(file=sys.stderr)
            return Response.of_json(500, {"error": "the stand-in has a bug; see its output"})

    def is_api_call(self, request: Request) -> bool:
        return not request.path.startswith(PREFIX) and self.vendor.is_api_call(request)

    def log_call(self, request: Request, status: int | None, fault: FaultOrder | None, started: float) -> None:
        """``status`` None: no answer was sent."""
        self.calls.add(
            {
                "time": started,
                "seconds": round(self.clock() - started, 6),
                "method": request.method,
                "path": request.path,
                "query": {name: list(values) for name, values in request.query.items()},
                "status": status,
                "fault": None if fault is None else fault.id,
                "body": read_small_json(request.body),
            }
        )


def serve(
    vendor: Vendor,
    port: int = 0,
    *,
    clock: Callable[[], float] = time.time,
    chance: random.Random | None = None,
) -> RunningServer:
    """Serve on 127.0.0.1 until ``stop``; port 0 picks a free one. ``clock`` is the one the vendor was given.

    Raises OSError when the port is taken.
    """
    return RunningServer(vendor, port, clock, chance or random.Random())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], running: RunningServer) -> None:
        self.running = running
        self._connections: set[socket.socket] = set()
        self._reset: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
            is_reset = request in self._reset
            self._reset.discard(request)
        if is_reset:
            # Without lingering, close sends a reset instead of an orderly end.
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def reset_connection(self, connection: socket.socket) -> None:
        with self._connections_lock:
            self._reset.add(connection)

    def end_connections(self) -> None:
        with self._connections_lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_SECONDS
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Say nothing: the log of calls is under /__admin/calls."""

    def version_string(self) -> str:
        return "nginx"

    def parse_request(self) -> bool:
        """Whether to go on: what another web page asks is refused."""
        if not super().parse_request():
            return False
        if is_allowed(self.command, self.headers.items(), self.server.running.port):
            return True
        self.close_connection = True
        self._send(Response.of_json(403, {"error": "no page but this machine's own may ask"}))
        return False

    def answer_request(self) -> None:
        running = self.server.running
        request = self._read_request()
        if request is None:
            return
        if running.is_api_call(request):
            self._answer_api_call(running, request)
        else:
            self._send(running.answer_quietly(request))
        running.send_webhooks_soon()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer_request  # noqa: N815 - the base class looks for these names

    def _read_request(self) -> Request | None:
        """None when the body is too long or its length is not given; the refusal is sent already."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            return self._refuse_unread(411)
        if int(length) > MAX_BODY:
            return self._refuse_unread(413)
        body = self.rfile.read(int(length)) if int(length) else b""
        request = Request.of(self.command, self.path, dict(self.headers.items()), body)
        return replace(request, path=unquote(request.path))

    def _refuse_unread(self, status: int) -> None:
        self.close_connection = True
        self._send(Response.of_json(status, {"error": "length required" if status == 411 else "too long"}))

    def _answer_api_call(self, running: RunningServer, request: Request) -> None:
        started = running.clock()
        fault = running.faults.choose(request, running.chance)
        if fault is None:
            response = running.answer_of_vendor(request)
            running.log_call(request, response.status or None, None, started)
            self._wait_as_the_rules_ask(running, response)
            self._send(response)
            return
        if fault.seconds and running.stopping.wait(fault.seconds):
            self.close_connection = True
            return
        self._play(running, request, fault, started)

    def _wait_as_the_rules_ask(self, running: RunningServer, response: Response) -> None:
        """The rules cannot sleep: they name the seconds by which an answer comes late, after its webhooks."""
        late = float(response.headers.get("X-Stand-In-Delay", 0))
        if late:
            running.send_webhooks_soon()
            running.stopping.wait(late)

    def _play(self, running: RunningServer, request: Request, fault: FaultOrder, started: float) -> None:
        response = _answer_under(fault, running, request)
        if fault.kind in {"reset", "lost_answer", "hang"}:
            running.log_call(request, None, fault, started)
            self.close_connection = True
            if fault.kind == "reset":
                self.server.reset_connection(self.connection)
            return
        running.log_call(request, response.status, fault, started)
        self._send(response, truncated=fault.kind == "truncated")

    def _send(self, response: Response, *, truncated: bool = False) -> None:
        if response.status == 0:
            self.close_connection = True
            self.server.reset_connection(self.connection)
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status not in {204, 304}:
            self.send_header("Content-Length", str(len(response.body)))
        if truncated:
            self.close_connection = True
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body[: len(response.body) // 2] if truncated else response.body)
        self.wfile.flush()


def _answer_under(fault: FaultOrder, running: RunningServer, request: Request) -> Response:
    """The answer that the fault lets out; the vendor's rules run only if the effect is to happen."""
    if fault.kind in {"delay", "hang", "lost_answer", "truncated"}:
        return running.answer_of_vendor(request)
    if fault.kind == "html":
        headers = {"Content-Type": "text/html; charset=utf-8", **fault.headers}
        return Response(fault.status, headers, PROXY_PAGE if fault.body is None else fault.body.encode())
    with running.lock:
        usual = running.vendor.refuse(fault.status)
    status = 200 if fault.kind == "error_list_200" else fault.status
    body = usual.body if fault.body is None else fault.body.encode()
    return Response(status, {**usual.headers, **fault.headers}, body)
