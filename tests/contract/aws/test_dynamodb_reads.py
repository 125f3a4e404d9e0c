"""DynamoDB: queries, pages, indexes, projections and scans."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.contract.aws.engines import known_deviation

Item = dict[str, dict[str, Any]]


@pytest.fixture
def client(dynamodb: Callable[[], Any]) -> Any:
    return dynamodb()


def put(client: Any, table: str, partition: str, sort: str, **attributes: dict[str, Any]) -> None:
    client.put_item(TableName=table, Item={"pk": {"S": partition}, "sk": {"S": sort}, **attributes})


def query(client: Any, table: str, condition: str, values: dict[str, Any], **request: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.query(
        TableName=table,
        KeyConditionExpression=condition,
        ExpressionAttributeValues={name: value if isinstance(value, dict) else {"S": value} for name, value in values.items()},
        **request,
    )
    return answer


def pages(client: Any, table: str, condition: str, values: dict[str, Any], **request: Any) -> list[dict[str, Any]]:
    found = [query(client, table, condition, values, **request)]
    while "LastEvaluatedKey" in found[-1]:
        request["ExclusiveStartKey"] = found[-1]["LastEvaluatedKey"]
        found.append(query(client, table, condition, values, **request))
    return found


def sorts(*answers: dict[str, Any]) -> list[str]:
    return [item["sk"]["S"] for answer in answers for item in answer["Items"]]


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("condition", "values", "found"),
    [
        ("pk = :p", {}, ["a1", "a2", "b1", "c1"]),
        ("pk = :p AND sk = :x", {":x": "a2"}, ["a2"]),
        ("pk = :p AND sk < :x", {":x": "b1"}, ["a1", "a2"]),
        ("pk = :p AND sk <= :x", {":x": "b1"}, ["a1", "a2", "b1"]),
        ("pk = :p AND sk > :x", {":x": "b1"}, ["c1"]),
        ("pk = :p AND sk >= :x", {":x": "b1"}, ["b1", "c1"]),
        ("pk = :p AND sk BETWEEN :x AND :y", {":x": "a2", ":y": "b9"}, ["a2", "b1"]),
        ("pk = :p AND begins_with(sk, :x)", {":x": "a"}, ["a1", "a2"]),
        ("begins_with(sk, :x) AND pk = :p", {":x": "z"}, []),
    ],
)
@pytest.mark.parametrize("forward", [True, False])
def test_key_conditions(
    client: Any, table: str, condition: str, values: dict[str, str], found: list[str], forward: bool
) -> None:
    for sort in ("c1", "a2", "b1", "a1"):
        put(client, table, "p", sort)
    put(client, table, "q", "a1")
    answer = query(client, table, condition, {":p": "p", **values}, ScanIndexForward=forward, ConsistentRead=True)

    assert sorts(answer) == (found if forward else found[::-1])
    assert answer["Count"] == answer["ScannedCount"] == len(found)


@pytest.mark.parametrize("forward", [True, False])
def test_pages_with_a_limit_join_without_gap(client: Any, table: str, forward: bool) -> None:
    for number in range(7):
        put(client, table, "p", f"{number}")
    found = pages(client, table, "pk = :p", {":p": "p"}, Limit=3, ScanIndexForward=forward)
    assert [page["Count"] for page in found] == [3, 3, 1]
    assert sorts(*found) == sorted(map(str, range(7)), reverse=not forward)


def test_a_page_ends_at_one_megabyte(client: Any, table: str) -> None:
    for number in range(4):
        put(client, table, "p", str(number), text={"S": "x" * 300_000})
    found = pages(client, table, "pk = :p", {":p": "p"})

    assert len(found) > 1
    assert found[0]["Count"] == 3
    assert sorts(*found) == ["0", "1", "2", "3"]


def test_the_limit_counts_before_the_filter(client: Any, table: str) -> None:
    for number in range(4):
        put(client, table, "p", str(number), odd={"BOOL": bool(number % 2)})
    answer = query(client, table, "pk = :p", {":p": "p", ":yes": {"BOOL": True}}, FilterExpression="odd = :yes", Limit=3)

    assert sorts(answer) == ["1"]
    assert (answer["Count"], answer["ScannedCount"]) == (1, 3)
    assert answer["LastEvaluatedKey"] == {"pk": {"S": "p"}, "sk": {"S": "2"}}


def test_a_start_key_need_not_exist_any_more(client: Any, table: str) -> None:
    for number in range(4):
        put(client, table, "p", str(number))
    start = {"pk": {"S": "p"}, "sk": {"S": "1"}}
    client.delete_item(TableName=table, Key=start)
    assert sorts(query(client, table, "pk = :p", {":p": "p"}, ExclusiveStartKey=start)) == ["2", "3"]


def test_an_index_holds_only_items_with_all_its_keys(client: Any, table: str) -> None:
    put(client, table, "p", "both", bucket_no={"S": "0"}, due_at={"N": "5"})
    put(client, table, "p", "no due time", bucket_no={"S": "0"})
    put(client, table, "p", "no shard", due_at={"N": "5"})

    found = query(client, table, "bucket_no = :s", {":s": "0"}, IndexName="by_due")

    assert sorts(found) == ["both"]

    client.update_item(TableName=table, Key={"pk": {"S": "p"}, "sk": {"S": "both"}}, UpdateExpression="REMOVE due_at")

    assert sorts(query(client, table, "bucket_no = :s", {":s": "0"}, IndexName="by_due")) == []


def test_an_index_is_in_the_order_of_its_numbers(client: Any, table: str) -> None:
    for due in ("10", "9", "-1", "100", "9.5"):
        put(client, table, "p", due, bucket_no={"S": "0"}, due_at={"N": due})
    found = query(client, table, "bucket_no = :s", {":s": "0"}, IndexName="by_due")

    assert sorts(found) == ["-1", "9", "9.5", "10", "100"]

    until = query(client, table, "bucket_no = :s AND due_at <= :d", {":s": "0", ":d": {"N": "9.5"}}, IndexName="by_due")
    assert sorts(until) == ["-1", "9", "9.5"]


def test_items_with_equal_index_keys_are_paged_without_gap(client: Any, table: str) -> None:
    for number in range(5):
        put(client, table, f"p{number}", "x", bucket_no={"S": "0"}, due_at={"N": "1"})
    found = pages(client, table, "bucket_no = :s", {":s": "0"}, IndexName="by_due", Limit=2)
    assert found[0]["LastEvaluatedKey"].keys() == {"pk", "sk", "bucket_no", "due_at"}
    assert sorted(item["pk"]["S"] for page in found for item in page["Items"]) == [f"p{number}" for number in range(5)]


def test_an_index_of_keys_shows_only_keys(client: Any, table: str) -> None:
    put(client, table, "p", "x", state={"S": "failed"}, reason={"S": "why"})
    (item,) = client.query(
        TableName=table,
        IndexName="keys_by_state",
        KeyConditionExpression="#state = :s",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":s": {"S": "failed"}},
    )["Items"]
    assert item == {"pk": {"S": "p"}, "sk": {"S": "x"}, "state": {"S": "failed"}}


def test_an_index_is_never_read_consistently(client: Any, table: str) -> None:
    with pytest.raises(ClientError) as caught:
        query(client, table, "bucket_no = :s", {":s": "0"}, IndexName="by_due", ConsistentRead=True)
    assert code(caught) == "ValidationException"


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("sk = :x", {":x": "a"}),
        ("pk > :x", {":x": "a"}),
        pytest.param(
            "pk = :x OR sk = :x",
            {":x": "a"},
            marks=[known_deviation("moto", "accepts OR"), known_deviation("ministack", "accepts OR")],
        ),
        ("pk = :x AND other = :x", {":x": "a"}),
        pytest.param("pk = :x", {":x": {"N": "1"}}, marks=known_deviation("moto", "accepts a value of another type")),
        ("pk = :x", {":x": ""}),
    ],
)
def test_wrong_key_conditions_are_refused(client: Any, table: str, condition: str, values: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as caught:
        query(client, table, condition, values)
    assert code(caught) == "ValidationException"


@known_deviation("moto", "accepts a filter on a key")
@known_deviation("ministack", "accepts a filter on a key")
def test_a_filter_on_a_key_is_refused(client: Any, table: str) -> None:
    with pytest.raises(ClientError) as caught:
        query(client, table, "pk = :p", {":p": "p"}, FilterExpression="sk > :p")
    assert code(caught) == "ValidationException"


@known_deviation("moto", "answers ResourceNotFoundException")
def test_an_unknown_index_is_refused(client: Any, table: str) -> None:
    with pytest.raises(ClientError) as caught:
        query(client, table, "pk = :p", {":p": "p"}, IndexName="by_nothing")
    assert code(caught) == "ValidationException"


def test_a_limit_is_at_least_one(client: Any, table: str) -> None:
    with pytest.raises((ParamValidationError, ClientError)):
        query(client, table, "pk = :p", {":p": "p"}, Limit=0)


def test_a_projection_shows_what_it_names(client: Any, table: str) -> None:
    put(client, table, "p", "x", email={"S": "a@example.com"}, city={"S": "Ulm"}, street={"S": "Hauptstr."})
    item = client.get_item(
        TableName=table,
        Key={"pk": {"S": "p"}, "sk": {"S": "x"}},
        ProjectionExpression="email, #city, absent",
        ExpressionAttributeNames={"#city": "city"},
    )["Item"]
    assert item == {"email": {"S": "a@example.com"}, "city": {"S": "Ulm"}}


def test_a_count_has_no_items(client: Any, table: str) -> None:
    put(client, table, "p", "x")
    answer = query(client, table, "pk = :p", {":p": "p"}, Select="COUNT")
    assert answer["Count"] == 1
    assert "Items" not in answer


def test_a_missing_item_is_no_error(client: Any, table: str) -> None:
    assert "Item" not in client.get_item(TableName=table, Key={"pk": {"S": "p"}, "sk": {"S": "x"}})


@pytest.mark.parametrize(
    "key",
    [
        {"pk": {"S": "p"}},
        pytest.param({"pk": {"S": "p"}, "sk": {"N": "1"}}, marks=known_deviation("moto", "finds nothing")),
        {"pk": {"S": "p"}, "sk": {"S": "x"}, "more": {"S": "x"}},
    ],
)
def test_a_key_has_to_match_the_schema(client: Any, table: str, key: Item) -> None:
    with pytest.raises(ClientError) as caught:
        client.get_item(TableName=table, Key=key)
    assert code(caught) == "ValidationException"


def test_a_scan_finds_everything_in_pages(client: Any, table: str) -> None:
    for number in range(9):
        put(client, table, f"p{number % 4}", str(number))
    found: list[Item] = []
    request: dict[str, Any] = {"TableName": table, "Limit": 4, "ConsistentRead": True}

    while True:
        page = client.scan(**request)
        found += page["Items"]
        if "LastEvaluatedKey" not in page:
            break
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    assert sorted(item["sk"]["S"] for item in found) == sorted(map(str, range(9)))


def test_the_paginator_follows_the_pages(client: Any, table: str) -> None:
    for number in range(5):
        put(client, table, "p", str(number))
    paginator = client.get_paginator("query")
    found = paginator.paginate(
        TableName=table,
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": "p"}},
        PaginationConfig={"PageSize": 2},
    )
    assert sorts(*found) == ["0", "1", "2", "3", "4"]


def test_a_table_describes_itself(client: Any, table: str) -> None:
    described = client.describe_table(TableName=table)["Table"]
    assert described["TableStatus"] == "ACTIVE"
    assert {index["IndexName"] for index in described["GlobalSecondaryIndexes"]} == {"by_due", "keys_by_state"}
    with pytest.raises(client.exceptions.ResourceInUseException):
        client.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
