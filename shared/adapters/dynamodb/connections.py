"""What joins us to Intercom's workspace."""

from __future__ import annotations

from dataclasses import asdict, fields

from shared.adapters.dynamodb.items import from_item, to_item
from shared.adapters.dynamodb.keys import vendor_key
from shared.adapters.dynamodb.table import Table
from shared.domain.connection import Connection, Vendor

_CONNECTION_NAMES = frozenset(field.name for field in fields(Connection))


class DynamoConnections:
    """Implements ``shared.ports.repositories.Connections``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self) -> Connection | None:
        item = self._table.find(vendor_key(Vendor.INTERCOM), "CONNECTION")
        if item is None:
            return None
        return Connection(**{name: value for name, value in from_item(item).items() if name in _CONNECTION_NAMES})

    def save(self, connection: Connection) -> None:
        self._table.put(to_item({"pk": vendor_key(Vendor.INTERCOM), "sk": "CONNECTION", **asdict(connection)}))
