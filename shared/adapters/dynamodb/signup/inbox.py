"""Messages that SQS refused."""

from __future__ import annotations

from dataclasses import replace

from shared.adapters.dynamodb.items import from_item, to_item
from shared.adapters.dynamodb.keys import due_partition
from shared.adapters.dynamodb.table import Table
from shared.errors import MalformedPayloadError
from shared.messages import Receipt, SyncPage, body_of, message_of
from shared.ports.clock import Clock
from shared.ports.signup import Inbox

_SORT_KEY = "INBOX"
KEPT_SECONDS = 30 * 86_400


class DynamoInbox(Inbox):
    """A row is kept for 30 days; its id is the message's own, or a new one."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def add(self, message: Receipt, due_at: float) -> None:
        """Stores the message once, to be enqueued at ``due_at``."""
        inbox_id = message.id or self._table.new_write_id()
        pk = f"INBOX#{inbox_id}"
        row: dict[str, str | float | None] = {
            "pk": pk,
            "sk": _SORT_KEY,
            "inbox_id": inbox_id,
            "campaign_id": message.campaign_id,
            "message": body_of(message),
            "accepted_at": float(message.received_at),
            "due_partition": due_partition(pk),
            "due_at": float(due_at),
            "expires_at": int(self._clock.now()) + KEPT_SECONDS,
        }
        self._table.put(to_item(row), "attribute_not_exists(pk)")

    def find(self, inbox_id: str) -> Receipt | None:
        """The message, None when it was removed or is older than 30 days."""
        item = self._table.find(f"INBOX#{inbox_id}", _SORT_KEY)
        if item is None:
            return None
        values = from_item(item)
        if values["expires_at"] <= self._clock.now():
            return None
        message = message_of(values["message"])
        if isinstance(message, SyncPage):
            raise MalformedPayloadError("a piece of a sync run is in the inbox")
        return replace(message, id=inbox_id)

    def remove(self, inbox_id: str) -> None:
        self._table.delete(f"INBOX#{inbox_id}", _SORT_KEY)
