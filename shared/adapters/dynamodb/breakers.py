"""Whether a vendor may be called at all."""

from __future__ import annotations

from dataclasses import asdict

from shared.adapters.dynamodb.items import from_item, to_item
from shared.adapters.dynamodb.keys import vendor_key
from shared.adapters.dynamodb.table import Table
from shared.domain.connection import Breaker, BreakerKind, Vendor


class DynamoBreakers:
    """Implements ``shared.ports.repositories.Breakers``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, vendor: Vendor) -> Breaker | None:
        item = self._table.find(vendor_key(vendor), "BREAKER")
        if item is None:
            return None
        values = from_item(item)
        return Breaker(
            kind=BreakerKind(values["kind"]),
            open_until=float(values["open_until"]),
            opened_at=float(values["opened_at"]),
            openings=values["openings"],
        )

    def open(self, vendor: Vendor, breaker: Breaker) -> bool:
        """See ``Breakers.open``. One whose time is over opens again; a lost connection or a block takes the place of a
        mere failing, which would have closed by itself."""
        condition = "attribute_not_exists(pk) OR open_until <= :now"
        values: dict[str, str | int | float | bool] = {":now": float(breaker.opened_at)}
        if breaker.kind is not BreakerKind.FAILING:
            condition += " OR #kind = :failing"
            values[":failing"] = str(BreakerKind.FAILING)
        row = {
            "pk": vendor_key(vendor),
            "sk": "BREAKER",
            **asdict(breaker),
            "open_until": float(breaker.open_until),
            "opened_at": float(breaker.opened_at),
        }
        return self._table.put(to_item(row), condition, values)

    def close(self, vendor: Vendor) -> bool:
        """See ``Breakers.close``."""
        return self._table.delete(vendor_key(vendor), "BREAKER")
