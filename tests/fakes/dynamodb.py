"""A DynamoDB in memory behind the interface of `boto3.client("dynamodb")`.

It follows AWS's documented behaviour where moto and others differ: canonical numbers, checked index keys, atomic
transactions with request tokens, sparse indexes that lag, items that outlive their time to live.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html
"""

from collections.abc import Mapping
from typing import Any

from tests.fakes.dynamodb_administration import TableOperations
from tests.fakes.dynamodb_expressions import (
    Condition,
    Names,
    Parsed,
    Update,
    Values,
    bind,
    parse_condition,
    parse_projection,
    parse_update,
)
from tests.fakes.dynamodb_reads import Paginator, Reading, key_bounds, projected, refuse_key_filter
from tests.fakes.dynamodb_tables import Key, Row, SortKey, Table, View
from tests.fakes.dynamodb_update import apply_update, project, resolve_all
from tests.fakes.dynamodb_values import (
    Item,
    copy_item,
    invalid,
    normalise_item,
    normalise_value,
    string_size,
    value_size,
)
from tests.fakes.dynamodb_writes import (
    Write,
    cancellation_reason,
    check_return_values,
    check_transaction_length,
    refuse_repeats,
    shows_old,
)
from tests.fakes.errors import MalformedParameterError, RefusedError, operation

MAX_BATCH_GET = 100
MAX_BATCH_GET_BYTES = 16 * 1024 * 1024
MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
TOKEN_SECONDS = 600

_EXPRESSION = "ExpressionAttributeNames ExpressionAttributeValues"
_CONDITION = f"ConditionExpression {_EXPRESSION} ReturnValuesOnConditionCheckFailure"
_RETURNS = "ReturnValues ReturnConsumedCapacity ReturnItemCollectionMetrics"
_READ = (
    "IndexName Limit ExclusiveStartKey ConsistentRead FilterExpression ProjectionExpression Select "
    "ExpressionAttributeNames ExpressionAttributeValues ReturnConsumedCapacity"
)
_TRANSACTED = {
    "Put": ("TableName Item", _CONDITION),
    "Update": ("TableName Key UpdateExpression", _CONDITION),
    "Delete": ("TableName Key", _CONDITION),
}


