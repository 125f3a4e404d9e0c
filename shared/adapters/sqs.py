"""A standard SQS queue. The message group makes it a fair queue: one campaign's storm does not delay the others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws import code_of, transient_errors
from shared.errors import TransientError
from shared.messages import Message, body_of
from shared.ports.aws import MessageQueue

SENT_AT_ONCE = 10
BATCH_BYTES = 250_000
LONGEST_DELAY = 900
LONGEST_POSTPONEMENT = 43_200
_GONE = frozenset(
    {
        "AWS.SimpleQueueService.MessageNotInflight",
        "InvalidParameterValue",
        "MessageNotInflight",
        "ReceiptHandleIsInvalid",
    }
)


class SqsQueue(MessageQueue):
    """``client``: boto3's low-level SQS client."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def reach(self) -> None:
        """Opens the connection. Raises TransientError."""
        with transient_errors():
            self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])

    def send(self, message: Message, delay: float = 0.0) -> None:
        seconds = min(max(0, math.ceil(delay)), LONGEST_DELAY)
        with transient_errors():
            self._client.send_message(QueueUrl=self._url, DelaySeconds=seconds, **_entry(message))

    def send_all(self, messages: Sequence[Message]) -> Sequence[Message]:
        """See ``MessageQueue.send_all``. What SQS refuses is sent once more before it is answered."""
        refused: list[Message] = []
        for batch in _batches(messages):
            refused += self._send_batch(self._send_batch(batch))
        return refused

    def postpone(self, receipt_handle: str, seconds: float) -> None:
        """See ``MessageQueue.postpone``. Does nothing when the message is no longer ours to postpone."""
        timeout = min(max(0, math.ceil(seconds)), LONGEST_POSTPONEMENT)
        try:
            with transient_errors():
                self._client.change_message_visibility(
                    QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=timeout
                )
        except ClientError as error:
            if code_of(error) not in _GONE:
                raise

    def postpone_all(self, receipt_handles: Sequence[str], seconds: float) -> None:
        """See ``MessageQueue.postpone_all``. One that is no longer ours costs the others nothing."""
        timeout = min(max(0, math.ceil(seconds)), LONGEST_POSTPONEMENT)
        for start in range(0, len(receipt_handles), SENT_AT_ONCE):
            entries = [
                {"Id": str(index), "ReceiptHandle": handle, "VisibilityTimeout": timeout}
                for index, handle in enumerate(receipt_handles[start : start + SENT_AT_ONCE])
            ]
            with transient_errors():
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def _send_batch(self, batch: Sequence[Message]) -> Sequence[Message]:
        """Those of the batch that were refused."""
        if not batch:
            return []
        entries = [{"Id": str(index), **_entry(message)} for index, message in enumerate(batch)]
        try:
            with transient_errors():
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        except TransientError:
            return batch
        return [batch[int(failed["Id"])] for failed in answer.get("Failed", [])]


def _entry(message: Message) -> dict[str, Any]:
    return {"MessageBody": body_of(message), "MessageGroupId": str(message.campaign_id)}


def _batches(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """At most 10 messages and 250 kB each, since SQS limits a batch's bytes as a whole."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        length = len(body_of(message))
        if batch and (len(batch) == SENT_AT_ONCE or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch
