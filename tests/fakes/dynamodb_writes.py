"""Writes of the in-memory DynamoDB: one checked write, and what a transaction of them may be."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.dynamodb_expressions import Condition, Names, Values
from tests.fakes.dynamodb_tables import Key, Row, Table
from tests.fakes.dynamodb_values import copy_item, invalid
from tests.fakes.errors import MalformedParameterError, RefusedError

MAX_TRANSACTION = 100


@dataclass(slots=True)
class Write:
    """One checked write: `make` gives the new row for the present one, or None to delete."""

    table: Table
    key: Key
    condition: Condition | None
    names: Names
    values: Values
    make: Callable[[Row | None], Row | None]
    shows_old: bool

    def new_row(self, old: Row | None) -> Row | None:
        """The row to store instead of `old`. Raises ConditionalCheckFailedException with the old item if asked."""
        if self.condition is not None and not self.condition.test({} if old is None else old.item, self.names, self.values):
            shown = {"Item": copy_item(old.item)} if self.shows_old and old is not None else {}
            raise RefusedError("ConditionalCheckFailedException", "The conditional request failed", **shown)
        return self.make(old)


def shows_old(request: Mapping[str, Any]) -> bool:
    return bool(request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD")


def check_return_values(request: Mapping[str, Any], *allowed: str) -> str:
    wanted: str = request.get("ReturnValues", "NONE")
    if wanted not in allowed:
        raise invalid(f"ReturnValues can only be {' or '.join(allowed)}")
    return wanted


def refuse_repeats(writes: Iterable[Write], message: str) -> None:
    seen: set[tuple[str, Key]] = set()
    for write in writes:
        place = (write.table.name, write.key)
        if place in seen:
            raise invalid(message)
        seen.add(place)


def check_transaction_length(length: int) -> None:
    if not length:
        raise MalformedParameterError("Invalid length for parameter TransactItems, value: 0, valid min length: 1")
    if length > MAX_TRANSACTION:
        raise invalid(
            "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_TRANSACTION}"
        )


def cancellation_reason(refusal: RefusedError) -> dict[str, Any]:
    codes = {
        "ConditionalCheckFailedException": "ConditionalCheckFailed",
        "ValidationException": "ValidationError",
    }
    return {"Code": codes.get(refusal.code, refusal.code), "Message": refusal.message, **refusal.extra}