class FakeDynamoDB(TableOperations):
    """The client. See `TableOperations` for its arguments."""

    # --- single items -----------------------------------------------------------------------------------------------

    @operation("PutItem", "TableName Item", f"{_CONDITION} {_RETURNS}")
    def put_item(self, request: dict[str, Any]) -> dict[str, Any]:
        """Create or replace an item."""
        check_return_values(request, "NONE")
        self._apply(self._put(request))
        return {}

    @operation("DeleteItem", "TableName Key", f"{_CONDITION} {_RETURNS}")
    def delete_item(self, request: dict[str, Any]) -> dict[str, Any]:
        """Delete an item; a missing one is no error."""
        wanted = check_return_values(request, "NONE", "ALL_OLD")
        old, _ = self._apply(self._delete(request))
        return {"Attributes": copy_item(old.item)} if old is not None and wanted == "ALL_OLD" else {}

    @operation("UpdateItem", "TableName Key UpdateExpression", f"{_CONDITION} {_RETURNS}")
    def update_item(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change an item, or create it unless the expression only removes."""
        wanted = check_return_values(request, "NONE", "ALL_NEW")
        _, new = self._apply(self._update(request))
        return {"Attributes": copy_item(new.item)} if new is not None and wanted == "ALL_NEW" else {}

    @operation(
        "GetItem",
        "TableName Key",
        "ConsistentRead ProjectionExpression ExpressionAttributeNames ReturnConsumedCapacity",
    )
    def get_item(self, request: dict[str, Any]) -> dict[str, Any]:
        """One item; the answer to a missing one has no `Item`."""
        item = self._read_one(request, consistent=request.get("ConsistentRead", False))
        return {} if item is None else {"Item": item}

    # --- many items -------------------------------------------------------------------------------------------------

    @operation("Query", "TableName KeyConditionExpression", f"{_READ} ScanIndexForward")
    def query(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of one partition in the order of the sort key: at most 1 MB and `Limit` items before the filter."""
        table, view = self._view(request)
        key_condition = parse_condition(request["KeyConditionExpression"], "KeyConditionExpression")
        reading = self._reading(request, table, view, [key_condition])
        partition, bounds = key_bounds(key_condition, view, reading.names, reading.values)
        if reading.condition is not None:
            refuse_key_filter(reading, view)
        place = self._start_place(request, table, view)
        if place is not None and place[0] != partition:
            raise invalid("The provided starting key is outside query boundaries based on provided conditions")
        after = None if place is None else place[1]
        rows = view.read_partition(partition, bounds, after, forward=request.get("ScanIndexForward", True))
        return reading.page(rows, request)

    @operation("Scan", "TableName", _READ)
    def scan(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of everything, partitions in no useful order."""
        table, view = self._view(request)
        reading = self._reading(request, table, view, [])
        place = self._start_place(request, table, view)
        return reading.page(view.read_all(place), request)

    def get_paginator(self, operation_name: str) -> "Paginator":
        """A paginator for `query` or `scan`."""
        return Paginator({"query": self.query, "scan": self.scan}[operation_name])

    @operation("BatchGetItem", "RequestItems", "ReturnConsumedCapacity")
    def batch_get_item(self, request: dict[str, Any]) -> dict[str, Any]:
        """Up to 100 items and 16 MB in no particular order; the rest comes back in `UnprocessedKeys`."""
        asked = request["RequestItems"]
        if not 1 <= sum(len(entry["Keys"]) for entry in asked.values()) <= MAX_BATCH_GET:
            raise invalid("Too many items requested for the BatchGetItem call")
        answers: dict[str, list[Item]] = {name: [] for name in asked}
        unprocessed: dict[str, Any] = {}
        room = MAX_BATCH_GET_BYTES
        for name, entry in asked.items():
            self._refuse_repeated_keys(name, entry["Keys"])
            for position, key in enumerate(entry["Keys"]):
                if room <= 0 or (position and self._chance.random() < self.unprocessed_probability):
                    unprocessed.setdefault(name, {**entry, "Keys": []})["Keys"].append(key)
                    continue
                single = {**entry, "TableName": name, "Key": key}
                item = self._read_one(single, consistent=entry.get("ConsistentRead", False))
                if item is not None:
                    room -= normalise_item(item)[1]
                    answers[name].append(item)
            self._chance.shuffle(answers[name])
        return {"Responses": answers, "UnprocessedKeys": unprocessed}

    @operation(
        "TransactWriteItems",
        "TransactItems",
        "ClientRequestToken ReturnConsumedCapacity ReturnItemCollectionMetrics",
    )
    def transact_write_items(self, request: dict[str, Any]) -> dict[str, Any]:
        """Up to 100 writes and checks, all or none. A token repeated within 10 minutes does nothing again.

        Raises TransactionCanceledException with one entry in `CancellationReasons` per write.
        """
        token = request.get("ClientRequestToken")
        fingerprint = "" if token is None else repr(request["TransactItems"])
        if token is not None and self._is_repeat(token, fingerprint):
            return {}
        writes = [self._transacted(entry) for entry in request["TransactItems"]]
        check_transaction_length(len(writes))
        refuse_repeats(writes, "Transaction request cannot include multiple operations on one item")
        rows, reasons = [], []
        for write in writes:
            old = write.table.rows.get(write.key)
            try:
                rows.append(write.new_row(old))
                reasons.append({"Code": "None"})
            except RefusedError as refusal:
                reasons.append(cancellation_reason(refusal))
        if len(rows) < len(writes):
            codes = ", ".join(reason["Code"] for reason in reasons)
            raise RefusedError(
                "TransactionCanceledException",
                f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
                CancellationReasons=reasons,
            )
        if sum(row.size for row in rows if row is not None) > MAX_TRANSACTION_BYTES:
            raise invalid("Transaction request cannot be larger than 4 MB")
        now = self._clock()
        for write, row in zip(writes, rows, strict=True):
            write.table.change(write.key, row, now, self._lags)
        if token is not None:
            self._tokens[token] = (now + TOKEN_SECONDS, fingerprint)
        return {}

    @operation("RestoreTableToPointInTime", "SourceTableName TargetTableName", "RestoreDateTime UseLatestRestorableTime")
    def restore_table_to_point_in_time(self, request: dict[str, Any]) -> dict[str, Any]:
        """A table with the same keys and indexes, and what the source holds now, whatever time is asked for."""
        source = self._table(request["SourceTableName"])
        made = self.create_table(**{**source.request, "TableName": request["TargetTableName"]})
        for row in [*source.rows.values()]:
            self.put_item(TableName=request["TargetTableName"], Item=row.item)
        return made

    # --- how writes are made ----------------------------------------------------------------------------------------

    def _put(self, request: Mapping[str, Any]) -> Write:
        table = self._table(request["TableName"])
        item, size = normalise_item(request["Item"])
        key = table.key_in(item)
        row = table.row(key, item, size)
        condition, names, values = self._condition(request)
        return Write(table, key, condition, names, values, lambda _old: row, shows_old(request))

    def _delete(self, request: Mapping[str, Any]) -> Write:
        table, _, key = self._keyed(request)
        condition, names, values = self._condition(request)
        return Write(table, key, condition, names, values, lambda _old: None, shows_old(request))

    def _update(self, request: Mapping[str, Any]) -> Write:
        table, key_item, key = self._keyed(request)
        update = parse_update(request["UpdateExpression"])
        condition, names, values = self._condition(request, update)
        changed = resolve_all((assignment.attribute for assignment in update.assignments), names)
        for name in changed:
            if name in table.schema.names:
                raise invalid(
                    f"One or more parameter values were invalid: Cannot update attribute {name}. "
                    "This attribute is part of the key"
                )

        def make(old: Row | None) -> Row | None:
            base = old or Row(key, *normalise_item(key_item))
            item = apply_update(update, base.item, names, values)
            if old is None and not update.creates:
                return None
            grown = sum(_attribute_size(item, name) - _attribute_size(base.item, name) for name in changed)
            return table.row(key, item, base.size + grown)

        return Write(table, key, condition, names, values, make, shows_old(request))

    def _apply(self, write: Write) -> tuple[Row | None, Row | None]:
        old = write.table.rows.get(write.key)
        new = write.new_row(old)
        write.table.change(write.key, new, self._clock(), self._lags)
        return old, new

    def _transacted(self, entry: Mapping[str, Any]) -> Write:
        if len(entry) != 1 or not entry.keys() <= _TRANSACTED.keys():
            raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
        ((kind, body),) = entry.items()
        needed, optional = _TRANSACTED[kind]
        if not set(needed.split()) <= body.keys() <= {*needed.split(), *optional.split()}:
            raise MalformedParameterError(f"Missing or unknown parameter in TransactItems.{kind}: {sorted(body)}")
        make = {"Put": self._put, "Update": self._update, "Delete": self._delete}
        return make[kind](body)

    def _is_repeat(self, token: str, fingerprint: str) -> bool:
        now = self._clock()
        while self._tokens:
            oldest = next(iter(self._tokens))
            if self._tokens[oldest][0] > now:
                break
            del self._tokens[oldest]
        if token not in self._tokens:
            return False
        if self._tokens[token][1] != fingerprint:
            raise RefusedError(
                "IdempotentParameterMismatchException",
                "Request with same client token but different parameters",
            )
        return True

    # --- how reads are made -----------------------------------------------------------------------------------------

    def _read_one(self, request: Mapping[str, Any], *, consistent: bool) -> Item | None:
        table, _, key = self._keyed(request)
        text = request.get("ProjectionExpression")
        if consistent or not self._lags.has_replica:
            row = table.rows.get(key)
        else:
            table.replica.catch_up(self._clock())
            row = table.replica.find(key)
        if text is None and "ExpressionAttributeNames" not in request:
            return None if row is None else copy_item(row.item)
        parsed = [] if text is None else [parse_projection(text)]
        names = request.get("ExpressionAttributeNames")
        bind(parsed, names, None)
        if row is None:
            return None
        return project(row.item, projected(parsed[0], names or {}))

    def _view(self, request: Mapping[str, Any]) -> tuple[Table, View]:
        table = self._table(request["TableName"])
        name = request.get("IndexName")
        consistent = request.get("ConsistentRead", False)
        if name is not None:
            view = table.index(name)
            if consistent:
                raise invalid("Consistent reads are not supported on global secondary indexes")
        else:
            view = table.view if consistent or not self._lags.has_replica else table.replica
        view.catch_up(self._clock())
        return table, view

    def _reading(self, request: Mapping[str, Any], table: Table, view: View, parsed: list[Parsed]) -> "Reading":
        limit = request.get("Limit")
        if limit is not None and limit < 1:
            raise MalformedParameterError(f"Invalid value for parameter Limit, value: {limit}, valid min value: 1")
        condition = projection = None
        if "FilterExpression" in request:
            condition = parse_condition(request["FilterExpression"], "FilterExpression")
            parsed = [*parsed, condition]
        if "ProjectionExpression" in request:
            projection = parse_projection(request["ProjectionExpression"])
            parsed = [*parsed, projection]
        names, values = self._bound(request, parsed)
        wanted = None if projection is None else projected(projection, names)
        if wanted is not None and view.kept is not None and not set(wanted) <= view.kept:
            raise invalid(
                "One or more parameter values were invalid: Global secondary index "
                f"{view.name} does not project one or more of the attributes"
            )
        return Reading(table, view, condition, wanted, names, values)

    def _start_place(self, request: Mapping[str, Any], table: Table, view: View) -> tuple[Any, SortKey] | None:
        start = request.get("ExclusiveStartKey")
        if start is None:
            return None
        item, _ = normalise_item(start, "ExclusiveStartKey")
        roles = [*view.schema.roles, *table.schema.roles]
        if item.keys() != view.schema.names | table.schema.names or not all(kind in item[name] for name, kind, _ in roles):
            raise invalid("The provided starting key is invalid")
        return view.place(item, table.schema.of(item))

    # --- shared -----------------------------------------------------------------------------------------------------

    def _keyed(self, request: Mapping[str, Any]) -> tuple[Table, Item, Key]:
        table = self._table(request["TableName"])
        key_item, _ = normalise_item(request["Key"], "Key")
        return table, key_item, table.key_of(key_item)

    def _condition(self, request: Mapping[str, Any], update: Update | None = None) -> tuple[Condition | None, Names, Values]:
        text = request.get("ConditionExpression")
        condition = None if text is None else parse_condition(text)
        names, values = self._bound(request, [one for one in (update, condition) if one is not None])
        return condition, names, values

    @staticmethod
    def _bound(request: Mapping[str, Any], parsed: list[Parsed]) -> tuple[Names, Values]:
        names = request.get("ExpressionAttributeNames")
        raw = request.get("ExpressionAttributeValues")
        values = None if raw is None else {name: normalise_value(value)[0] for name, value in raw.items()}
        if parsed or names is not None or values is not None:
            bind(parsed, names, values)
        return names or {}, values or {}

    def _refuse_repeated_keys(self, name: str, keys: list[Item]) -> None:
        table = self._table(name)
        found = {table.key_of(normalise_item(key, "Keys")[0]) for key in keys}
        if len(found) != len(keys):
            raise invalid("Provided list of item keys contains duplicates")


def _attribute_size(item: Item, name: str) -> int:
    value = item.get(name)
    return 0 if value is None else value_size(value) + string_size(name)
