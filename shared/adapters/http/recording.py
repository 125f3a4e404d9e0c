"""A transport that remembers the calls of the piece of work that is under way."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from shared.adapters.http.transport import HttpResponse, HttpTransport
from shared.domain.vendor.call import LONGEST_SHOWN, LONGEST_TROUBLE, VendorCall
from shared.errors import FailureError
from shared.ports.clock import Clock

MOST_CALLS_KEPT = 12
"""Of one piece of work; of more the last ones."""
REQUEST_IDS = ("x-request-id", "x-correlation-id", "cf-ray")


class RecordingTransport(HttpTransport):
    def __init__(self, inner: HttpTransport, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self._calls: list[VendorCall] = []

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> HttpResponse:
        began = self._clock.now()
        try:
            response = self._inner.send(method, url, headers, body, timeout)
        except FailureError as error:
            self._note(began, method, url, body, None, "", str(error))
            raise
        limit = LONGEST_SHOWN if response.status < 400 else LONGEST_TROUBLE
        names = response.headers
        request_id = next((names[name] for name in REQUEST_IDS if name in names), "")
        self._note(began, method, url, body, response.status, request_id, _text(response.body, limit))
        return response

    def taken(self) -> list[VendorCall]:
        """The calls since the last time that somebody asked."""
        calls, self._calls = self._calls, []
        return calls

    def _note(
        self, began: float, method: str, url: str, body: bytes | None, status: int | None, request_id: str, answer: str
    ) -> None:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        milliseconds = round(1_000 * (self._clock.now() - began))
        sent = _text(body or b"", LONGEST_TROUBLE)
        call = VendorCall(began, parts.hostname or "", method, path, sent, status, milliseconds, request_id[:200], answer)
        self._calls = [*self._calls, call][-MOST_CALLS_KEPT:]


def _text(body: bytes, limit: int) -> str:
    return body[: 4 * limit].decode("utf-8", "replace")[:limit]
