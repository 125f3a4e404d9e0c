"""Changing a row that others change too: read, change, and write only what nobody has written meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

from shared.errors import TransientError
from shared.ports.clock import Clock

ATTEMPTS = 5
Row = TypeVar("Row", bound=Any)
Key = TypeVar("Key")
Stored = TypeVar("Stored")
Answer = TypeVar("Answer")
LATELY = 5.0
"""Seconds after which an update reads the row again."""
MOST_ROWS_NOTED = 300


class SeenLately(Generic[Key, Stored]):
    """Rows as they were read or written within the last seconds: an update begins with one, and its version tells whether it
    still is so."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[Key, tuple[float, Stored]] = {}

    def note(self, key: Key, stored: Stored) -> None:
        if len(self._rows) >= MOST_ROWS_NOTED:
            self._rows.pop(next(iter(self._rows)))
        self._rows[key] = (self._clock.now(), stored)

    def take(self, key: Key) -> Stored | None:
        """None, too, for what was seen too long ago. It is forgotten."""
        noted_at, stored = self._rows.pop(key, (0.0, None))
        return stored if self._clock.now() - noted_at < LATELY else None


def change_row(
    read: Callable[[], tuple[Row, Stored]],
    change: Callable[[Row], Row],
    write: Callable[[Row, Stored], bool],
    what: str,
    lately: tuple[Row, Stored] | None = None,
) -> Row:
    """The row, with its ``version`` one higher where ``change`` changed it. ``read`` answers the row, and what ``write`` needs
    to know of the stored one; ``write`` says whether nobody was faster. ``lately``: as it was seen lately, tried first; a
    change that changes nothing of it is asked once more. ``change`` may be called several times, so it must not act on the
    world. TransientError when others were faster five times."""
    if lately is not None:
        after = change(lately[0])
        if after != lately[0]:
            after = replace(after, version=lately[0].version + 1)
            if write(after, lately[1]):
                return after

    def attempt() -> Row | None:
        before, stored = read()
        after = change(before)
        if after == before:
            return before
        after = replace(after, version=before.version + 1)
        return after if write(after, stored) else None

    return until_written(attempt, what)


def until_written(
    attempt: Callable[[], Answer | None], what: str, attempts: int = ATTEMPTS, pause: Callable[[], None] | None = None
) -> Answer:
    """What ``attempt`` answers once it wrote, or had nothing to write; None: others were faster, so it reads and writes again,
    after the ``pause``. TransientError when others were faster each time."""
    for _ in range(attempts):
        answer = attempt()
        if answer is not None:
            return answer
        if pause:
            pause()
    raise TransientError(f"the {what} changes too often", vendor="aws")
