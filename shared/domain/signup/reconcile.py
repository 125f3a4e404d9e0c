"""How to find new people in a list whose order nobody documents. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from shared.domain.signup.completeness import Tally
from shared.domain.vendor.retry import asks_for_fewer

OVERLAP_IDS = 500
"""User ids below the high-water mark that are looked at again: rows may appear later than their ids tell."""


class Order(StrEnum):
    """The order of Referral Factory's user list."""

    ASCENDING = "ascending"
    DESCENDING = "descending"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where reconcile stands. Times are epoch seconds, 0 for never.

    ``high_water`` and ``last_page``: the user id and the page up to which people are known. ``scan_page``: the next page of a
    scan through the whole list, 0 when none is going on; ``scan_began_at`` and ``scanned_at`` are its begin and the begin of
    the last one that came to its end: everybody who joined before ``scanned_at`` has been seen. ``began_at`` and
    ``succeeded_at``: when the last pass that went well began and ended. ``tells_qualified``: an answer has said of somebody
    that they are qualified, so one that says nothing of it says that they are not. ``page_failures``: whole pages
    that did not come one after the other, the last at ``failed_at``. ``tally``: where the people are whom the scan has seen,
    None when it was set back, so that it sees some of them again.
    """

    order: Order = Order.UNKNOWN
    high_water: int = 0
    last_page: int = 0
    scan_page: int = 0
    scan_began_at: float = 0.0
    scanned_at: float = 0.0
    succeeded_at: float = 0.0
    began_at: float = 0.0
    page_failures: int = 0
    tells_qualified: bool = False
    failed_at: float = 0.0
    tally: Tally | None = None

    def smaller(self, now: float) -> int:
        """Whether pages are read in smaller parts (1), since two did not come or one was too large."""
        return int(asks_for_fewer(self.page_failures, self.failed_at, now))


def order_of(first_page: Sequence[int], last_page: Sequence[int]) -> Order:
    """Which order the ids of the first and the last page show. Too few ids, or ids in disorder, show none."""
    ids = [*first_page, *last_page]
    if len(set(ids)) < 2:
        return Order.UNKNOWN
    pairs = list(pairwise(ids))
    if all(one <= other for one, other in pairs):
        return Order.ASCENDING
    if all(one >= other for one, other in pairs):
        return Order.DESCENDING
    return Order.UNKNOWN


def reaches_high_water(page: Sequence[int], high_water: int) -> bool:
    """Whether a page of a descending list lies wholly under the mark and its overlap, so that the rest is known."""
    return not page or max(page) <= high_water - OVERLAP_IDS


def first_page_to_read(last_page: int) -> int:
    """Of an ascending list: one page before the last that is known, for deletions move people forward. ``last_page``: the
    one that was known, or the present one when so many have left that it comes before."""
    return max(1, last_page - 1)
