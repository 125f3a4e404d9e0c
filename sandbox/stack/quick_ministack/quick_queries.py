"""ministack 1.5.33 evaluates and sorts a whole partition of an index for each page of 50. DynamoDB reads 50.

This keeps the order of a partition, picks those items that the page can hold, and lets ministack's own query answer about
them alone: what is checked, refused, projected and cut stays its code. Only the plainest query is made quick (one equality
on an index's partition key, with a limit); every other one goes its own way.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

Key = tuple[Any, Any]
Entry = tuple[tuple[Any, ...], Key]
Members = dict[str, dict[Any, dict[Key, None]]]

_ONE_EQUALITY = re.compile(r"\s*(#?\w+)\s*=\s*(:\w+)\s*")
MEMBERS = "_index_members"
"""Where ministack keeps which items an index's partition has; it drops the whole of it when items are replaced at once."""


class OrderedMembers(Members):
    """ministack's own record, with the order of those partitions that were asked for."""

    def __init__(self, members: Members) -> None:
        super().__init__(members)
        self.orders: dict[tuple[str, Any], Order] = {}


class Order:
    """The items of one partition in the index's order."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = sorted(entries)
        self._where = {key: order for order, key in entries}

    def add(self, order: tuple[Any, ...], key: Key) -> None:
        self.remove(key)
        insort(self._entries, (order, key))
        self._where[key] = order

    def remove(self, key: Key) -> None:
        order = self._where.pop(key, None)
        if order is not None:
            del self._entries[bisect_left(self._entries, (order, key))]

    def page(self, start: tuple[Any, ...] | None, limit: int, forward: bool) -> list[Entry]:
        """Up to ``limit`` entries that follow ``start``. Orders hold the base table's key, so none is there twice."""
        if forward:
            first = 0 if start is None else bisect_right(self._entries, start, key=_order_of)
            return self._entries[first : first + limit]
        last = len(self._entries) if start is None else bisect_left(self._entries, start, key=_order_of)
        return self._entries[max(0, last - limit) : last]


def _order_of(entry: Entry) -> tuple[Any, ...]:
    return entry[0]


class QuickQueries:
    """``dynamodb`` is ministack's module. Everything is looked up there when it is needed."""

    def __init__(self, dynamodb: Any) -> None:
        self._ministack = dynamodb
        self._query = dynamodb._query
        self._members = dynamodb._index_members
        self._index_item = dynamodb._index_item
        self._narrowed: ContextVar[Members | None] = ContextVar("narrowed", default=None)

    def query(self, request: Mapping[str, Any]) -> Any:
        token = self._narrowed.set(self._narrow(request))
        try:
            return self._query(request)
        finally:
            self._narrowed.reset(token)

    def members(self, table: dict[str, Any]) -> Members:
        """In a quick query: the one partition, with the items of the page."""
        narrowed = self._narrowed.get()
        if narrowed is not None:
            return narrowed
        known: Members = self._members(table)
        return known

    def index_item(self, table: dict[str, Any], base_pk: Any, base_sk: Any, item: Mapping[str, Any], add: bool) -> None:
        """ministack calls it for each item that comes or goes."""
        self._index_item(table, base_pk, base_sk, item, add)
        members = table.get(MEMBERS)
        if not isinstance(members, OrderedMembers):
            return
        for name, hashes, ranges in self._ministack._index_key_schemas(table):
            order = members.orders.get((name, self._ministack._index_partition(item, hashes, ranges)))
            if order is None:
                continue
            if add:
                order.add(self._place(table, ranges, item), (base_pk, base_sk))
            else:
                order.remove((base_pk, base_sk))

    def _narrow(self, request: Mapping[str, Any]) -> Members | None:
        """None when the query is not of the plain kind, or is one that ministack will refuse."""
        plain = _ONE_EQUALITY.fullmatch(str(request.get("KeyConditionExpression")))
        limit, index_name = request.get("Limit"), request.get("IndexName")
        table = self._ministack._tables.get(self._ministack._normalize_table_name(request.get("TableName")))
        index = self._ministack._index_def(table, index_name) if table and index_name else None
        if plain is None or index is None or not isinstance(limit, int) or limit < 1:
            return None
        hashes, ranges = self._ministack._index_key_lists(index)
        partition = (request.get("ExpressionAttributeValues") or {}).get(plain[2])
        if len(hashes) != 1 or len(ranges) > 1 or not isinstance(partition, dict) or len(partition) != 1:
            return None
        start = request.get("ExclusiveStartKey")
        if start and not self._is_place(table, ranges, start):
            return None
        place = self._place(table, ranges, start) if start else None
        name = self._ministack._extract_key_val(partition)
        page = self._order(table, index_name, name, ranges).page(place, limit, request.get("ScanIndexForward", True))
        return {index_name: {name: dict.fromkeys(key for _, key in page)}}

    def _order(self, table: dict[str, Any], index: str, partition: Any, ranges: list[str]) -> Order:
        members = self._members(table)
        if not isinstance(members, OrderedMembers):
            members = table[MEMBERS] = OrderedMembers(members)
        if (index, partition) not in members.orders:
            items = table["items"]
            keys = members.get(index, {}).get(partition, {})
            members.orders[index, partition] = Order([(self._place(table, ranges, items[pk][sk]), (pk, sk)) for pk, sk in keys])
        return members.orders[index, partition]

    def _is_place(self, table: dict[str, Any], ranges: list[str], start: Any) -> bool:
        wanted = self._ministack._index_order_keys(table, ranges)
        return isinstance(start, dict) and all(
            isinstance(start.get(name), dict) and list(start[name]) == [kind] and isinstance(start[name][kind], str)
            for name, kind in wanted
        )

    def _place(self, table: dict[str, Any], ranges: list[str], item: Mapping[str, Any]) -> tuple[Any, ...]:
        """As ministack sorts."""
        names = self._ministack._index_order_keys(table, ranges)
        return tuple(self._ministack._index_order_value(item, name, kind) for name, kind in names)


def install(dynamodb: Any) -> None:
    """Puts itself in front of ministack's query."""
    quick = QuickQueries(dynamodb)
    dynamodb._query = quick.query
    dynamodb._index_members = quick.members
    dynamodb._index_item = quick.index_item
