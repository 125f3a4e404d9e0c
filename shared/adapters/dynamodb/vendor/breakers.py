"""Whether a vendor may be called at all."""

from __future__ import annotations

from dataclasses import asdict

from shared.adapters.dynamodb.items import from_item, to_item
from shared.adapters.dynamodb.keys import vendor_key
from shared.adapters.dynamodb.table import Table
from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.ports.vendor import Breakers


def key_of_breaker(vendor: Vendor) -> tuple[str, str]:
    return vendor_key(vendor), "BREAKER"


class DynamoBreakers(Breakers):
    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, vendor: Vendor) -> Breaker | None:
        item = self._table.find(*key_of_breaker(vendor))
        if item is None:
            return None
        values = from_item(item)
        return Breaker(
            kind=BreakerKind(values["kind"]),
            open_until=float(values["open_until"]),
            opened_at=float(values["opened_at"]),
            openings=values["openings"],
            probing=values.get("probing", False),
            words=values.get("words", ""),
        )

    def open(self, vendor: Vendor, breaker: Breaker) -> bool:
        """See ``Breakers.open``. One whose time is over or that is being tried opens again; a strike, a lost connection or a
        block takes the place of a mere failing, which would have closed by itself."""
        condition = "attribute_not_exists(pk) OR open_until <= :now OR probing = :yes"
        values: dict[str, str | int | float | bool] = {":now": float(breaker.opened_at), ":yes": True}
        if breaker.kind is not BreakerKind.FAILING:
            condition += " OR #kind = :failing"
            values[":failing"] = str(BreakerKind.FAILING)
        if breaker.kind is BreakerKind.DISCONNECTED:  # a person's decision stands above all
            condition, values = "", {}
        pk, sk = key_of_breaker(vendor)
        row = {
            "pk": pk,
            "sk": sk,
            **asdict(breaker),
            "open_until": float(breaker.open_until),
            "opened_at": float(breaker.opened_at),
        }
        return self._table.put(to_item(row), condition, values or None)

    def probe(self, vendor: Vendor, breaker: Breaker, until: float) -> bool:
        probe_id = self._table.new_write_id()
        values: dict[str, str | int | float | bool] = {
            ":until": float(until),
            ":was": float(breaker.open_until),
            ":yes": True,
            ":id": probe_id,
        }
        change = "SET open_until = :until, probing = :yes, write_id = :id"
        _, refused = self._table.update(*key_of_breaker(vendor), change, "open_until = :was", values)
        return refused is None or refused.get("write_id") == {"S": probe_id}

    def close(self, vendor: Vendor) -> bool:
        return self._table.delete(*key_of_breaker(vendor))
