"""An SQS of standard queues in memory behind the interface of `boto3.client("sqs")`.

Delivery is at least once and in no reliable order, as on AWS. Nothing waits: a long poll answers at once, and time passes
only by the injected clock. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
"""

import json
import random
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.errors import ExceptionClasses, MalformedParameterError, RefusedError, operation
from tests.fakes.sqs_checks import (
    ATTRIBUTE_DEFAULTS,
    ATTRIBUTE_RANGES,
    CODES,
    MAX_BATCH,
    MAX_MESSAGE_BYTES,
    MAX_VISIBILITY,
    OTHER_ATTRIBUTES,
    bad_parameter,
    check_batch,
    check_message,
    check_range,
    invalid_handle,
    message_bytes,
    missing_queue,
)
from tests.fakes.sqs_queue import ACCOUNT, DELAYED, IN_FLIGHT, READY, Message, Queue

MAX_IN_FLIGHT = 120_000
PURGE_SECONDS = 60

_MESSAGE = "DelaySeconds MessageGroupId"


class FakeSQS:
    """The client. Calls from several threads are taken one at a time.

    `clock` gives epoch seconds. With `duplicate_probability` a received message leaves a second copy that appears at some
    time within the visibility time-out, whether the first is deleted or not. Messages that become visible within
    `disorder_seconds` of each other are received in any order.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        chance: random.Random,
        *,
        duplicate_probability: float = 0.0,
        disorder_seconds: float = 1.0,
    ) -> None:
        self.exceptions = ExceptionClasses(CODES)
        self.duplicate_probability = duplicate_probability
        self.disorder_seconds = disorder_seconds
        self._clock = clock
        self._chance = chance
        self._queues: dict[str, Queue] = {}
        self._last_copy = 0
        self._lock = threading.RLock()

    # --- beyond the client: what a test or a simulated world does ---------------------------------------------------

    def bodies(self, queue_url: str) -> list[str]:
        """The bodies of all messages in a queue, visible or not, oldest copy first."""
        with self._lock:
            return [message.body for message in self._current(queue_url).messages.values()]

    def visible(self, queue_url: str) -> int:
        """How many messages could be received now."""
        with self._lock:
            return self._current(queue_url).counts[READY]

    def next_visible_at(self, queue_url: str) -> float | None:
        """When a world that sleeps has to look again: now if a message is visible; None if the queue is empty."""
        with self._lock:
            queue = self._current(queue_url)
            return self._clock() if queue.counts[READY] else queue.next_visible_at()

    def oldest_age(self, queue_url: str) -> float:
        """CloudWatch's ApproximateAgeOfOldestMessage in seconds: a message that was received three times and is still there
        goes to the end of the queue and no longer counts; 0 when there is none.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
        """
        with self._lock:
            counted = [one.sent_at for one in self._current(queue_url).messages.values() if one.receive_count < 3]
            return self._clock() - min(counted) if counted else 0.0

    # --- queues -----------------------------------------------------------------------------------------------------

    @operation("CreateQueue", "QueueName", "Attributes tags")
    def create_queue(self, request: dict[str, Any]) -> dict[str, Any]:
        """Create a standard queue; the same name with the same attributes again is no error."""
        name = request["QueueName"]
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name):
            raise bad_parameter(
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length "
                "(and FIFO queues are unknown to this stand-in)"
            )
        given = dict(request.get("Attributes", {}))
        self._check_attributes(given)
        if name in self._queues:
            queue = self._queues[name]
            if any(queue.attributes.get(key) != value for key, value in given.items()):
                raise RefusedError(
                    "QueueAlreadyExists",
                    "A queue already exists with the same name and a different value for an attribute",
                )
        else:
            self._queues[name] = Queue(name, {**ATTRIBUTE_DEFAULTS, **given}, self._clock())
        return {"QueueUrl": self._queues[name].url}

    @operation("GetQueueAttributes", "QueueUrl", "AttributeNames")
    def get_queue_attributes(self, request: dict[str, Any]) -> dict[str, Any]:
        """Settings and (exact, unlike AWS's) counts; nothing without `AttributeNames`."""
        queue = self._current(request["QueueUrl"])
        known = {
            **queue.attributes,
            "QueueArn": queue.arn,
            "CreatedTimestamp": str(int(queue.created_at)),
            "ApproximateNumberOfMessages": str(queue.counts[READY]),
            "ApproximateNumberOfMessagesNotVisible": str(queue.counts[IN_FLIGHT]),
            "ApproximateNumberOfMessagesDelayed": str(queue.counts[DELAYED]),
        }
        wanted = request.get("AttributeNames", [])
        unknown = set(wanted) - known.keys() - OTHER_ATTRIBUTES - {"All", "LastModifiedTimestamp"}
        if unknown:
            raise RefusedError("InvalidAttributeName", f"Unknown Attribute {min(unknown)}.")
        shown = known if "All" in wanted else {name: known[name] for name in wanted if name in known}
        return {"Attributes": shown} if shown else {}

    @operation("PurgeQueue", "QueueUrl")
    def purge_queue(self, request: dict[str, Any]) -> dict[str, Any]:
        """Delete all messages; once in 60 seconds."""
        queue = self._current(request["QueueUrl"])
        if self._clock() < queue.purged_at + PURGE_SECONDS:
            raise RefusedError(
                CODES["PurgeQueueInProgress"],
                f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds.",
            )
        queue.purged_at = self._clock()
        queue.clear()
        return {}

    # --- sending ----------------------------------------------------------------------------------------------------

    @operation("SendMessage", "QueueUrl MessageBody", _MESSAGE)
    def send_message(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store a message of at most 1 MiB, hidden for `DelaySeconds` (0 to 900)."""
        queue = self._current(request["QueueUrl"])
        check_message(queue, request)
        return self._stored(queue, request)

    @operation("SendMessageBatch", "QueueUrl Entries")
    def send_message_batch(self, request: dict[str, Any]) -> dict[str, Any]:
        """Up to ten messages and 1 MiB together; entries fail one by one."""
        queue = self._current(request["QueueUrl"])
        entries = request["Entries"]
        check_batch(entries)
        if sum(message_bytes(entry) for entry in entries) > MAX_MESSAGE_BYTES:
            raise RefusedError(
                CODES["BatchRequestTooLong"],
                f"Batch requests cannot be longer than {MAX_MESSAGE_BYTES} bytes.",
            )

        def send(entry: Mapping[str, Any]) -> dict[str, Any]:
            check_message(queue, entry)
            return self._stored(queue, entry)

        return _each(entries, send)

    def _stored(self, queue: Queue, entry: Mapping[str, Any]) -> dict[str, Any]:
        now = self._clock()
        message = Message(self._copy_id(), self._identifier(), entry, now)
        delay = entry.get("DelaySeconds", queue.number("DelaySeconds"))
        if delay > 0:
            queue.put(message, DELAYED, now + delay)
        else:
            queue.put(message, READY, now, self._rank(now))
        return {"MessageId": message.message_id, "MD5OfMessageBody": message.digest}

    # --- receiving --------------------------------------------------------------------------------------------------

    @operation(
        "ReceiveMessage",
        "QueueUrl",
        "AttributeNames MessageSystemAttributeNames MaxNumberOfMessages VisibilityTimeout WaitTimeSeconds",
    )
    def receive_message(self, request: dict[str, Any]) -> dict[str, Any]:
        """Up to ten visible messages; the answer has no `Messages` when there are none. `WaitTimeSeconds` is not waited.

        A message received `maxReceiveCount` times goes to the dead-letter queue instead of being received again.
        """
        queue = self._current(request["QueueUrl"])
        most = request.get("MaxNumberOfMessages", 1)
        visibility = request.get("VisibilityTimeout", queue.number("VisibilityTimeout"))
        check_range("MaxNumberOfMessages", most, 1, MAX_BATCH)
        check_range("VisibilityTimeout", visibility, 0, MAX_VISIBILITY)
        check_range("WaitTimeSeconds", request.get("WaitTimeSeconds", 0), 0, 20)
        if queue.counts[IN_FLIGHT] >= MAX_IN_FLIGHT:
            raise RefusedError("OverLimit", "The maximum number of in flight messages is reached")
        received: list[Message] = []
        while len(received) < most:
            message = queue.next_ready()
            if message is None:
                break
            if not self._redriven(queue, message):
                self._receive(queue, message, visibility)
                received.append(message)
        if not received:
            return {}
        return {"Messages": [_shown(message, request) for message in received]}

    def _receive(self, queue: Queue, message: Message, visibility: int) -> None:
        now = self._clock()
        message.receive_count += 1
        if message.first_received_at is None:
            message.first_received_at = now
        queue.put(message, IN_FLIGHT, now + visibility)
        if self.duplicate_probability and self._chance.random() < self.duplicate_probability:
            twin = message.twin(self._copy_id())
            queue.put(twin, IN_FLIGHT, now + self._chance.uniform(0, visibility))

    def _redriven(self, queue: Queue, message: Message) -> bool:
        redrive = queue.redrive()
        if redrive is None or message.receive_count < redrive[1]:
            return False
        dead_letters = self._by_arn(redrive[0])
        if dead_letters is None:
            return False
        queue.take_out(message)
        message.source_arn = queue.arn
        # The time of sending stays: the retention of the dead-letter queue counts from there.
        dead_letters.put(message, READY, self._clock(), self._rank(self._clock()))
        return True

    @operation("DeleteMessage", "QueueUrl ReceiptHandle")
    def delete_message(self, request: dict[str, Any]) -> dict[str, Any]:
        """Delete by the newest receipt handle; with an older one the call succeeds and the message stays."""
        queue = self._current(request["QueueUrl"])
        _delete(queue, request["ReceiptHandle"])
        return {}

    @operation("ChangeMessageVisibility", "QueueUrl ReceiptHandle VisibilityTimeout")
    def change_message_visibility(self, request: dict[str, Any]) -> dict[str, Any]:
        """Hide a message in flight for 0 to 43,200 seconds from now."""
        queue = self._current(request["QueueUrl"])
        self._change_visibility(queue, request)
        return {}

    @operation("ChangeMessageVisibilityBatch", "QueueUrl Entries")
    def change_message_visibility_batch(self, request: dict[str, Any]) -> dict[str, Any]:
        """Up to ten changes; entries fail one by one."""
        queue = self._current(request["QueueUrl"])
        check_batch(request["Entries"])

        def change(entry: Mapping[str, Any]) -> dict[str, Any]:
            self._change_visibility(queue, {"VisibilityTimeout": queue.number("VisibilityTimeout"), **entry})
            return {}

        return _each(request["Entries"], change)

    def _change_visibility(self, queue: Queue, request: Mapping[str, Any]) -> None:
        seconds = request["VisibilityTimeout"]
        check_range("VisibilityTimeout", seconds, 0, MAX_VISIBILITY)
        message, is_newest = _by_handle(queue, request["ReceiptHandle"])
        if message is not None and not is_newest:
            raise invalid_handle()
        if message is None or message.state != IN_FLIGHT:
            raise RefusedError(CODES["MessageNotInflight"], "The specified message isn't in flight.")
        now = self._clock()
        queue.put(message, IN_FLIGHT, now + seconds)
        queue.advance(now, self._rank)

    # --- dead letters -----------------------------------------------------------------------------------------------

    @operation("StartMessageMoveTask", "SourceArn")
    def start_message_move_task(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send the visible messages of a dead-letter queue back to where they came from, as new messages."""
        source = self._by_arn(request["SourceArn"])
        if source is None:
            raise RefusedError("ResourceNotFoundException", "The resource that you specified doesn't exist.", 404)
        if not any((queue.redrive() or ("",))[0] == source.arn for queue in self._queues.values()):
            raise bad_parameter("Source queue must be configured as a Dead Letter Queue.")
        source.advance(self._clock(), self._rank)
        while (message := source.next_ready()) is not None:
            destination = self._by_arn(message.source_arn or "")
            if destination is None:
                raise RefusedError("ResourceNotFoundException", "The destination queue doesn't exist.", 404)
            source.take_out(message)
            self._move(message, destination)
        return {"TaskHandle": f"move-{self._identifier()}"}

    def _move(self, message: Message, destination: Queue) -> None:
        entry = {"MessageBody": message.body}
        if message.group_id is not None:
            entry["MessageGroupId"] = message.group_id
        now = self._clock()
        fresh = Message(self._copy_id(), self._identifier(), entry, now)
        destination.put(fresh, READY, now, self._rank(now))

    # --- shared -----------------------------------------------------------------------------------------------------

    def _current(self, url: str) -> Queue:
        queue = self._queues.get(url.rsplit("/", 1)[-1])
        if queue is None:
            raise missing_queue()
        if queue.messages:
            queue.advance(self._clock(), self._rank)
        return queue

    def _by_arn(self, arn: str) -> Queue | None:
        return self._queues.get(arn.rsplit(":", 1)[-1])

    def _check_attributes(self, attributes: Mapping[str, str]) -> None:
        for name, value in attributes.items():
            if not isinstance(value, str):
                raise MalformedParameterError(f"Invalid type for parameter Attributes.{name}, valid types: str")
            if name in ATTRIBUTE_RANGES:
                least, most = ATTRIBUTE_RANGES[name]
                if not value.isdigit() or not least <= int(value) <= most:
                    raise RefusedError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
            elif name not in OTHER_ATTRIBUTES:
                raise RefusedError("InvalidAttributeName", f"Unknown Attribute {name}.")
        if attributes.get("RedrivePolicy"):
            policy = json.loads(attributes["RedrivePolicy"])
            if not 1 <= int(policy["maxReceiveCount"]) <= 1000:
                raise bad_parameter("Value for parameter RedrivePolicy is invalid. Reason: Invalid value for maxReceiveCount")
            if self._by_arn(policy["deadLetterTargetArn"]) is None:
                raise bad_parameter("Value for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.")

    def _copy_id(self) -> int:
        self._last_copy += 1
        return self._last_copy

    def _rank(self, visible_at: float) -> float:
        return visible_at + self._chance.random() * self.disorder_seconds

    def _identifier(self) -> str:
        digits = f"{self._chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _shown(message: Message, request: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": f"{message.copy_id}.{message.receive_count}.{message.message_id}",
        "MD5OfBody": message.digest,
        "Body": message.body,
    }
    wanted = {*request.get("AttributeNames", ()), *request.get("MessageSystemAttributeNames", ())}
    if wanted:
        system = _system_attributes(message)
        chosen = {name: value for name, value in system.items() if "All" in wanted or name in wanted}
        if chosen:
            shown["Attributes"] = chosen
    return shown


def _system_attributes(message: Message) -> dict[str, str]:
    attributes = {
        "SenderId": ACCOUNT,
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateReceiveCount": str(message.receive_count),
        "ApproximateFirstReceiveTimestamp": str(int((message.first_received_at or 0) * 1000)),
    }
    if message.group_id is not None:
        attributes["MessageGroupId"] = message.group_id
    if message.source_arn is not None:
        attributes["DeadLetterQueueSourceArn"] = message.source_arn
    return attributes


def _by_handle(queue: Queue, handle: str) -> tuple[Message | None, bool]:
    """The message of a receipt handle, None once it is gone, and whether the handle is its newest."""
    parts = handle.split(".")
    if len(parts) != 3 or not (parts[0].isdigit() and parts[1].isdigit()):
        raise invalid_handle()
    message = queue.messages.get(int(parts[0]))
    return message, message is not None and message.receive_count == int(parts[1])


def _delete(queue: Queue, handle: str) -> None:
    message, is_newest = _by_handle(queue, handle)
    if message is not None and is_newest:
        queue.take_out(message)


def _each(entries: list[dict[str, Any]], act: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    answer: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        try:
            done = act(entry)
            answer.setdefault("Successful", []).append({"Id": entry["Id"], **done})
        except RefusedError as refusal:
            failed = {"Id": entry["Id"], "SenderFault": True, "Code": refusal.code, "Message": refusal.message}
            answer.setdefault("Failed", []).append(failed)
    return answer
