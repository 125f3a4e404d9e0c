"""One DynamoDB table: consistent reads by key, conditional writes that know their own, queries to the last page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws import code_of, transient_errors
from shared.adapters.dynamodb.ahead import ReadAhead
from shared.adapters.dynamodb.items import Item, attribute_of
from shared.errors import TransientError
from shared.ports.clock import Chance

READ_AT_ONCE = 100
BATCH_TRIES = 16
"""An answer holds at most 16 MB, so a batch of the largest rows (400 kB) comes in three."""
Scalar = str | int | float | bool


class Table:
    """``client`` is boto3's low-level DynamoDB client; ``chance`` gives each write its id; ``ahead`` may know an item that is
    asked for."""

    def __init__(self, client: Any, name: str, chance: Chance, ahead: ReadAhead | None = None) -> None:
        self.client = client
        self.name = name
        self._chance = chance
        self._ahead = ahead

    def new_write_id(self) -> str:
        """A unique id for one write."""
        return self._chance.token()

    def find(self, pk: str, sk: str) -> Item | None:
        """The item as it is now, or as it was read ahead a moment ago."""
        if self._ahead is not None and (ahead := self._ahead.take((self.name, pk, sk))) is not None:
            return ahead[0]
        with transient_errors():
            answer = self.client.get_item(TableName=self.name, Key=key_of(pk, sk), ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item

    def find_all(self, keys: Iterable[tuple[str, str]], fields: str = "") -> Iterator[Item]:
        """Those of the items that exist, as they are now, in no order; ``fields`` alone of each, if given, ``#name`` for one
        that DynamoDB reserves. TransientError while it puts some off."""
        part = {"ProjectionExpression": fields, **_names(fields)} if fields else {}
        wanted = [key_of(pk, sk) for pk, sk in dict.fromkeys(keys)]
        for start in range(0, len(wanted), READ_AT_ONCE):
            request = {self.name: {"Keys": wanted[start : start + READ_AT_ONCE], "ConsistentRead": True, **part}}
            for _ in range(BATCH_TRIES):
                with transient_errors():
                    answer = self.client.batch_get_item(RequestItems=request)
                yield from answer["Responses"].get(self.name, ())
                request = answer.get("UnprocessedKeys") or {}
                if not request:
                    break
            else:
                raise TransientError("AWS: DynamoDB does not read a whole batch", vendor="aws")

    def put(self, item: Item, condition: str = "", values: Mapping[str, Scalar] | None = None) -> bool:
        """Writes the whole item; False when ``condition`` does not hold.

        A write whose answer got lost may be sent again by the SDK, and then finds its own effect: the item's unique
        ``write_id`` tells, and that is a success.
        """
        write_id = self.new_write_id()
        request: dict[str, Any] = {"Item": {**item, "write_id": {"S": write_id}}}
        if condition:
            request["ConditionExpression"] = condition
        request |= _names(condition)
        if values:
            request["ExpressionAttributeValues"] = attributes_of(values)
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        refused = self._conditionally(self.client.put_item, pk, sk, request)
        return refused is None or refused.get("write_id") == {"S": write_id}

    def update(
        self, pk: str, sk: str, expression: str, condition: str, values: Mapping[str, Scalar]
    ) -> tuple[Item | None, Item | None]:
        """Changes attributes. Answers (the item afterwards, None) or, when ``condition`` does not hold, (None, the item as
        it is; empty when there is none). An empty ``condition`` always holds. An attribute whose name DynamoDB reserves is
        written ``#name``."""
        request: dict[str, Any] = {
            "Key": key_of(pk, sk),
            "UpdateExpression": expression,
            "ReturnValues": "ALL_NEW",
            **_names(f"{expression} {condition}"),
        }
        if condition:
            request["ConditionExpression"] = condition
        if values:
            request["ExpressionAttributeValues"] = attributes_of(values)
        changed: list[Item] = []

        def send(**arguments: Any) -> None:
            changed.append(self.client.update_item(**arguments)["Attributes"])

        refused = self._conditionally(send, pk, sk, request)
        return (changed[0], None) if refused is None else (None, refused)

    def update_together(
        self,
        keys: Sequence[tuple[str, str]],
        expression: str,
        condition: str,
        values: Sequence[Mapping[str, Scalar]],
        token: str,
    ) -> bool:
        """Changes attributes of at most 100 items, of all or of none, with values for each; False when none is known to be
        changed, because a condition does not hold, somebody else is at an item, or no answer came. ``token`` names the
        attempt, so that the SDK may send it again."""
        updates = [
            {
                "Update": {
                    "TableName": self.name,
                    "Key": key_of(pk, sk),
                    "UpdateExpression": expression,
                    "ConditionExpression": condition,
                    "ExpressionAttributeValues": attributes_of(own),
                }
            }
            for (pk, sk), own in zip(keys, values, strict=True)
        ]
        for key in keys:
            self._forget(*key)
        try:
            with transient_errors():
                self.client.transact_write_items(TransactItems=updates, ClientRequestToken=token)
        except TransientError:
            return False
        except ClientError as error:
            if code_of(error) != "TransactionCanceledException":
                raise
            return False
        return True

    def scan(self) -> Iterator[Item]:
        """Every item of the table, as it is now."""
        request: dict[str, Any] = {"TableName": self.name, "ConsistentRead": True}
        while True:
            with transient_errors():
                answer = self.client.scan(**request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def delete(self, pk: str, sk: str) -> bool:
        """True when there was something to delete."""
        self._forget(pk, sk)
        with transient_errors():
            answer = self.client.delete_item(TableName=self.name, Key=key_of(pk, sk), ReturnValues="ALL_OLD")
        return bool(answer.get("Attributes"))

    def query(
        self, condition: str, values: Mapping[str, Scalar], *, page_size: int | None = None, **options: Any
    ) -> Iterator[Item]:
        """All items of a query, page after page. ``options`` as of boto3's ``query``; the table is read consistently, an
        index may be seconds behind."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": attributes_of(values),
            **options,
        }
        if page_size is not None:
            request["Limit"] = page_size
        if "IndexName" not in options:
            request["ConsistentRead"] = True
        while True:
            with transient_errors():
                answer = self.client.query(**request)
            yield from answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def count(self, condition: str, values: Mapping[str, Scalar], most: int, **options: Any) -> int:
        """How many items of an index a query finds, ``most`` when there are that many or more. No item is read out."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": attributes_of(values),
            "Select": "COUNT",
            **options,
        }
        found = 0
        while True:
            with transient_errors():
                answer = self.client.query(**request)
            found += int(answer["Count"])
            if found >= most or not answer.get("LastEvaluatedKey"):
                return min(found, most)
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _conditionally(self, call: Any, pk: str, sk: str, request: Mapping[str, Any]) -> Item | None:
        """None when the write happened, else the item that stood in its way."""
        self._forget(pk, sk)
        try:
            with transient_errors():
                call(TableName=self.name, ReturnValuesOnConditionCheckFailure="ALL_OLD", **request)
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            old: Item | None = error.response.get("Item")
            return old or self.find(pk, sk) or {}
        return None

    def _forget(self, pk: str, sk: str) -> None:
        if self._ahead is not None:
            self._ahead.forget((self.name, pk, sk))


def key_of(pk: str, sk: str) -> dict[str, Any]:
    """The table's key."""
    return {"pk": attribute_of(pk), "sk": attribute_of(sk)}


def attributes_of(values: Mapping[str, Scalar]) -> dict[str, Any]:
    """Values of an expression, names with their colon."""
    return {name: attribute_of(value) for name, value in values.items()}


def _names(expressions: str) -> dict[str, Any]:
    """``#name`` stands for the attribute ``name``."""
    if "#" not in expressions:
        return {}
    names = {f"#{name}": name for name in re.findall(r"#(\w+)", expressions)}
    return {"ExpressionAttributeNames": names}
