"""One standard queue in memory, and the copies of messages in it."""

import hashlib
import heapq
import json
from collections.abc import Callable, Mapping
from typing import Any

REGION = "eu-central-1"
ACCOUNT = "123456789012"
READY, DELAYED, IN_FLIGHT, GONE = "ready", "delayed", "in flight", "gone"


class Message:
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
        self.digest = md5_of(self.body)
        self.group_id: str | None = entry.get("MessageGroupId")
        self.sent_at = sent_at
        self.source_arn: str | None = None
        self.first_received_at: float | None = None
        self.receive_count = 0
        self.stamp = 0
        self.state = GONE
        self.visible_at = sent_at

    def twin(self, copy_id: int) -> "Message":
        """A second copy of the same message, as a replica of the service that missed its receipt would hold."""
        twin = Message.__new__(Message)
        for name in self.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.copy_id = copy_id
        twin.state = GONE
        return twin


class Queue:
    """Messages of one queue in three heaps: ready by rank, waiting by the time they become visible, all by age."""

    def __init__(self, name: str, attributes: dict[str, str], created_at: float) -> None:
        self.name = name
        self.url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        self.attributes = attributes
        self.created_at = created_at
        self.purged_at = float("-inf")
        self.messages: dict[int, Message] = {}
        self.counts = dict.fromkeys((READY, DELAYED, IN_FLIGHT), 0)
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

    def put(self, message: Message, state: str, visible_at: float, rank: float = 0.0) -> None:
        """Add a message, or change its state."""
        if message.state == GONE:
            self.messages[message.copy_id] = message
            heapq.heappush(self._by_age, (message.sent_at, message.copy_id))
        else:
            self.counts[message.state] -= 1
        message.state = state
        message.visible_at = visible_at
        message.stamp += 1
        self.counts[state] += 1
        if state == READY:
            heapq.heappush(self._ready, (rank, message.copy_id, message.stamp))
        else:
            heapq.heappush(self._waiting, (visible_at, message.copy_id, message.stamp))

    def take_out(self, message: Message) -> None:
        """Remove a message; heap entries of it are skipped later."""
        self.counts[message.state] -= 1
        message.state = GONE
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
                self.put(message, READY, visible_at, rank(visible_at))

    def next_ready(self) -> Message | None:
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


def md5_of(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
