"""What search sees: contacts as they were a while ago."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.vendors.intercom.workspace import Contact

MAX_COUNTS = 64


class SearchIndex:
    """Contacts by id, by folded e-mail and in order of creation; new states become visible late."""

    def __init__(self) -> None:
        self.visible: dict[str, Contact] = {}
        self._by_email: dict[str, set[str]] = {}
        self._order: list[tuple[float, int, str]] = []
        self._ordered: set[str] = set()
        self._pending: list[tuple[float, int, Contact]] = []
        self._ended: dict[str, int] = {}
        self._last = 0
        self._counts: OrderedDict[str, int] = OrderedDict()

    def put_later(self, contact: Contact, visible_at: float) -> None:
        self._last += 1
        heapq.heappush(self._pending, (visible_at, self._last, contact))

    def catch_up(self, now: float) -> None:
        """Let everything be seen whose time has come."""
        while self._pending and self._pending[0][0] <= now:
            contact = heapq.heappop(self._pending)[2]
            if contact.revision <= self._ended.get(contact.id, -1):
                continue  # archived, merged or deleted since, which search sees at once
            seen = self.visible.get(contact.id)
            if seen is None or seen.revision < contact.revision:
                self.put(contact)

    def put(self, contact: Contact) -> None:
        """Let a state be seen at once."""
        before = self.visible.get(contact.id)
        if before is not None:
            self._drop_email(before)
        self.visible[contact.id] = contact
        if contact.email:
            self._by_email.setdefault(contact.folded_email, set()).add(contact.id)
        if contact.id not in self._ordered:
            self._ordered.add(contact.id)
            insort(self._order, (contact.created_at, contact.number, contact.id))

    def remove(self, contact: Contact) -> None:
        """Search never sees this state or an earlier one again."""
        self._ended[contact.id] = contact.revision
        before = self.visible.pop(contact.id, None)
        if before is not None:
            self._drop_email(before)

    def with_email(self, folded: str) -> list[Contact]:
        return [self.visible[contact_id] for contact_id in self._by_email.get(folded, ())]

    def by_creation(self, after: tuple[float, int] | None, *, descending: bool) -> Iterator[Contact]:
        """The visible contacts in order of creation, from behind ``after`` (time, number) on."""
        if descending:
            end = len(self._order) if after is None else bisect_left(self._order, (*after, ""))
            positions = range(end - 1, -1, -1)
        else:
            start = 0 if after is None else bisect_left(self._order, (after[0], after[1] + 1, ""))
            positions = range(start, len(self._order))
        for position in positions:
            contact = self.visible.get(self._order[position][2])
            if contact is not None:
                yield contact

    def remember_count(self, query: str, count: int) -> None:
        """So that the later pages of a search need not count all over again."""
        self._counts[query] = count
        self._counts.move_to_end(query)
        while len(self._counts) > MAX_COUNTS:
            self._counts.popitem(last=False)

    def remembered_count(self, query: str) -> int | None:
        return self._counts.get(query)

    def _drop_email(self, contact: Contact) -> None:
        ids = self._by_email.get(contact.folded_email)
        if ids is not None:
            ids.discard(contact.id)
            if not ids:
                del self._by_email[contact.folded_email]
