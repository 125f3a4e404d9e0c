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
    ("attribute_exists(place.town)", {}, True),
    ("attribute_exists(place.lane)", {}, False),
    ("attribute_exists(marks[1])", {}, True),
    ("attribute_exists(marks[2])", {}, False),
    ("attribute_type(label, :x)", {":x": {"S": "S"}}, True),
    ("attribute_type(points, :x)", {":x": {"S": "S"}}, False),
    ("begins_with(label, :x)", {":x": {"S": "An"}}, True),
    ("begins_with(absent, :x)", {":x": {"S": "An"}}, False),
    ("contains(label, :x)", {":x": {"S": "nn"}}, True),
    ("contains(marks, :x)", {":x": {"S": "two"}}, True),
    ("contains(codes, :x)", {":x": {"S": "b"}}, True),
    ("contains(codes, :x)", {":x": {"S": "z"}}, False),
    ("size(label) = :x", {":x": {"N": "4"}}, True),
    ("size(marks) > :x", {":x": {"N": "2"}}, False),
    ("points = :x", {":x": {"N": "9.0"}}, True),
    ("points = :x", {":x": {"S": "9"}}, False),
    ("points <> :x", {":x": {"N": "9"}}, False),
    ("absent <> :x", {":x": {"N": "9"}}, True),
    ("absent = :x", {":x": {"N": "9"}}, False),
    ("absent < :x", {":x": {"N": "9"}}, False),
    ("points < :x", {":x": {"N": "10"}}, True),
    ("points >= :x", {":x": {"N": "9"}}, True),
    ("points BETWEEN :x AND :y", {":x": {"N": "9"}, ":y": {"N": "11"}}, True),
    ("points BETWEEN :x AND :y", {":x": {"N": "10"}, ":y": {"N": "11"}}, False),
    ("label IN (:x, :y)", {":x": {"S": "Bo"}, ":y": {"S": "Anna"}}, True),
    ("label IN (:x)", {":x": {"S": "Bo"}}, False),
    ("NOT label = :x", {":x": {"S": "Bo"}}, True),
    ("label = :x OR label = :y AND points = :x", {":x": {"S": "Anna"}, ":y": {"S": "Bo"}}, True),
    ("(label = :x OR label = :y) AND points = :x", {":x": {"S": "Anna"}, ":y": {"S": "Bo"}}, False),
    ("label = nickname", {}, True),
    ("on_hold = :x", {":x": {"BOOL": False}}, True),
    ("codes = :x", {":x": {"SS": ["b", "a"]}}, True),
    ("place = :x", {":x": {"M": {"town": {"S": "Ulm"}}}}, True),
]


def test_conditions(client: Any, table: str) -> None:
    item: Item = {
        **key("a"),
        "label": {"S": "Anna"},
        "nickname": {"S": "Anna"},
        "points": {"N": "9"},
        "place": {"M": {"town": {"S": "Ulm"}}},
        "marks": {"L": [{"S": "one"}, {"S": "two"}]},
        "codes": {"SS": ["a", "b"]},
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
    ("SET n = n - :x", {":x": {"N": "0.5"}}, {"n": {"N": "9.5"}}),
    ("SET n = if_not_exists(n, :x), m = if_not_exists(m, :x)", {":x": {"N": "1"}}, {"m": {"N": "1"}}),
    ("SET m = if_not_exists(m, :x) + :y", {":x": {"N": "0"}, ":y": {"N": "3"}}, {"m": {"N": "3"}}),
    ("SET l = list_append(l, :x)", {":x": {"L": [{"N": "3"}]}}, {"l": {"L": [{"N": "1"}, {"N": "2"}, {"N": "3"}]}}),
    ("SET l[0] = :x", {":x": {"N": "7"}}, {"l": {"L": [{"N": "7"}, {"N": "2"}]}}),
    ("SET l[9] = :x", {":x": {"N": "7"}}, {"l": {"L": [{"N": "1"}, {"N": "2"}, {"N": "7"}]}}),
    ("SET d.inner = :x", {":x": {"S": "y"}}, {"d": {"M": {"inner": {"S": "y"}, "kept": {"S": "k"}}}}),
    ("SET a = n, n = :x", {":x": {"N": "0"}}, {"a": {"N": "10"}, "n": {"N": "0"}}),
    ("REMOVE a", {}, {"a": None}),
    ("REMOVE absent", {}, {}),
    ("REMOVE d.inner, l[0]", {}, {"d": {"M": {"kept": {"S": "k"}}}, "l": {"L": [{"N": "2"}]}}),
    ("ADD n :x", {":x": {"N": "-11"}}, {"n": {"N": "-1"}}),
    ("ADD m :x", {":x": {"N": "5"}}, {"m": {"N": "5"}}),
    ("ADD s :x", {":x": {"SS": ["z"]}}, {"s": {"SS": ["x", "y", "z"]}}),
    ("DELETE s :x", {":x": {"SS": ["x", "q"]}}, {"s": {"SS": ["y"]}}),
    ("DELETE s :x", {":x": {"SS": ["x", "y"]}}, {"s": None}),
    ("SET a = :x REMOVE n ADD m :y", {":x": {"S": "b"}, ":y": {"N": "1"}}, {"a": {"S": "b"}, "n": None, "m": {"N": "1"}}),
    ("set a = :x remove n", {":x": {"S": "b"}}, {"a": {"S": "b"}, "n": None}),
]


