"""Connections whose reading ends by a deadline, however slowly the other side sends.

A socket's time-out starts again with each byte, so a server that drips its answer could hold a caller for ever. Here every
receive, of the header as of the body, gets only what is left until the deadline of the call in progress.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Iterable
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from shared.adapters.clock import monotonic

CONNECT_SECONDS = 3.05

deadline: ContextVar[float] = ContextVar("deadline")
"""When the call in progress must have ended, in seconds of ``monotonic``."""


class _BoundedReader(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = deadline.get() - monotonic()
        if left <= 0:
            raise TimeoutError("deadline passed")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp: Any = io.BufferedReader(_BoundedReader(self.fp.detach(), sock))


def _connect(host: str, port: int | None, options: Iterable[tuple[int, int, int | bytes]]) -> socket.socket:
    """Tries the host's addresses in turn, 3.05 s each at most, until the deadline. Looking up the name is not bounded."""
    failure = OSError("the host has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        left = deadline.get() - monotonic()
        if left <= 0:
            raise TimeoutError("deadline passed")
        sock = socket.socket(family, kind, protocol)
        try:
            for option in options:
                sock.setsockopt(*option)
            sock.settimeout(min(CONNECT_SECONDS, left))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


class _Connection(HTTPConnection):
    response_class = _BoundedResponse

    def _new_conn(self) -> socket.socket:
        return _connect(self.host, self.port, self.socket_options or ())


class _SecureConnection(HTTPSConnection):
    response_class = _BoundedResponse

    def _new_conn(self) -> socket.socket:
        return _connect(self.host, self.port, self.socket_options or ())


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class BoundedAdapter(HTTPAdapter):
    """A pool of kept-alive connections, without retries. Callers set ``deadline`` around each call."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        keep_alive = (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        super().init_poolmanager(*arguments, **options, socket_options=[*HTTPConnection.default_socket_options, keep_alive])
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
