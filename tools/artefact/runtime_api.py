"""A Lambda Runtime API on the loopback interface, for one environment that answers one event after the other.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PREFIX = "/2018-06-01/runtime/"
DEADLINE_SECONDS = 60.0
UNAVAILABLE = 503
"""Played once more, as a vendor would: receivers have little patience, and this machine may have much else to do."""
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:artefact:live"


class RuntimeApi:
    """Hands ``events`` out by name. ``answers``: what came back; ``errors``: what failed, at ``init`` or in an event."""

    def __init__(self, events: Mapping[str, Any]) -> None:
        self.answers: dict[str, Any] = {}
        self.errors: dict[str, str] = {}
        self.ended = threading.Event()
        self._events = events
        self._waiting = list(events.items())
        api = self

        class Handler(_Handler):
            owner = api

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self) -> tuple[str, Any] | None:
        """The next event; None, and the end, once all have been handed out."""
        if self._waiting:
            return self._waiting.pop(0)
        self.ended.set()
        return None

    def note(self, path: Sequence[str], body: bytes) -> None:
        match path:
            case ["init", "error"]:
                self.errors["init"] = _reason(body)
                self.ended.set()
            case ["invocation", name, "error"]:
                self.errors[name] = _reason(body)
            case ["invocation", name, "response"]:
                answer = json.loads(body)
                if name not in self.answers and isinstance(answer, dict) and answer.get("statusCode") == UNAVAILABLE:
                    self._waiting.append((name, self._events[name]))
                self.answers[name] = answer


class _Handler(BaseHTTPRequestHandler):
    owner: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        taken = self.owner.take()
        if taken is None:
            time.sleep(DEADLINE_SECONDS)  # as Lambda's, which freezes an environment that has nothing to do
            return
        name, event = taken
        body = json.dumps(event).encode()
        self.send_response(200)
        for header, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Lambda-Runtime-Aws-Request-Id": name,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + DEADLINE_SECONDS) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
        }.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.owner.note(self.path.removeprefix(PREFIX).split("/"), body)
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: what matters is in the answers."""


def _reason(body: bytes) -> str:
    said = json.loads(body)
    return f"{said.get('errorType')}: {said.get('errorMessage')}"
