"""What comes out: metrics and log lines, kept to be judged."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from shared.observability import logger, names_of

Recorded = dict[str, list[tuple[float, float]]]


class ProcessMetrics:
    """The metrics of one simulated process; what it has not flushed dies with it."""

    def __init__(self, recorded: Recorded, now: Callable[[], float]) -> None:
        self._recorded = recorded
        self._now = now
        self._waiting: list[tuple[str, float]] = []

    def count(self, name: str, value: float = 1) -> None:
        self._waiting += [(one, value) for one in names_of(name)]

    def gauge(self, name: str, value: float, unit: str = "Seconds") -> None:
        self._waiting.append((name, value))

    def flush(self) -> None:
        for name, value in self._waiting:
            self._recorded.setdefault(name, []).append((self._now(), value))
        self._waiting.clear()


class LogLines:
    """A stream that looks at each line for what must never be in one."""

    def __init__(self, secrets: tuple[str, ...], kept: int = 500) -> None:
        self._secrets = secrets
        self.lines: deque[str] = deque(maxlen=kept)
        self.count = 0
        self.leaks: list[str] = []
        self.errors: list[str] = []

    def write(self, text: str) -> None:
        if not text.strip():
            return
        self.count += 1
        self.lines.append(text)
        if self.leaks_in(text):
            self.leaks.append(text)
        if '"exception"' in text:
            self.errors.append(text)

    def leaks_in(self, text: str) -> bool:
        """An e-mail address (nothing else we log has an @), or a secret."""
        return "@" in text or any(secret in text for secret in self._secrets)

    def flush(self) -> None:
        """Nothing waits."""


@contextmanager
def logs_into(lines: LogLines) -> Iterator[None]:
    """Meanwhile the application logs there instead of to the console."""
    handlers: list[Any] = [one for one in logger.handlers if isinstance(one, logging.StreamHandler)]
    before = [one.setStream(lines) for one in handlers]
    try:
        yield
    finally:
        for handler, stream in zip(handlers, before, strict=True):
            if stream is not None:
                handler.setStream(stream)
