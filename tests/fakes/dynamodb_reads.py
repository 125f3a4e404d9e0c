"""Reads of the in-memory DynamoDB: pages of a query or a scan, and key conditions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tests.fakes.dynamodb_expressions import Condition, Names, Parsed, Projection, Values
from tests.fakes.dynamodb_tables import Row, Table, View
from tests.fakes.dynamodb_update import project, resolve, resolve_all
from tests.fakes.dynamodb_values import Item, copy_item, invalid, ordered

PAGE_BYTES = 1024 * 1024


class Reading:
    """What a query and a scan have in common: the filter, the projection and the bounds of a page."""

    def __init__(
        self,
        table: Table,
        view: View,
        condition: Condition | None,
        wanted: list[str] | None,
        names: Names,
        values: Values,
    ) -> None:
        self.table = table
        self.view = view
        self.condition = condition
        self.wanted = wanted
        self.names = names
        self.values = values

    def page(self, rows: Iterable[Row], request: Mapping[str, Any]) -> dict[str, Any]:
        """Read until the rows, the limit or the megabyte end."""
        limit = request.get("Limit")
        kept: list[Row] = []
        scanned = size = 0
        stopped_at = last = None
        for row in rows:
            if scanned and size + row.size > PAGE_BYTES:
                stopped_at = last
                break
            last = row
            scanned += 1
            size += row.size
            if self.condition is None or self.condition.test(row.item, self.names, self.values):
                kept.append(row)
            if scanned == limit:
                stopped_at = row
                break
        answer: dict[str, Any] = {"Count": len(kept), "ScannedCount": scanned}
        if request.get("Select") != "COUNT":
            answer["Items"] = [self._shown(row) for row in kept]
        if stopped_at is not None:
            answer["LastEvaluatedKey"] = self.view.evaluated_key(stopped_at, self.table.schema)
        return answer

    def _shown(self, row: Row) -> Item:
        return copy_item(row.item) if self.wanted is None else project(row.item, self.wanted)


class Paginator:
    """What boto3 gives for `get_paginator("query")`."""

    def __init__(self, call: Callable[..., dict[str, Any]]) -> None:
        self._call = call

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """The pages, one call each; `PaginationConfig` may give a `PageSize`."""
        config = request.pop("PaginationConfig", {})
        if "PageSize" in config:
            request["Limit"] = config["PageSize"]
        while True:
            page = self._call(**request)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def projected(projection: Parsed, names: Names) -> list[str]:
    if not isinstance(projection, Projection):
        raise TypeError("not a projection")
    return resolve_all(projection.attributes, names)


def key_bounds(
    condition: Condition, view: View, names: Names, values: Values
) -> tuple[Any, tuple[str, tuple[Any, ...]] | None]:
    """Partition key value, and comparator with operands for the sort key, of a key condition."""
    nodes = condition.node[1] if condition.node[0] == "and" else [condition.node]
    bounds: dict[str, tuple[str, tuple[Any, ...]]] = {}
    for node in nodes:
        name, comparator, operands = _key_test(node, names)
        role = next((role for role in view.schema.roles if role[0] == name), None)
        if role is None or name in bounds:
            missing = view.schema.hash if view.schema.hash not in bounds else name
            raise invalid(f"Query condition missed key schema element: {missing}")
        bounds[name] = (comparator, tuple(_key_operand(values[operand], *role[:2]) for operand in operands))
    if view.schema.hash not in bounds:
        raise invalid(f"Query condition missed key schema element: {view.schema.hash}")
    comparator, operands = bounds[view.schema.hash]
    if comparator != "=":
        raise invalid("Query key condition not supported")
    sort_bounds = bounds.get(view.schema.range or "")
    if sort_bounds is not None and sort_bounds[0] == "BETWEEN" and sort_bounds[1][0] > sort_bounds[1][1]:
        raise invalid(
            "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to "
            "lower bound"
        )
    return operands[0], sort_bounds


def _key_test(node: tuple[Any, ...], names: Names) -> tuple[str, str, list[str]]:
    """Attribute, comparator and value placeholders of one part of a key condition."""
    kind = node[0]
    if kind == "compare":
        comparator, operands = node[1], node[2:]
    elif kind in {"between", "begins_with"}:
        comparator, operands = {"between": "BETWEEN"}.get(kind, kind), node[1:]
    else:
        raise invalid("Invalid operator used in KeyConditionExpression")
    subject, *others = operands
    if subject[0] != "attribute" or any(other[0] != "value" for other in others):
        raise invalid("Invalid KeyConditionExpression: Query key condition not supported")
    return resolve(subject[1], names), comparator, [other[1] for other in others]


def _key_operand(value: dict[str, Any], name: str, kind: str) -> Any:
    if kind not in value:
        raise invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
    if value[kind] in ("", b""):
        raise invalid(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            f"empty string value. Key: {name}"
        )
    return ordered(value)


def refuse_key_filter(reading: Reading, view: View) -> None:
    for attribute in reading.condition.attributes if reading.condition is not None else ():
        name = resolve(attribute, reading.names)
        if name in view.schema.names:
            raise invalid(f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}")
