"""Partitions of the sharded indexes (docs/architecture.md, "Tables")."""

from __future__ import annotations

import zlib

from shared.domain.connection.connection import Vendor
from shared.ports.signup import DUE_SHARDS, HELD_SHARDS, KIND_SHARDS, LISTING_SHARDS

DUE_INDEX = "DueIndex"
DUE_FIELDS = ("campaign_id", "user_id", "inbox_id", "state", "accepted_at", "promised_at", "expires_at")
"""What is read of a row that is due, beside its keys."""
LISTING_INDEX = "ListingIndex"
STATE_INDEX = "StateIndex"
EMAIL_INDEX = "EmailIndex"
STATE_SHARDS = 1
"""A partition takes 1,000 writes a second; Intercom allows fewer than 200 deliveries."""
HELD = "HELD#"


def shard_of(pk: str, shards: int) -> int:
    """A shard that stays the same for a key, in every process and version."""
    return zlib.crc32(pk.encode("utf-8", "replace")) % shards


def due_partition(pk: str, kind: str = "") -> str:
    """Of referrals and the inbox; with ``kind`` of rows beside a referral, so that none waits behind another kind's."""
    return f"DUE#{kind}#{shard_of(pk, KIND_SHARDS)}" if kind else f"DUE#{shard_of(pk, DUE_SHARDS)}"


def held_partition(campaign_id: int, shard: int | None) -> str:
    """None: of the rows that expire, which are few and looked for by themselves."""
    return f"{HELD}{campaign_id}#{'expiring' if shard is None else shard}"


def held_shard(pk: str) -> int:
    return shard_of(pk, HELD_SHARDS)


def listing_partition(prefix: str, pk: str) -> str:
    return f"{prefix}#{shard_of(pk, LISTING_SHARDS)}"


def listing_partitions(prefix: str) -> list[str]:
    return [f"{prefix}#{shard}" for shard in range(LISTING_SHARDS)]


def state_partition(group: str, pk: str) -> str:
    return f"{group.upper()}#{shard_of(pk, STATE_SHARDS)}"


def state_partitions(group: str) -> list[str]:
    return [f"{group.upper()}#{shard}" for shard in range(STATE_SHARDS)]


def vendor_key(vendor: Vendor) -> str:
    return f"VENDOR#{vendor}"
