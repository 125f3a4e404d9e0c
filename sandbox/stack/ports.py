"""The five consecutive ports of a stack."""

from __future__ import annotations

import os
import random
import socket
import urllib.request
from dataclasses import dataclass

from sandbox.stack.errors import PortTakenError

HOST = "127.0.0.1"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""For calls to this machine: never through a proxy of the environment."""
SIZE = 5
ROLES = ("the application", "the stand-in of Intercom", "the stand-in of Referral Factory", "ministack", "sign-in")
LOWEST, HIGHEST = 1024, 65_535 - SIZE + 1
SEARCHED = range(20_000, 32_000, SIZE)
"""Where free ports are looked for: below what Linux gives to outgoing connections."""


@dataclass(frozen=True, slots=True)
class Ports:
    """``base`` and the four after it. ``listener`` is already listening on ``base``: it reserves the family."""

    base: int
    listener: socket.socket

    @property
    def intercom(self) -> int:
        return self.base + 1

    @property
    def referral_factory(self) -> int:
        return self.base + 2

    @property
    def aws(self) -> int:
        return self.base + 3

    @property
    def issuer(self) -> int:
        return self.base + 4


def reserve_ports(base: int, unused: frozenset[int] = frozenset()) -> Ports:
    """Take the family at ``base``, or any free one when it is 0. ``unused`` are offsets nothing will listen on.

    Raises PortTakenError that names the port and who needs it.
    """
    if base == 0:
        return _reserve_any(unused)
    if not LOWEST <= base <= HIGHEST:
        raise PortTakenError(f"PORT={base} does not fit: five ports from it on must lie between {LOWEST} and 65535.")
    return _reserve_at(base, unused)


def _reserve_any(unused: frozenset[int]) -> Ports:
    bases = list(SEARCHED)
    random.Random(os.urandom(8)).shuffle(bases)
    for base in bases:
        try:
            return _reserve_at(base, unused)
        except PortTakenError:
            continue
    raise PortTakenError(f"There are no {SIZE} consecutive free ports from {SEARCHED.start} to {SEARCHED.stop}.")


def _reserve_at(base: int, unused: frozenset[int]) -> Ports:
    listener = _listen(base, 0)
    try:
        for offset in range(1, SIZE):
            if offset not in unused:
                _listen(base, offset).close()
    except BaseException:
        listener.close()
        raise
    return Ports(base, listener)


def _listen(base: int, offset: int) -> socket.socket:
    # Named, for asyncio sends at once only on sockets that are said to be TCP; else each second part waits for 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, base + offset))
        listener.listen(256)
    except OSError as error:
        listener.close()
        raise PortTakenError(
            f"Port {base + offset} is taken ({error.strerror}); {ROLES[offset]} needs it. "
            f"Choose another family of {SIZE} ports, for example PORT={base + 1000 if base < 60_000 else 8000}."
        ) from error
    return listener
