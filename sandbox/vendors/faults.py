"""Faults that a stand-in plays on order: which call, what goes wrong, how often.

The plan only chooses; ``sandbox.vendors.server`` plays the fault on a socket and the tests' world plays it in memory.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from sandbox.vendors.wire import Request

KINDS = ("status", "delay", "reset", "lost_answer", "hang", "html", "truncated", "error_list_200")
"""What can go wrong.

status          answers ``status``; the effect does not happen
html            answers ``status`` with a page of HTML, as a proxy in between would; the effect does not happen
error_list_200  answers 200 with the vendor's error body; the effect does not happen
reset           the connection is reset; the effect does not happen
delay           sleeps ``seconds``, then answers as always
hang            sleeps ``seconds``, then the effect happens and the connection is closed without an answer
lost_answer     the effect happens and the connection is closed without an answer
truncated       the effect happens and only half of the body arrives

``seconds`` is slept before any of them; an order without it does not sleep.
"""

MAX_SECONDS = 600.0
MAX_ORDERS = 200


class MalformedFaultError(ValueError):
    """A fault order that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class FaultOrder:
    """One order. ``method`` must match wholly, ``path`` anywhere (anchor it with ``^``), ``sent`` anywhere in the body; None
    matches every call."""

    id: str
    kind: str
    method: str | None = None
    path: str | None = None
    sent: str | None = None
    status: int = 503
    seconds: float = 0.0
    probability: float = 1.0
    times: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None

    def matches(self, request: Request) -> bool:
        """Whether the order is about this call; its probability and count are not looked at."""
        if self.method is not None and not re.fullmatch(self.method, request.method, re.IGNORECASE):
            return False
        if self.sent is not None and not re.search(self.sent, request.body.decode("utf-8", "replace")):
            return False
        return self.path is None or re.search(self.path, request.path) is not None

    def to_document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "method": self.method,
            "path": self.path,
            "sent": self.sent,
            "kind": self.kind,
            "status": self.status,
            "seconds": self.seconds,
            "probability": self.probability,
            "times": self.times,
            "headers": dict(self.headers),
            "body": self.body,
        }


def read_order(document: object, default_id: str) -> FaultOrder:
    """Raise MalformedFaultError when a field is unknown, missing or out of range."""
    if not isinstance(document, dict):
        raise MalformedFaultError("a fault order is a JSON object")
    unknown = set(document) - {slot for slot in FaultOrder.__slots__ if slot != "__weakref__"}
    if unknown:
        raise MalformedFaultError(f"unknown fields: {', '.join(sorted(map(str, unknown)))}")
    if document.get("kind") not in KINDS:
        raise MalformedFaultError(f"kind is one of {', '.join(KINDS)}")
    headers = document.get("headers") or {}
    if not isinstance(headers, dict):
        raise MalformedFaultError("headers is an object")
    body = document.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedFaultError("body is a string or null")
    times = document.get("times")
    return FaultOrder(
        id=str(document.get("id") or default_id),
        kind=document["kind"],
        method=_read_pattern(document, "method"),
        path=_read_pattern(document, "path"),
        sent=_read_pattern(document, "sent"),
        status=int(_read_number(document, "status", 502 if document["kind"] == "html" else 503, 100, 599)),
        seconds=_read_number(document, "seconds", 0.0, 0.0, MAX_SECONDS),
        probability=_read_number(document, "probability", 1.0, 0.0, 1.0),
        times=None if times is None else int(_read_number(document, "times", 1, 1, 10**9)),
        headers={str(name): str(value) for name, value in headers.items()},
        body=body,
    )


def _read_pattern(document: dict[str, Any], name: str) -> str | None:
    pattern = document.get(name)
    if pattern is None:
        return None
    if not isinstance(pattern, str):
        raise MalformedFaultError(f"{name} is a regular expression or null")
    try:
        re.compile(pattern)
    except re.error as error:
        raise MalformedFaultError(f"{name} is no regular expression: {error}") from error
    return pattern


def _read_number(document: dict[str, Any], name: str, default: float, least: float, most: float) -> float:
    value = document.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise MalformedFaultError(f"{name} is a number from {least} to {most}")
    return value


class FaultPlan:
    """An ordered list of fault orders; the first that fits a call is played. Safe to use from several threads."""

    def __init__(self) -> None:
        self._orders: list[FaultOrder] = []
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def add(self, document: object) -> list[FaultOrder]:
        """Add one order or a list of them, all or none; an order with a known id takes that one's place.

        Raises MalformedFaultError.
        """
        documents = document if isinstance(document, list) else [document]
        with self._lock:
            added = [read_order(one, f"fault-{next(self._numbers)}") for one in documents]
            orders = list(self._orders)
            for order in added:
                same = [index for index, known in enumerate(orders) if known.id == order.id]
                if same:
                    orders[same[0]] = order
                else:
                    orders.append(order)
            if len(orders) > MAX_ORDERS:
                raise MalformedFaultError(f"at most {MAX_ORDERS} orders")
            self._orders = orders
        return added

    def remove(self, fault_id: str) -> bool:
        """False when there is no such order."""
        with self._lock:
            kept = [order for order in self._orders if order.id != fault_id]
            removed = len(kept) != len(self._orders)
            self._orders = kept
        return removed

    def clear(self) -> None:
        with self._lock:
            self._orders = []

    def orders(self) -> list[FaultOrder]:
        """The orders that are still in force; ``times`` is what is left of it."""
        with self._lock:
            return list(self._orders)

    def choose(self, request: Request, chance: Random) -> FaultOrder | None:
        """The fault to play on this call, counted off; None when the call goes through."""
        with self._lock:
            for index, order in enumerate(self._orders):
                if not order.matches(request):
                    continue
                if order.probability < 1.0 and chance.random() >= order.probability:
                    continue
                self._count_off(index)
                return order
        return None

    def _count_off(self, index: int) -> None:
        order = self._orders[index]
        if order.times is None:
            return
        if order.times <= 1:
            del self._orders[index]
        else:
            self._orders[index] = replace(order, times=order.times - 1)
