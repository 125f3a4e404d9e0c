"""Items that are read in one call, a moment before each is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.adapters.aws import transient_errors
from shared.adapters.dynamodb.items import Item, attribute_of
from shared.errors import TransientError
from shared.observability import logger
from shared.ports.clock import Clock

AHEAD = 1.0
"""Seconds after which an item is read again by whoever asks for it."""
Key = tuple[str, str, str]
"""Table, partition and sort key."""


class ReadAhead:
    """Each item is answered once, as it was when it was read; a write of this process to it forgets it."""

    def __init__(self, client: Any, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._items: dict[Key, tuple[float, Item | None]] = {}

    def read(self, keys: Sequence[Key]) -> None:
        """At most 100. What cannot be read now is read by whoever asks for it, who hears why not."""
        began = self._clock.now()
        self._items = {key: one for key, one in self._items.items() if began - one[0] < AHEAD}
        request: dict[str, Any] = {}
        for table, pk, sk in dict.fromkeys(keys):
            wanted = request.setdefault(table, {"Keys": [], "ConsistentRead": True})
            wanted["Keys"].append({"pk": attribute_of(pk), "sk": attribute_of(sk)})
        try:
            with transient_errors():
                answer = self._client.batch_get_item(RequestItems=request)
        except TransientError:
            logger.info("nothing read ahead")
            return
        put_off = {_key(table, one) for table, left in answer.get("UnprocessedKeys", {}).items() for one in left["Keys"]}
        found = {_key(table, item): item for table, items in answer["Responses"].items() for item in items}
        self._items |= {key: (began, found.get(key)) for key in keys if key not in put_off}

    def take(self, key: Key) -> tuple[Item | None] | None:
        """The item, or that there is none; None when it is not known."""
        began, item = self._items.pop(key, (float("-inf"), None))
        return (item,) if self._clock.now() - began < AHEAD else None

    def forget(self, key: Key) -> None:
        self._items.pop(key, None)


def _key(table: str, item: Item) -> Key:
    return table, item["pk"]["S"], item["sk"]["S"]
