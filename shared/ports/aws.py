"""Queues and secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a receiver needs a few names of here and none of the domain
    from shared.messages import Message


class MessageQueue(Protocol):
    """A standard SQS queue."""

    def send(self, message: Message, delay: float = 0.0) -> None:
        """Raises TransientError when the queue refuses. ``delay`` in seconds, at most 900."""

    def send_all(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Sends in batches of 10; answers those that the queue refused."""

    def postpone(self, receipt_handle: str, seconds: float) -> None:
        """Makes a received message visible again after ``seconds``, at most 43,200."""

    def postpone_all(self, receipt_handles: Sequence[str], seconds: float) -> None:
        """The same for all messages of a batch, in one call for ten."""


class SecretStore(Protocol):
    """One JSON secret."""

    def read(self) -> Mapping[str, str]:
        """Its texts, as they are now."""

    def change(self, **values: str) -> None:
        """Writes the secret with these texts changed; the others stay."""
