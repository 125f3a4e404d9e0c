"""Runs of a sync: rows and heads among the campaigns, their pages and chunks beside the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.adapters.dynamodb.changing import until_written
from shared.adapters.dynamodb.items import Item, attribute_of, from_item, to_item
from shared.adapters.dynamodb.sync.chunks import SyncChunks
from shared.adapters.dynamodb.sync.items import (
    HEAD,
    WORK_KEPT,
    head_of,
    item_of_head,
    item_of_run,
    page_key,
    run_key,
    run_of,
    runs_key,
    work_key,
)
from shared.adapters.dynamodb.table import Table, attributes_of
from shared.adapters.dynamodb.transactions import write_together
from shared.domain.sync.run import Chunk, SyncHead, SyncRun
from shared.domain.sync.tally import Tally
from shared.errors import BusyError, MalformedPayloadError, NotFoundError
from shared.ports.clock import Chance, Clock
from shared.ports.listing import Page
from shared.ports.sync import SyncRuns

RUN_ATTEMPTS = 12
PAUSE = 0.1
"""Seconds at most between two attempts: several workers count in one row."""


class DynamoSyncRuns(SyncChunks, SyncRuns):
    """``campaigns`` and ``referrals`` are the two tables."""

    def __init__(self, campaigns: Table, referrals: Table, chance: Chance, clock: Clock) -> None:
        self._runs = campaigns
        self._work = referrals
        self._chance = chance
        self._clock = clock

    # -- heads --------------------------------------------------------------------------------------------------------

    def head(self, campaign_id: int) -> SyncHead:
        item = self._runs.find(runs_key(campaign_id), HEAD)
        return SyncHead(campaign_id) if item is None else head_of(item)

    def start(self, run: SyncRun, *, scheduled: bool) -> bool:
        token = self._chance.token()
        values: dict[str, Any] = {":slot": run.slot, ":campaign": run.campaign_id, ":one": 1}
        expression = "SET open_slot = :slot, campaign_id = :campaign, #schema = if_not_exists(#schema, :one)"
        condition = "attribute_not_exists(open_slot)"
        if scheduled:
            expression += ", last_slot = :slot"
            condition += " AND (attribute_not_exists(last_slot) OR last_slot < :slot)"
        key = {"pk": attribute_of(runs_key(run.campaign_id)), "sk": attribute_of(HEAD)}
        update = {
            "TableName": self._runs.name,
            "Key": key,
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#schema": "schema"},
            "ExpressionAttributeValues": attributes_of(values),
        }
        put = self._put({**item_of_run(replace(run, version=1)), "write_id": {"S": token}}, "attribute_not_exists(pk)", {})
        if all(write_together(self._runs.client, [{"Update": update}, {"Put": put}], token)):
            return True
        written = self._runs.find(runs_key(run.campaign_id), run_key(run.slot)) or {}
        return written.get("write_id") == {"S": token}

    def close(self, campaign_id: int, slot: int) -> None:
        self._runs.update(runs_key(campaign_id), HEAD, "REMOVE open_slot", "open_slot = :slot", {":slot": slot})

    # -- runs ---------------------------------------------------------------------------------------------------------

    def find(self, campaign_id: int, slot: int) -> SyncRun | None:
        item = self._find(campaign_id, slot)
        return None if item is None else run_of(item)

    def list(self, campaign_id: int, limit: int, cursor: str | None = None) -> Page[SyncRun]:
        """See ``SyncRuns.list``. MalformedPayloadError for a cursor that is not ours."""
        if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 12):
            raise MalformedPayloadError("This cursor is not one that the API gave out.")
        values = {":pk": runs_key(campaign_id), ":first": "RUN#", ":last": run_key(int(cursor) - 1) if cursor else "RUN#~"}
        items = self._runs.query(
            "pk = :pk AND sk BETWEEN :first AND :last", values, page_size=limit + 1, ScanIndexForward=False
        )
        found = [run_of(item) for item, _ in zip(items, range(limit + 1), strict=False)]
        return Page(found[:limit], str(found[limit - 1].slot) if len(found) > limit else None)

    def update(self, campaign_id: int, slot: int, change: Callable[[SyncRun], SyncRun]) -> SyncRun:
        def attempt() -> SyncRun | None:
            before = self._get(campaign_id, slot)
            run = run_of(before)
            changed = change(run)
            return run if changed == run else self._write(before, replace(changed, version=run.version + 1), [])

        return self._until_written(attempt)

    def lease(self, campaign_id: int, slot: int, owner: str, now: float, seconds: float) -> SyncRun:
        taken, refused = self._runs.update(
            runs_key(campaign_id),
            run_key(slot),
            "SET fence = fence + :one, version = version + :one, lease_owner = :owner, lease_until = :until",
            "attribute_exists(pk) AND (attribute_not_exists(lease_until) OR lease_until <= :now OR lease_owner = :owner)",
            {":one": 1, ":owner": owner, ":until": now + seconds, ":now": now},
        )
        if taken is not None:
            return run_of(taken)
        if not refused:
            raise NotFoundError(f"There is no sync run {slot}.")
        until = float(from_item(refused).get("lease_until", now))
        raise BusyError("another worker reads the pages of this run", retry_after=max(0.0, until - now))

    def release(self, run: SyncRun) -> None:
        self._runs.update(
            runs_key(run.campaign_id),
            run_key(run.slot),
            "SET version = version + :one REMOVE lease_owner, lease_until",
            "fence = :fence",
            {":fence": run.fence, ":one": 1},
        )

    # -- pages --------------------------------------------------------------------------------------------------------

    def add_page(self, run: SyncRun, number: int, contact_ids: Sequence[str]) -> None:
        row: dict[str, Any] = {
            "pk": work_key(run.campaign_id, run.slot),
            "sk": page_key(number),
            "expires_at": run.created_at + WORK_KEPT,
        }
        self._work.put(to_item({**row, "ids": " ".join(contact_ids)}))

    def pages(self, campaign_id: int, slot: int) -> Iterator[Sequence[str]]:
        values = {":pk": work_key(campaign_id, slot), ":page": "PAGE#"}
        for item in self._work.query("pk = :pk AND begins_with(sk, :page)", values, page_size=50):
            yield str(from_item(item)["ids"]).split()

    # -- writing a run ------------------------------------------------------------------------------------------------

    def finish_chunk(self, run: SyncRun, chunk: Chunk, rest: Chunk | None, done: Tally, now: float) -> SyncRun:
        def attempt() -> SyncRun | None:
            before = self._get(run.campaign_id, run.slot)
            fresh = run_of(before)
            if fresh.finished:
                raise NotFoundError("The run has finished meanwhile.")
            changed = replace(
                fresh,
                tally=fresh.tally.plus(done),
                chunks_done=fresh.chunks_done + (rest is None),
                touched_at=now,
                waits=0 if done.finished else fresh.waits,
                version=fresh.version + 1,
            )
            written = self._write(before, changed, [self.finishing(run, chunk, rest)])
            if written is None and not self.holds(run, chunk):
                raise BusyError("the chunk's lease was lost to another worker")
            return written

        return self._until_written(attempt)

    def _until_written(self, attempt: Callable[[], SyncRun | None]) -> SyncRun:
        return until_written(attempt, "run", RUN_ATTEMPTS, lambda: self._clock.sleep(self._chance.fraction() * PAUSE))

    def _find(self, campaign_id: int, slot: int) -> Item | None:
        return self._runs.find(runs_key(campaign_id), run_key(slot))

    def _get(self, campaign_id: int, slot: int) -> Item:
        item = self._find(campaign_id, slot)
        if item is None:
            raise NotFoundError(f"There is no sync run {slot}.")
        return item

    def _write(self, before: Item, changed: SyncRun, others: Sequence[Mapping[str, Any]]) -> SyncRun | None:
        """None when somebody was faster. A run that finishes is closed in the head by the same write."""
        token = self._chance.token()
        item = {**item_of_run(changed), "write_id": {"S": token}}
        item |= {name: before[name] for name in ("lease_owner", "lease_until") if name in before}
        put = self._put(item, "version = :version", {":version": changed.version - 1})
        actions: list[Mapping[str, Any]] = [{"Put": put}, *others]
        if changed.finished and not run_of(before).finished:
            head = item_of_head(self.head(changed.campaign_id).after(changed))
            actions.append({"Put": self._put(head, "open_slot = :slot", {":slot": changed.slot})})
        if len(actions) == 1:
            written = self._runs.put(item, "version = :version", {":version": changed.version - 1})
            return changed if written else None
        held = write_together(self._runs.client, actions, token)
        if all(held):
            return changed
        if held[0] and changed.finished and not held[-1]:  # the head does not hold the run: nothing to close there
            return changed if self._runs.put(item, "version = :version", {":version": changed.version - 1}) else None
        fresh = self._find(changed.campaign_id, changed.slot) or {}
        return changed if fresh.get("write_id") == {"S": token} else None

    def _put(self, item: Mapping[str, Any], condition: str, values: Mapping[str, Any]) -> dict[str, Any]:
        put: dict[str, Any] = {"TableName": self._runs.name, "Item": item, "ConditionExpression": condition}
        return put | ({"ExpressionAttributeValues": attributes_of(values)} if values else {})
