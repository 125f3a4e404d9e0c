"""How well a thing works, as the console's badges show it."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """GOOD: it works. WAIT: nothing is sent, on purpose. WARN: a part does not work. BAD: nothing works."""

    GOOD = "good"
    WAIT = "wait"
    WARN = "warn"
    BAD = "bad"
