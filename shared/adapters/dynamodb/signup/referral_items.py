"""A referral as an item and back: facts as JSON texts, what is searched or compared as attributes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from shared.adapters.dynamodb.items import Item, from_item, json_text, to_item
from shared.adapters.dynamodb.keys import HELD, due_partition, held_partition, held_shard, listing_partition, state_partition
from shared.domain.mapping import Dropped
from shared.domain.operations.results import Joined
from shared.domain.person import Audience, Person, Referrer, fold_email
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Event, Origin, Referral, State
from shared.domain.signup.referral_filter import group_of

SORT_KEY = "REFERRAL"
_JSON = ("person", "dropped", "notes", "written", "baseline", "standing", "history", "refusals", "dealt_with", "overwritten")
_PLAIN = tuple(field.name for field in fields(Referral) if field.name not in {*_JSON, "due_at"})
_KEYS = (
    "pk",
    "sk",
    "schema",
    "write_id",
    "ring_id",
    "due_partition",
    "due_at",
    "list_partition",
    "listed_at",
    "state_partition",
    "email_key",
)
_OURS = frozenset((*_PLAIN, *_JSON, *_KEYS))


def key_of_referral(campaign_id: int, user_id: int) -> str:
    return f"REFERRAL#{campaign_id}#{user_id}"


def ids_of_referral(pk: str) -> tuple[int, int]:
    """Campaign and user id of such a key."""
    _, campaign_id, user_id = pk.split("#")
    return int(campaign_id), int(user_id)


def item_of(referral: Referral, before: Item | None = None) -> dict[str, Any]:
    """The row. Attributes that newer code added ``before`` are kept. Only a row that is due or held is in the due index."""
    pk = key_of_referral(referral.campaign_id, referral.user_id)
    due: dict[str, Any] = {}
    if referral.due_at is not None:
        due = {"due_partition": due_partition(pk), "due_at": float(referral.due_at)}
    elif referral.state is State.HELD:
        shard = held_shard(pk) if referral.expires_at is None else None
        due = {"due_partition": held_partition(referral.campaign_id, shard), "due_at": float(referral.accepted_at)}
    ours = to_item(
        {
            "pk": pk,
            "sk": SORT_KEY,
            **{name: getattr(referral, name) for name in _PLAIN},
            "person": json_text(_facts_of(referral.person)),
            "dropped": json_text([asdict(dropped) for dropped in referral.dropped]),
            "notes": json_text(referral.notes),
            "written": json_text(dict(referral.written)),
            "baseline": json_text(referral.baseline),
            "standing": json_text(dict(referral.standing)),
            "history": json_text([[event.at, event.what, event.detail] for event in referral.history]),
            "refusals": json_text(dict(referral.refusals)) if referral.refusals else None,
            "dealt_with": json_text(referral.dealt_with) if referral.dealt_with else None,
            "overwritten": json_text(dict(referral.overwritten)) if referral.overwritten else None,
            "overwritten_on": referral.overwritten_on or None,
            "list_partition": listing_partition(f"REFERRALS#{referral.campaign_id}", pk),
            "listed_at": float(referral.accepted_at),
            "state_partition": state_partition(group_of(referral), pk),
            "email_key": fold_email(referral.person.email)[:254] or None if referral.person.email else None,
            **due,
        }
    )
    newer = {name: value for name, value in (before or {}).items() if name not in _OURS}
    return {**newer, **ours} | ({"schema": before["schema"]} if before and "schema" in before else {})


def referral_of(item: Item) -> Referral:
    """The referral of a row. TransientError when newer code wrote it."""
    values = from_item(item)
    held = str(values.get("due_partition", "")).startswith(HELD)
    plain = {name: values[name] for name in _PLAIN if name in values}
    plain |= {name: float(plain[name]) for name in _TIMES if name in plain}
    return Referral(
        **{
            **plain,
            "state": State(values["state"]),
            "origin": Origin(values["origin"]),
            "person": _person(json.loads(values["person"])),
            "due_at": None if held or "due_at" not in values else float(values["due_at"]),
            "dropped": tuple(
                Dropped(row["attribute"], row["reason"], row.get("absent", False)) for row in _read(values, "dropped", [])
            ),
            "notes": tuple(_read(values, "notes", [])),
            "written": _read(values, "written", {}),
            "baseline": _read(values, "baseline", None),
            "standing": _read(values, "standing", {}),
            "refusals": _read(values, "refusals", {}),
            "dealt_with": tuple(_read(values, "dealt_with", [])),
            "overwritten": _read(values, "overwritten", {}),
            "history": tuple(Event(float(at), what, detail) for at, what, detail, *_ in _read(values, "history", [])),
        }
    )


def joined_of(item: Item) -> Joined | None:
    """What counts of a row, out of few of its attributes; None for our own test."""
    if item.get("synthetic", {}).get("BOOL"):
        return None
    _, campaign_id, user_id = item["pk"]["S"].split("#")
    person = _person(json.loads(item["person"]["S"]))
    history = [event[1] for event in json.loads(item["history"]["S"])] if "history" in item else []
    turns = [what for what in history if what in {Happened.QUALIFIED, Happened.UNQUALIFIED}]
    return Joined(
        int(campaign_id),
        int(user_id),
        float(item["listed_at"]["N"]),
        person.audience or Audience.PERSON_REFERRING,
        State(item["state"]["S"]),
        converted=turns[-1] == Happened.QUALIFIED if turns else bool(person.qualified),
        synced=Happened.FROM_SYNC in history,
        referrer_id=person.referrer.user_id,
        referrer_name=person.referrer.first_name,
        referrer_email=person.referrer.email,
    )


_TIMES = (
    "accepted_at",
    "delivered_at",
    "settle_since",
    "settle_at",
    "verified_at",
    "expires_at",
    "baseline_at",
    "told_at",
    "tried_since",
    "look_at",
    "promised_at",
    "confirm_since",
)


def _read(values: Mapping[str, Any], name: str, default: Any) -> Any:
    return json.loads(values[name]) if name in values else default


def _facts_of(person: Person) -> dict[str, Any]:
    """As ``asdict`` gives them, which is slow because it copies every text."""
    facts = {name: getattr(person, name) for name in Person.__slots__}
    return facts | {"referrer": {name: getattr(person.referrer, name) for name in Referrer.__slots__}}


def _person(facts: Mapping[str, Any]) -> Person:
    referrer = {name: value for name, value in (facts.get("referrer") or {}).items() if name in Referrer.__slots__}
    known = {name: value for name, value in facts.items() if name in Person.__slots__}
    audience = known.get("audience")
    return Person(**{**known, "audience": Audience(audience) if audience else None, "referrer": Referrer(**referrer)})
