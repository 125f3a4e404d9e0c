"""Fault points: every call that leaves a handler passes here, and here it may go wrong.

Four flavours. BEFORE: fails without its effect. AFTER: the effect happens, the answer is lost. HANG: nothing comes until
the client's time-out; whether the effect happens is chance. KILLED: the effect happens and the process is gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import NamedTuple, Protocol

_READS = frozenset({"get_item", "batch_get_item", "query", "get_secret_value", "get_queue_attributes"})


class Flavour(StrEnum):
    BEFORE = "before"
    AFTER = "after"
    HANG = "hang"
    KILLED = "killed"


class Call(NamedTuple):
    """One boundary call. ``service``: dynamodb, sqs, secretsmanager, api (our own), intercom or referral_factory; ``what``:
    the operation, or method and path; ``subject``: the table, the queue, or nothing; ``key``: the item's partition.
    ``number`` counts the calls of a world from 1, ``attempt`` the SDK's attempts at one call, ``invocation`` those of all
    functions."""

    service: str
    what: str
    subject: str
    function: str
    number: int
    attempt: int = 1
    key: str = ""
    invocation: int = 0

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing for anybody."""
        return self.what in _READS or self.what.startswith("GET ") or self.what.endswith("/search")

    def commutes_with(self, other: Call) -> bool:
        """Whether the two may change places without any difference: they read, or touch different things."""
        if self.is_read and other.is_read:
            return True
        return (self.service, self.subject, self.key) != (other.service, other.subject, other.key)

    @property
    def is_vendor(self) -> bool:
        return self.service in {"intercom", "referral_factory"}

    def __str__(self) -> str:
        return f"{self.number}.{self.attempt} {self.function}: {self.service} {self.what} {self.subject}".rstrip()


class Faults(Protocol):
    """Decides what goes wrong with a call; None: nothing."""

    def __call__(self, call: Call) -> Flavour | None: ...


class NoFaults:
    """Nothing goes wrong."""

    def __call__(self, call: Call) -> Flavour | None:
        return None


class RandomFaults:
    """Shares of the calls of vendors and of AWS go wrong; and a share of the invocations is killed at some call."""

    def __init__(self, seed: int, *, vendors: float = 0.0, aws: float = 0.0, kills: float = 0.0) -> None:
        self._chance = Random(f"faults {seed}")
        self._vendors = vendors
        self._aws = aws
        self._kills = kills

    def __call__(self, call: Call) -> Flavour | None:
        if self._chance.random() >= (self._vendors if call.is_vendor else self._aws):
            return None
        return self._chance.choice((Flavour.BEFORE, Flavour.AFTER, Flavour.HANG))

    def kill_after(self) -> int | None:
        """For a new invocation: after how many calls it is killed."""
        return self._chance.randint(1, 25) if self._chance.random() < self._kills else None


@dataclass(slots=True)
class When:
    """Faults by rule: ``flavour`` for calls that ``matches``, at most ``times`` of them. Chained by ``also``."""

    matches: Callable[[Call], bool]
    flavour: Flavour
    times: float = float("inf")
    also: Faults | None = None

    def __call__(self, call: Call) -> Flavour | None:
        if self.times > 0 and self.matches(call):
            self.times -= 1
            return self.flavour
        return self.also(call) if self.also else None


class Trace:
    """The last faults that were played, to be printed with the seed when an oracle fails."""

    def __init__(self, length: int = 200) -> None:
        self.faults: deque[str] = deque(maxlen=length)
        self.count = 0

    def note(self, time: float, call: Call, flavour: Flavour) -> None:
        self.count += 1
        self.faults.append(f"{time:.3f} {flavour} {call}")

    def __str__(self) -> str:
        return "\n".join(self.faults) or "no faults"
