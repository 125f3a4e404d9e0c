"""One list, newest first, out of the partitions of an index whose sort key is ``listed_at``."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.adapters.dynamodb.items import Item
from shared.adapters.dynamodb.keys import LISTING_INDEX, listing_partitions
from shared.adapters.dynamodb.table import Scalar, Table
from shared.errors import MalformedPayloadError

_Position = tuple[str, str, str]
_START: _Position = ("", "", "")
_TIME = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
MAX_CURSOR = 4_000


@dataclass(frozen=True, slots=True)
class Merged:
    """A part of a list. ``more``: something follows."""

    items: Sequence[Item]
    shards: Sequence[int]
    start: Sequence[_Position]
    more: bool

    def cursor_after(self, count: int) -> str | None:
        """The cursor of what follows the first ``count`` items, None at the end."""
        if count >= len(self.items) and not self.more:
            return None
        positions = list(self.start)
        for shard, item in zip(self.shards[:count], self.items[:count], strict=True):
            positions[shard] = (item["listed_at"]["N"], item["pk"]["S"], item["sk"]["S"])
        return base64.urlsafe_b64encode(json.dumps(positions).encode()).decode()


def list_newest(table: Table, prefix: str, limit: int, cursor: str | None) -> tuple[Sequence[Item], str | None]:
    """Up to ``limit`` items of a list as they are now, and the cursor of what follows, None at the end. An item that is
    written meanwhile may be missed, none comes twice. MalformedPayloadError for a cursor that is not ours."""
    merged = read_merged(table, LISTING_INDEX, "list_partition", listing_partitions(prefix), limit, cursor)
    keys = [_key_of(item) for item in merged.items]
    found = {_key_of(item): item for item in table.find_all(keys)}
    return [found[key] for key in keys if key in found], merged.cursor_after(limit)


def _key_of(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def read_merged(
    table: Table,
    index: str,
    partition_name: str,
    partitions: Sequence[str],
    limit: int,
    cursor: str | None,
    *,
    between: tuple[float, float] | None = None,
) -> Merged:
    """Keys out of such an index: ``partition_name`` is its partition key's attribute. ``between``: the first and last
    ``listed_at``."""
    positions = _read_cursor(cursor, len(partitions))
    shards = [
        _shard(table, index, partition_name, name, position, limit + 1, between)
        for name, position in zip(partitions, positions, strict=True)
    ]
    found = sorted(((_newness(item), shard, item) for shard, items in enumerate(shards) for item in items), key=_order)
    taken = found[:limit]
    return Merged([item for _, _, item in taken], [shard for _, shard, _ in taken], positions, len(found) > limit)


def _shard(
    table: Table,
    index: str,
    name: str,
    partition: str,
    position: _Position,
    limit: int,
    between: tuple[float, float] | None,
) -> list[Item]:
    options: dict[str, Any] = {"IndexName": index, "ScanIndexForward": False}
    if position != _START:
        listed_at, pk, sk = position
        options["ExclusiveStartKey"] = {
            name: {"S": partition},
            "listed_at": {"N": listed_at},
            "pk": {"S": pk},
            "sk": {"S": sk},
        }
    condition, values = in_partition(name, partition, between)
    items: list[Item] = []
    for item in table.query(condition, values, page_size=limit, **options):
        items.append(item)
        if len(items) >= limit:
            break
    return items


def in_partition(name: str, partition: str, between: tuple[float, float] | None) -> tuple[str, dict[str, Scalar]]:
    """The key condition and its values."""
    condition, values = f"{name} = :partition", {":partition": partition}
    if between is None:
        return condition, dict(values)
    return f"{condition} AND listed_at BETWEEN :first AND :last", {**values, ":first": between[0], ":last": between[1]}


def _newness(item: Item) -> float:
    return -float(item["listed_at"]["N"])


def _order(entry: tuple[float, int, Item]) -> tuple[float, int]:
    """Newest first; within a shard the index's own order is kept, since sorting is stable."""
    return entry[0], entry[1]


def _read_cursor(cursor: str | None, shards: int) -> list[_Position]:
    if cursor is None:
        return [_START] * shards
    try:
        rows = json.loads(base64.b64decode(cursor[:MAX_CURSOR].encode("ascii"), b"-_", validate=True))
        positions = [_position(*row) for row in rows]
    except (ValueError, TypeError, RecursionError):
        raise MalformedPayloadError("This cursor is not one that the API gave out.") from None
    if len(positions) != shards:
        raise MalformedPayloadError("This cursor belongs to other filters.")
    return positions


def _position(at: object, pk: object, sk: object) -> _Position:
    """ValueError for what DynamoDB would refuse."""
    position = (str(at), str(pk), str(sk))
    if position == _START:
        return position
    whole = _TIME.fullmatch(position[0]) and all(0 < len(text.encode()) <= 1_000 for text in position[1:])
    if not whole:
        raise ValueError
    return position
