"""Qualifications in DynamoDB: each beside its referral, in that row's partition."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from shared.adapters.dynamodb.changing import SeenLately, change_row
from shared.adapters.dynamodb.items import Item, from_item, json_text, to_item
from shared.adapters.dynamodb.keys import due_partition
from shared.adapters.dynamodb.signup.referral_items import key_of_referral
from shared.adapters.dynamodb.table import Table
from shared.domain.qualification.qualification import Qualification, Sighting, Stage
from shared.ports.clock import Clock
from shared.ports.qualification import Qualifications

QUALIFICATION_ROW = "QUALIFICATION"
_JSON = ("sightings", "merged", "value")
_TIMES = ("reserved_at", "confirmed_at", "due_at", "by_hand_at", "taken_back_at", "doubted_at")
_PLAIN = tuple(field.name for field in fields(Qualification) if field.name not in {*_JSON, "due_at"})


class DynamoQualifications(Qualifications):
    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._lately: SeenLately[tuple[int, int], tuple[Qualification, bool]] = SeenLately(clock)

    def find(self, campaign_id: int, user_id: int) -> Qualification | None:
        item = self._table.find(key_of_referral(campaign_id, user_id), QUALIFICATION_ROW)
        found = None if item is None else _qualification_of(item)
        self._lately.note((campaign_id, user_id), (found or Qualification(campaign_id, user_id), found is not None))
        return found

    def find_all(self, keys: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], Qualification]:
        items = self._table.find_all(
            (key_of_referral(campaign_id, user_id), QUALIFICATION_ROW) for campaign_id, user_id in keys
        )
        return {(one.campaign_id, one.user_id): one for one in map(_qualification_of, items)}

    def update(self, campaign_id: int, user_id: int, change: Callable[[Qualification], Qualification]) -> Qualification:
        key = (campaign_id, user_id)

        def read() -> tuple[Qualification, bool]:
            found = self.find(*key)
            return found or Qualification(*key), found is not None

        def write(after: Qualification, was_there: bool) -> bool:
            condition = "version = :version" if was_there else "attribute_not_exists(pk)"
            written = self._table.put(_item_of(after), condition, {":version": after.version - 1} if was_there else None)
            if written:
                self._lately.note(key, (after, True))
            return written

        return change_row(read, change, write, "qualification", self._lately.take(key))


def _item_of(qualification: Qualification) -> dict[str, Any]:
    pk = key_of_referral(qualification.campaign_id, qualification.user_id)
    due: dict[str, Any] = {}
    if qualification.due_at is not None:
        due = {"due_partition": due_partition(pk, QUALIFICATION_ROW), "due_at": float(qualification.due_at)}
    return to_item(
        {
            "pk": pk,
            "sk": QUALIFICATION_ROW,
            **{name: getattr(qualification, name) for name in _PLAIN},
            "sightings": json_text([asdict(one) for one in qualification.sightings]),
            "merged": json_text(list(qualification.merged)),
            "value": json_text(qualification.value),
            **due,
        }
    )


def _qualification_of(item: Item) -> Qualification:
    values = from_item(item)
    plain = {name: values[name] for name in (*_PLAIN, "due_at") if name in values}
    plain |= {name: float(plain[name]) for name in _TIMES if name in plain}
    sightings = tuple(
        Sighting(one["contact_id"], float(one["at"]), one["value"], one["read"], one.get("attribute"))
        for one in json.loads(values["sightings"])
    )
    return Qualification(
        **{
            **plain,
            "stage": Stage(values["stage"]),
            "sightings": sightings,
            "merged": tuple((dead, survivor) for dead, survivor in json.loads(values["merged"])),
            "value": json.loads(values["value"]),
        }
    )
