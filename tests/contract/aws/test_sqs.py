"""SQS: what senders, workers and dead letters rely on."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.engines import Engine, known_deviation

UniqueName = Callable[[str], str]
NewQueue = Callable[..., str]


@pytest.fixture
def client(sqs: Callable[[], Any]) -> Any:
    return sqs()


@pytest.fixture
def new_queue(client: Any, unique_name: UniqueName) -> NewQueue:
    def create(**attributes: str) -> str:
        return str(client.create_queue(QueueName=unique_name("queue"), Attributes=attributes)["QueueUrl"])

    return create


def arn(client: Any, url: str) -> str:
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


class Counts(NamedTuple):
    visible: int = 0
    in_flight: int = 0
    delayed: int = 0


def counts(client: Any, url: str) -> Counts:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    names.append("ApproximateNumberOfMessagesDelayed")
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return Counts(*(int(attributes[name]) for name in names))


def receive(client: Any, url: str, **request: Any) -> list[dict[str, Any]]:
    answer = client.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"], **request)
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"]).removeprefix("AWS.SimpleQueueService.")


def test_a_message_comes_out_as_it_went_in(client: Any, new_queue: NewQueue) -> None:
    url = new_queue()
    sent = client.send_message(QueueUrl=url, MessageBody='{"name": "Zoë 🎉"}\n')
    (message,) = receive(client, url)

    assert message["Body"] == '{"name": "Zoë 🎉"}\n'
    assert message["MessageId"] == sent["MessageId"]
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert int(message["Attributes"]["SentTimestamp"]) > 1_600_000_000_000


def test_an_empty_queue_answers_without_messages(client: Any, new_queue: NewQueue) -> None:
    assert "Messages" not in client.receive_message(QueueUrl=new_queue())


def test_a_received_message_is_hidden(client: Any, new_queue: NewQueue) -> None:
    url = new_queue(VisibilityTimeout="60")
    client.send_message(QueueUrl=url, MessageBody="x")

    assert len(receive(client, url)) == 1
    assert receive(client, url) == []
    assert counts(client, url) == Counts(in_flight=1)


def test_a_received_message_comes_back_after_the_time_out(client: Any, new_queue: NewQueue, engine: Engine) -> None:
    url = new_queue(VisibilityTimeout="1")
    client.send_message(QueueUrl=url, MessageBody="x")
    (first,) = receive(client, url)
    engine.wait(1.1)

    (second,) = receive(client, url)

    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_delayed_message_is_hidden(client: Any, new_queue: NewQueue) -> None:
    url = new_queue()
    client.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=60)
    assert receive(client, url) == []
    assert counts(client, url) == Counts(delayed=1)


def test_a_delayed_message_comes_after_its_delay(client: Any, new_queue: NewQueue, engine: Engine) -> None:
    url = new_queue()
    client.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=1)
    engine.wait(1.1)
    assert len(receive(client, url)) == 1


def test_a_deleted_message_does_not_come_back(client: Any, new_queue: NewQueue) -> None:
    url = new_queue(VisibilityTimeout="0")
    client.send_message(QueueUrl=url, MessageBody="x")
    (message,) = receive(client, url)

    client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    assert receive(client, url) == []
    assert counts(client, url) == Counts()


@known_deviation("ministack", "refuses the handle of a deleted message")
def test_deleting_twice_is_no_error(client: Any, new_queue: NewQueue) -> None:
    url = new_queue()
    client.send_message(QueueUrl=url, MessageBody="x")
    (message,) = receive(client, url)
    for _ in range(2):
        client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_an_invented_handle_is_refused(client: Any, new_queue: NewQueue) -> None:
    with pytest.raises(ClientError) as caught:
        client.delete_message(QueueUrl=new_queue(), ReceiptHandle="not-a-handle")
    assert code(caught) == "ReceiptHandleIsInvalid"


def test_visibility_zero_gives_a_message_back_at_once(client: Any, new_queue: NewQueue) -> None:
    url = new_queue()
    client.send_message(QueueUrl=url, MessageBody="x")
    (message,) = receive(client, url)

    client.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)

    assert len(receive(client, url)) == 1


def test_visibility_counts_from_the_change(client: Any, new_queue: NewQueue, engine: Engine) -> None:
    url = new_queue(VisibilityTimeout="60")
    client.send_message(QueueUrl=url, MessageBody="x")
    (message,) = receive(client, url)
    client.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=1)
    engine.wait(1.1)
    (again,) = receive(client, url)

    client.change_message_visibility(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"], VisibilityTimeout=120)
    engine.wait(1.1)

    assert receive(client, url) == []


@known_deviation("ministack", "accepts any visibility")
@pytest.mark.parametrize("seconds", [pytest.param(-1, marks=known_deviation("moto", "accepts a negative visibility")), 43_201])
def test_visibility_has_bounds(client: Any, new_queue: NewQueue, seconds: int) -> None:
    url = new_queue()
    client.send_message(QueueUrl=url, MessageBody="x")
    (message,) = receive(client, url)

    with pytest.raises(ClientError) as caught:
        client.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds)
    assert code(caught) == "InvalidParameterValue"


@known_deviation("moto", "accepts a stale handle")
def test_a_stale_handle_cannot_change_visibility(client: Any, new_queue: NewQueue) -> None:
    url = new_queue()
    client.send_message(QueueUrl=url, MessageBody="x")
    (first,) = receive(client, url, VisibilityTimeout=0)
    (_second,) = receive(client, url)

    with pytest.raises(ClientError) as caught:
        client.change_message_visibility(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=5)
    assert code(caught) == "ReceiptHandleIsInvalid"


@known_deviation("moto", "answers another error code")
@known_deviation("ministack", "accepts the change")
def test_a_visible_message_is_not_in_flight(client: Any, new_queue: NewQueue) -> None:
    url = new_queue()
    client.send_message(QueueUrl=url, MessageBody="x")
    (message,) = receive(client, url)
    handle = message["ReceiptHandle"]
    client.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)

    with pytest.raises(ClientError) as caught:
        client.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=5)
    assert code(caught) == "MessageNotInflight"


def test_after_max_receive_count_a_message_is_a_dead_letter(client: Any, new_queue: NewQueue) -> None:
    dead_letters = new_queue()
    policy = {"deadLetterTargetArn": arn(client, dead_letters), "maxReceiveCount": 2}
    url = new_queue(VisibilityTimeout="0", RedrivePolicy=json.dumps(policy))

    client.send_message(QueueUrl=url, MessageBody="poison")

    received = [receive(client, url) for _ in range(3)]
    assert [len(messages) for messages in received] == [1, 1, 0]
    assert counts(client, url) == Counts()

    (dead,) = receive(client, dead_letters)
    assert dead["Body"] == "poison"
    assert dead["MessageId"] == received[0][0]["MessageId"]
    assert dead["Attributes"]["SentTimestamp"] == received[0][0]["Attributes"]["SentTimestamp"]


@known_deviation("moto", "leaves DeadLetterQueueSourceArn out")
def test_a_dead_letter_names_its_source(client: Any, new_queue: NewQueue) -> None:
    dead_letters = new_queue()
    policy = {"deadLetterTargetArn": arn(client, dead_letters), "maxReceiveCount": 1}
    url = new_queue(VisibilityTimeout="0", RedrivePolicy=json.dumps(policy))
    client.send_message(QueueUrl=url, MessageBody="poison")

    receive(client, url)

    assert receive(client, url) == []

    (dead,) = receive(client, dead_letters)
    assert dead["Attributes"]["DeadLetterQueueSourceArn"] == arn(client, url)


@known_deviation("moto", "StartMessageMoveTask is not implemented")
@known_deviation("ministack", "StartMessageMoveTask is not implemented")
def test_dead_letters_can_be_sent_back(client: Any, new_queue: NewQueue) -> None:
    dead_letters = new_queue()
    policy = {"deadLetterTargetArn": arn(client, dead_letters), "maxReceiveCount": 1}
    url = new_queue(VisibilityTimeout="0", RedrivePolicy=json.dumps(policy))
    client.send_message(QueueUrl=url, MessageBody="poison")

    receive(client, url)

    assert receive(client, url) == []

    client.start_message_move_task(SourceArn=arn(client, dead_letters))
    (again,) = receive(client, url)

    assert again["Body"] == "poison"
    assert again["Attributes"]["ApproximateReceiveCount"] == "1"
    assert counts(client, dead_letters) == Counts()


def test_a_standard_queue_takes_group_ids(client: Any, new_queue: NewQueue) -> None:
    url = new_queue()
    client.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="campaign-7")
    (message,) = receive(client, url)
    assert message["Attributes"]["MessageGroupId"] == "campaign-7"


def test_a_batch_is_sent_and_received(client: Any, new_queue: NewQueue) -> None:
    url = new_queue()
    entries = [{"Id": str(number), "MessageBody": f"body {number}"} for number in range(10)]
    sent = client.send_message_batch(QueueUrl=url, Entries=entries)

    assert sorted(entry["Id"] for entry in sent["Successful"]) == [str(number) for number in range(10)]
    assert not sent.get("Failed")

    messages = receive(client, url, MaxNumberOfMessages=10)
    assert sorted(message["Body"] for message in messages) == [f"body {number}" for number in range(10)]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([str(number) for number in range(11)], "TooManyEntriesInBatchRequest"),
        (["a", "a"], "BatchEntryIdsNotDistinct"),
        (["not an id"], "InvalidBatchEntryId"),
        ([], "EmptyBatchRequest"),
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(client: Any, new_queue: NewQueue, ids: list[str], expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        client.send_message_batch(QueueUrl=new_queue(), Entries=[{"Id": one, "MessageBody": "x"} for one in ids])
    assert code(caught) == expected


@known_deviation("ministack", "accepts any delay in a batch")
def test_a_bad_entry_of_a_batch_fails_alone(client: Any, new_queue: NewQueue) -> None:
    url = new_queue()
    entries = [{"Id": "good", "MessageBody": "x"}, {"Id": "bad", "MessageBody": "y", "DelaySeconds": 901}]
    answer = client.send_message_batch(QueueUrl=url, Entries=entries)

    assert [entry["Id"] for entry in answer["Successful"]] == ["good"]

    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["SenderFault"]) == ("bad", True)
    assert counts(client, url) == Counts(visible=1)


def test_more_than_ten_messages_cannot_be_asked_for(client: Any, new_queue: NewQueue) -> None:
    with pytest.raises(ClientError) as caught:
        client.receive_message(QueueUrl=new_queue(), MaxNumberOfMessages=11)
    assert code(caught) in {"InvalidParameterValue", "ReadCountOutOfRange"}


@known_deviation("moto", "accepts control characters")
@pytest.mark.parametrize("body", ["nul \x00", "bell \x07", "non-character \ufffe"])
def test_control_characters_are_refused(client: Any, new_queue: NewQueue, body: str) -> None:
    with pytest.raises(ClientError) as caught:
        client.send_message(QueueUrl=new_queue(), MessageBody=body)
    assert code(caught) == "InvalidMessageContents"


@known_deviation("moto", "accepts an empty body")
def test_an_empty_body_is_refused(client: Any, new_queue: NewQueue) -> None:
    with pytest.raises(ClientError) as caught:
        client.send_message(QueueUrl=new_queue(), MessageBody="")
    assert code(caught) in {"MissingParameter", "InvalidParameterValue"}


def test_a_message_has_at_most_one_mebibyte(client: Any, new_queue: NewQueue) -> None:
    url = new_queue()
    client.send_message(QueueUrl=url, MessageBody="x" * 1024 * 1024)
    with pytest.raises(ClientError) as caught:
        client.send_message(QueueUrl=url, MessageBody="x" * (1024 * 1024 + 1))
    assert code(caught) == "InvalidParameterValue"


def test_a_purge_empties_the_queue(client: Any, new_queue: NewQueue) -> None:
    url = new_queue()
    client.send_message(QueueUrl=url, MessageBody="x")
    client.purge_queue(QueueUrl=url)
    assert receive(client, url) == []


def test_a_deep_queue_gives_every_message_once(client: Any, new_queue: NewQueue) -> None:
    url = new_queue()
    for batch in range(4):
        entries = [{"Id": str(number), "MessageBody": f"{batch}.{number}"} for number in range(10)]
        client.send_message_batch(QueueUrl=url, Entries=entries)
    bodies: list[str] = []

    while messages := receive(client, url, MaxNumberOfMessages=10):
        bodies += [message["Body"] for message in messages]

    assert len(bodies) == len(set(bodies)) == 40
