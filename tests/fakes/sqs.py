"""An SQS of standard queues in memory behind the interface of `boto3.client("sqs")`.

Delivery is at least once and in no reliable order, as on AWS. Nothing waits: a long poll answers at once, and time passes
only by the injected clock. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
"""

import hashlib
import heapq
import json
import random
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.errors import ExceptionClasses, MalformedParameterError, RefusedError, operation

REGION = "eu-central-1"
ACCOUNT = "123456789012"
MAX_MESSAGE_BYTES = 1024 * 1024
MAX_BATCH = 10
MAX_DELAY = 900
MAX_VISIBILITY = 43_200
MAX_IN_FLIGHT = 120_000
PURGE_SECONDS = 60

_PREFIX = "AWS.SimpleQueueService."
_CODES = {
    "BatchEntryIdsNotDistinct": f"{_PREFIX}BatchEntryIdsNotDistinct",
    "BatchRequestTooLong": f"{_PREFIX}BatchRequestTooLong",
    "EmptyBatchRequest": f"{_PREFIX}EmptyBatchRequest",
    "InvalidAttributeName": "InvalidAttributeName",
    "InvalidAttributeValue": "InvalidAttributeValue",
    "InvalidBatchEntryId": f"{_PREFIX}InvalidBatchEntryId",
    "InvalidMessageContents": "InvalidMessageContents",
    "MessageNotInflight": f"{_PREFIX}MessageNotInflight",
    "OverLimit": "OverLimit",
    "PurgeQueueInProgress": f"{_PREFIX}PurgeQueueInProgress",
    "QueueDoesNotExist": f"{_PREFIX}NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "ReceiptHandleIsInvalid": "ReceiptHandleIsInvalid",
    "RequestThrottled": "RequestThrottled",
    "ResourceNotFoundException": "ResourceNotFoundException",
    "TooManyEntriesInBatchRequest": f"{_PREFIX}TooManyEntriesInBatchRequest",
    "UnsupportedOperation": f"{_PREFIX}UnsupportedOperation",
}
_ATTRIBUTE_DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": str(MAX_MESSAGE_BYTES),
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
}
_ATTRIBUTE_RANGES = {
    "DelaySeconds": (0, MAX_DELAY),
    "MaximumMessageSize": (1024, MAX_MESSAGE_BYTES),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, MAX_VISIBILITY),
}
_OTHER_ATTRIBUTES = frozenset(
    {"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"}
    | {"SqsManagedSseEnabled"}
)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BATCH_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_GROUP_ID = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}")
_MESSAGE = "DelaySeconds MessageGroupId"

_READY, _DELAYED, _IN_FLIGHT, _GONE = "ready", "delayed", "in flight", "gone"


class _Message:
    """One stored copy of a message. `stamp` changes with each change of state and makes older heap entries void."""

    __slots__ = (
        "body",
        "copy_id",
        "digest",
        "first_received_at",
        "group_id",
        "message_id",
        "receive_count",
        "sent_at",
        "source_arn",
        "stamp",
        "state",
        "visible_at",
    )

    def __init__(self, copy_id: int, message_id: str, entry: Mapping[str, Any], sent_at: float) -> None:
        self.copy_id = copy_id
        self.message_id = message_id
        self.body: str = entry["MessageBody"]
        self.digest = _md5(self.body)
        self.group_id: str | None = entry.get("MessageGroupId")
        self.sent_at = sent_at
        self.source_arn: str | None = None
        self.first_received_at: float | None = None
        self.receive_count = 0
        self.stamp = 0
        self.state = _GONE
        self.visible_at = sent_at

    def twin(self, copy_id: int) -> "_Message":
        """A second copy of the same message, as a replica of the service that missed its receipt would hold."""
        twin = _Message.__new__(_Message)
        for name in self.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.copy_id = copy_id
        twin.state = _GONE
        return twin


