"""Tables, indexes and their sort orders behind the DynamoDB stand-in."""

import zlib
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.fakes.dynamodb_values import Item, copy_item, invalid, normalise_item, ordered, size_of, type_of
from tests.fakes.errors import RefusedError

Key = tuple[Any, Any]
SortKey = tuple[Any, ...]
MAX_ITEM_BYTES = 400 * 1024
MAX_KEY_BYTES = {"HASH": 2048, "RANGE": 1024}
JOURNAL_ENTRIES = 500_000


class Row:
    """One version of an item: never changed, only replaced. `key` is the table's key, `size` bytes of the item."""

    __slots__ = ("item", "key", "size")

    def __init__(self, key: Key, item: Item, size: int) -> None:
        self.key = key
        self.item = item
        self.size = size


class KeySchema:
    """Names and types of a partition key and an optional sort key."""

    def __init__(self, schema: list[dict[str, str]], types: Mapping[str, str]) -> None:
        by_role = {element["KeyType"]: element["AttributeName"] for element in schema}
        if "HASH" not in by_role or any(name not in types for name in by_role.values()):
            raise invalid("One or more parameter values were invalid: Some index key attributes are not defined")
        self.hash = by_role["HASH"]
        self.range = by_role.get("RANGE")
        self.roles = [(self.hash, types[self.hash], "HASH")]
        if self.range is not None:
            self.roles.append((self.range, types[self.range], "RANGE"))
        self.names = frozenset(by_role.values())

    def of(self, item: Item) -> Key:
        """The key in a checked item."""
        return ordered(item[self.hash]), None if self.range is None else ordered(item[self.range])


class View:
    """Rows in key order: a table, or an index of one. An index leaves out rows that lack one of its keys."""

    def __init__(self, name: str, schema: KeySchema, table_schema: KeySchema | None, projection: dict[str, Any]) -> None:
        self.name = name
        self.schema = schema
        self.table_schema = table_schema
        self.kept: frozenset[str] | None = None
        if table_schema is not None and projection.get("ProjectionType", "ALL") != "ALL":
            included = projection.get("NonKeyAttributes", ())
            self.kept = schema.names | table_schema.names | frozenset(included)
        self.clear()

    def clear(self) -> None:
        self.partitions: dict[Any, tuple[list[SortKey], dict[SortKey, Row]]] = {}
        # A scan goes through partitions by a hash of the key, not by the order in which they were written.
        self.scan_order: list[tuple[int, Any]] = []
        self.pending: deque[tuple[float, Row | None, Row | None]] = deque()
        self.visible_until = float("-inf")

    def replace(self, old: Row | None, new: Row | None) -> None:
        """Take out one version of an item and put in another."""
        before = None if old is None else self.place(old.item, old.key)
        after = None if new is None else self.place(new.item, new.key)
        if before is not None and before != after:
            self._remove(*before)
        if after is not None:
            self._add(*after, new, is_new=before != after)  # type: ignore[arg-type]

    def replace_later(self, at: float, old: Row | None, new: Row | None) -> None:
        """The same, to be seen from time `at` on; changes keep their order."""
        self.visible_until = max(at, self.visible_until)
        self.pending.append((self.visible_until, old, new))

    def catch_up(self, now: float) -> None:
        """Apply the changes that are due."""
        pending = self.pending
        while pending and pending[0][0] <= now:
            _, old, new = pending.popleft()
            self.replace(old, new)

    def find(self, key: Key) -> Row | None:
        """The row of a table's view at its key."""
        _, rows = self.partitions.get(key[0], ([], {}))
        return rows.get(key[1:])

    def place(self, item: Item, key: Key) -> tuple[Any, SortKey] | None:
        """Partition and position of an item in this view; None when the index leaves it out."""
        schema = self.schema
        if self.table_schema is None:
            return key[0], key[1:]
        if schema.hash not in item or (schema.range is not None and schema.range not in item):
            return None
        partition, position = schema.of(item)
        return partition, (position, *key)

    def _add(self, partition: Any, position: SortKey, row: Row, *, is_new: bool) -> None:
        if self.kept is not None:
            item = {name: value for name, value in row.item.items() if name in self.kept}
            row = Row(row.key, item, normalise_item(item)[1])
        if partition not in self.partitions:
            self.partitions[partition] = ([], {})
            insort(self.scan_order, (scan_hash(partition), partition))
        order, rows = self.partitions[partition]
        if is_new:
            insort(order, position)
        rows[position] = row

    def _remove(self, partition: Any, position: SortKey) -> None:
        order, rows = self.partitions[partition]
        del rows[position]
        del order[bisect_left(order, position)]
        if not order:
            del self.partitions[partition]
            entry = (scan_hash(partition), partition)
            del self.scan_order[bisect_left(self.scan_order, entry)]

    def read_partition(
        self, partition: Any, bounds: tuple[str, tuple[Any, ...]] | None, after: SortKey | None, *, forward: bool
    ) -> Iterator[Row]:
        """The rows of one partition within bounds of the sort key, in its order, after a position."""
        order, rows = self.partitions.get(partition, ([], {}))
        low, high = (0, len(order)) if bounds is None else _slice(order, *bounds)
        if after is not None and forward:
            low = max(low, bisect_right(order, after))
        elif after is not None:
            high = min(high, bisect_left(order, after))
        positions = range(low, high) if forward else range(high - 1, low - 1, -1)
        for position in positions:
            yield rows[order[position]]

    def read_all(self, after: tuple[Any, SortKey] | None) -> Iterator[Row]:
        """All rows in the order of a scan, after a place."""
        start = 0
        if after is not None:
            partition, position = after
            start = bisect_left(self.scan_order, (scan_hash(partition), partition))
            if start < len(self.scan_order) and self.scan_order[start][1] == partition:
                yield from self.read_partition(partition, None, position, forward=True)
                start += 1
        for _, partition in self.scan_order[start:]:
            yield from self.read_partition(partition, None, None, forward=True)

    def evaluated_key(self, row: Row, table_schema: KeySchema) -> Item:
        """What a page that stops at this row gives as LastEvaluatedKey."""
        return copy_item({name: row.item[name] for name in (*self.schema.names, *table_schema.names)})


