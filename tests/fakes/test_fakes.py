"""What only the stand-ins have: lag, rewinding, expiry, duplicates and time without waiting."""

import json
import random
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.dynamodb_values import normalise_number
from tests.fakes.sqs import FakeSQS
from tests.support.clock import VirtualClock

DAY = 86_400


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def new_table(client: FakeDynamoDB) -> None:
    client.create_table(
        TableName="rows",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "group_no", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_group",
                "KeySchema": [{"AttributeName": "group_no", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def put(client: FakeDynamoDB, name: str, **attributes: dict[str, Any]) -> None:
    client.put_item(TableName="rows", Item={"pk": {"S": name}, "group_no": {"S": "1"}, **attributes})


def by_group(client: FakeDynamoDB) -> list[str]:
    answer = client.query(
        TableName="rows",
        IndexName="by_group",
        KeyConditionExpression="group_no = :g",
        ExpressionAttributeValues={":g": {"S": "1"}},
    )
    return [item["pk"]["S"] for item in answer["Items"]]


def test_an_index_is_as_late_as_asked(clock: VirtualClock) -> None:
    client = FakeDynamoDB(clock, random.Random(1), 5)
    new_table(client)
    put(client, "a")

    assert by_group(client) == []

    clock.at += 5

    assert by_group(client) == ["a"]

    client.delete_item(TableName="rows", Key={"pk": {"S": "a"}})

    assert by_group(client) == ["a"]

    clock.at += 5

    assert by_group(client) == []


def test_changes_reach_an_index_in_their_order_whatever_their_lag(clock: VirtualClock) -> None:
    lags = iter([9.0, 0.0, 0.0])
    client = FakeDynamoDB(clock, random.Random(1), lambda: next(lags))
    new_table(client)
    put(client, "a")
    client.delete_item(TableName="rows", Key={"pk": {"S": "a"}})

    clock.at += 10

    assert by_group(client) == []


def test_only_consistent_reads_see_the_newest(clock: VirtualClock) -> None:
    client = FakeDynamoDB(clock, random.Random(1), read_lag_seconds=1)
    new_table(client)

    put(client, "a")

    request = {"TableName": "rows", "Key": {"pk": {"S": "a"}}}
    assert "Item" not in client.get_item(**request)
    assert "Item" in client.get_item(**request, ConsistentRead=True)

    clock.at += 1

    assert "Item" in client.get_item(**request)


def test_a_table_is_rewound(clock: VirtualClock) -> None:
    client = FakeDynamoDB(clock, random.Random(1), journal=True)
    new_table(client)
    put(client, "kept", n={"N": "1"})
    put(client, "deleted")
    before = client.items("rows")
    then = clock.at
    clock.at += 60
    put(client, "kept", n={"N": "2"})
    put(client, "new")
    client.delete_item(TableName="rows", Key={"pk": {"S": "deleted"}})

    client.rewind("rows", then)

    assert sorted(client.items("rows"), key=str) == sorted(before, key=str)
    assert sorted(by_group(client)) == ["deleted", "kept"]


def test_a_rewind_beyond_the_journal_is_refused(clock: VirtualClock) -> None:
    client = FakeDynamoDB(clock, random.Random(1), journal=True, journal_entries=2)
    new_table(client)
    start = clock.at
    for name in ("a", "b", "c"):
        clock.at += 1
        put(client, name)
    with pytest.raises(ValueError, match="journal"):
        client.rewind("rows", start)

    client.rewind("rows", start + 2)

    assert len(client.items("rows")) == 2


def test_items_expire_only_when_asked_to(clock: VirtualClock) -> None:
    client = FakeDynamoDB(clock, random.Random(1))
    new_table(client)
    specification = {"Enabled": True, "AttributeName": "expires_at"}
    client.update_time_to_live(TableName="rows", TimeToLiveSpecification=specification)
    put(client, "over", expires_at={"N": str(int(clock.at) - 1)})
    put(client, "later", expires_at={"N": str(int(clock.at) + 60)})

    put(client, "text", expires_at={"S": "soon"})

    assert len(client.items("rows")) == 3
    assert client.expire(clock.at) == 1
    assert sorted(item["pk"]["S"] for item in client.items("rows")) == ["later", "text"]


def test_a_request_token_is_forgotten_after_ten_minutes(clock: VirtualClock) -> None:
    client = FakeDynamoDB(clock, random.Random(1))
    new_table(client)
    change = {
        "TableName": "rows",
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }

    for seconds in (0, 599, 2):
        clock.at += seconds
        client.transact_write_items(TransactItems=[{"Update": change}], ClientRequestToken="t")

    assert client.items("rows")[0]["n"] == {"N": "2"}


@pytest.mark.parametrize("number", ["1E125", "-1E-130", "9" * 38, "0." + "1" * 38])
def test_numbers_at_the_edge_are_kept(number: str) -> None:
    normalise_number(number)


@pytest.mark.parametrize("condition", ["NOT attribute_exists(pk)", "contains(pk, :x)", "size(pk) > :x", "pk <> :x", "a.b = :x"])
def test_expressions_that_nobody_here_uses_are_refused(clock: VirtualClock, condition: str) -> None:
    client = FakeDynamoDB(clock, random.Random(1))
    new_table(client)
    values = {"ExpressionAttributeValues": {":x": {"S": "x"}}} if ":x" in condition else {}
    with pytest.raises(client.exceptions.ClientError, match="ValidationException"):
        client.delete_item(TableName="rows", Key={"pk": {"S": "a"}}, ConditionExpression=condition, **values)


@pytest.mark.parametrize("value", [{"M": {}}, {"L": []}, {"SS": ["x"]}, {"NULL": True}])
def test_types_that_nobody_here_stores_are_refused(clock: VirtualClock, value: dict[str, Any]) -> None:
    client = FakeDynamoDB(clock, random.Random(1))
    new_table(client)
    with pytest.raises(ParamValidationError, match="this stand-in knows"):
        put(client, "a", other=value)


def test_redundant_parentheses_are_refused(clock: VirtualClock) -> None:
    client = FakeDynamoDB(clock, random.Random(1))
    new_table(client)
    client.put_item(
        TableName="rows",
        Item={"pk": {"S": "a"}},
        ConditionExpression="(attribute_not_exists(pk)) AND ((attribute_not_exists(x)) OR attribute_not_exists(y))",
    )
    with pytest.raises(ClientError, match="redundant parentheses"):
        client.delete_item(TableName="rows", Key={"pk": {"S": "a"}}, ConditionExpression="((attribute_not_exists(x)))")


def test_a_duplicate_outlives_the_deletion_of_its_twin(clock: VirtualClock) -> None:
    client = FakeSQS(clock, random.Random(1), duplicate_probability=1.0)
    url = client.create_queue(QueueName="queue")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="x")
    (first,) = client.receive_message(QueueUrl=url)["Messages"]

    client.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])

    assert "Messages" not in client.receive_message(QueueUrl=url)

    clock.at += 30
    (second,) = client.receive_message(QueueUrl=url)["Messages"]

    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]


