"""What a vendor holds against us: one item, so that it outlives every worker."""

from __future__ import annotations

from collections.abc import Callable

from shared.adapters.dynamodb.changing import until_written
from shared.adapters.dynamodb.items import Item, from_item, to_item
from shared.adapters.dynamodb.keys import vendor_key
from shared.adapters.dynamodb.table import Table
from shared.domain.connection.connection import Vendor
from shared.domain.vendor.limits import Strikes
from shared.ports.vendor import StrikeBook

_SORT_KEY = "STRIKES"
STRIKE_ATTEMPTS = 10


class DynamoStrikes(StrikeBook):
    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, vendor: Vendor) -> Strikes:
        return _strikes(self._table.find(vendor_key(vendor), _SORT_KEY))[0]

    def update(self, vendor: Vendor, change: Callable[[Strikes], Strikes]) -> tuple[Strikes, Strikes]:
        """See ``StrikeBook.update``. TransientError when others are faster ten times."""

        def attempt() -> tuple[Strikes, Strikes] | None:
            before, version = _strikes(self._table.find(vendor_key(vendor), _SORT_KEY))
            after = change(before)
            return (before, after) if after == before or self._put(vendor, after, version) else None

        return until_written(attempt, "row of strikes", STRIKE_ATTEMPTS)

    def _put(self, vendor: Vendor, strikes: Strikes, version: int) -> bool:
        row: dict[str, str | float | None] = {
            "pk": vendor_key(vendor),
            "sk": _SORT_KEY,
            "count": strikes.count,
            "last_at": float(strikes.last_at),
            "stopped_at": None if strikes.stopped_at is None else float(strikes.stopped_at),
            "version": version + 1,
        }
        condition = "version = :version" if version else "attribute_not_exists(pk)"
        return self._table.put(to_item(row), condition, {":version": version} if version else None)


def _strikes(item: Item | None) -> tuple[Strikes, int]:
    """The strikes and the item's version, 0 when there is none."""
    if item is None:
        return Strikes(), 0
    values = from_item(item)
    stopped_at = values.get("stopped_at")
    stopped = None if stopped_at is None else float(stopped_at)
    return Strikes(int(values["count"]), float(values["last_at"]), stopped), int(values["version"])
