"""What joins us to Intercom's workspace."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from shared.adapters.dynamodb.items import from_item, to_item
from shared.adapters.dynamodb.keys import vendor_key
from shared.adapters.dynamodb.table import Table
from shared.domain.connection.connection import Connection, Vendor
from shared.ports.connection import Connections

CONNECTION_KEY = (vendor_key(Vendor.INTERCOM), "CONNECTION")
_NAMES = frozenset(field.name for field in fields(Connection))
_TIMES = ("doubted_at", "replayed_at")


class DynamoConnections(Connections):
    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self) -> Connection | None:
        item = self._table.find(*CONNECTION_KEY)
        if item is None:
            return None
        values = {name: value for name, value in from_item(item).items() if name in _NAMES}
        values |= {name: float(values[name]) for name in _TIMES if name in values}
        return Connection(**values)

    def save(self, connection: Connection) -> None:
        self._table.put(_item(connection))

    def replace(self, before: Connection, after: Connection) -> bool:
        return self._table.put(_item(after), "epoch = :epoch", {":epoch": before.epoch})


def _item(connection: Connection) -> dict[str, Any]:
    values = asdict(connection)
    values |= {name: float(values[name]) for name in _TIMES if values[name] is not None}
    pk, sk = CONNECTION_KEY
    return to_item({"pk": pk, "sk": sk, **values})
