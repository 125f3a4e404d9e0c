"""The vendors as the handlers reach them: ``HttpTransport`` straight into the vendors' rules, behind latency and faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from email.utils import formatdate
from random import Random
from urllib.parse import urlsplit

from sandbox.vendors.intercom.rules import Intercom
from sandbox.vendors.referral_factory.rules import ReferralFactory
from sandbox.vendors.wire import OutgoingWebhook, Request, Response
from shared.adapters.http import transport
from shared.adapters.http.transport import HttpResponse, TooLargeAnswerError
from shared.errors import ConfigurationError, NotSentError, RefusedError, UnavailableError
from tests.simulation.aws.boundary import Flavour
from tests.simulation.aws.cloud import API_HOST
from tests.simulation.play.crossing import Crossing

INTERCOM_URL = "https://api.intercom.io"
LATENCY = {"intercom": (0.06, 0.25), "referral_factory": (0.2, 1.5)}
"""From, to: most answers are near the lower end."""
STEP = 0.05
"""Seconds from one look for our own API's answer to the next."""
STATUSES = (500, 502, 503, 504)
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Outage:
    """A vendor is down between two times; ``how``: ``refused``, ``hang``, or a status. ``call``: only such calls are, as
    ``POST /contacts``; empty: all."""

    def __init__(self, vendor: str, begins: float, ends: float, how: str | int = 503, call: str = "") -> None:
        self.vendor = vendor
        self.begins = begins
        self.ends = ends
        self.how = how
        self.call = call


