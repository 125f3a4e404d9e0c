"""What the tests and benches ask of a stand-in under ``/__admin/``: faults, settings, logs, a fresh start."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from sandbox.vendors.faults import FaultPlan, MalformedFaultError
from sandbox.vendors.wire import OutgoingWebhook, Request, Response

PREFIX = "/__admin/"
MAX_LOGGED_BODY = 8192
MAX_LOGGED_CALLS = 20_000


class Vendor(Protocol):
    """A vendor's rules, as the server needs them. Every method is called under one lock, by one thread at a time."""

    name: str

    def answer(self, request: Request) -> Response:
        """A response with status 0 means: close the connection without an answer."""

    def is_api_call(self, request: Request) -> bool:
        """Whether faults apply and the call is logged; False for pages."""

    def refuse(self, status: int) -> Response:
        """The vendor's usual error answer of that status; nothing else happens."""

    def take_webhooks(self, now: float) -> list[OutgoingWebhook]:
        """The calls that are due at ``now`` (seconds of the clock the vendor uses); each is given out once."""

    def webhook_answered(self, webhook: OutgoingWebhook, status: int | None) -> None:
        """The result of a call that was given out; None when there was no answer in time."""

    def read_settings(self) -> dict[str, Any]:
        """The settings as JSON."""

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Change the named settings; raises ValueError with the reason, and then changes none."""

    def reset(self, *, settings: bool = False) -> None:
        """Forget everything and seed again; the settings as well if asked."""


class Log:
    """A bounded log with sequence numbers from 1. Safe to use from several threads."""

    def __init__(self, limit: int = MAX_LOGGED_CALLS) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=limit)
        self._lock = threading.Lock()
        self._last = 0

    def add(self, entry: dict[str, Any]) -> None:
        with self._lock:
            self._last += 1
            self._entries.append({"sequence": self._last, **entry})

    def since(self, sequence: int = 0) -> list[dict[str, Any]]:
        """The entries after that sequence number, oldest first."""
        with self._lock:
            return [entry for entry in self._entries if entry["sequence"] > sequence]

    def last(self) -> int:
        with self._lock:
            return self._last

    def clear(self) -> None:
        """Sequence numbers go on."""
        with self._lock:
            self._entries.clear()


def read_small_json(body: bytes) -> Any:
    """The body as JSON when it is small and JSON, as text when it is small, else None."""
    if not body or len(body) > MAX_LOGGED_BODY:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


class Admin:
    """Answers the calls under ``/__admin/``."""

    def __init__(self, vendor: Vendor, lock: threading.Lock, faults: FaultPlan, calls: Log, webhooks: Log) -> None:
        self._vendor = vendor
        self._lock = lock
        self._faults = faults
        self._calls = calls
        self._webhooks = webhooks
        self._routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "faults"): self._list_faults,
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "settings"): self._read_settings,
            ("PUT", "settings"): self._change_settings,
            ("GET", "calls"): lambda request: self._read_log("calls", self._calls, request),
            ("DELETE", "calls"): lambda _: self._clear_log(self._calls),
            ("GET", "webhooks"): lambda request: self._read_log("webhooks", self._webhooks, request),
            ("DELETE", "webhooks"): lambda _: self._clear_log(self._webhooks),
            ("POST", "reset"): self._reset,
        }

    def answer(self, request: Request) -> Response:
        if not _is_from_here(request):
            return Response.of_json(403, {"error": "a page of another origin may not do this"})
        target = request.path.removeprefix(PREFIX).rstrip("/")
        name, _, rest = target.partition("/")
        if name == "faults" and rest and request.method == "DELETE":
            removed = self._faults.remove(rest)
            return Response.of_json(200 if removed else 404, {"removed": removed})
        route = self._routes.get((request.method, target))
        if route is None:
            return Response.of_json(404, {"error": f"no {request.method} {request.path}"})
        try:
            return route(request)
        except (MalformedFaultError, ValueError) as error:
            return Response.of_json(400, {"error": str(error)})

    def _list_faults(self, _: Request) -> Response:
        return Response.of_json(200, {"faults": [order.to_document() for order in self._faults.orders()]})

    def _add_faults(self, request: Request) -> Response:
        added = self._faults.add(json.loads(request.body))
        return Response.of_json(200, {"added": [order.to_document() for order in added]})

    def _clear_faults(self, _: Request) -> Response:
        self._faults.clear()
        return Response.of_json(200, {"faults": []})

    def _read_settings(self, _: Request) -> Response:
        with self._lock:
            return Response.of_json(200, self._vendor.read_settings())

    def _change_settings(self, request: Request) -> Response:
        changes = json.loads(request.body)
        if not isinstance(changes, dict):
            return Response.of_json(400, {"error": "settings are a JSON object"})
        with self._lock:
            self._vendor.change_settings(changes)
            return Response.of_json(200, self._vendor.read_settings())

    def _read_log(self, name: str, log: Log, request: Request) -> Response:
        return Response.of_json(200, {name: log.since(int(request.first("since", "0"))), "last": log.last()})

    def _clear_log(self, log: Log) -> Response:
        log.clear()
        return Response.of_json(200, {"last": log.last()})

    def _reset(self, request: Request) -> Response:
        document = json.loads(request.body) if request.body.strip() else {}
        if not isinstance(document, dict):
            return Response.of_json(400, {"error": 'the body is {"settings": true} or nothing'})
        self._faults.clear()
        with self._lock:
            self._vendor.reset(settings=bool(document.get("settings")))
        self._calls.clear()
        self._webhooks.clear()
        return Response.of_json(200, {"reset": True})


def _is_from_here(request: Request) -> bool:
    """Browsers send Origin with what a page does: only this server's own pages may change it."""
    origin = request.headers.get("origin", "")
    return not origin or origin.partition("//")[2] == request.headers.get("host", "")
