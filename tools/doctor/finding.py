"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """BAD fails the whole look. WARN works today. SKIPPED: nobody could look."""

    GOOD = "ok"
    WARN = "warn"
    BAD = "BAD"
    SKIPPED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """``do`` is empty only where nothing has to be done."""

    check: str
    level: Level
    what: str
    do: str = ""

    def __str__(self) -> str:
        line = f"{self.level:<11} {self.check:<14} {self.what}"
        return f"{line}\n{'':27}→ {self.do}" if self.do else line


def good(check: str, what: str) -> Finding:
    return Finding(check, Level.GOOD, what)


def warn(check: str, what: str, do: str) -> Finding:
    return Finding(check, Level.WARN, what, do)


def bad(check: str, what: str, do: str) -> Finding:
    return Finding(check, Level.BAD, what, do)


def skipped(check: str, what: str, do: str) -> Finding:
    return Finding(check, Level.SKIPPED, what, do)
