"""One reader of pages for both vendors: where so many entries make too large or too slow an answer, fewer are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from shared.adapters.http.transport import TooLargeAnswerError

Page = TypeVar("Page")


def read_page(read: Callable[[int], Page], sizes: Sequence[int], smaller: int = 0) -> tuple[Page, int]:
    """``read`` of so many entries as ``sizes`` (falling) has at ``smaller``, and of the next fewer for each answer that is too
    large. Answers at which of the sizes it was read, too."""
    for index, size in list(enumerate(sizes))[min(smaller, len(sizes) - 1) :]:
        try:
            return read(size), index
        except TooLargeAnswerError:
            if size == sizes[-1]:
                raise
    raise AssertionError(sizes)
