"""A message of a receiver is stored for certain: in its queue, else in the inbox of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import TransientError
from shared.observability import logger

if TYPE_CHECKING:
    from shared.messages import DeliverContact, QualifyReferral
    from shared.ports.aws import MessageQueue
    from shared.use_cases.environment import Environment

SQS_TRIES = 2
INBOX_WAIT = 30.0
"""Seconds until the sweep first hands on what SQS refused."""


def store_message(
    environment: Environment, queue: MessageQueue, message: DeliverContact | QualifyReferral, stored_in_inbox: str
) -> None:
    """``stored_in_inbox``: what is counted when it was the inbox. Raises TransientError when nothing could store it."""
    for _ in range(SQS_TRIES):
        try:
            queue.send(message)
        except TransientError:
            logger.warning("queue refused a message", kind=type(message).__name__, id=message.id)
        else:
            return
    environment.inbox.add(message, due_at=message.received_at + INBOX_WAIT)
    environment.metrics.count(stored_in_inbox)
