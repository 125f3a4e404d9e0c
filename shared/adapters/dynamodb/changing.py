"""Changing a row that others change too: read, change, and write only what nobody has written meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from shared.errors import TransientError

ATTEMPTS = 5
Row = TypeVar("Row", bound=Any)


def change_row(
    read: Callable[[], tuple[Row, Any]], change: Callable[[Row], Row], write: Callable[[Row, Any], bool], what: str
) -> Row:
    """The row, with its ``version`` one higher where ``change`` changed it. ``read`` answers the row, and what ``write`` needs
    to know of the stored one; ``write`` says whether nobody was faster. ``change`` may be called several times, so it must not
    act on the world. TransientError when others were faster five times."""
    for _ in range(ATTEMPTS):
        before, stored = read()
        after = change(before)
        if after == before:
            return before
        after = replace(after, version=before.version + 1)
        if write(after, stored):
            return after
    raise TransientError(f"the {what} changes too often", vendor="aws")
