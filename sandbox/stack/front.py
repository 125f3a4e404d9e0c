"""The fixed address of the application: passes every byte between a client and ministack's HTTP API.

The request's target is rewritten (``/x`` → ``/_aws/execute-api/<api>/$default/x``), ministack's key is added, and what comes
from another web page is refused (``sandbox.guard``); answers are not even read. Each
client connection has one connection to ministack, so keep-alive and order stay as they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time

from sandbox.guard import KEY_HEADER, REFUSAL, is_allowed
from sandbox.stack.ports import HOST

MAX_BODY = 10 * 1024 * 1024
"""Bytes, as API Gateway allows."""
TURNS = 5
"""Of the loop, from accepting a connection to serving it: three, and some to spare."""
MAX_HEAD = 64 * 1024
CHUNK = 64 * 1024
STALE_SECONDS = 3.0
"""ministack drops a connection that was idle for 5 s; an older one than this is not used for a new request."""

_REFUSALS = {
    400: (b"Bad Request", b'{"message":"Bad Request"}'),
    403: (b"Forbidden", REFUSAL),
    413: (b"Request Entity Too Large", b'{"message":"Request Entity Too Large"}'),
    431: (b"Request Header Fields Too Large", b'{"message":"Request Header Fields Too Large"}'),
    502: (b"Bad Gateway", b'{"message":"The local stack does not answer"}'),
}


class _RefusedError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Front:
    """Serves an already listening socket from a thread of its own until ``stop``."""

    def __init__(self, listener: socket.socket, upstream_port: int, api_id: str, key: str = "") -> None:
        """``key`` opens ministack's port."""
        self.upstream_port = upstream_port
        self._port: int = listener.getsockname()[1]
        self._key = key
        self._prefix = f"/_aws/execute-api/{api_id}/$default".encode()
        self._listener = listener
        self._loop = asyncio.new_event_loop()
        self._stop: asyncio.Event = asyncio.Event()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="front", daemon=True)
        self._thread.start()
        self._up.wait(10)

    def stop(self) -> None:
        """End all connections and the thread. Safe to call twice."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._serve_client, sock=self._listener, limit=MAX_HEAD)
        self._up.set()
        await self._stop.wait()
        self._loop.remove_reader(self._listener)
        await self._let_begin()
        server.close()
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._let_begin()

    @staticmethod
    async def _let_begin() -> None:
        """Whoever was accepted in this turn is served some turns later, and a socket is closed one turn after its task ends.
        A task that is cancelled before it began, and a loop that ends before, would leave the socket open."""
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def _serve_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = _Upstream(self.upstream_port, writer)
        try:
            while True:
                head = await _read_head(reader)
                if not head:
                    break
                rewritten, length = _rewrite(head, self._prefix, self._port, self._key)
                await upstream.use()
                await upstream.send(rewritten)
                await _pass_body(reader, upstream, length)
        except _RefusedError as refusal:
            await _refuse(reader, writer, refusal.status)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # one side went away
        finally:
            upstream.close()
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()


class _Upstream:
    """The connection to ministack that belongs to one client."""

    def __init__(self, port: int, client: asyncio.StreamWriter) -> None:
        self._port = port
        self._client = client
        self._writer: asyncio.StreamWriter | None = None
        self._pump: asyncio.Task[None] | None = None
        self._sent = 0.0
        self._received = 0.0

    async def use(self) -> None:
        """Make sure of a connection that ministack is not about to close. Raises _RefusedError."""
        idle = self._sent <= self._received and time.monotonic() - self._received > STALE_SECONDS
        if self._writer is not None and not idle and not self._writer.is_closing():
            return
        self.close()
        try:
            reader, self._writer = await asyncio.open_connection(HOST, self._port)
        except OSError as error:
            raise _RefusedError(502) from error
        self._pump = asyncio.get_running_loop().create_task(self._pass_answers(reader, self._writer))

    async def send(self, content: bytes) -> None:
        if self._writer is None:
            raise ConnectionError
        self._sent = time.monotonic()
        self._writer.write(content)
        await self._writer.drain()

    async def _pass_answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while content := await reader.read(CHUNK):
                self._received = time.monotonic()
                self._client.write(content)
                await self._client.drain()
        idle = self._sent <= self._received and time.monotonic() - self._received > STALE_SECONDS
        writer.close()
        if not idle:  # the answer ended with its connection, or there is none: the client must see that
            self._client.close()

    def close(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
        if self._writer is not None:
            self._writer.close()
        self._writer = self._pump = None


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise
        return b""
    except asyncio.LimitOverrunError as error:
        raise _RefusedError(431) from error


def _rewrite(head: bytes, prefix: bytes, port: int, key: str) -> tuple[bytes, int | None]:
    """The head with its new target, and the body's length; None when it comes in chunks. Raises _RefusedError."""
    lines = head.lstrip(b"\r\n").split(b"\r\n")
    words = lines[0].split(b" ")
    if len(words) != 3 or not words[1].startswith(b"/") or words[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise _RefusedError(400)
    length: int | None = 0
    kept = [b" ".join((words[0], prefix + words[1], words[2]))]
    seen = set()
    headers = []
    for line in lines[1:]:
        name = line.partition(b":")[0].strip().lower()
        value = line.partition(b":")[2].strip().lower()
        if name in (b"upgrade", b"http2-settings", KEY_HEADER.encode()):
            continue  # HTTP/1.1 is all that passes here, and the key is ours to show
        headers.append((name.decode("latin-1"), value.decode("latin-1")))
        if name in (b"content-length", b"transfer-encoding"):
            length = _read_length(name, value)
            seen.add(name)
        kept.append(line)
    if len(seen) > 1:
        raise _RefusedError(400)
    if length is not None and length > MAX_BODY:
        raise _RefusedError(413)
    if not is_allowed(words[0].decode("latin-1"), headers, port):
        raise _RefusedError(403)
    kept.insert(1, f"{KEY_HEADER}: {key}".encode())
    return b"\r\n".join(kept), length


def _read_length(name: bytes, value: bytes) -> int | None:
    if name == b"transfer-encoding":
        if value != b"chunked":
            raise _RefusedError(400)
        return None
    if not value.isdigit():
        raise _RefusedError(400)
    return int(value[:20])


async def _pass_body(reader: asyncio.StreamReader, upstream: _Upstream, length: int | None) -> None:
    if length is not None:
        await _pass_exactly(reader, upstream, length)
        return
    total = 0
    while True:
        line = await reader.readuntil(b"\r\n")
        try:
            size = int(line.partition(b";")[0].strip(), 16)
        except ValueError as error:
            raise _RefusedError(400) from error
        total += size
        if total > MAX_BODY:
            raise _RefusedError(413)
        await upstream.send(line)
        if size == 0:
            break
        await _pass_exactly(reader, upstream, size + 2)
    while line != b"\r\n":  # trailers
        line = await reader.readuntil(b"\r\n")
        await upstream.send(line)


async def _pass_exactly(reader: asyncio.StreamReader, upstream: _Upstream, length: int) -> None:
    while length > 0:
        content = await reader.read(min(CHUNK, length))
        if not content:
            raise ConnectionError
        length -= len(content)
        await upstream.send(content)


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: int) -> None:
    reason, body = _REFUSALS[status]
    with contextlib.suppress(OSError, asyncio.TimeoutError):
        writer.write(
            b"HTTP/1.1 %d %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
            % (status, reason, len(body), body)
        )
        await writer.drain()
        writer.write_eof()
        async with asyncio.timeout(2):  # a client that is still sending would lose the answer to a reset
            while await reader.read(CHUNK):
                pass
