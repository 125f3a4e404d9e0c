"""Time, chance and metrics of the tests."""

from __future__ import annotations

from collections import Counter
from random import Random

NOW = 1_795_305_600.0
"""2026-11-22 00:00:00 UTC, a Sunday."""


class VirtualClock:
    """Time that passes only by the test, which moves ``at``, or by a sleep. Callable as the stand-ins take their clock."""

    def __init__(self, at: float = NOW) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class SeededChance:
    """The same fractions in every run, and tokens that differ. One more pause leaves the tokens as they were."""

    def __init__(self, random: Random | None = None) -> None:
        self._random = random or Random()
        self._fractions = Random(11)

    def fraction(self) -> float:
        return self._fractions.random()

    def token(self) -> str:
        return f"{self._random.getrandbits(128):032x}"


class KeptMetrics:
    """What was counted, and each gauge's last value."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.gauges: dict[str, float] = {}

    def count(self, name: str, value: float = 1) -> None:
        self.counts[name] += int(value)

    def gauge(self, name: str, value: float, unit: str = "Seconds") -> None:
        self.gauges[name] = value

    def flush(self) -> None: ...
