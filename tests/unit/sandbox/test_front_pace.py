"""The front hands an answer on as it comes, in two parts as fast as in one, and leaves no connection open when it stops."""

from __future__ import annotations

import gc
import http.client
import socket
import threading
import time
import warnings

from sandbox.stack.front import Front
from sandbox.stack.ports import reserve_ports

CALLS = 30
DELAYED_ACK = 0.04
"""Seconds that Linux may wait before it acknowledges: what is held back until then comes that much later."""


def _answer_in_two_parts(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        while connection.recv(4096):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
            time.sleep(0.001)
            connection.sendall(b"ok")


def test_an_answer_in_two_parts_is_not_held_back() -> None:
    ports = reserve_ports(0)
    with socket.create_server(("127.0.0.1", 0)) as upstream, ports.listener:
        threading.Thread(target=_answer_in_two_parts, args=(upstream,), daemon=True).start()
        front = Front(ports.listener, upstream.getsockname()[1], "api")
        connection = http.client.HTTPConnection("127.0.0.1", ports.base, timeout=10)
        spent = []
        for _ in range(CALLS):
            started = time.perf_counter()
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"ok"
            spent.append(time.perf_counter() - started)
        connection.close()
        front.stop()
    # The first ones are acknowledged at once in any case, and a busy machine may delay some.
    assert min(spent[CALLS // 2 :]) < DELAYED_ACK / 2


def test_who_is_accepted_while_it_stops_is_closed_too() -> None:
    """A socket left open is reported in whichever test happens to run when it is collected."""
    with warnings.catch_warnings(record=True) as reported:
        warnings.simplefilter("always")
        ports = reserve_ports(0)
        with ports.listener:
            front = Front(ports.listener, 9, "api")
            front._loop.call_soon_threadsafe(time.sleep, 0.2)  # busy, so that all of this meets it in one turn
            time.sleep(0.05)
            clients = [socket.create_connection(("127.0.0.1", ports.base)) for _ in range(10)]
            front.stop()
            for client in clients:
                client.close()
        gc.collect()
    assert [str(one.message) for one in reported if issubclass(one.category, ResourceWarning)] == []
