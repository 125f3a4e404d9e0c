"""Authenticated bodies that nobody could read."""

from __future__ import annotations

from dataclasses import asdict, fields

from shared.adapters.dynamodb.items import Item, from_item, to_item
from shared.adapters.dynamodb.keys import listing_partition
from shared.adapters.dynamodb.listing import list_newest
from shared.adapters.dynamodb.table import Table
from shared.ports.clock import Clock
from shared.ports.listing import Page
from shared.ports.signup import Quarantine, Quarantined

_SORT_KEY = "QUARANTINE"
_PREFIX = "QUARANTINE"
KEPT_SECONDS = 30 * 86_400
_NAMES = frozenset(field.name for field in fields(Quarantined))


class DynamoQuarantine(Quarantine):
    """A row is kept for 30 days."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def add(self, body: Quarantined) -> None:
        pk = f"QUARANTINE#{body.id}"
        row = {
            "pk": pk,
            "sk": _SORT_KEY,
            **asdict(body),
            "received_at": float(body.received_at),
            "list_partition": listing_partition(_PREFIX, pk),
            "listed_at": float(body.received_at),
            "expires_at": int(self._clock.now()) + KEPT_SECONDS,
        }
        self._table.put(to_item(row))

    def list(self, limit: int, cursor: str | None = None) -> Page[Quarantined]:
        items, following = list_newest(self._table, _PREFIX, limit, cursor)
        rows = [self._body(item) for item in items]
        return Page([row for row in rows if row is not None], following)

    def find(self, quarantine_id: str) -> Quarantined | None:
        """None when it was removed or is older than 30 days."""
        item = self._table.find(f"QUARANTINE#{quarantine_id}", _SORT_KEY)
        return None if item is None else self._body(item)

    def remove(self, quarantine_id: str) -> bool:
        """False when it was gone already."""
        return self._table.delete(f"QUARANTINE#{quarantine_id}", _SORT_KEY)

    def _body(self, item: Item) -> Quarantined | None:
        row = from_item(item)
        if row["expires_at"] <= self._clock.now():
            return None
        body = {name: value for name, value in row.items() if name in _NAMES}
        return Quarantined(**{**body, "received_at": float(body["received_at"])})
