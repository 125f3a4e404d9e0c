"""Where reconcile stands."""

from __future__ import annotations

import json
from collections.abc import Mapping

from shared.adapters.dynamodb.items import from_item, json_text, to_item
from shared.adapters.dynamodb.table import Table
from shared.ports.operations import Progresses


class DynamoProgresses(Progresses):
    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, name: str) -> Mapping[str, object] | None:
        item = self._table.find(f"RECONCILE#{name}", "PROGRESS")
        if item is None:
            return None
        progress: Mapping[str, object] = json.loads(from_item(item)["progress"])
        return progress

    def save(self, name: str, progress: Mapping[str, object]) -> None:
        self._table.put(to_item({"pk": f"RECONCILE#{name}", "sk": "PROGRESS", "progress": json_text(dict(progress))}))
