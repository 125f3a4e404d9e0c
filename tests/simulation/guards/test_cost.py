"""The meter counts as AWS bills, and what a signup uses does not grow unseen."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from bench.cost.days import play, signups, signups_that_qualify, with_counts
from bench.cost.meter import Meter, _index_units
from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.dynamodb_tables import Row

TABLE = "Rows"


@pytest.fixture
def client() -> FakeDynamoDB:
    client = FakeDynamoDB(lambda: 0.0, Random(1))
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    due = [{"AttributeName": "due", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "due")],
        KeySchema=keys,
        GlobalSecondaryIndexes=[
            {"IndexName": "Whole", "KeySchema": due, "Projection": {"ProjectionType": "ALL"}},
            {"IndexName": "Keys", "KeySchema": due, "Projection": {"ProjectionType": "KEYS_ONLY"}},
        ],
    )
    return client


def item(**texts: str) -> dict[str, Any]:
    return {name: {"S": text} for name, text in {"pk": "a", "sk": "b", **texts}.items()}


@pytest.mark.parametrize(
    ("before", "after", "whole", "keys"),
    [
        (None, {}, 0, 0),
        (None, {"due": "x"}, 1, 1),
        ({"due": "x"}, {"due": "x", "state": "new"}, 1, 0),
        ({"due": "x"}, {"due": "y"}, 2, 2),
        ({"due": "x"}, {}, 1, 1),
        ({"due": "x"}, None, 1, 1),
        ({"due": "x", "text": "t" * 1_500}, {"due": "x", "text": "u"}, 2, 0),
        ({"due": "x"}, {"due": "x"}, 0, 0),
    ],
)
def test_an_index_costs_what_changes_in_it(
    client: FakeDynamoDB, before: dict[str, str] | None, after: dict[str, str] | None, whole: int, keys: int
) -> None:
    table = client._table(TABLE)

    def row(texts: dict[str, str] | None) -> Row | None:
        return None if texts is None else table.row(table.key_in(item(**texts)), item(**texts), 100)

    assert [_index_units(table.indexes[name], row(before), row(after)) for name in ("Whole", "Keys")] == [whole, keys]


def test_a_transaction_costs_double_and_a_large_item_by_the_kilobyte(client: FakeDynamoDB) -> None:
    meter = Meter()
    table = client._table(TABLE)
    meter.wrote(table, None, table.row(table.key_in(item()), item(), 2_100))

    assert meter.counts["write_units"] == 3

    meter._factor = 2
    meter.wrote(table, None, table.row(table.key_in(item()), item(), 100))

    assert meter.counts["write_units"] == 5


def test_a_read_is_half_a_unit_for_four_kilobytes_and_whole_when_consistent() -> None:
    meter = Meter()
    meter.read("get_item", {}, {"Item": item(text="t" * 5_000)})

    assert meter.counts["read_units"] == 1

    meter.read("get_item", {"ConsistentRead": True}, {})

    assert meter.counts["read_units"] == 2


def test_a_signup_uses_no_more_than_it_did() -> None:
    """Raise a figure only with its reason in docs/decisions.md; ``make cost`` prices it. With fewer people a handful of calls
    by which the polls of the two halves differ would decide."""
    people = 40
    busy, after = play(signups(people))
    more = busy.minus(after)

    assert more["write_units"] / people <= MOST_WRITE_UNITS
    assert more["sqs_requests"] / people <= MOST_SQS_REQUESTS
    assert more["api_calls"] == people
    assert (sum(busy.calls.values()) - sum(after.calls.values())) / people <= MOST_CALLS


def test_a_qualification_writes_its_row_three_times_and_moves_it_in_the_due_index_twice() -> None:
    """Seen and judged, reserved, confirmed; into the index and out of it."""
    people = 8
    busy, after = play(signups_that_qualify(people), with_counts(), 1.5)

    rows = {where: busy.writes["qualify_referral", "REFERRAL QUALIFICATION", where] / people for where in ("table", "DueIndex")}
    assert rows == {"table": 3, "DueIndex": 2}
    assert busy.writes["qualify_referral", "REFERRAL", "table"] / people == 1

    more = busy.minus(after)
    assert more["write_units"] / people <= MOST_WRITE_UNITS_OF_A_QUALIFICATION


MOST_WRITE_UNITS_OF_A_QUALIFICATION = 42.0
"""With the signup before it, the counts and the reward that follow."""
MOST_WRITE_UNITS = 17.5
MOST_CALLS = 17.0
MOST_SQS_REQUESTS = 5.5
"""Few people: nothing is shared in a batch, as it is in a storm."""
