"""The ledger in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from shared.adapters.dynamodb.changing import SeenLately, change_row
from shared.adapters.dynamodb.items import Item, from_item, to_item
from shared.adapters.dynamodb.keys import DUE_INDEX, EMAIL_INDEX, LISTING_INDEX, held_partition, listing_partitions
from shared.adapters.dynamodb.listing import list_newest
from shared.adapters.dynamodb.signup.referral_items import REFERRAL, ids_of_referral, item_of, key_of_referral, referral_of
from shared.adapters.dynamodb.table import Scalar, Table
from shared.domain.person import keys_of_email
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import UNFINISHED, State
from shared.errors import NotFoundError
from shared.ports.clock import Clock
from shared.ports.listing import Page
from shared.ports.signup import DUE_SHARDS, DueRow, Pointer, Referrals, Waiting

POINTER = "REFERRAL#"
"""Sort keys of pointers from a contact to rows."""
MOVE, MOVED_BEFORE = "SET due_at = :again, enqueue_id = :enqueue", "due_at = :was"
OLDEST_ROWS = 500
"""Rows of a shard of the due index that are looked at for the oldest undelivered one."""


class DynamoReferrals(Referrals):
    """A row past its ``expires_at`` is not there, whether or not
    DynamoDB has removed it already."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._lately: SeenLately[tuple[int, int], Item] = SeenLately(clock)

    def get(self, campaign_id: int, user_id: int) -> Referral:
        referral = self.find(campaign_id, user_id)
        if referral is None:
            raise NotFoundError(f"no referral of user {user_id} in campaign {campaign_id}")
        return referral

    def find(self, campaign_id: int, user_id: int) -> Referral | None:
        item = self._table.find(key_of_referral(campaign_id, user_id), REFERRAL)
        return None if item is None or self._is_expired(item) else self._noted(item)

    def find_all(self, keys: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], Referral]:
        items = self._table.find_all((key_of_referral(campaign_id, user_id), REFERRAL) for campaign_id, user_id in keys)
        found = [self._noted(item) for item in items if not self._is_expired(item)]
        return {(referral.campaign_id, referral.user_id): referral for referral in found}

    def add(self, referral: Referral) -> bool:
        condition, item = "attribute_not_exists(pk) OR expires_at <= :now", item_of(referral)
        added = self._table.put(item, condition, {":now": self._clock.now()})
        if added:
            self._lately.note((referral.campaign_id, referral.user_id), item)
        return added

    def update(self, campaign_id: int, user_id: int, change: Callable[[Referral], Referral]) -> Referral:
        key = (campaign_id, user_id)

        def read() -> tuple[Referral, Item]:
            item = self._table.find(key_of_referral(*key), REFERRAL)
            if item is None or self._is_expired(item):
                raise NotFoundError(f"no referral of user {user_id} in campaign {campaign_id}")
            return referral_of(item), item

        def write(after: Referral, stored: Item) -> bool:
            item = item_of(after, stored)
            written = self._table.put(item, "version = :version", {":version": after.version - 1})
            if written:
                self._lately.note(key, item)
            return written

        def change_remembered(row: Referral) -> Referral:
            after = change(row)
            return row if row.forgotten else after

        lately = self._lately.take(key)
        seen = None if lately is None else (referral_of(lately), lately)
        return change_row(read, change_remembered, write, "referral's row", seen)

    def _noted(self, item: Item) -> Referral:
        """The row; an update that follows begins with it."""
        referral = referral_of(item)
        self._lately.note((referral.campaign_id, referral.user_id), item)
        return referral

    def due(self, shard: int, until: float, limit: int, kind: str = "") -> Sequence[DueRow]:
        condition = "due_partition = :partition AND due_at <= :until"
        partition = f"DUE#{kind}#{shard}" if kind else f"DUE#{shard}"
        return self._due_rows(condition, {":partition": partition, ":until": until}, limit)

    def held(self, campaign_id: int, shard: int | None, limit: int) -> Sequence[DueRow]:
        """See ``Referrals.held``; oldest first. One that was enqueued is left out until it is due again."""
        condition = "due_partition = :partition AND due_at <= :now"
        values = {":partition": held_partition(campaign_id, shard), ":now": self._clock.now()}
        return self._due_rows(condition, values, limit)

    def move_due(self, row: DueRow, again_at: float) -> bool:
        """See ``Referrals.move_due``. The row's version stays: a worker that is at it need not read again."""
        return self._move(row, again_at, self._table.new_write_id())

    def move_all_due(self, rows: Sequence[DueRow], again_at: float) -> Sequence[DueRow]:
        """See ``Referrals.move_all_due``. One call for all; one for each when somebody else was faster with any of them."""
        enqueue_id = self._table.new_write_id()
        keyed = [(row, key) for row in rows if (key := _key_of(row)) is not None]
        if len(keyed) > 1:
            values = [_move_values(row, again_at, enqueue_id) for row, _ in keyed]
            if self._table.update_together([key for _, key in keyed], MOVE, MOVED_BEFORE, values, enqueue_id):
                return [row for row, _ in keyed]
        return [row for row, _ in keyed if self._move(row, again_at, enqueue_id)]

    def _move(self, row: DueRow, again_at: float, enqueue_id: str) -> bool:
        key = _key_of(row)
        if key is None:
            return False
        if row.campaign_id is not None and row.user_id is not None:
            self._lately.take((row.campaign_id, row.user_id))
        _, refused = self._table.update(*key, MOVE, MOVED_BEFORE, _move_values(row, again_at, enqueue_id))
        return refused is None or refused.get("enqueue_id") == {"S": enqueue_id}

    def oldest_undelivered(self) -> float | None:
        return min((one.since for one in self._waiting()), default=None)

    def longest_waiting(self, limit: int) -> Sequence[Waiting]:
        return sorted(self._waiting(), key=lambda one: one.since)[:limit]

    def _waiting(self) -> Iterator[Waiting]:
        """The due index is sorted by ``due_at``, so its rows are read and compared: the 500 of each shard that are due
        first. Every pending row is due within minutes, and the oldest ones were enqueued least recently.
        """
        for shard in range(DUE_SHARDS):
            rows = self._table.query(
                "due_partition = :partition", {":partition": f"DUE#{shard}"}, page_size=OLDEST_ROWS, IndexName=DUE_INDEX
            )
            for item in islice(rows, OLDEST_ROWS):
                waits = "inbox_id" in item or item.get("state", {}).get("S") == State.PENDING
                if waits and not self._is_expired(item):
                    since = float(item.get("promised_at", item["accepted_at"])["N"])
                    yield Waiting(since, None if "inbox_id" in item else ids_of_referral(item["pk"]["S"]))

    def accepted(self, campaign_id: int, after: float, until: float) -> Sequence[tuple[int, int]]:
        condition = "list_partition = :partition AND listed_at BETWEEN :after AND :until"
        found: list[tuple[int, int]] = []
        for partition in listing_partitions(f"REFERRALS#{campaign_id}"):
            values: dict[str, Scalar] = {":partition": partition, ":after": after, ":until": until}
            items = self._table.query(condition, values, IndexName=LISTING_INDEX)
            found += [ids_of_referral(item["pk"]["S"]) for item in items if float(item["listed_at"]["N"]) > after]
        return found

    def of_campaign(self, campaign_id: int, limit: int, cursor: str | None = None) -> Page[Referral]:
        items, following = list_newest(self._table, f"REFERRALS#{campaign_id}", limit, cursor)
        return Page([referral_of(item) for item in items if not self._is_expired(item)], following)

    def point(self, pointer: Pointer, campaign_id: int, user_id: int) -> None:
        row = {"pk": _pointer_key(pointer), "sk": f"{POINTER}{campaign_id}#{user_id}"}
        self._table.put(to_item({**row, "campaign_id": campaign_id, "user_id": user_id}))

    def referrals_of_contact(self, workspace_id: str, contact_id: str) -> Sequence[tuple[int, int]]:
        values = {":pk": _pointer_key(Pointer(workspace_id, contact_id)), ":prefix": POINTER}
        rows = map(from_item, self._table.query("pk = :pk AND begins_with(sk, :prefix)", values))
        return list(dict.fromkeys((int(row["campaign_id"]), int(row["user_id"])) for row in rows))

    def referrals_of_email(self, email: str) -> Sequence[tuple[int, int]]:
        found: dict[tuple[int, int], None] = {}
        for key in keys_of_email(email):
            items = self._table.query("email_key = :email", {":email": key[:254] or "none"}, IndexName=EMAIL_INDEX)
            found |= dict.fromkeys(ids_of_referral(item["pk"]["S"]) for item in items)
        return list(found)

    def _due_rows(self, condition: str, values: dict[str, Any], limit: int) -> list[DueRow]:
        items = self._table.query(condition, values, page_size=limit, IndexName=DUE_INDEX)
        return [_due_row(item) for item in islice(items, limit) if not self._is_expired(item)]

    def _is_expired(self, item: Item) -> bool:
        return "expires_at" in item and float(item["expires_at"]["N"]) <= self._clock.now()


def _due_row(item: Item) -> DueRow:
    values = from_item(item)
    names = ("campaign_id", "user_id", "inbox_id")
    return DueRow(
        float(values["due_at"]),
        **{name: values.get(name) for name in names},
        sort_key=values["sk"],
        settles=values["sk"] == REFERRAL and State(values["state"]) not in UNFINISHED,
    )


def _pointer_key(pointer: Pointer) -> str:
    return f"CONTACT#{pointer.workspace_id}#{pointer.contact_id}"


def _key_of(row: DueRow) -> tuple[str, str] | None:
    if row.inbox_id is not None:
        return f"INBOX#{row.inbox_id}", "INBOX"
    if row.campaign_id is not None and row.user_id is not None:
        return key_of_referral(row.campaign_id, row.user_id), row.sort_key
    return None


def _move_values(row: DueRow, again_at: float, enqueue_id: str) -> dict[str, Scalar]:
    return {":again": float(again_at), ":enqueue": enqueue_id, ":was": row.due_at}
