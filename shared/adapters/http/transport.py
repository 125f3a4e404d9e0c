"""Calls over HTTP: bounded in time and size, to a closed list of hosts, without hidden retries or redirects."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from shared.adapters.clock import monotonic
from shared.adapters.http.deadline import CONNECT_SECONDS, BoundedAdapter, deadline
from shared.errors import ConfigurationError, NotSentError, RefusedError, UnavailableError

BODY_LIMIT = 1_000_000
_CHUNK = 65_536
_GZIP_OR_ZLIB = 47


class TooLargeAnswerError(UnavailableError):
    """The answer has more bytes than are read of one."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer. ``headers`` have lower-case names; ``body`` is decompressed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class HttpTransport(Protocol):
    """Sends one request and reads its answer."""

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> HttpResponse:
        """``timeout`` in seconds bounds the whole call. Raises UnavailableError when no whole answer came in time or it is
        over the size limit, NotSentError (RefusedError) when no connection came about, ConfigurationError for another host."""


class RequestsTransport:
    """One ``requests.Session`` per environment. ``allowed_origins`` such as ``https://api.intercom.io``."""

    def __init__(self, allowed_origins: Iterable[str], body_limit: int = BODY_LIMIT) -> None:
        self._origins = frozenset(_origin(address) for address in allowed_origins)
        self._body_limit = body_limit
        self._session = requests.Session()
        self._session.trust_env = False  # neither a proxy nor a .netrc of the machine may see or replace our token
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, BoundedAdapter())

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> HttpResponse:
        origin = _origin(url)
        if origin not in self._origins:
            raise ConfigurationError(f"{origin} is not among the hosts this deployment may call")
        ends_at = monotonic() + timeout
        token = deadline.set(ends_at)
        try:
            return self._send(method, url, headers, body, timeout)
        except (requests.RequestException, HTTPError, OSError, zlib.error) as error:
            raise _kind_of(error)(f"{urlsplit(url).hostname}: {type(error).__name__}") from None
        finally:
            deadline.reset(token)

    def close(self) -> None:
        """Closes the kept connections."""
        self._session.close()

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> HttpResponse:
        with self._session.request(
            method,
            url,
            headers={**headers, "Accept-Encoding": "gzip"},
            data=body,
            timeout=(min(CONNECT_SECONDS, timeout), timeout),
            allow_redirects=False,
            stream=True,
        ) as response:
            raw = self._read(response)
            names = {name.lower(): value for name, value in response.headers.items()}
            return HttpResponse(response.status_code, names, self._decompress(raw, names.get("content-encoding", "")))

    def _read(self, response: requests.Response) -> bytes:
        """The body as it came. It ends by the deadline, because each receive does."""
        chunks: list[bytes] = []
        size = 0
        while chunk := response.raw.read(_CHUNK, decode_content=False):
            size += len(chunk)
            if size > self._body_limit:
                raise TooLargeAnswerError(f"the answer is over {self._body_limit} bytes", status=response.status_code)
            chunks.append(chunk)
        return b"".join(chunks)

    def _decompress(self, raw: bytes, encoding: str) -> bytes:
        match encoding.strip().lower():
            case "" | "identity":
                return raw
            case "gzip" | "x-gzip" | "deflate" if raw:
                decompressor = zlib.decompressobj(_GZIP_OR_ZLIB)
                plain = decompressor.decompress(raw, self._body_limit + 1)
                if len(plain) > self._body_limit:
                    raise TooLargeAnswerError(f"the answer is over {self._body_limit} bytes when decompressed")
                if not decompressor.eof:
                    raise UnavailableError("the compressed answer ends too early")
                return plain
            case "gzip" | "x-gzip" | "deflate":
                return raw
            case _:
                raise UnavailableError("the answer has an encoding that was not asked for")


def fits_header(token: str) -> bool:
    """Whether a header can hold it: curly quotes, invisible signs and line ends cannot be part of a token."""
    return token.isascii() and token.isprintable() and " " not in token


def _origin(url: str) -> str:
    """Scheme, host and port; ConfigurationError when the address has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (KeyError, ValueError):
        raise ConfigurationError("an address of a vendor has no usable scheme or port") from None
    if not parts.hostname or parts.username is not None:
        raise ConfigurationError("an address of a vendor has no usable host")
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _kind_of(error: BaseException) -> type[UnavailableError]:
    """What lies under the error tells whether anything was sent; libraries wrap it in causes, reasons and arguments."""
    kind: type[UnavailableError] = UnavailableError
    todo: list[object] = [error]
    seen: set[int] = set()
    while todo:
        current = todo.pop()
        if isinstance(current, ConnectionRefusedError):
            return RefusedError
        if isinstance(current, (ConnectTimeoutError, NewConnectionError)):
            kind = NotSentError
        if isinstance(current, BaseException) and id(current) not in seen:
            seen.add(id(current))
            todo += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
    return kind
