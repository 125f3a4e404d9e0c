"""What a check of a vendor's account found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared.adapters.dynamodb.items import from_item, json_text, to_item
from shared.adapters.dynamodb.keys import vendor_key
from shared.adapters.dynamodb.table import Table
from shared.domain.connection.connection import Vendor
from shared.ports.vendor import VendorNotes

_SORT_KEY = "NOTES"


class DynamoVendorNotes(VendorNotes):
    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, vendor: Vendor) -> Mapping[str, Any]:
        """Empty when nothing was noted yet."""
        item = self._table.find(vendor_key(vendor), _SORT_KEY)
        notes: Mapping[str, Any] = json.loads(from_item(item)["notes"]) if item else {}
        return notes

    def save(self, vendor: Vendor, notes: Mapping[str, Any]) -> None:
        self._table.put(to_item({"pk": vendor_key(vendor), "sk": _SORT_KEY, "notes": json_text(dict(notes))}))
