"""One list, newest first, out of the shards of the listing index."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from shared.adapters.dynamodb.items import Item
from shared.adapters.dynamodb.keys import LISTING_INDEX, listing_partitions
from shared.adapters.dynamodb.table import Table
from shared.errors import MalformedPayloadError

_Position = tuple[str, str, str]
_START: _Position = ("", "", "")


def list_newest(table: Table, prefix: str, limit: int, cursor: str | None) -> tuple[Sequence[Item], str | None]:
    """Up to ``limit`` items and the cursor of what follows, None at the end. An item that is written meanwhile may be
    missed, none comes twice. MalformedPayloadError for a cursor that is not ours."""
    partitions = listing_partitions(prefix)
    positions = _read_cursor(cursor, len(partitions))
    shards = [_shard(table, name, position, limit + 1) for name, position in zip(partitions, positions, strict=True)]
    found = sorted(((_newness(item), shard, item) for shard, items in enumerate(shards) for item in items), key=_order)
    for _, shard, item in found[:limit]:
        positions[shard] = (item["listed_at"]["N"], item["pk"]["S"], item["sk"]["S"])
    more = len(found) > limit
    return [item for _, _, item in found[:limit]], _write_cursor(positions) if more else None


def _shard(table: Table, partition: str, position: _Position, limit: int) -> list[Item]:
    options: dict[str, Any] = {"IndexName": LISTING_INDEX, "ScanIndexForward": False}
    if position != _START:
        listed_at, pk, sk = position
        options["ExclusiveStartKey"] = {
            "list_partition": {"S": partition},
            "listed_at": {"N": listed_at},
            "pk": {"S": pk},
            "sk": {"S": sk},
        }
    items: list[Item] = []
    for item in table.query("list_partition = :partition", {":partition": partition}, page_size=limit, **options):
        items.append(item)
        if len(items) >= limit:
            break
    return items


def _newness(item: Item) -> float:
    return -float(item["listed_at"]["N"])


def _order(entry: tuple[float, int, Item]) -> tuple[float, int]:
    """Newest first; within a shard the index's own order is kept, since sorting is stable."""
    return entry[0], entry[1]


def _write_cursor(positions: Sequence[_Position]) -> str:
    return base64.urlsafe_b64encode(json.dumps(positions).encode()).decode()


def _read_cursor(cursor: str | None, shards: int) -> list[_Position]:
    if cursor is None:
        return [_START] * shards
    try:
        positions = [(str(at), str(pk), str(sk)) for at, pk, sk in json.loads(base64.urlsafe_b64decode(cursor))]
        for at, _, _ in positions:
            float(at or 0)
    except (ValueError, TypeError):
        raise MalformedPayloadError("the cursor is not one of ours") from None
    if len(positions) != shards:
        raise MalformedPayloadError("the cursor is not one of ours")
    return positions
