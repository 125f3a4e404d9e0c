"""AWS's moods: throttling, 5xx, lost answers that the SDK repeats, and errors that are bugs."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from shared.adapters.aws import transient_errors
from shared.adapters.campaign_document import campaign_of
from shared.adapters.dynamodb.campaign.campaigns import DynamoCampaigns
from shared.adapters.dynamodb.contact.people import DynamoPeople
from shared.adapters.dynamodb.items import attribute_of
from shared.adapters.dynamodb.signup.referrals import DynamoReferrals
from shared.adapters.dynamodb.table import Table
from shared.adapters.dynamodb.vendor.breakers import DynamoBreakers
from shared.adapters.secrets import Secrets, SecretText
from shared.adapters.sqs import SqsQueue
from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.person import Person
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.errors import ConfigurationError, TransientError
from shared.messages import DeliverContact, ReconcileCampaigns, body_of, message_of
from shared.ports.signup import DUE_SHARDS
from tests.contract.aws.engines import Engine, fake_engine
from tests.contract.repository_tables import new_table
from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.errors import client_error
from tests.fakes.sqs import FakeSQS
from tests.support.clock import NOW, SeededChance, VirtualClock


class Repeating:
    """A client whose answers get lost once, so that each request is sent twice, as the SDK does by itself."""

    def __init__(self, client: Any, *, tells_old: bool = True) -> None:
        self._client = client
        self._tells_old = tells_old

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def twice(**request: Any) -> Any:
            if not self._tells_old:
                request.pop("ReturnValuesOnConditionCheckFailure", None)
            getattr(self._client, name)(**request)
            return getattr(self._client, name)(**request)

        return twice


class Failing:
    """A client that fails ``times`` with the error before it works."""

    def __init__(self, client: Any, error: Exception, times: int = 1) -> None:
        self._client = client
        self._error = error
        self.left = times
        self.calls = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.calls += 1
            if self.left:
                self.left -= 1
                raise self._error
            return getattr(self._client, name)(**request)

        return call


def fake_table() -> Table:
    clients = {"dynamodb": FakeDynamoDB(lambda: NOW, random.Random(1))}
    return new_table(Engine("fake", clients.__getitem__, lambda seconds: None))


@pytest.fixture(params=[True, False], ids=["with ALL_OLD", "without"])
def repeating(request: pytest.FixtureRequest) -> Table:
    table = fake_table()
    return Table(Repeating(table.client, tells_old=request.param), table.name, SeededChance())


def pending() -> Referral:
    return Referral(1, 5, State.PENDING, Person(5), accepted_at=NOW, due_at=NOW)


def test_a_repeated_write_knows_its_own_effect(repeating: Table) -> None:
    rows = DynamoReferrals(repeating, VirtualClock())

    assert rows.add(pending())
    assert not rows.add(pending())

    changes: list[int] = []

    def change(row: Referral) -> Referral:
        changes.append(row.version)
        return replace(row, attempts=row.attempts + 1)

    assert rows.update(1, 5, change).attempts == 1
    assert (changes, rows.get(1, 5).version) == ([0], 1)

    [row] = [row for shard in range(DUE_SHARDS) for row in rows.due(shard, NOW, 10)]
    assert rows.move_due(row, NOW + 600)
    assert not rows.move_due(row, NOW + 600)


def test_rows_that_are_taken_together_by_a_repeated_call_are_taken_once(repeating: Table) -> None:
    rows = DynamoReferrals(repeating, VirtualClock())
    for user_id in (5, 6):
        rows.add(replace(pending(), user_id=user_id, person=Person(user_id)))

    due = [row for shard in range(DUE_SHARDS) for row in rows.due(shard, NOW, 10)]
    assert len(rows.move_all_due(due, NOW + 600)) == 2
    assert list(rows.move_all_due(due, NOW + 600)) == []


def test_rows_that_were_taken_together_while_no_answer_came_are_ours() -> None:
    """The message of each row says it."""
    table = fake_table()
    client = table.client
    rows = DynamoReferrals(table, VirtualClock())
    for user_id in (5, 6):
        rows.add(replace(pending(), user_id=user_id, person=Person(user_id)))
    due = [row for shard in range(DUE_SHARDS) for row in rows.due(shard, NOW, 10)]
    write = client.transact_write_items

    def losing(**request: Any) -> Any:
        write(**request)
        raise client_error("TransactWriteItems", "InternalServerError", status=500)

    client.transact_write_items = losing
    assert len(rows.move_all_due(due, NOW + 600)) == 2
    assert list(rows.move_all_due(due, NOW + 600)) == []


def test_a_repeated_lease_save_and_settings_are_one(repeating: Table) -> None:
    people = DynamoPeople(repeating)
    person = people.lease("w", "a@example.com", "me", NOW, 60)
    people.save(replace(person, contact_id="c1"))

    people.release(person)

    found = people.find("w", "a@example.com")
    assert found is not None
    assert found.contact_id == "c1"

    campaigns = DynamoCampaigns(repeating)
    assert campaigns.save(campaign_of({"campaign_id": 1}), None, "ann", NOW).version == 1
    assert campaigns.save(campaign_of({"campaign_id": 1}), 1, "ann", NOW).version == 2
    assert len(campaigns.versions(1)) == 2
    assert DynamoBreakers(repeating).open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, NOW + 30, NOW))


@pytest.mark.parametrize(
    "error",
    [
        client_error("GetItem", "ThrottlingException"),
        client_error("GetItem", "ProvisionedThroughputExceededException"),
        client_error("GetItem", "Anything", status=503),
        EndpointConnectionError(endpoint_url="http://x"),
        ConnectTimeoutError(endpoint_url="http://x"),
        ReadTimeoutError(endpoint_url="http://x"),
        ClientError(
            {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
            },
            "TransactWriteItems",
        ),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_may_succeed_later_is_transient(error: Exception) -> None:
    with pytest.raises(TransientError) as failure, transient_errors():
        raise error
    assert failure.value.vendor == "aws"


def test_everything_else_is_a_bug_and_stays_what_it_is() -> None:
    with pytest.raises(ClientError), transient_errors():
        raise client_error("GetItem", "ValidationException")
    table = fake_table()
    missing = Table(table.client, "no-such-table", SeededChance())
    with pytest.raises(ClientError):
        missing.put({"pk": attribute_of("a"), "sk": attribute_of("b")}, "attribute_not_exists(pk)")
    with pytest.raises(ClientError):
        DynamoCampaigns(missing).save(campaign_of({"campaign_id": 1}), None, "ann", NOW)
    with pytest.raises(ValueError, match="no such number"):
        attribute_of(float("nan"))


def test_a_secret_that_we_may_not_read_is_not_called_missing() -> None:
    class Forbidden:
        def get_secret_value(self, **_: Any) -> Any:
            raise client_error("GetSecretValue", "AccessDeniedException")

    with pytest.raises(ClientError, match="AccessDenied"):
        Secrets(Forbidden(), VirtualClock()).read("arn")


def test_a_secret_of_bytes_alone_is_rejected() -> None:
    class Binary:
        def get_secret_value(self, **_: Any) -> Any:
            return {"SecretBinary": b"x"}

    with pytest.raises(ConfigurationError, match="not a JSON object"):
        Secrets(Binary(), VirtualClock()).read("arn")


@pytest.mark.parametrize(("text", "stored"), [("Zoë 😀", "Zoë 😀"), ("Zoë \ud83d", "Zoë ?"), ("Zo \ud83d", "Zo ?")])
def test_half_an_emoji_is_stored_as_a_question_mark(text: str, stored: str) -> None:
    """No service takes a lone surrogate: the whole row would be refused for it."""
    assert attribute_of(text) == {"S": stored}


def test_a_batch_that_dynamodb_puts_off_is_asked_for_again() -> None:
    table = fake_table()
    rows = DynamoReferrals(table, VirtualClock())
    for user_id in range(1, 131):
        rows.add(replace(pending(), user_id=user_id))

    class Slow:
        def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - boto3's name
            keys = RequestItems[table.name]["Keys"]
            answer = table.client.batch_get_item(RequestItems={table.name: {**RequestItems[table.name], "Keys": keys[:40]}})
            rest = {table.name: {**RequestItems[table.name], "Keys": keys[40:]}} if keys[40:] else {}
            return {**answer, "UnprocessedKeys": rest}

    slow = DynamoReferrals(Table(Slow(), table.name, SeededChance()), VirtualClock())

    assert len(slow.find_all([(1, user_id) for user_id in range(1, 140)])) == 130


def deliver(user_id: int, **fields: Any) -> DeliverContact:
    return DeliverContact(7, user_id, "joined", NOW, fields or None, id=str(user_id))


def new_queue(client: Any) -> str:
    return str(client.create_queue(QueueName="deliveries", Attributes={"VisibilityTimeout": "30"})["QueueUrl"])


@pytest.fixture(params=["fake", "moto"])
def sqs(request: pytest.FixtureRequest) -> Any:
    if request.param == "fake":
        with fake_engine() as engine:
            yield engine.client("sqs")
    else:
        moto = pytest.importorskip("tests.contract.aws.engines").moto_engine
        with moto() as engine:
            yield engine.client("sqs")


def received(client: Any, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]).get("Messages"):
        found += messages
    return found


def test_a_message_carries_its_campaign_as_group(sqs: Any) -> None:
    url = new_queue(sqs)
    SqsQueue(sqs, url).send(deliver(5, first_name="\ud800\x00é"))

    SqsQueue(sqs, url).send(ReconcileCampaigns(NOW), delay=0.0)

    by_group = {message["Attributes"].get("MessageGroupId"): message for message in received(sqs, url)}
    assert message_of(by_group["7"]["Body"]) == deliver(5, first_name="\ud800\x00é")
    assert "0" in by_group


def test_many_messages_go_in_batches(sqs: Any) -> None:
    url = new_queue(sqs)
    messages = [deliver(n) for n in range(23)] + [deliver(n, text="x" * 90_000) for n in range(23, 29)]
    assert SqsQueue(sqs, url).send_all(messages) == []
    assert {message_of(message["Body"]).id for message in received(sqs, url)} == {str(n) for n in range(29)}


def test_what_a_queue_refuses_twice_is_answered() -> None:
    class Refusing:
        def __init__(self) -> None:
            self.sent: list[list[str]] = []

        def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803 - boto3's names
            self.sent.append([entry["MessageBody"] for entry in Entries])
            failed = [entry["Id"] for entry in Entries if message_of(entry["MessageBody"]).id in {"3", "4"}]
            kept = failed if len(self.sent) == 1 else failed[:1]
            return {"Failed": [{"Id": name, "SenderFault": False, "Code": "InternalError"} for name in kept]}

    client = Refusing()

    messages = [deliver(n) for n in range(6)]
    assert SqsQueue(client, "u").send_all(messages) == [messages[3]]
    assert client.sent == [[body_of(message) for message in messages], [body_of(message) for message in messages[3:5]]]

    down = Failing(None, client_error("SendMessageBatch", "ThrottlingException"), times=2)
    assert SqsQueue(down, "u").send_all(messages) == messages

    with pytest.raises(TransientError):
        SqsQueue(Failing(None, client_error("SendMessage", "ServiceUnavailable", status=503)), "u").send(messages[0])


def test_a_message_is_postponed_and_one_that_is_gone_is_left_alone() -> None:
    now = [NOW]
    client = FakeSQS(lambda: now[0], random.Random(1))
    url = new_queue(client)
    queue = SqsQueue(client, url)
    queue.send(deliver(1))
    now[0] += 2
    [message] = received(client, url)
    queue.postpone(message["ReceiptHandle"], 99.5)

    now[0] += 99

    assert received(client, url) == []

    now[0] += 3
    [message] = received(client, url)
    client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    queue.postpone(message["ReceiptHandle"], 10)


class StoredSecrets:
    def __init__(self, text: str) -> None:
        self.text = text
        self.calls = 0

    def get_secret_value(self, SecretId: str) -> Any:  # noqa: N803 - boto3's name
        self.calls += 1
        if SecretId != "arn":
            raise client_error("GetSecretValue", "ResourceNotFoundException")
        return {"SecretString": self.text}


def test_a_secret_is_kept_for_five_minutes_and_survives_an_outage() -> None:
    clock, stored = VirtualClock(), StoredSecrets('{"access_token": " one\\n", "number": 5}')
    flaky = Failing(stored, client_error("GetSecretValue", "ThrottlingException"), times=0)
    secrets = Secrets(flaky, clock)

    token = SecretText(secrets, "arn", "access_token")

    assert token() == "one"
    assert SecretText(secrets, "arn", "number")() == ""

    stored.text = '{"access_token": "two"}'
    clock.at += 299

    assert (token(), stored.calls) == ("one", 1)

    clock.at += 1
    flaky.left = 1
    calls = flaky.left, stored.calls

    assert (token(), token()) == ("one", "one"), "the second one does not wait for a store that hangs"
    assert calls == (1, 1)
    assert stored.calls == 1

    clock.at += 30

    assert token() == "two"

    stored.text = '{"access_token": "three"}'
    assert token() == "two"
    assert token(fresh=True) == "three"
    assert token() == "three"


def test_a_secret_that_is_missing_or_unreadable_is_named() -> None:
    for text in ("", "[]", "not json"):
        with pytest.raises(ConfigurationError, match="arn"):
            Secrets(StoredSecrets(text), VirtualClock()).read("arn")
    with pytest.raises(ConfigurationError, match="other"):
        Secrets(StoredSecrets("{}"), VirtualClock()).read("other")
    throttled = Failing(None, client_error("GetSecretValue", "ThrottlingException"))
    with pytest.raises(TransientError):
        Secrets(throttled, VirtualClock()).read("arn")
