"""What is remembered of people who refer: marks, lease, and what their contacts hold. Beside the ledger's rows."""

from __future__ import annotations

import json
from typing import Any

from shared.adapters.dynamodb.items import Item, from_item, json_text
from shared.adapters.dynamodb.keys import due_partition
from shared.adapters.dynamodb.signup.referral_items import key_of_referral
from shared.adapters.dynamodb.table import Scalar, Table
from shared.domain.referrer.referrer import ReferrerRecord, delay_of, rests
from shared.errors import BusyError
from shared.ports.referrer import Referrers

KIND = _SORT_KEY = "REFERRER"
_TRIES = "attempts, tries"


class DynamoReferrers(Referrers):
    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, campaign_id: int, user_id: int) -> ReferrerRecord | None:
        item = self._table.find(key_of_referral(campaign_id, user_id), _SORT_KEY)
        return None if item is None else _referrer(item)

    def mark(self, campaign_id: int, user_id: int, now: float, email: str | None = None) -> float | None:
        """See ``Referrers.mark``. Counted twice when the SDK repeats the write: a mark too many is harmless. An update that is
        due and that nobody has begun will see what happened: then there is nothing to write."""
        pk = key_of_referral(campaign_id, user_id)
        item = self._table.find(pk, _SORT_KEY)
        before = None if item is None else _referrer(item)
        if item is not None and before is not None and before.is_marked and not rests(before, now):
            is_leased = float(from_item(item).get("lease_until", now)) > now
            if not is_leased and (not email or email == before.email):
                return None
        delay = delay_of(before, now)
        due_at = now + delay
        due = ":due" if before is not None and rests(before, now) else "if_not_exists(due_at, :due)"
        values: dict[str, Scalar] = {
            ":one": 1,
            ":zero": 0,
            ":campaign": campaign_id,
            ":user": user_id,
            ":partition": due_partition(pk, KIND),
            ":due": due_at,
            ":now": now,
        }
        expression = (
            "SET marks = if_not_exists(marks, :zero) + :one, campaign_id = :campaign, user_id = :user, "
            f"due_partition = :partition, due_at = {due}, marked_at = if_not_exists(marked_at, :now), "
            "#schema = if_not_exists(#schema, :one)"
        )
        if email:
            expression += ", email = :email"
            values[":email"] = email
        item, _ = self._table.update(pk, _SORT_KEY, expression, "", values)
        return delay if item and from_item(item).get("due_at") == due_at else None

    def lease(self, campaign_id: int, user_id: int, owner: str, now: float, seconds: float) -> ReferrerRecord | None:
        values: dict[str, Scalar] = {":owner": owner, ":until": now + seconds, ":now": now}
        free = "attribute_not_exists(lease_until) OR lease_until <= :now OR lease_owner = :owner"
        item, refused = self._table.update(
            key_of_referral(campaign_id, user_id),
            _SORT_KEY,
            "SET lease_owner = :owner, lease_until = :until",
            f"attribute_exists(pk) AND ({free})",
            values,
        )
        if item is not None:
            return _referrer(item)
        if not refused:
            return None
        until = from_item(refused).get("lease_until", now)
        raise BusyError("another worker updates this referrer", retry_after=max(1.0, until - now))

    def save(self, referrer: ReferrerRecord) -> None:
        expression, values = _kept(referrer)
        if not self._under_lease(referrer, expression, "", values):
            raise BusyError("the referrer's lease was lost to another worker")

    def finish(self, referrer: ReferrerRecord, again_at: float) -> bool:
        expression, values = _kept(referrer)
        done = f"{expression} REMOVE due_partition, due_at, marked_at, {_TRIES}, lease_owner, lease_until"
        if self._under_lease(referrer, done, " AND marks = :marks", {**values, ":marks": referrer.marks}):
            return True
        again = f"{expression}, due_at = :again REMOVE {_TRIES}, lease_owner, lease_until"
        if not self._under_lease(referrer, again, "", {**values, ":again": again_at}):
            raise BusyError("the referrer's lease was lost to another worker")
        return False

    def wait(self, campaign_id: int, user_id: int, until: float, reason: str, owner: str) -> bool:
        pk = key_of_referral(campaign_id, user_id)
        values: dict[str, Scalar] = {":until": until, ":one": 1, ":zero": 0, ":note": reason}
        waiting = "SET due_at = :until, attempts = if_not_exists(attempts, :zero) + :one, note = :note"
        _, refused = self._table.update(pk, _SORT_KEY, waiting, "attribute_exists(due_at)", values)
        if refused is not None:
            return False
        self._table.update(
            pk, _SORT_KEY, "REMOVE lease_owner, lease_until", "lease_owner = :owner", {":owner": owner}
        )  # refused when another holds it: then it is theirs
        return True

    def tried(self, campaign_id: int, user_id: int, *, alone: bool) -> int:
        pk = key_of_referral(campaign_id, user_id)
        if not alone:
            self._table.update(pk, _SORT_KEY, "SET tries = :one", "tries > :one", {":one": 1})
            return 0
        counting = "SET tries = if_not_exists(tries, :zero) + :one"
        item, _ = self._table.update(pk, _SORT_KEY, counting, "attribute_exists(due_at)", {":one": 1, ":zero": 0})
        return int(from_item(item).get("tries", 0)) if item else 0

    def release(self, campaign_id: int, user_id: int, owner: str) -> None:
        self._table.update(
            key_of_referral(campaign_id, user_id), _SORT_KEY, "REMOVE lease_until", "lease_owner = :owner", {":owner": owner}
        )

    def _under_lease(self, referrer: ReferrerRecord, expression: str, more: str, values: dict[str, Scalar]) -> bool:
        """Whether the write happened. A repeated one of ours that took the lease off finds what it wrote."""
        write_id = self._table.new_write_id()
        _, refused = self._table.update(
            key_of_referral(referrer.campaign_id, referrer.user_id),
            _SORT_KEY,
            expression.replace("SET ", "SET write_id = :write, ", 1),
            "lease_owner = :owner" + more,
            {**values, ":owner": referrer.lease_owner, ":write": write_id},
        )
        return refused is None or refused.get("write_id") == {"S": write_id}


def _kept(referrer: ReferrerRecord) -> tuple[str, dict[str, Scalar]]:
    kept: dict[str, Any] = {
        "written": json_text(dict(referrer.written)),
        "note": referrer.note,
        "contact_id": referrer.contact_id or "",
        "instead_of": referrer.instead_of or "",
        "updated_at": referrer.updated_at or 0.0,
        "left_out": json_text(referrer.left_out),
        "workspace_id": referrer.workspace_id,
    }
    return "SET " + ", ".join(f"{name} = :{name}" for name in kept), {f":{name}": value for name, value in kept.items()}


def _referrer(item: Item) -> ReferrerRecord:
    values = from_item(item)
    stored: dict[str, Any] = {name: float(values[name]) for name in ("due_at", "marked_at", "updated_at") if values.get(name)}
    stored |= {name: values[name] for name in ("email", "contact_id", "instead_of") if values.get(name)}
    return ReferrerRecord(
        campaign_id=values["campaign_id"],
        user_id=values["user_id"],
        marks=values.get("marks", 0),
        written=json.loads(values.get("written", "{}")),
        attempts=values.get("attempts", 0),
        note=values.get("note", ""),
        lease_owner=values.get("lease_owner", ""),
        left_out=tuple(json.loads(values.get("left_out", "[]"))),
        tries=values.get("tries", 0),
        workspace_id=values.get("workspace_id", ""),
        **stored,
    )