def _slice(order: list[SortKey], comparator: str, operands: tuple[Any, ...]) -> tuple[int, int]:
    if comparator == "begins_with":
        prefix = operands[0]
        length = len(prefix)

        def start(position: SortKey) -> Any:
            return position[0][:length]

        return bisect_left(order, prefix, key=start), bisect_right(order, prefix, key=start)
    left = bisect_left(order, operands[0], key=_first)
    right = bisect_right(order, operands[-1], key=_first)
    slices = {"=": (left, right), "BETWEEN": (left, right), "<": (0, left), "<=": (0, right)}
    return slices.get(comparator) or {">": (right, len(order)), ">=": (left, len(order))}[comparator]


def _first(position: SortKey) -> Any:
    return position[0]


def scan_hash(partition: Any) -> int:
    """The place of a partition in a scan."""
    encoded = partition if isinstance(partition, bytes) else str(partition).encode()
    return zlib.crc32(encoded)


class Table:
    """A table with its indexes, its journal and its time-to-live attribute."""

    def __init__(self, request: Mapping[str, Any], created_at: float, journal_entries: int) -> None:
        self.name: str = request["TableName"]
        self.request = request
        self.created_at = created_at
        self.types = {entry["AttributeName"]: entry["AttributeType"] for entry in request["AttributeDefinitions"]}
        self.schema = KeySchema(request["KeySchema"], self.types)
        self.rows: dict[Key, Row] = {}
        self.view = View("", self.schema, None, {})
        self.replica = View("", self.schema, None, {})
        self.indexes = {
            index["IndexName"]: View(
                index["IndexName"],
                KeySchema(index["KeySchema"], self.types),
                self.schema,
                index.get("Projection", {}),
            )
            for index in request.get("GlobalSecondaryIndexes", ())
        }
        used = self.schema.names.union(*[index.schema.names for index in self.indexes.values()])
        if used != self.types.keys():
            raise invalid(
                "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match "
                "number of attributes defined in AttributeDefinitions"
            )
        self.ttl_attribute: str | None = None
        self.journal: deque[tuple[float, Key, Row | None]] = deque(maxlen=journal_entries)
        self.journal_start = created_at

    def change(self, key: Key, new: Row | None, now: float, lags: "Lags") -> None:
        """Replace the item at `key`; `now` in seconds."""
        old = self.rows.get(key)
        if old is new:
            return
        journal = self.journal
        if journal.maxlen:
            if len(journal) == journal.maxlen:
                self.journal_start = journal[0][0]
            journal.append((now, key, old))
        if new is None:
            del self.rows[key]
        else:
            self.rows[key] = new
        self.view.replace(old, new)
        if lags.has_replica:
            self._spread(self.replica, old, new, now, lags.read())
        for index in self.indexes.values():
            self._spread(index, old, new, now, lags.index())

    @staticmethod
    def _spread(view: View, old: Row | None, new: Row | None, now: float, lag: float) -> None:
        if lag <= 0 and not view.pending:
            view.replace(old, new)
        else:
            view.replace_later(now + lag, old, new)
            view.catch_up(now)

    def rewind(self, to_time: float) -> None:
        """Put all items back to what they were at `to_time`; indexes follow at once.

        Raises ValueError when the journal does not reach back that far.
        """
        if not self.journal.maxlen or to_time < self.journal_start:
            raise ValueError(f"the journal of {self.name} does not reach back to {to_time}")
        while self.journal and self.journal[-1][0] > to_time:
            _, key, old = self.journal.pop()
            if old is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = old
        for view in (self.view, self.replica, *self.indexes.values()):
            view.clear()
            for row in self.rows.values():
                view.replace(None, row)

    # --- checks -----------------------------------------------------------------------------------------------------

    def key_of(self, key: Item) -> Key:
        """The key of a request that names an item by its key alone."""
        if key.keys() != self.schema.names:
            raise invalid("The provided key element does not match the schema")
        for name, kind, role in self.schema.roles:
            if kind not in key[name]:
                raise invalid("The provided key element does not match the schema")
            _check_key_size(key, name, role)
        return self.schema.of(key)

    def key_in(self, item: Item) -> Key:
        """The key of a whole item that is to be stored."""
        for name, kind, role in self.schema.roles:
            value = item.get(name)
            if value is None:
                raise invalid(f"One or more parameter values were invalid: Missing the key {name} in the item")
            if kind not in value:
                raise invalid(
                    f"One or more parameter values were invalid: Type mismatch for key {name} "
                    f"expected: {kind} actual: {type_of(value)}"
                )
            _check_key_size(item, name, role)
        return self.schema.of(item)

    def row(self, key: Key, item: Item, size: int) -> Row:
        """A row to be stored, after the checks of size and of index keys."""
        if size > MAX_ITEM_BYTES:
            raise invalid("Item size has exceeded the maximum allowed size")
        for index in self.indexes.values():
            for name, kind, role in index.schema.roles:
                value = item.get(name)
                if value is not None:
                    _check_index_key(index.name, name, kind, value)
                    _check_key_size(item, name, role)
        return Row(key, item, size)

    def index(self, name: str) -> View:
        """The index of this name. Raises ValidationException for an unknown one."""
        if name not in self.indexes:
            raise invalid(f"The table does not have the specified index: {name}")
        return self.indexes[name]

    def expired(self, now: float) -> list[Key]:
        """Keys of the items whose time to live is over at `now`, epoch seconds; five years and older do not count."""
        name = self.ttl_attribute
        oldest = now - 5 * 365 * 86400
        return [
            key
            for key, row in self.rows.items()
            if name in row.item and "N" in row.item[name] and oldest < Decimal(row.item[name]["N"]) <= now
        ]


