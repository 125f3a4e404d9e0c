"""The contacts that a run still has to work on, a few to a chunk; a finished chunk is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.adapters.dynamodb.items import Item, attribute_of, from_item
from shared.adapters.dynamodb.sync.items import chunk_key, chunk_of, item_of_chunk, work_key
from shared.adapters.dynamodb.table import Table, attributes_of
from shared.domain.sync.run import Chunk, SyncRun

CLAIM_PAGE = 12


class SyncChunks:
    """The chunks of ``shared.ports.sync.SyncRuns``."""

    _work: Table

    def add_chunk(self, run: SyncRun, chunk: Chunk) -> None:
        self._work.put(item_of_chunk(run, chunk))

    def claim_chunk(self, run: SyncRun, owner: str, now: float, seconds: float) -> tuple[Chunk | None, float | None]:
        """See ``SyncRuns.claim_chunk``. Chunks above the run's number were left by a page that was read again."""
        values = {":pk": work_key(run.campaign_id, run.slot), ":first": chunk_key(0), ":last": chunk_key(run.chunks)}
        again_at: float | None = None
        for item in self._work.query("pk = :pk AND sk BETWEEN :first AND :last", values, page_size=CLAIM_PAGE):
            if item["sk"]["S"] == chunk_key(run.chunks):
                break
            free_at = _free_at(item)
            if free_at <= now:
                taken = self._lease(item, owner, now, seconds)
                if taken is not None:
                    return taken, None
                free_at = now + seconds
            again_at = free_at if again_at is None else min(again_at, free_at)
        return None, again_at

    def finishing(self, run: SyncRun, chunk: Chunk, rest: Chunk | None) -> dict[str, Any]:
        """The action of a transaction: the chunk goes, or only ``rest`` stays."""
        key = {"pk": attribute_of(work_key(run.campaign_id, run.slot)), "sk": attribute_of(chunk_key(chunk.number))}
        ours: dict[str, Any] = {
            "TableName": self._work.name,
            "ConditionExpression": "lease_owner = :owner",
            "ExpressionAttributeValues": attributes_of({":owner": chunk.lease_owner}),
        }
        return {"Delete": {**ours, "Key": key}} if rest is None else {"Put": {**ours, "Item": item_of_chunk(run, rest)}}

    def holds(self, run: SyncRun, chunk: Chunk) -> bool:
        """Whether the chunk is still leased as it was claimed."""
        item = self._work.find(work_key(run.campaign_id, run.slot), chunk_key(chunk.number))
        return item is not None and item.get("lease_owner") == {"S": chunk.lease_owner}

    def _lease(self, item: Item, owner: str, now: float, seconds: float) -> Chunk | None:
        values: Mapping[str, Any] = {":owner": owner, ":until": now + seconds, ":now": now}
        taken, _ = self._work.update(
            item["pk"]["S"],
            item["sk"]["S"],
            "SET lease_owner = :owner, lease_until = :until",
            "attribute_exists(pk) AND due_at <= :now AND (attribute_not_exists(lease_until) OR lease_until <= :now)",
            values,
        )
        return None if taken is None else chunk_of(taken)


def _free_at(item: Item) -> float:
    values = from_item(item)
    return max(float(values["due_at"]), float(values.get("lease_until", 0.0)))