class VendorTransport:
    """One for the world. ``calls``: vendor → the times of all calls that reached it; ``skew``: seconds Intercom is ahead."""

    def __init__(
        self,
        intercom: Intercom,
        referral_factory: ReferralFactory,
        receive: Callable[[OutgoingWebhook, Callable[[int], None]], None],
        crossing: Crossing,
        chance: Random,
    ) -> None:
        """``receive``: our own API; what it is given last gets the status."""
        self._receive = receive
        self._rules = {"intercom": intercom, "referral_factory": referral_factory}
        self._crossing = crossing
        self._chance = chance
        self.calls: dict[str, list[float]] = {"intercom": [], "referral_factory": []}
        self.refused: dict[str, int] = {"intercom": 0, "referral_factory": 0}
        self.outages: list[Outage] = []
        self.slowness: dict[str, float] = {}
        self.skew = 0.0
        self.in_flight: dict[str, int] = {"intercom": 0, "referral_factory": 0}
        self.most_in_flight: dict[str, int] = {"intercom": 0, "referral_factory": 0}

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> HttpResponse:
        """See ``HttpTransport.send``."""
        if urlsplit(url).hostname == API_HOST:
            return self._to_ourselves(OutgoingWebhook("our own API", method, url, dict(headers), body or b""), timeout)
        vendor = _vendor_of(url)
        target = url.removeprefix(INTERCOM_URL) if vendor == "intercom" else url.removeprefix("https://referral-factory.com")
        request = Request.of(method, target, headers, body or b"")
        crossing = self._crossing
        flavour = crossing.enter(vendor, f"{method} {request.path}", "", crossing.next_number())
        self.in_flight[vendor] += 1
        self.most_in_flight[vendor] = max(self.most_in_flight[vendor], self.in_flight[vendor])
        creates = (method, vendor, request.path) == ("POST", "intercom", "/contacts")
        try:
            response = self._exchange(vendor, request, flavour, timeout)
            is_known = not creates or (response.status < 500 and _is_json(response.body))
        except BaseException as error:
            is_known = isinstance(error, NotSentError)
            raise
        finally:
            self.in_flight[vendor] -= 1
            if creates and not is_known:
                crossing.lost_creates.saw_unanswered(crossing.loop.current, request.body)
        return response

    def _to_ourselves(self, webhook: OutgoingWebhook, timeout: float) -> HttpResponse:
        """Through API Gateway to the real receiver, which runs beside the caller."""
        crossing, who = self._crossing, "api"
        flavour = crossing.enter(who, f"{webhook.method} {urlsplit(webhook.url).path}", "", crossing.next_number())
        if flavour is Flavour.BEFORE:
            if self._chance.random() < 0.5:
                raise NotSentError(f"{who}: ConnectTimeout")
            return HttpResponse(503, {}, b"{}")
        statuses: list[int] = []
        began = crossing.loop.time
        self._receive(webhook, statuses.append)
        while not statuses:
            self._pass(who, STEP, began + timeout - crossing.loop.time)
        if flavour is Flavour.KILLED:
            crossing.kill()
        if flavour is Flavour.HANG:
            crossing.sleep(began + timeout - crossing.loop.time)
        if flavour is not None:
            raise UnavailableError(f"{who}: ReadTimeout")
        return HttpResponse(statuses[0], {}, b"{}")

    def _exchange(self, vendor: str, request: Request, flavour: Flavour | None, timeout: float) -> HttpResponse:
        outage = self._outage(vendor, f"{request.method} {request.path}")
        if outage:
            return self._down(vendor, outage, timeout)
        self._pass(vendor, self._latency(vendor), timeout)
        if flavour is Flavour.BEFORE:
            return self._broken(vendor)
        if flavour is Flavour.HANG:
            happens = self._chance.random() < 0.5
            self._crossing.sleep(timeout)
            if happens:
                self._answer(vendor, request)
            raise UnavailableError(f"{vendor}: ReadTimeout")
        response = self._answer(vendor, request)
        if flavour is Flavour.KILLED:
            self._crossing.kill()
        if flavour is Flavour.AFTER:
            return self._lost(vendor, response)
        if response.status == 0:
            raise RefusedError(f"{vendor}: ConnectionRefused")
        delay = float(response.headers.get("X-Stand-In-Delay", 0.0))
        if delay:
            self._pass(vendor, delay, timeout)
        return self._shown(vendor, response)

    def _pass(self, vendor: str, seconds: float, timeout: float) -> None:
        """Raises UnavailableError when the client's time is over first."""
        if seconds >= timeout:
            self._crossing.sleep(timeout)
            raise UnavailableError(f"{vendor}: ReadTimeout")
        self._crossing.sleep(seconds)

    def _latency(self, vendor: str) -> float:
        least, most = LATENCY[vendor]
        return least + (most - least) * self._chance.random() ** 3 + self.slowness.get(vendor, 0.0)

    def _answer(self, vendor: str, request: Request) -> Response:
        self.calls[vendor].append(self._crossing.loop.time)
        response = self._rules[vendor].answer(request)
        self.refused[vendor] += response.status == 429
        return response

    def _broken(self, vendor: str) -> HttpResponse:
        kind = self._chance.randrange(4)
        if kind == 0 or (kind == 3 and vendor == "referral_factory"):  # its refusal is a block, which has tests of its own
            raise NotSentError(f"{vendor}: ConnectTimeout")
        if kind == 3:
            raise RefusedError(f"{vendor}: ConnectionRefused")
        self.calls[vendor].append(self._crossing.loop.time)
        if kind == 1:
            return HttpResponse(502, {"content-type": "text/html"}, HTML)
        return self._shown(vendor, self._rules[vendor].refuse(self._chance.choice(STATUSES)))

    def _lost(self, vendor: str, response: Response) -> HttpResponse:
        if self._chance.random() < 0.5:
            raise UnavailableError(f"{vendor}: ConnectionError")
        return HttpResponse(response.status, {"content-type": "application/json"}, response.body[: len(response.body) // 2])

    def _outage(self, vendor: str, call: str) -> Outage | None:
        now = self._crossing.loop.time
        down = (one for one in self.outages if one.vendor == vendor and one.begins <= now < one.ends)
        return next((one for one in down if one.call in {"", call}), None)

    def _down(self, vendor: str, outage: Outage, timeout: float) -> HttpResponse:
        if outage.how == "hang":
            self._crossing.sleep(timeout)
            raise UnavailableError(f"{vendor}: ReadTimeout")
        self._crossing.sleep(0.05)
        if outage.how == "refused":
            raise RefusedError(f"{vendor}: ConnectionRefused")
        return self._shown(vendor, self._rules[vendor].refuse(int(outage.how)))

    def _shown(self, vendor: str, response: Response) -> HttpResponse:
        if len(response.body) > transport.BODY_LIMIT:
            raise TooLargeAnswerError(f"the answer is over {transport.BODY_LIMIT} bytes", status=response.status)
        names = {name.lower(): value for name, value in response.headers.items()}
        names.setdefault("date", formatdate(self._crossing.loop.time + self.skew, usegmt=True))
        return HttpResponse(response.status, names, response.body)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _vendor_of(url: str) -> str:
    match urlsplit(url).hostname:
        case "api.intercom.io":
            return "intercom"
        case "referral-factory.com":
            return "referral_factory"
        case host:
            raise ConfigurationError(f"{host} is not among the hosts this deployment may call")
