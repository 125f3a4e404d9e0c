"""Items of a table as a test reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared.adapters.dynamodb.packed import unpack


def readable(item: Mapping[str, Any]) -> str:
    """All that stands in the item, what is packed in it included."""
    open_ = {name: unpack(value["B"]) if "B" in value else value for name, value in item.items()}
    return json.dumps(open_, ensure_ascii=False)
