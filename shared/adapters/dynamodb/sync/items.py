"""Runs, heads and chunks of a sync as items."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from shared.adapters.campaign_document import section_of, sync_of
from shared.adapters.dynamodb.items import Item, from_item, json_text, to_item
from shared.domain.sync.member import Candidate
from shared.domain.sync.run import Chunk, Phase, RunState, SyncHead, SyncRun
from shared.domain.sync.tally import Tally

HEAD = "HEAD"
RUN_KEPT = 180 * 86_400.0
WORK_KEPT = 14 * 86_400.0
"""Seconds that chunks and pages outlive their run, should nobody remove them."""
_RUN_JSON = ("sync", "required", "tally", "leavers")
_RUN_NAMES = frozenset(field.name for field in fields(SyncRun))
_RUN_TIMES = ("created_at", "changed_since", "started_at", "finished_at", "touched_at", "due_at", "work_from")
_HEAD_NAMES = frozenset(field.name for field in fields(SyncHead))


def runs_key(campaign_id: int) -> str:
    return f"SYNC#{campaign_id}"


def run_key(slot: int) -> str:
    return f"RUN#{slot:012d}"


def work_key(campaign_id: int, slot: int) -> str:
    return f"SYNCRUN#{campaign_id}#{slot}"


def chunk_key(number: int) -> str:
    return f"CHUNK#{number:07d}"


def page_key(number: int) -> str:
    return f"PAGE#{number:06d}"


def item_of_run(run: SyncRun) -> dict[str, Any]:
    """Leases are attributes of their own, which only ``lease`` and ``release`` write; a whole put of a run keeps none."""
    values: dict[str, Any] = {name: getattr(run, name) for name in _RUN_NAMES - {"settings", *_RUN_JSON}}
    values |= {"sync": json_text(section_of(run.settings)), "leavers": json_text(list(run.leavers))}
    values["required"] = json_text(None if run.required is None else list(run.required))
    values["tally"] = json_text(asdict(run.tally))
    keys: dict[str, Any] = {"pk": runs_key(run.campaign_id), "sk": run_key(run.slot), "expires_at": run.created_at + RUN_KEPT}
    return to_item({**values, **keys})


def run_of(item: Item) -> SyncRun:
    values = {name: value for name, value in from_item(item).items() if name in {"sync", *_RUN_NAMES}}
    for name in _RUN_JSON:
        values[name] = json.loads(values.get(name, "null"))
    for name in _RUN_TIMES:
        if values.get(name) is not None:
            values[name] = float(values[name])
    tally = values["tally"]
    tally["examples"] = tuple((contact_id, reason) for contact_id, reason in tally["examples"])
    values["tally"] = Tally(**tally)
    values |= {"leavers": tuple(values["leavers"]), "settings": sync_of(values.pop("sync"))}
    values["required"] = None if values["required"] is None else tuple(values["required"])
    return SyncRun(**{**values, "state": RunState(values["state"]), "phase": Phase(values["phase"])})


def item_of_head(head: SyncHead) -> dict[str, Any]:
    return to_item({"pk": runs_key(head.campaign_id), "sk": HEAD, **asdict(head)})


def head_of(item: Item) -> SyncHead:
    values = {name: value for name, value in from_item(item).items() if name in _HEAD_NAMES}
    for name in ("watermark", "whole_at"):
        if values.get(name) is not None:
            values[name] = float(values[name])
    return SyncHead(**values)


def item_of_chunk(run: SyncRun, chunk: Chunk) -> dict[str, Any]:
    """Free to be leased."""
    contacts = [
        [one.contact_id, one.email, one.first_name, dict(one.meta), dict(one.there), one.unsubscribed] for one in chunk.contacts
    ]
    return to_item(
        {
            "pk": work_key(run.campaign_id, run.slot),
            "sk": chunk_key(chunk.number),
            "number": chunk.number,
            "contacts": json_text(contacts),
            "due_at": float(chunk.due_at),
            "tries": chunk.tries,
            "expires_at": run.created_at + WORK_KEPT,
        }
    )


def chunk_of(item: Item) -> Chunk:
    values = from_item(item)
    contacts = tuple(Candidate(*one) for one in json.loads(values["contacts"]))
    return Chunk(values["number"], contacts, float(values["due_at"]), values["tries"], values.get("lease_owner", ""))
