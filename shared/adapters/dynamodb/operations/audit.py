"""Who changed what, when."""

from __future__ import annotations

import re

from shared.adapters.dynamodb.items import from_item, to_item
from shared.adapters.dynamodb.table import Table
from shared.errors import MalformedPayloadError
from shared.ports.listing import Page
from shared.ports.operations import Audit, Change

PARTITION = "AUDIT"
"""One partition: people make few changes."""
_CURSOR = re.compile(r"\d{15}-[0-9a-f]{32}")


class DynamoAudit(Audit):
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, change: Change) -> None:
        """Each change gets a row of its own; rows are kept for good."""
        sk = f"{int(change.at * 1000):015d}-{self._table.new_write_id()}"
        self._table.put(
            to_item({"pk": PARTITION, "sk": sk, "at": float(change.at), "who": change.who[:254], "what": change.what[:2_000]})
        )

    def list(self, limit: int, cursor: str | None = None) -> Page[Change]:
        if cursor is not None and not _CURSOR.fullmatch(cursor):
            raise MalformedPayloadError("This cursor is not one that the API gave out.")
        condition = "pk = :audit" + (" AND sk < :before" if cursor else "")
        values = {":audit": PARTITION} | ({":before": cursor} if cursor else {})
        found = []
        for item in self._table.query(condition, values, page_size=limit + 1, ScanIndexForward=False):
            found.append(from_item(item))
            if len(found) > limit:
                break
        items = [Change(float(row["at"]), row["who"], row["what"]) for row in found[:limit]]
        return Page(items, found[limit - 1]["sk"] if len(found) > limit else None)
