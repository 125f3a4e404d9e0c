"""The tables of the in-memory DynamoDB: made, described and removed; and what a test or a simulated world does to them."""

import random
import threading
from collections.abc import Callable
from typing import Any

from tests.fakes.dynamodb_tables import JOURNAL_ENTRIES, Lags, Table, missing_table
from tests.fakes.dynamodb_values import Item, copy_item, invalid
from tests.fakes.errors import ExceptionClasses, RefusedError, operation

REGION = "eu-central-1"
ACCOUNT = "123456789012"

_CODES = (
    "ConditionalCheckFailedException",
    "IdempotentParameterMismatchException",
    "InternalServerError",
    "ItemCollectionSizeLimitExceededException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ResourceInUseException",
    "ResourceNotFoundException",
    "TableNotFoundException",
    "ThrottlingException",
    "TransactionCanceledException",
    "TransactionConflictException",
    "TransactionInProgressException",
)


class TableOperations:
    """Answers are deep copies; calls from several threads are taken one at a time.

    `clock` gives epoch seconds. `index_lag_seconds` is how late indexes follow their table, `read_lag_seconds` how late
    reads without ConsistentRead do; each may be a function, asked once per change. `unprocessed_probability` is the
    chance of an element of a batch (never the first) to come back unprocessed. With `journal`, `rewind` works, as far
    back as the last `journal_entries` changes of a table.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        chance: random.Random,
        index_lag_seconds: float | Callable[[], float] = 0,
        *,
        read_lag_seconds: float | Callable[[], float] = 0,
        unprocessed_probability: float = 0.0,
        journal: bool = False,
        journal_entries: int = JOURNAL_ENTRIES,
    ) -> None:
        self.exceptions = ExceptionClasses({code: code for code in _CODES})
        self.unprocessed_probability = unprocessed_probability
        self._clock = clock
        self._chance = chance
        self._lags = Lags(index_lag_seconds, read_lag_seconds)
        self._journal_entries = journal_entries if journal else 0
        self._tables: dict[str, Table] = {}
        self._tokens: dict[str, tuple[float, str]] = {}
        self._lock = threading.RLock()

    # --- beyond the client: what a test or a simulated world does ---------------------------------------------------

    def items(self, table: str) -> list[Item]:
        """All items of a table as they are, in the order of their creation; no lag, no page."""
        with self._lock:
            return [copy_item(row.item) for row in self._tables[table].rows.values()]

    def expire(self, now: float) -> int:
        """Delete the items whose time to live is over at `now` (epoch seconds); the number of them.

        AWS does so within days; nothing here happens by itself.
        """
        with self._lock:
            count = 0
            for table in self._tables.values():
                for key in table.expired(now) if table.ttl_attribute else ():
                    table.change(key, None, self._clock(), self._lags)
                    count += 1
            return count

    def rewind(self, table: str, to_time: float) -> None:
        """Restore a table to what it was at `to_time`, epoch seconds. Raises ValueError beyond the journal."""
        with self._lock:
            self._tables[table].rewind(to_time)

    # --- the client's operations on tables ----------------------------------------------------------------------------

    @operation(
        "CreateTable",
        "TableName AttributeDefinitions KeySchema",
        "BillingMode GlobalSecondaryIndexes ProvisionedThroughput StreamSpecification SSESpecification Tags TableClass "
        "DeletionProtectionEnabled OnDemandThroughput",
    )
    def create_table(self, request: dict[str, Any]) -> dict[str, Any]:
        """Create a table; it is active at once. Only global secondary indexes are known."""
        name = request["TableName"]
        for index in (name, *(index["IndexName"] for index in request.get("GlobalSecondaryIndexes", ()))):
            if not 3 <= len(index) <= 255:
                raise invalid("TableName and IndexName must be at least 3 characters long and at most 255")
        if name in self._tables:
            raise RefusedError("ResourceInUseException", f"Table already exists: {name}")
        table = Table(request, self._clock(), self._journal_entries)
        self._tables[name] = table
        return {"TableDescription": self._description(table)}

    @operation("DescribeTable", "TableName")
    def describe_table(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keys, indexes and (exact, unlike AWS's) item count of a table."""
        return {"Table": self._description(self._table(request["TableName"]))}

    @operation("DeleteTable", "TableName")
    def delete_table(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a table with all it holds."""
        table = self._table(request["TableName"])
        del self._tables[table.name]
        return {"TableDescription": {**self._description(table), "TableStatus": "DELETING"}}

    @operation("ListTables")
    def list_tables(self, _request: dict[str, Any]) -> dict[str, Any]:
        """All table names, sorted, in one page."""
        return {"TableNames": sorted(self._tables)}

    @operation("UpdateTimeToLive", "TableName TimeToLiveSpecification")
    def update_time_to_live(self, request: dict[str, Any]) -> dict[str, Any]:
        """Name the attribute that `expire` goes by, or switch it off."""
        specification = request["TimeToLiveSpecification"]
        table = self._table(request["TableName"])
        table.ttl_attribute = specification["AttributeName"] if specification["Enabled"] else None
        return {"TimeToLiveSpecification": dict(specification)}

    def _table(self, name: str) -> Table:
        try:
            return self._tables[name]
        except KeyError:
            raise missing_table(name) from None

    def _description(self, table: Table) -> dict[str, Any]:
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table.name}"
        indexes = [
            {**index, "IndexStatus": "ACTIVE", "IndexArn": f"{arn}/index/{index['IndexName']}"}
            for index in table.request.get("GlobalSecondaryIndexes", ())
        ]
        return {
            "TableName": table.name,
            "TableArn": arn,
            "TableStatus": "ACTIVE",
            "AttributeDefinitions": [dict(entry) for entry in table.request["AttributeDefinitions"]],
            "KeySchema": [dict(entry) for entry in table.request["KeySchema"]],
            "ItemCount": len(table.rows),
            "TableSizeBytes": sum(row.size for row in table.rows.values()),
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        }