def _sorted_sets(item: Item) -> Item:
    return {name: {"SS": sorted(value["SS"])} if "SS" in value else value for name, value in item.items()}


@pytest.mark.parametrize(("expression", "values", "changes"), UPDATES)
def test_updates(client: Any, table: str, expression: str, values: Item, changes: dict[str, Any]) -> None:
    attributes: Item = {
        "a": {"S": "old"},
        "n": {"N": "10"},
        "l": {"L": [{"N": "1"}, {"N": "2"}]},
        "d": {"M": {"inner": {"S": "x"}, "kept": {"S": "k"}}},
        "s": {"SS": ["x", "y"]},
    }
    put(client, table, "a", **attributes)
    request = {"ExpressionAttributeValues": values} if values else {}
    expression = expression.replace("d.inner", "d.#inner")
    if "#inner" in expression:
        request["ExpressionAttributeNames"] = {"#inner": "inner"}
    answer = update(client, table, "a", expression, ReturnValues="ALL_NEW", **request)
    wanted = {**key("a"), **attributes, **changes}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    assert _sorted_sets(answer["Attributes"]) == wanted
    assert _sorted_sets(stored(client, table, "a") or {}) == wanted


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
        ("ALL_OLD", {**key("a"), "n": {"N": "1"}, "kept": {"S": "k"}}),
        ("UPDATED_OLD", {"n": {"N": "1"}}),
        ("ALL_NEW", {**key("a"), "n": {"N": "2"}, "kept": {"S": "k"}}),
        ("UPDATED_NEW", {"n": {"N": "2"}}),
    ],
)
def test_return_values_of_an_update(client: Any, table: str, wanted: str, attributes: Item | None) -> None:
    put(client, table, "a", n={"N": "1"}, kept={"S": "k"})
    answer = update(client, table, "a", "SET n = :two", ExpressionAttributeValues={":two": {"N": "2"}}, ReturnValues=wanted)
    assert answer.get("Attributes") == attributes


def test_put_and_delete_give_the_old_item(client: Any, table: str) -> None:
    put(client, table, "a", n={"N": "1"})
    replaced = client.put_item(TableName=table, Item=key("a"), ReturnValues="ALL_OLD")
    assert replaced["Attributes"] == {**key("a"), "n": {"N": "1"}}
    deleted = client.delete_item(TableName=table, Key=key("a"), ReturnValues="ALL_OLD")
    assert deleted["Attributes"] == key("a")
    assert "Attributes" not in client.delete_item(TableName=table, Key=key("a"), ReturnValues="ALL_OLD")