class Lags:
    """How late indexes and eventually consistent reads are, in seconds: a number, or a function that gives one."""

    def __init__(self, index: float | Callable[[], float], read: float | Callable[[], float]) -> None:
        self.index = index if callable(index) else lambda: index
        self.read = read if callable(read) else lambda: read
        self.has_replica = callable(read) or read > 0


def _check_key_size(item: Item, name: str, role: str) -> None:
    size = size_of(item[name])
    if size is None or 0 < size <= MAX_KEY_BYTES["RANGE"]:
        return
    if size == 0:
        kind = "string" if "S" in item[name] else "binary"
        raise invalid(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            f"empty {kind} value. Key: {name}"
        )
    if size > MAX_KEY_BYTES[role]:
        word = {"HASH": "hashkey", "RANGE": "rangekey"}[role]
        raise invalid(
            f"One or more parameter values were invalid: Size of {word} has exceeded the maximum size limit of"
            f"{MAX_KEY_BYTES[role]} bytes"
        )


def _check_index_key(index: str, name: str, kind: str, value: dict[str, Any]) -> None:
    if kind not in value:
        raise invalid(
            f"One or more parameter values were invalid: Type mismatch for Index Key {name} "
            f"Expected: {kind} Actual: {type_of(value)} IndexName: {index}"
        )
    if value in ({"S": ""}, {"B": b""}):
        raise invalid(
            "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
            "The AttributeValue for a key attribute cannot contain an empty string value. "
            f"IndexName: {index}, IndexKey: {name}"
        )


def missing_table(name: str) -> RefusedError:
    """ResourceNotFoundException for a table."""
    return RefusedError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