class _Queue:
    """Messages of one queue in three heaps: ready by rank, waiting by the time they become visible, all by age."""

    def __init__(self, name: str, attributes: dict[str, str], created_at: float) -> None:
        self.name = name
        self.url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        self.attributes = attributes
        self.created_at = created_at
        self.purged_at = float("-inf")
        self.messages: dict[int, _Message] = {}
        self.counts = dict.fromkeys((_READY, _DELAYED, _IN_FLIGHT), 0)
        self._ready: list[tuple[float, int, int]] = []
        self._waiting: list[tuple[float, int, int]] = []
        self._by_age: list[tuple[float, int]] = []

    def number(self, attribute: str) -> int:
        """An attribute as a number: seconds or bytes."""
        return int(self.attributes[attribute])

    def redrive(self) -> tuple[str, int] | None:
        """ARN of the dead-letter queue and maxReceiveCount."""
        text = self.attributes.get("RedrivePolicy")
        if not text:
            return None
        policy = json.loads(text)
        return policy["deadLetterTargetArn"], int(policy["maxReceiveCount"])

    def put(self, message: _Message, state: str, visible_at: float, rank: float = 0.0) -> None:
        """Add a message, or change its state."""
        if message.state == _GONE:
            self.messages[message.copy_id] = message
            heapq.heappush(self._by_age, (message.sent_at, message.copy_id))
        else:
            self.counts[message.state] -= 1
        message.state = state
        message.visible_at = visible_at
        message.stamp += 1
        self.counts[state] += 1
        if state == _READY:
            heapq.heappush(self._ready, (rank, message.copy_id, message.stamp))
        else:
            heapq.heappush(self._waiting, (visible_at, message.copy_id, message.stamp))

    def take_out(self, message: _Message) -> None:
        """Remove a message; heap entries of it are skipped later."""
        self.counts[message.state] -= 1
        message.state = _GONE
        message.stamp += 1
        del self.messages[message.copy_id]

    def advance(self, now: float, rank: Callable[[float], float]) -> None:
        """Drop what is too old and show what has become visible."""
        oldest = now - self.number("MessageRetentionPeriod")
        while self._by_age and self._by_age[0][0] <= oldest:
            message = self.messages.get(heapq.heappop(self._by_age)[1])
            if message is not None:
                self.take_out(message)
        while self._waiting and self._waiting[0][0] <= now:
            visible_at, copy_id, stamp = heapq.heappop(self._waiting)
            message = self.messages.get(copy_id)
            if message is not None and message.stamp == stamp:
                self.put(message, _READY, visible_at, rank(visible_at))

    def next_ready(self) -> _Message | None:
        """Pop the first message that can be received; its state is still ready."""
        while self._ready:
            _, copy_id, stamp = heapq.heappop(self._ready)
            message = self.messages.get(copy_id)
            if message is not None and message.stamp == stamp:
                return message
        return None

    def next_visible_at(self) -> float | None:
        """When the next delayed or received message becomes visible; None when there is none."""
        while self._waiting:
            visible_at, copy_id, stamp = self._waiting[0]
            message = self.messages.get(copy_id)
            if message is not None and message.stamp == stamp:
                return visible_at
            heapq.heappop(self._waiting)
        return None

    def clear(self) -> None:
        """Forget all messages."""
        for message in list(self.messages.values()):
            self.take_out(message)
        self._ready, self._waiting, self._by_age = [], [], []


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
        self.exceptions = ExceptionClasses(_CODES)
        self.duplicate_probability = duplicate_probability
        self.disorder_seconds = disorder_seconds
        self._clock = clock
        self._chance = chance
        self._queues: dict[str, _Queue] = {}
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
            return self._current(queue_url).counts[_READY]

    def next_visible_at(self, queue_url: str) -> float | None:
        """When a world that sleeps has to look again: now if a message is visible; None if the queue is empty."""
        with self._lock:
            queue = self._current(queue_url)
            return self._clock() if queue.counts[_READY] else queue.next_visible_at()

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
            raise _parameter(
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
            self._queues[name] = _Queue(name, {**_ATTRIBUTE_DEFAULTS, **given}, self._clock())
        return {"QueueUrl": self._queues[name].url}

    @operation("GetQueueAttributes", "QueueUrl", "AttributeNames")
    def get_queue_attributes(self, request: dict[str, Any]) -> dict[str, Any]:
        """Settings and (exact, unlike AWS's) counts; nothing without `AttributeNames`."""
        queue = self._current(request["QueueUrl"])
        known = {
            **queue.attributes,
            "QueueArn": queue.arn,
            "CreatedTimestamp": str(int(queue.created_at)),
            "ApproximateNumberOfMessages": str(queue.counts[_READY]),
            "ApproximateNumberOfMessagesNotVisible": str(queue.counts[_IN_FLIGHT]),
            "ApproximateNumberOfMessagesDelayed": str(queue.counts[_DELAYED]),
        }
        wanted = request.get("AttributeNames", [])
        unknown = set(wanted) - known.keys() - _OTHER_ATTRIBUTES - {"All", "LastModifiedTimestamp"}
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
                _CODES["PurgeQueueInProgress"],
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
        _check_message(queue, request)
        return self._stored(queue, request)

    @operation("SendMessageBatch", "QueueUrl Entries")
    def send_message_batch(self, request: dict[str, Any]) -> dict[str, Any]:
        """Up to ten messages and 1 MiB together; entries fail one by one."""
        queue = self._current(request["QueueUrl"])
        entries = request["Entries"]
        _check_batch(entries)
        if sum(_message_bytes(entry) for entry in entries) > MAX_MESSAGE_BYTES:
            raise RefusedError(
                _CODES["BatchRequestTooLong"],
                f"Batch requests cannot be longer than {MAX_MESSAGE_BYTES} bytes.",
            )

        def send(entry: Mapping[str, Any]) -> dict[str, Any]:
            _check_message(queue, entry)
            return self._stored(queue, entry)

        return _each(entries, send)

    def _stored(self, queue: _Queue, entry: Mapping[str, Any]) -> dict[str, Any]:
        now = self._clock()
        message = _Message(self._copy_id(), self._identifier(), entry, now)
        delay = entry.get("DelaySeconds", queue.number("DelaySeconds"))
        if delay > 0:
            queue.put(message, _DELAYED, now + delay)
        else:
            queue.put(message, _READY, now, self._rank(now))
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
        _check_range("MaxNumberOfMessages", most, 1, MAX_BATCH)
        _check_range("VisibilityTimeout", visibility, 0, MAX_VISIBILITY)
        _check_range("WaitTimeSeconds", request.get("WaitTimeSeconds", 0), 0, 20)
        if queue.counts[_IN_FLIGHT] >= MAX_IN_FLIGHT:
            raise RefusedError("OverLimit", "The maximum number of in flight messages is reached")
        received: list[_Message] = []
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

    def _receive(self, queue: _Queue, message: _Message, visibility: int) -> None:
        now = self._clock()
        message.receive_count += 1
        if message.first_received_at is None:
            message.first_received_at = now
        queue.put(message, _IN_FLIGHT, now + visibility)
        if self.duplicate_probability and self._chance.random() < self.duplicate_probability:
            twin = message.twin(self._copy_id())
            queue.put(twin, _IN_FLIGHT, now + self._chance.uniform(0, visibility))

    def _redriven(self, queue: _Queue, message: _Message) -> bool:
        redrive = queue.redrive()
        if redrive is None or message.receive_count < redrive[1]:
            return False
        dead_letters = self._by_arn(redrive[0])
        if dead_letters is None:
            return False
        queue.take_out(message)
        message.source_arn = queue.arn
        # The time of sending stays: the retention of the dead-letter queue counts from there.
        dead_letters.put(message, _READY, self._clock(), self._rank(self._clock()))
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
        _check_batch(request["Entries"])

        def change(entry: Mapping[str, Any]) -> dict[str, Any]:
            self._change_visibility(queue, {"VisibilityTimeout": queue.number("VisibilityTimeout"), **entry})
            return {}

        return _each(request["Entries"], change)

    def _change_visibility(self, queue: _Queue, request: Mapping[str, Any]) -> None:
        seconds = request["VisibilityTimeout"]
        _check_range("VisibilityTimeout", seconds, 0, MAX_VISIBILITY)
        message, is_newest = _by_handle(queue, request["ReceiptHandle"])
        if message is not None and not is_newest:
            raise _invalid_handle()
        if message is None or message.state != _IN_FLIGHT:
            raise RefusedError(_CODES["MessageNotInflight"], "The specified message isn't in flight.")
        now = self._clock()
        queue.put(message, _IN_FLIGHT, now + seconds)
        queue.advance(now, self._rank)

    # --- dead letters -----------------------------------------------------------------------------------------------

    @operation("StartMessageMoveTask", "SourceArn")
    def start_message_move_task(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send the visible messages of a dead-letter queue back to where they came from, as new messages."""
        source = self._by_arn(request["SourceArn"])
        if source is None:
            raise RefusedError("ResourceNotFoundException", "The resource that you specified doesn't exist.", 404)
        if not any((queue.redrive() or ("",))[0] == source.arn for queue in self._queues.values()):
            raise _parameter("Source queue must be configured as a Dead Letter Queue.")
        source.advance(self._clock(), self._rank)
        while (message := source.next_ready()) is not None:
            destination = self._by_arn(message.source_arn or "")
            if destination is None:
                raise RefusedError("ResourceNotFoundException", "The destination queue doesn't exist.", 404)
            source.take_out(message)
            self._move(message, destination)
        return {"TaskHandle": f"move-{self._identifier()}"}

    def _move(self, message: _Message, destination: _Queue) -> None:
        entry = {"MessageBody": message.body}
        if message.group_id is not None:
            entry["MessageGroupId"] = message.group_id
        now = self._clock()
        fresh = _Message(self._copy_id(), self._identifier(), entry, now)
        destination.put(fresh, _READY, now, self._rank(now))

    # --- shared -----------------------------------------------------------------------------------------------------

    def _current(self, url: str) -> _Queue:
        queue = self._queues.get(url.rsplit("/", 1)[-1])
        if queue is None:
            raise _missing_queue()
        if queue.messages:
            queue.advance(self._clock(), self._rank)
        return queue

    def _by_arn(self, arn: str) -> _Queue | None:
        return self._queues.get(arn.rsplit(":", 1)[-1])

    def _check_attributes(self, attributes: Mapping[str, str]) -> None:
        for name, value in attributes.items():
            if not isinstance(value, str):
                raise MalformedParameterError(f"Invalid type for parameter Attributes.{name}, valid types: str")
            if name in _ATTRIBUTE_RANGES:
                least, most = _ATTRIBUTE_RANGES[name]
                if not value.isdigit() or not least <= int(value) <= most:
                    raise RefusedError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
            elif name not in _OTHER_ATTRIBUTES:
                raise RefusedError("InvalidAttributeName", f"Unknown Attribute {name}.")
        if attributes.get("RedrivePolicy"):
            policy = json.loads(attributes["RedrivePolicy"])
            if not 1 <= int(policy["maxReceiveCount"]) <= 1000:
                raise _parameter("Value for parameter RedrivePolicy is invalid. Reason: Invalid value for maxReceiveCount")
            if self._by_arn(policy["deadLetterTargetArn"]) is None:
                raise _parameter("Value for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.")

    def _copy_id(self) -> int:
        self._last_copy += 1
        return self._last_copy

    def _rank(self, visible_at: float) -> float:
        return visible_at + self._chance.random() * self.disorder_seconds

    def _identifier(self) -> str:
        digits = f"{self._chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _shown(message: _Message, request: Mapping[str, Any]) -> dict[str, Any]:
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


def _system_attributes(message: _Message) -> dict[str, str]:
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


def _by_handle(queue: _Queue, handle: str) -> tuple[_Message | None, bool]:
    """The message of a receipt handle, None once it is gone, and whether the handle is its newest."""
    parts = handle.split(".")
    if len(parts) != 3 or not (parts[0].isdigit() and parts[1].isdigit()):
        raise _invalid_handle()
    message = queue.messages.get(int(parts[0]))
    return message, message is not None and message.receive_count == int(parts[1])


def _delete(queue: _Queue, handle: str) -> None:
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


def _check_batch(entries: list[dict[str, Any]]) -> None:
    if not entries:
        raise RefusedError(_CODES["EmptyBatchRequest"], "There should be at least one entry in the request.")
    if len(entries) > MAX_BATCH:
        raise RefusedError(
            _CODES["TooManyEntriesInBatchRequest"],
            f"Maximum number of entries per request are {MAX_BATCH}. You have sent {len(entries)}.",
        )
    identifiers = [entry["Id"] for entry in entries]
    if not all(_BATCH_ID.fullmatch(identifier) for identifier in identifiers):
        raise RefusedError(
            _CODES["InvalidBatchEntryId"],
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
            "It can be at most 80 letters long.",
        )
    if len(set(identifiers)) < len(identifiers):
        repeated = next(one for one in identifiers if identifiers.count(one) > 1)
        raise RefusedError(_CODES["BatchEntryIdsNotDistinct"], f"Id {repeated} repeated.")


def _check_message(queue: _Queue, entry: Mapping[str, Any]) -> None:
    body = entry["MessageBody"]
    if not isinstance(body, str):
        raise MalformedParameterError("Invalid type for parameter MessageBody, valid types: <class 'str'>")
    if not body:
        raise RefusedError("MissingParameter", "The request must contain the parameter MessageBody.")
    if _FORBIDDEN.search(body):
        raise RefusedError("InvalidMessageContents", "Invalid characters found. Valid unicode characters are #x9 | #xA ...")
    most = queue.number("MaximumMessageSize")
    if _message_bytes(entry) > most:
        raise _parameter(f"One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.")
    if "DelaySeconds" in entry:
        _check_range("DelaySeconds", entry["DelaySeconds"], 0, MAX_DELAY)
    group = entry.get("MessageGroupId")
    if group is not None and not _GROUP_ID.fullmatch(group):
        raise _parameter("The request parameter MessageGroupId is invalid. Reason: 1 to 128 characters, no spaces.")


def _message_bytes(entry: Mapping[str, Any]) -> int:
    return len(entry["MessageBody"].encode(errors="replace"))


def _check_range(name: str, value: int, least: int, most: int) -> None:
    if type(value) is not int:
        raise MalformedParameterError(f"Invalid type for parameter {name}, value: {value}, valid types: <class 'int'>")
    if not least <= value <= most:
        raise _parameter(
            f"Value {value} for parameter {name} is invalid. Reason: Must be between {least} and {most}, if provided."
        )


def _parameter(message: str) -> RefusedError:
    return RefusedError("InvalidParameterValue", message)


def _missing_queue() -> RefusedError:
    return RefusedError(_CODES["QueueDoesNotExist"], "The specified queue does not exist.")


def _invalid_handle() -> RefusedError:
    return RefusedError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
