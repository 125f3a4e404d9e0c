"""What is known of each contact's e-mail in a campaign, with the reservation under which we add a person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from shared.adapters.dynamodb.items import Item, from_item, json_text, to_item
from shared.adapters.dynamodb.table import Table
from shared.domain.person import fold_email, keys_of_email
from shared.domain.sync.member import SyncMember
from shared.errors import ConflictError
from shared.ports.sync import SyncMembers

_SORT_KEY = "MEMBER"
_NAMES = frozenset(field.name for field in fields(SyncMember))
_TIMES = ("reserved_at", "written_at", "failed_at")


class DynamoSyncMembers(SyncMembers):
    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, campaign_id: int, email: str) -> SyncMember | None:
        for key in keys_of_email(email):
            item = self._table.find(_key(campaign_id, key), _SORT_KEY)
            if item is not None:
                return _member(item)
        return None

    def find_all(self, keys: Sequence[tuple[int, str]]) -> Mapping[tuple[int, str], SyncMember]:
        asked = {_key(campaign_id, key): None for campaign_id, email in keys for key in keys_of_email(email)}
        members = [_member(item) for item in self._table.find_all((key, _SORT_KEY) for key in asked)]
        newest_last = sorted(members, key=lambda member: member.version > 0)
        return {(member.campaign_id, member.email): member for member in newest_last}

    def save(self, member: SyncMember) -> SyncMember:
        saved = replace(member, version=member.version + 1)
        row: dict[str, Any] = {name: getattr(saved, name) for name in _NAMES - {"written"}}
        pk = _key(member.campaign_id, fold_email(member.email))
        row |= {"pk": pk, "sk": _SORT_KEY, "written": json_text(dict(saved.written))}
        condition = "version = :version" if member.version else "attribute_not_exists(pk)"
        if not self._table.put(to_item(row), condition, {":version": member.version} if member.version else None):
            raise ConflictError("the member of the sync was changed meanwhile")
        return saved


def key_of_member(campaign_id: int, email: str) -> tuple[str, str]:
    """``email`` is folded."""
    return _key(campaign_id, email), _SORT_KEY


def _key(campaign_id: int, email: str) -> str:
    return f"MEMBER#{campaign_id}#{email}"


def _member(item: Item) -> SyncMember:
    """Of an earlier version's item, one that is yet to be saved under today's key."""
    values = {name: value for name, value in from_item(item).items() if name in _NAMES}
    values["written"] = json.loads(values["written"])
    for name in _TIMES:
        if name in values:
            values[name] = float(values[name])
    member = SyncMember(**values)
    folded = fold_email(member.email)
    return member if folded == member.email else replace(member, email=folded, version=0)
