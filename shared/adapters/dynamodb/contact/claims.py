"""What campaigns claim of a contact, on the item of its e-mail address: attributes, and seconds of events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from shared.adapters.dynamodb.changing import until_written
from shared.adapters.dynamodb.contact.people import PERSON, key_of_person, keys_of_person
from shared.adapters.dynamodb.items import from_item, json_text
from shared.adapters.dynamodb.table import Scalar, Table
from shared.domain.person import fold_email
from shared.ports.contact import Claims


class DynamoClaims(Claims):
    def __init__(self, table: Table) -> None:
        self._table = table

    def attributes(
        self, workspace_id: str, email: str, campaign_id: int, names: Iterable[str], given_up: Mapping[str, int]
    ) -> Mapping[str, int]:
        wanted = list(names)

        def attempt() -> Mapping[str, int] | None:
            before, claim = self._current(workspace_id, email, "attribute_owners")
            owners: dict[str, int] = json.loads(claim) if claim else {}
            claimed = {n: campaign_id for n in wanted if n not in owners or owners[n] == given_up.get(n)}
            after = json_text({**owners, **claimed})
            if after == before or self._set(workspace_id, email, "attribute_owners", after, before):
                return {name: {**owners, **claimed}[name] for name in wanted}
            return None

        return until_written(attempt, "person's row")

    def second(self, workspace_id: str, email: str, not_before: int) -> int:
        def attempt() -> int | None:
            before, claim = self._current(workspace_id, email, "event_second")
            claimed = not_before if claim is None else max(not_before, int(claim) + 1)
            return claimed if self._set(workspace_id, email, "event_second", claimed, before) else None

        return until_written(attempt, "person's row")

    def _current(self, workspace_id: str, email: str, name: str) -> tuple[Any, Any]:
        """What the item says now, and what was claimed, perhaps by an earlier version's item."""
        said = []
        for key in keys_of_person(workspace_id, email):
            item = self._table.find(key, PERSON)
            said.append(from_item(item).get(name) if item else None)
            if said[-1] is not None:
                break
        return said[0], said[-1]

    def _set(self, workspace_id: str, email: str, name: str, value: Scalar, before: Scalar | None) -> bool:
        """Changes one attribute if it still is what it was. The item is made when there is none, as ``People`` reads it."""
        values: dict[str, Scalar] = {
            ":value": value,
            ":workspace": workspace_id,
            ":email": fold_email(email),
            ":zero": 0,
            ":one": 1,
        }
        condition = f"attribute_not_exists({name})"
        if before is not None:
            condition = f"{name} = :before"
            values[":before"] = before
        _, refused = self._table.update(
            key_of_person(workspace_id, email),
            PERSON,
            f"SET {name} = :value, workspace_id = :workspace, email = :email, fence = if_not_exists(fence, :zero), "
            "#schema = if_not_exists(#schema, :one)",
            condition,
            values,
        )
        return refused is None
