"""What is remembered of an e-mail address in a workspace, with its lease and fence."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from shared.adapters.dynamodb.items import Item, from_item, json_text
from shared.adapters.dynamodb.table import Table
from shared.domain.person import fold_email, keys_of_email
from shared.domain.signup.person_record import PersonRecord, Reservation
from shared.errors import BusyError
from shared.ports.contact import People

PERSON = "PERSON"


class DynamoPeople(People):
    def __init__(self, table: Table) -> None:
        self._table = table
        self._given_back: set[tuple[str, str, int]] = set()

    def lease(self, workspace_id: str, email: str, owner: str, now: float, seconds: float) -> PersonRecord:
        """See ``People.lease``. The same ``owner`` gets the lease again, so it must be unique to one attempt: then a
        repeated request finds its own lease."""
        taken, refused = self._table.update(
            key_of_person(workspace_id, email),
            PERSON,
            "SET fence = if_not_exists(fence, :zero) + :one, lease_owner = :owner, lease_until = :until, "
            "workspace_id = :workspace, email = :email, #schema = if_not_exists(#schema, :one)",
            "attribute_not_exists(lease_until) OR lease_until <= :now OR lease_owner = :owner",
            {
                ":zero": 0,
                ":one": 1,
                ":owner": owner,
                ":until": now + seconds,
                ":workspace": workspace_id,
                ":email": fold_email(email),
                ":now": now,
            },
        )
        if taken is None:
            until = from_item(refused or {}).get("lease_until", now)
            raise BusyError("another worker holds the person's lease", retry_after=max(0.0, until - now))
        return self._with_earlier(_person(taken), now)

    def save(self, person: PersonRecord) -> None:
        self._save(person)

    def confirm(self, person: PersonRecord) -> None:
        self._save(person, "lease_owner", "lease_until")
        self._given_back.add(_lease_of(person))

    def _save(self, person: PersonRecord, *given_up: str) -> None:
        kept: dict[str, Any] = {
            "contact_id": person.contact_id,
            "ours": person.ours,
            "converted": person.converted,
            "created_for": person.created_for or None,
            "contact_role": person.role,
            "reservation": json_text(asdict(person.reservation)) if person.reservation else None,
            "erased_at": person.erased_at,
        }
        given = {name: value for name, value in kept.items() if value is not None}
        expression = "SET " + ", ".join(f"{name} = :{name}" for name in given)
        gone = [*(name for name in kept if name not in given), *given_up]
        if gone:
            expression += " REMOVE " + ", ".join(gone)
        if self._under_lease(person, expression, {f":{name}": value for name, value in given.items()}):
            return
        if not given_up or not self._is_given_back(person):
            raise BusyError("the person's lease was lost to another worker")

    def _is_given_back(self, person: PersonRecord) -> bool:
        """Whether the SDK sent the write again after a lost answer, and found its own effect."""
        item = self._table.find(key_of_person(person.workspace_id, person.email), PERSON)
        stored = None if item is None else _person(item)
        return stored == replace(person, lease_owner="")

    def release(self, person: PersonRecord) -> None:
        if _lease_of(person) in self._given_back:
            self._given_back.discard(_lease_of(person))
            return
        self._under_lease(person, "REMOVE lease_owner, lease_until", {})

    def find(self, workspace_id: str, email: str) -> PersonRecord | None:
        item = self._table.find(key_of_person(workspace_id, email), PERSON)
        stored = None if item is None else _person(item)
        return stored if stored is not None and _is_reported(stored) else self._earlier(workspace_id, email)[0] or stored

    def _with_earlier(self, person: PersonRecord, now: float) -> PersonRecord:
        """What an earlier version remembers of somebody of whom nothing is remembered yet. Raises BusyError while a worker of
        that version is at it."""
        if _is_reported(person):
            return person
        earlier, until = self._earlier(person.workspace_id, person.email)
        if until > now:
            self.release(person)
            raise BusyError("a worker of an earlier version holds the person's lease", retry_after=until - now)
        if earlier is None:
            return person
        return replace(earlier, email=person.email, fence=person.fence, lease_owner=person.lease_owner)

    def _earlier(self, workspace_id: str, email: str) -> tuple[PersonRecord | None, float]:
        """And until when it is leased."""
        for key in keys_of_person(workspace_id, email)[1:]:
            item = self._table.find(key, PERSON)
            if item is not None:
                return _person(item), float(from_item(item).get("lease_until", 0.0))
        return None, 0.0

    def _under_lease(self, person: PersonRecord, expression: str, values: dict[str, Any]) -> bool:
        """Whether the write happened: only under the fence and the owner that ``person`` was leased with."""
        _, refused = self._table.update(
            key_of_person(person.workspace_id, person.email),
            PERSON,
            expression,
            "fence = :fence AND lease_owner = :owner",
            {**values, ":fence": person.fence, ":owner": person.lease_owner},
        )
        return refused is None


def _lease_of(person: PersonRecord) -> tuple[str, str, int]:
    return person.workspace_id, person.email, person.fence


def key_of_person(workspace_id: str, email: str) -> str:
    """The partition of an e-mail address."""
    return f"PERSON#{workspace_id}#{fold_email(email)}"


def keys_of_person(workspace_id: str, email: str) -> list[str]:
    """Its partition, and those of earlier versions, which are only read."""
    return [f"PERSON#{workspace_id}#{key}" for key in keys_of_email(email)]


def _is_reported(person: PersonRecord) -> bool:
    return person.contact_id is not None or person.reservation is not None or person.erased_at is not None


def _person(item: Item) -> PersonRecord:
    values = from_item(item)
    erased_at = values.get("erased_at")
    return PersonRecord(
        workspace_id=values["workspace_id"],
        email=values["email"],
        contact_id=values.get("contact_id"),
        ours=values.get("ours", False),
        role=values.get("contact_role"),
        reservation=Reservation(**json.loads(values["reservation"])) if "reservation" in values else None,
        erased_at=None if erased_at is None else float(erased_at),
        fence=values["fence"],
        lease_owner=values.get("lease_owner", ""),
        converted=values.get("converted", False),
        created_for=values.get("created_for", ""),
    )