def test_what_was_given_can_be_changed_without_effect(client: Any, table: str) -> None:
    item: Item = {**key("a"), "d": {"M": {"x": {"S": "1"}}}}
    client.put_item(TableName=table, Item=item)
    item["d"]["M"]["x"]["S"] = "2"
    read = stored(client, table, "a") or {}
    read["d"]["M"]["x"]["S"] = "3"
    assert (stored(client, table, "a") or {})["d"] == {"M": {"x": {"S": "1"}}}


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
    ("SET a.b = :x, a = :x", {}, {":x": {"S": "1"}}),
    pytest.param(
        "SET a = :x SET b = :x", {}, {":x": {"S": "1"}}, marks=[known_deviation("ministack", "accepts a clause twice")]
    ),
    ("SET sk = :x", {}, {":x": {"S": "1"}}),
    ("SET a = absent", {}, {}),
    ("SET a = absent + :x", {}, {":x": {"N": "1"}}),
    pytest.param("SET a = words + :x", {}, {":x": {"N": "1"}}, marks=[known_deviation("ministack", "adds to a string")]),
    ("SET absent.b = :x", {}, {":x": {"S": "1"}}),
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
    ("empty set", {**key("a"), "s": {"SS": []}}),
    ("set with duplicates", {**key("a"), "s": {"SS": ["x", "x"]}}),
    ("two types", {**key("a"), "n": {"N": "1", "S": "1"}}),
    ("over 400 KB", {**key("a"), "s": {"S": "x" * 410_000}}),
    ("sort key over 1 KB", {"pk": {"S": "a"}, "sk": {"S": "x" * 1025}}),
]


MOTO_MISSES = {"index key of wrong type", "39 digits", "too large a number", "set with duplicates", "two types"}


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
        "nothing": {"NULL": True},
        "l": {"L": [{"S": "x"}, {"L": []}]},
        "m": {"M": {"x": {"M": {}}}},
        "ns": {"NS": ["1", "2"]},
    }
    put(client, table, "a", **attributes)
    read = stored(client, table, "a") or {}
    read["ns"]["NS"].sort()
    assert read == {**key("a"), **attributes}


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
            {
                "ConditionCheck": {
                    "TableName": table,
                    "Key": key("absent"),
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
        ]
    )
    assert stored(client, table, "new") == key("new")
    assert stored(client, table, "old") == {**key("old"), "n": {"N": "2"}}
    assert stored(client, table, "gone") is None
    assert stored(client, table, "absent") is None


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


def test_a_batch_writes_and_deletes(client: Any, table: str) -> None:
    put(client, table, "gone")
    requests: list[dict[str, Any]] = [{"PutRequest": {"Item": key(str(number))}} for number in range(24)]
    requests.append({"DeleteRequest": {"Key": key("gone")}})
    answer = client.batch_write_item(RequestItems={table: requests})
    assert not answer["UnprocessedItems"]
    keys = [key(str(number)) for number in range(24)]
    read = client.batch_get_item(RequestItems={table: {"Keys": [*keys, key("gone")], "ConsistentRead": True}})
    assert sorted(item["pk"]["S"] for item in read["Responses"][table]) == sorted(map(str, range(24)))
    assert not read["UnprocessedKeys"]


@known_deviation("moto", "accepts 26")
def test_a_batch_has_at_most_25_writes(client: Any, table: str) -> None:
    requests = [{"PutRequest": {"Item": key(str(number))}} for number in range(26)]
    with pytest.raises(ClientError) as caught:
        client.batch_write_item(RequestItems={table: requests})
    assert code(caught) == "ValidationException"


@known_deviation("moto", "accepts a put and a delete of one item")
def test_a_batch_names_an_item_once(client: Any, table: str) -> None:
    requests = [{"PutRequest": {"Item": key("a")}}, {"DeleteRequest": {"Key": key("a")}}]
    with pytest.raises(ClientError) as caught:
        client.batch_write_item(RequestItems={table: requests})
    assert code(caught) == "ValidationException"


def test_a_batch_reads_at_most_100(client: Any, table: str) -> None:
    with pytest.raises(ClientError) as caught:
        client.batch_get_item(RequestItems={table: {"Keys": [key(str(number)) for number in range(101)]}})
    assert code(caught) == "ValidationException"
