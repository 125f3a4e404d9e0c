"""What `make run` takes: seconds until *Ready*, from the first signup after it to its contact, and memory after a burst."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.figures import Figure
from bench.stack import CLIENTS, Signups
from sandbox.stack.first_steps import prepare
from sandbox.stack.processes import list_children
from sandbox.stack.stack import Stack

PART = "make run"
FIRST_CONTACT = 2.0
BURST = 80
MEMORY = 700.0


def measure() -> Iterator[Figure]:
    """A stack of its own on free ports, made ready as `make run` makes it. Memory on Linux only."""
    began = time.monotonic()
    with Stack() as stack:
        prepare(stack, empty=False)
        yield Figure(PART, "start → Ready", time.monotonic() - began, "s")
        signups = Signups(stack)
        yield Figure(PART, "first signup → contact is there", _first(signups), "s", FIRST_CONTACT)
        numbers = signups.take(BURST)
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(signups.post, numbers))
        signups.wait(numbers, f"{BURST} at once")
        everyone = [os.getpid(), *descendants(os.getpid())]
        if megabytes := sum(_proportional(pid) for pid in everyone):
            yield Figure(PART, f"memory after {BURST} signups at once, {len(everyone)} processes", megabytes, "MB", MEMORY)


def _first(signups: Signups) -> float:
    [number] = signups.take(1)
    answered_after = signups.post(number)
    [email] = signups.wait([number], "the first")
    return signups.created[email] - signups.accepted[email] + answered_after


def descendants(parent: int) -> list[int]:
    children = list_children(parent)
    return [*children, *(one for child in children for one in descendants(child))]


def _proportional(pid: int) -> float:
    """MB of a process; a page that several have counts for each with its share."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