def test_a_dead_letter_keeps_its_age(clock: VirtualClock) -> None:
    client = FakeSQS(clock, random.Random(1))
    dead = client.create_queue(QueueName="dead", Attributes={"MessageRetentionPeriod": str(14 * DAY)})["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    attributes = {"RedrivePolicy": policy, "VisibilityTimeout": "0", "MessageRetentionPeriod": str(14 * DAY)}
    url = client.create_queue(QueueName="queue", Attributes=attributes)["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="poison")

    clock.at += 10 * DAY

    assert "Messages" in client.receive_message(QueueUrl=url)
    assert "Messages" not in client.receive_message(QueueUrl=url)
    assert client.bodies(dead) == ["poison"]

    clock.at += 4 * DAY

    assert client.bodies(dead) == []


def test_messages_of_one_moment_come_in_any_order(clock: VirtualClock) -> None:
    client = FakeSQS(clock, random.Random(1))
    url = client.create_queue(QueueName="queue")["QueueUrl"]
    for number in range(10):
        client.send_message(QueueUrl=url, MessageBody=str(number))

    received = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]

    bodies = [message["Body"] for message in received]
    assert bodies != sorted(bodies)
    assert sorted(bodies) == list(map(str, range(10)))


def test_a_world_can_ask_when_to_look_again(clock: VirtualClock) -> None:
    client = FakeSQS(clock, random.Random(1))
    url = client.create_queue(QueueName="queue")["QueueUrl"]

    assert client.next_visible_at(url) is None

    client.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=7)

    assert client.next_visible_at(url) == clock.at + 7

    clock.at += 7

    assert client.next_visible_at(url) == clock.at


@pytest.mark.parametrize("body", ["lone \ud800", "\x00", "\uffff"])
def test_characters_that_xml_forbids_are_refused(clock: VirtualClock, body: str) -> None:
    client = FakeSQS(clock, random.Random(1))
    url = client.create_queue(QueueName="queue")["QueueUrl"]
    with pytest.raises(client.exceptions.InvalidMessageContents):
        client.send_message(QueueUrl=url, MessageBody=body)

    answer = client.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": body}])

    assert [entry["Code"] for entry in answer["Failed"]] == ["InvalidMessageContents"]
