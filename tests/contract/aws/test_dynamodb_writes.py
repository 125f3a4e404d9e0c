"""DynamoDB: conditions, updates, transactions and batches of writes."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.contract.aws.engines import known_deviation

Item = dict[str, dict[str, Any]]


@pytest.fixture
def client(dynamodb: Callable[[], Any]) -> Any:
    return dynamodb()


def key(name: str) -> Item:
    return {"pk": {"S": name}, "sk": {"S": "row"}}


def stored(client: Any, table: str, name: str) -> Item | None:
    answer = client.get_item(TableName=table, Key=key(name), ConsistentRead=True)
    item: Item | None = answer.get("Item")
    return item


def put(client: Any, table: str, name: str, /, **attributes: dict[str, Any]) -> None:
    client.put_item(TableName=table, Item={**key(name), **attributes})


def update(client: Any, table: str, name: str, expression: str, **request: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.update_item(TableName=table, Key=key(name), UpdateExpression=expression, **request)
    return answer


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


# --- conditions ---


def test_only_the_first_conditional_create_wins(client: Any, table: str) -> None:
    request = {"TableName": table, "ConditionExpression": "attribute_not_exists(pk)"}
    client.put_item(Item={**key("a"), "by": {"S": "first"}}, **request)
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        client.put_item(Item={**key("a"), "by": {"S": "second"}}, **request)
    assert code(caught) == "ConditionalCheckFailedException"
    assert "Item" not in caught.value.response
    assert stored(client, table, "a") == {**key("a"), "by": {"S": "first"}}


def test_a_failed_condition_shows_the_item_when_asked(client: Any, table: str) -> None:
    put(client, table, "a", attempt={"S": "7"})
    with pytest.raises(ClientError) as caught:
        client.put_item(
            TableName=table,
            Item=key("a"),
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Item"] == {**key("a"), "attempt": {"S": "7"}}


def test_an_optimistic_lock_refuses_the_second_writer(client: Any, table: str) -> None:
    put(client, table, "a", version={"N": "1"})
    request = {
        "ConditionExpression": "version = :read",
        "ExpressionAttributeValues": {":read": {"N": "1"}, ":next": {"N": "2"}},
    }
    update(client, table, "a", "SET version = :next", **request)

    with pytest.raises(ClientError) as caught:
        update(client, table, "a", "SET version = :next", **request)
    assert code(caught) == "ConditionalCheckFailedException"


def test_a_condition_on_a_missing_item_fails(client: Any, table: str) -> None:
    with pytest.raises(ClientError) as caught:
        client.delete_item(TableName=table, Key=key("a"), ConditionExpression="attribute_exists(pk)")
    assert code(caught) == "ConditionalCheckFailedException"


CONDITIONS = [
    ("attribute_exists(label)", {}, True),
    ("attribute_not_exists(label)", {}, False),
    ("begins_with(label, :x)", {":x": {"S": "An"}}, True),
    ("begins_with(absent, :x)", {":x": {"S": "An"}}, False),
    ("points = :x", {":x": {"N": "9.0"}}, True),
    ("points = :x", {":x": {"S": "9"}}, False),
    ("absent = :x", {":x": {"N": "9"}}, False),
    ("absent < :x", {":x": {"N": "9"}}, False),
    ("points < :x", {":x": {"N": "10"}}, True),
    ("points >= :x", {":x": {"N": "9"}}, True),
    ("points BETWEEN :x AND :y", {":x": {"N": "9"}, ":y": {"N": "11"}}, True),
    ("points BETWEEN :x AND :y", {":x": {"N": "10"}, ":y": {"N": "11"}}, False),
    ("label = :x OR label = :y AND points = :x", {":x": {"S": "Anna"}, ":y": {"S": "Bo"}}, True),
    ("(label = :x OR label = :y) AND points = :x", {":x": {"S": "Anna"}, ":y": {"S": "Bo"}}, False),
    ("label = nickname", {}, True),
    ("on_hold = :x", {":x": {"BOOL": False}}, True),
]


def test_conditions(client: Any, table: str) -> None:
    item: Item = {
        **key("a"),
        "label": {"S": "Anna"},
        "nickname": {"S": "Anna"},
        "points": {"N": "9"},
        "on_hold": {"BOOL": False},
    }
    client.put_item(TableName=table, Item=item)
    # One test for all: a table for each would take longer than all the rest.
    wrong = [condition for condition, values, wanted in CONDITIONS if holds(client, item, table, condition, values) != wanted]
    assert wrong == []


@known_deviation("moto", "fails with a TypeError")
def test_values_of_two_types_are_in_no_order(client: Any, table: str) -> None:
    item: Item = {**key("a"), "points": {"N": "9"}}
    client.put_item(TableName=table, Item=item)
    assert not holds(client, item, table, "points > :x", {":x": {"S": "1"}})


def holds(client: Any, item: Item, table: str, condition: str, values: Item) -> bool:
    request = {"ExpressionAttributeValues": values} if values else {}
    try:
        client.put_item(TableName=table, Item=item, ConditionExpression=condition, **request)
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


# --- updates ---

UPDATES = [
    ("SET a = :x", {":x": {"S": "new"}}, {"a": {"S": "new"}}),
    ("SET n = n + :x", {":x": {"N": "2"}}, {"n": {"N": "12"}}),
    ("SET n = n + :x", {":x": {"N": "-0.5"}}, {"n": {"N": "9.5"}}),
    ("SET n = if_not_exists(n, :x), m = if_not_exists(m, :x)", {":x": {"N": "1"}}, {"m": {"N": "1"}}),
    ("SET m = if_not_exists(m, :x) + :y", {":x": {"N": "0"}, ":y": {"N": "3"}}, {"m": {"N": "3"}}),
    ("SET a = n, n = :x", {":x": {"N": "0"}}, {"a": {"N": "10"}, "n": {"N": "0"}}),
    ("REMOVE a", {}, {"a": None}),
    ("REMOVE absent", {}, {}),
    ("ADD n :x", {":x": {"N": "-11"}}, {"n": {"N": "-1"}}),
    ("ADD m :x", {":x": {"N": "5"}}, {"m": {"N": "5"}}),
    ("SET a = :x REMOVE n ADD m :y", {":x": {"S": "b"}, ":y": {"N": "1"}}, {"a": {"S": "b"}, "n": None, "m": {"N": "1"}}),
    ("set a = :x remove n", {":x": {"S": "b"}}, {"a": {"S": "b"}, "n": None}),
]


@pytest.mark.parametrize(("expression", "values", "changes"), UPDATES)
def test_updates(client: Any, table: str, expression: str, values: Item, changes: dict[str, Any]) -> None:
    attributes: Item = {"a": {"S": "old"}, "n": {"N": "10"}}
    put(client, table, "a", **attributes)
    request = {"ExpressionAttributeValues": values} if values else {}

    answer = update(client, table, "a", expression, ReturnValues="ALL_NEW", **request)

    wanted = {**key("a"), **attributes, **changes}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    assert answer["Attributes"] == wanted
    assert stored(client, table, "a") == wanted


def test_an_update_creates_what_is_missing(client: Any, table: str) -> None:
    update(client, table, "a", "ADD visits :one", ExpressionAttributeValues={":one": {"N": "1"}})
    assert stored(client, table, "a") == {**key("a"), "visits": {"N": "1"}}


@known_deviation("moto", "creates an item that has only its key")
@known_deviation("ministack", "creates an item that has only its key")
def test_a_removal_creates_nothing(client: Any, table: str) -> None:
    update(client, table, "a", "REMOVE visits")
    assert stored(client, table, "a") is None


@pytest.mark.parametrize(
    ("wanted", "attributes"),
    [
        ("NONE", None),
        ("ALL_NEW", {**key("a"), "n": {"N": "2"}, "kept": {"S": "k"}}),
    ],
)
def test_return_values_of_an_update(client: Any, table: str, wanted: str, attributes: Item | None) -> None:
    put(client, table, "a", n={"N": "1"}, kept={"S": "k"})
    answer = update(client, table, "a", "SET n = :two", ExpressionAttributeValues={":two": {"N": "2"}}, ReturnValues=wanted)
    assert answer.get("Attributes") == attributes


def test_a_delete_gives_the_old_item(client: Any, table: str) -> None:
    put(client, table, "a", n={"N": "1"})
    deleted = client.delete_item(TableName=table, Key=key("a"), ReturnValues="ALL_OLD")
    assert deleted["Attributes"] == {**key("a"), "n": {"N": "1"}}
    assert "Attributes" not in client.delete_item(TableName=table, Key=key("a"), ReturnValues="ALL_OLD")


def test_what_was_given_can_be_changed_without_effect(client: Any, table: str) -> None:
    item: Item = {**key("a"), "x": {"S": "1"}}
    client.put_item(TableName=table, Item=item)
    item["x"]["S"] = "2"

    read = stored(client, table, "a") or {}

    read["x"]["S"] = "3"
    assert (stored(client, table, "a") or {})["x"] == {"S": "1"}


# --- refusals ---


@pytest.mark.parametrize(
    "word",
    [
        *("status", "name", "Data", "ttl", "counter", "value", "state", "owner"),
        pytest.param("size", marks=known_deviation("ministack", "does not know this one")),
    ],
)
def test_reserved_words_are_refused_bare(client: Any, table: str, word: str) -> None:
    with pytest.raises(ClientError) as caught:
        update(client, table, "a", f"SET {word} = :x", ExpressionAttributeValues={":x": {"S": "x"}})
    assert code(caught) == "ValidationException"


REFUSED_UPDATES = [
    ("SET a = :x", {}, {":y": {"S": "1"}}),
    ("SET a = :x", {}, {":x": {"S": "1"}, ":y": {"S": "1"}}),
    ("SET a = :x", {"#b": "b"}, {":x": {"S": "1"}}),
    pytest.param("SET #a = :x", {}, {":x": {"S": "1"}}, marks=[known_deviation("moto", "accepts an undefined name")]),
    pytest.param("SET a = :x, a = :x", {}, {":x": {"S": "1"}}, marks=[known_deviation("ministack", "accepts a path twice")]),
    pytest.param(
        "SET a = :x SET b = :x", {}, {":x": {"S": "1"}}, marks=[known_deviation("ministack", "accepts a clause twice")]
    ),
    ("SET sk = :x", {}, {":x": {"S": "1"}}),
    ("SET a = absent", {}, {}),
    ("SET a = absent + :x", {}, {":x": {"N": "1"}}),
    pytest.param("SET a = words + :x", {}, {":x": {"N": "1"}}, marks=[known_deviation("ministack", "adds to a string")]),
    ("ADD words :x", {}, {":x": {"N": "1"}}),
    ("ADD a :x", {}, {":x": {"S": "1"}}),
    pytest.param("SET a = ", {}, {}, marks=[known_deviation("ministack", "accepts an unfinished clause")]),
    ("SET a = nonsense(b)", {}, {}),
    ("", {}, {}),
]


@pytest.mark.parametrize(("expression", "names", "values"), REFUSED_UPDATES)
def test_wrong_updates_are_refused(client: Any, table: str, expression: str, names: dict[str, str], values: Item) -> None:
    put(client, table, "a", words={"S": "x"})
    request: dict[str, Any] = {}
    if names:
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = values

    with pytest.raises(ClientError) as caught:
        update(client, table, "a", expression, **request)
    assert code(caught) == "ValidationException"
    assert stored(client, table, "a") == {**key("a"), "words": {"S": "x"}}


MOTO_ACCEPTS = known_deviation("moto", "does not check this")
REFUSED_ITEMS: list[tuple[str, Item]] = [
    ("missing sort key", {"pk": {"S": "a"}}),
    ("empty key", {"pk": {"S": ""}, "sk": {"S": "row"}}),
    ("key of wrong type", {"pk": {"N": "1"}, "sk": {"S": "row"}}),
    ("index key of wrong type", {**key("a"), "bucket_no": {"S": "0"}, "due_at": {"S": "soon"}}),
    ("empty index key", {**key("a"), "state": {"S": ""}}),
    ("39 digits", {**key("a"), "n": {"N": "1" * 39}}),
    ("too large a number", {**key("a"), "n": {"N": "1E126"}}),
    ("no number", {**key("a"), "n": {"N": "NaN"}}),
    ("two types", {**key("a"), "n": {"N": "1", "S": "1"}}),
    ("over 400 KB", {**key("a"), "s": {"S": "x" * 410_000}}),
    ("sort key over 1 KB", {"pk": {"S": "a"}, "sk": {"S": "x" * 1025}}),
]


MOTO_MISSES = {"index key of wrong type", "39 digits", "too large a number", "two types"}


@pytest.mark.parametrize(
    "item",
    [pytest.param(item, id=name, marks=[MOTO_ACCEPTS] if name in MOTO_MISSES else []) for name, item in REFUSED_ITEMS],
)
def test_wrong_items_are_refused(client: Any, table: str, item: Item) -> None:
    with pytest.raises(ClientError) as caught:
        client.put_item(TableName=table, Item=item)
    assert code(caught) == "ValidationException"


def test_python_numbers_are_refused_before_sending(client: Any, table: str) -> None:
    with pytest.raises(ParamValidationError):
        put(client, table, "a", n={"N": 1})


def test_unknown_parameters_are_refused_before_sending(client: Any, table: str) -> None:
    with pytest.raises(ParamValidationError):
        client.get_item(TableName=table, Key=key("a"), Consistent=True)


def test_an_unknown_table_is_not_found(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_item(TableName="nowhere-to-be-found", Key=key("a"))


AS_WRITTEN = known_deviation("moto", "keeps numbers as they were written")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1", "1"),
        pytest.param("-0", "0", marks=AS_WRITTEN),
        pytest.param("1.50", "1.5", marks=AS_WRITTEN),
        pytest.param("007", "7", marks=AS_WRITTEN),
        pytest.param("1E3", "1000", marks=AS_WRITTEN),
        pytest.param("-1.5e-2", "-0.015", marks=AS_WRITTEN),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
    ],
)
def test_numbers_are_normalised(client: Any, table: str, written: str, read: str) -> None:
    put(client, table, "a", n={"N": written})
    assert (stored(client, table, "a") or {})["n"] == {"N": read}


def test_all_types_come_back(client: Any, table: str) -> None:
    attributes: Item = {
        "s": {"S": ""},
        "b": {"B": b"\x00\xff"},
        "yes": {"BOOL": True},
    }
    put(client, table, "a", **attributes)
    assert stored(client, table, "a") == {**key("a"), **attributes}


# --- transactions ---


def test_a_transaction_writes_all(client: Any, table: str) -> None:
    put(client, table, "old", n={"N": "1"})
    put(client, table, "gone")
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": table, "Item": key("new"), "ConditionExpression": "attribute_not_exists(pk)"}},
            {
                "Update": {
                    "TableName": table,
                    "Key": key("old"),
                    "UpdateExpression": "SET n = n + :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
            {"Delete": {"TableName": table, "Key": key("gone")}},
        ]
    )

    assert stored(client, table, "new") == key("new")
    assert stored(client, table, "old") == {**key("old"), "n": {"N": "2"}}
    assert stored(client, table, "gone") is None


def test_a_transaction_with_a_failed_condition_writes_nothing(client: Any, table: str) -> None:
    put(client, table, "there", n={"N": "1"})
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table, "Item": key("new")}},
                {
                    "Put": {
                        "TableName": table,
                        "Item": key("there"),
                        "ConditionExpression": "attribute_not_exists(pk)",
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
            ]
        )
    passed, failed = caught.value.response["CancellationReasons"]
    assert passed["Code"] == "None"
    assert failed["Code"] == "ConditionalCheckFailed"
    assert failed["Item"] == {**key("there"), "n": {"N": "1"}}
    assert "[None, ConditionalCheckFailed]" in caught.value.response["Error"]["Message"]
    assert stored(client, table, "new") is None


def test_a_transaction_names_an_item_once(client: Any, table: str) -> None:
    writes = [{"Put": {"TableName": table, "Item": key("a")}}, {"Delete": {"TableName": table, "Key": key("a")}}]
    with pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=writes)
    assert code(caught) == "ValidationException"


def test_a_transaction_has_at_most_a_hundred_writes(client: Any, table: str) -> None:
    writes = [{"Put": {"TableName": table, "Item": key(str(number))}} for number in range(101)]
    with pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=writes)
    assert code(caught) == "ValidationException"


def add_once(table: str, name: str) -> list[dict[str, Any]]:
    values = {":one": {"N": "1"}}
    one = {"TableName": table, "Key": key(name), "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": values}
    return [{"Update": one}]


@known_deviation("moto", "ignores ClientRequestToken")
def test_a_repeated_request_token_does_nothing_again(client: Any, table: str, unique_name: Callable[[str], str]) -> None:
    token = unique_name("token")
    for _ in range(2):
        client.transact_write_items(TransactItems=add_once(table, "a"), ClientRequestToken=token)

    assert (stored(client, table, "a") or {})["n"] == {"N": "1"}

    with pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=add_once(table, "b"), ClientRequestToken=token)
    assert code(caught) == "IdempotentParameterMismatchException"


# --- batches ---


def test_a_batch_reads_those_that_are_there(client: Any, table: str) -> None:
    for name in ("a", "b"):
        put(client, table, name)
    keys = [key(name) for name in ("a", "b", "gone")]

    read = client.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})

    assert sorted(item["pk"]["S"] for item in read["Responses"][table]) == ["a", "b"]
    assert not read["UnprocessedKeys"]


def test_a_batch_reads_at_most_100(client: Any, table: str) -> None:
    with pytest.raises(ClientError) as caught:
        client.batch_get_item(RequestItems={table: {"Keys": [key(str(number)) for number in range(101)]}})
    assert code(caught) == "ValidationException"
