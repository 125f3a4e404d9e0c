"""What the application calls in a test: AWS clients that fail on order, and the vendors' rules behind HTTP."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.exceptions import EndpointConnectionError

from sandbox.vendors.faults import FaultPlan
from sandbox.vendors.wire import Request, Response
from shared.adapters.http.transport import BODY_LIMIT, HttpResponse, TooLargeAnswerError
from shared.errors import RefusedError, UnavailableError
from tests.fakes.errors import client_error
from tests.support.clock import VirtualClock


class FallibleClient:
    """An AWS client whose calls fail on order: ``refuse("send_message", 2)``. ``calls``: how many of each operation."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.calls = Counter[str]()
        self.exceptions = real.exceptions
        self._orders: list[list[Any]] = []

    def refuse(self, operation: str, times: int = 1, *, code: str = "ThrottlingException", happens: bool = False) -> None:
        """The next calls fail, before their effect or (``happens``) after it."""
        self._orders.append([operation, times, code, happens])

    def cut_off(self, operation: str, partition: str = "") -> None:
        """From now on that write finds nobody at the other end, where it is one to the partition."""
        real = getattr(self.real, operation)

        def fail(**request: Any) -> Any:
            if (request.get("Item") or request["Key"])["pk"]["S"].startswith(partition):
                raise EndpointConnectionError(endpoint_url="x")
            return real(**request)

        setattr(self.real, operation, fail)

    def mend(self) -> None:
        """No further call fails."""
        self._orders.clear()

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.real, name)
        self.calls[name] += 1
        order = next((one for one in self._orders if one[0] == name and one[1] > 0), None)
        if order is None:
            return real

        def failing(**request: Any) -> Any:
            order[1] -= 1
            if order[3]:
                real(**request)
            raise client_error(name, order[2])

        return failing


@dataclass(frozen=True)
class Call:
    """One call to a vendor. ``status`` None: no answer came."""

    vendor: str
    method: str
    path: str
    body: Any
    headers: Mapping[str, str]
    status: int | None
    at: float

    def __str__(self) -> str:
        return f"{self.method} {re.sub('[0-9a-f]{24}', '<id>', self.path)}"


class VendorWire:
    """The HTTP transport: calls the vendors' rules in this process, plays faults and keeps the calls."""

    def __init__(self, clock: VirtualClock, vendors: Mapping[str, Any]) -> None:
        self.faults = FaultPlan()
        self.calls: list[Call] = []
        self._clock = clock
        self._vendors = dict(vendors)
        self._interruptions: list[tuple[str, Callable[[], None]]] = []
        self._refusals: list[str] = []

    def replace(self, base: str, vendor: Any) -> None:
        """Another one answers at that address."""
        self._vendors[base] = vendor

    def forbid(self) -> None:
        """From now on a call to a vendor is an error."""

        def fail(*_: Any, **__: Any) -> Any:
            raise AssertionError("no vendor is called")

        self.send = fail  # type: ignore[method-assign]

    def refuse_connection(self, call: str) -> None:
        """Once, the next such call (``"POST /contacts"``) finds nobody who listens."""
        self._refusals.append(call)

    def interrupt(self, call: str, act: Callable[[], None]) -> None:
        """Once, between the effect of the next such call (``"POST /contacts"``) and its answer."""
        self._interruptions.append((call, act))

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> HttpResponse:
        parts = urlsplit(url)
        base, target = f"{parts.scheme}://{parts.netloc}", url.removeprefix(f"{parts.scheme}://{parts.netloc}")
        vendor = self._vendors[base]
        request = Request.of(method, target, dict(headers), body or b"")
        request = replace(request, path=unquote(request.path))
        if f"{method} {request.path}" in self._refusals:
            self._refusals.remove(f"{method} {request.path}")
            raise RefusedError(f"{parts.hostname}: ConnectionRefused")
        started = self._clock.now()
        fault = self.faults.choose(request, Random(1))
        response = self._answer(vendor, request, fault, timeout)
        status = response.status if response else None
        self.calls.append(Call(vendor.name, method, target, json.loads(body) if body else None, headers, status, started))
        for index, (call, act) in enumerate(self._interruptions):
            if call == f"{method} {request.path}":
                del self._interruptions[index]
                act()
                break
        if response is None:
            raise UnavailableError(f"{parts.hostname}: the answer was lost")
        if len(response.body) > BODY_LIMIT:
            raise TooLargeAnswerError(f"the answer is over {BODY_LIMIT} bytes", status=response.status)
        names = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(response.status, names, response.body)

    def _answer(self, vendor: Any, request: Request, fault: Any, timeout: float) -> Response | None:
        if fault is None:
            answer: Response = vendor.answer(request)
            return answer if answer.status else None
        if fault.kind == "reset":
            return None
        if fault.kind in {"status", "html", "error_list_200"}:
            usual = vendor.refuse(fault.status)
            status = 200 if fault.kind == "error_list_200" else fault.status
            body = fault.body.encode() if fault.body is not None else b"<html>" if fault.kind == "html" else usual.body
            return Response(status, {**usual.headers, **fault.headers}, body)
        answer = vendor.answer(request)
        self._clock.at += min(fault.seconds, timeout)
        return answer if fault.kind == "delay" and fault.seconds <= timeout else None


class OwnApi:
    """Our own API as the vendors' rules are: the webhooks' receiver behind HTTP."""

    name = "application"

    def __init__(self, post: Callable[..., dict[str, Any]]) -> None:
        self._post = post

    def answer(self, request: Request) -> Response:
        campaign, event = request.path.split("/")[-2:]
        answer = self._post(request.body, campaign=campaign, event=event, secret=request.headers.get("x-webhook-secret"))
        return Response(answer["statusCode"], {}, answer["body"].encode())

    def refuse(self, status: int) -> Response:
        return Response(status, {}, b"{}")
