"""A referral as an item and back: what is searched or compared as attributes, the other facts packed into one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any

from shared.adapters.dynamodb.items import Item, from_item, to_item
from shared.adapters.dynamodb.keys import HELD, due_partition, held_partition, held_shard, listing_partition, state_partition
from shared.adapters.dynamodb.packed import pack, unpack, unpacked_text
from shared.domain.contact import CUSTOM
from shared.domain.mapping import Dropped
from shared.domain.operations.results import Joined
from shared.domain.person import Audience, Person, Referrer, fold_email
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Event, Referral
from shared.domain.signup.referral_filter import group_of, may_hold
from shared.domain.signup.state import Origin, State

REFERRAL = "REFERRAL"
_JSON = ("person", "dropped", "notes", "written", "baseline", "standing", "history", "refusals", "dealt_with", "overwritten")
_PLAIN = tuple(field.name for field in fields(Referral) if field.name not in {*_JSON, "due_at"})
_STORED = {"facts_at": "told_at"}
"""Names in the table, where the code has another by now: code before and after a deployment reads the same rows."""
_KEYS = (
    "pk",
    "sk",
    "schema",
    "write_id",
    "enqueue_id",
    "due_partition",
    "due_at",
    "list_partition",
    "listed_at",
    "state_partition",
    "email_key",
)
_USUAL = {field.name: None if field.default is MISSING else field.default for field in fields(Referral)}
"""What is not stored: the value that an attribute has when it is not there."""
FACTS = "facts"
_OURS = frozenset((*_PLAIN, *_STORED.values(), *_JSON, *_KEYS, FACTS))


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
    taken_back = referral.synthetic and referral.forgotten  # a made-up person stands in no list
    plain = {_STORED.get(name, name): value for name in _PLAIN if (value := getattr(referral, name)) != _USUAL[name]}
    ours = to_item(
        {
            "pk": pk,
            "sk": REFERRAL,
            **plain,
            "version": referral.version,
            FACTS: pack({name: facts for name, facts in _facts_of(referral).items() if facts}),
            "list_partition": None if taken_back else listing_partition(f"REFERRALS#{referral.campaign_id}", pk),
            "listed_at": float(referral.accepted_at),
            "state_partition": None if taken_back or _is_fresh(referral) else state_partition(group_of(referral), pk),
            "email_key": fold_email(referral.person.email)[:254] or None if referral.person.email else None,
            **due,
        }
    )
    newer = {name: value for name, value in (before or {}).items() if name not in _OURS}
    return {**newer, **ours} | ({"schema": before["schema"]} if before and "schema" in before else {})


def _is_fresh(referral: Referral) -> bool:
    """Not tried yet: it is delivered in seconds, and the way into the console's lists and on would cost two writes."""
    return referral.state is State.PENDING and not referral.version and not referral.reason and not referral.history[1:]


def referral_of(item: Item) -> Referral:
    """The referral of a row. TransientError when newer code wrote it."""
    values = from_item(item)
    facts = facts_of(values)
    held = str(values.get("due_partition", "")).startswith(HELD)
    plain = {name: values[stored] for name in _PLAIN if (stored := _STORED.get(name, name)) in values}
    plain |= {name: float(plain[name]) for name in _TIMES if name in plain}
    return Referral(
        **{
            **plain,
            "state": State(values["state"]),
            "origin": Origin(values.get("origin", Origin.WEBHOOK)),
            "person": _person(facts["person"]),
            "due_at": None if held or "due_at" not in values else float(values["due_at"]),
            "dropped": tuple(
                Dropped(row["attribute"], row["reason"], row.get("absent", False)) for row in facts.get("dropped", [])
            ),
            "notes": tuple(facts.get("notes", [])),
            "written": _unfolded(facts.get("written", {})),
            "baseline": _baseline(facts.get("baseline", None)),
            "standing": facts.get("standing", {}),
            "refusals": facts.get("refusals", {}),
            "dealt_with": tuple(facts.get("dealt_with", [])),
            "overwritten": facts.get("overwritten", {}),
            "history": tuple(Event(float(at), *rest[:2]) for at, *rest in facts.get("history", [])),
        }
    )


def joined_of(item: Item) -> Joined | None:
    """What counts of a row, out of few of its attributes; None for our own test."""
    if item.get("synthetic", {}).get("BOOL"):
        return None
    campaign_id, user_id = ids_of_referral(item["pk"]["S"])
    facts = facts_of(from_item(item))
    person = _person(facts["person"])
    history = [event[1] for event in facts.get("history", [])]
    turns = [what for what in history if what in {Happened.QUALIFIED, Happened.UNQUALIFIED}]
    return Joined(
        campaign_id,
        user_id,
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
    "facts_at",
    "look_at",
    "promised_at",
    "confirm_since",
)


def _baseline(stored: Any) -> Any:
    """In a list of its own, or bare in a row of before."""
    return stored[0] if isinstance(stored, list) else stored


def facts_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is packed in a row, by name; a row of before has each as a JSON text of its own."""
    before = {name: json.loads(values[name]) for name in _JSON if name in values}
    return before | (unpack(values[FACTS]) if FACTS in values else {})


def may_hold_in(item: Item, text: str) -> bool:
    """Whether the row's facts hold the text anywhere; they are not taken apart."""
    return may_hold(unpacked_text(bytes(item[FACTS]["B"])) if FACTS in item else item["person"]["S"], text)


def _facts_of(referral: Referral) -> dict[str, Any]:
    """By name; what is empty is left out."""
    return {
        "person": _reported(referral.person) | {"referrer": _reported(referral.person.referrer)},
        "dropped": [asdict(dropped) for dropped in referral.dropped],
        "notes": referral.notes,
        "written": _folded(referral.written),
        "baseline": [referral.baseline] if referral.baseline is not None else None,
        "standing": dict(referral.standing),
        "history": [[event.at, event.what, *([event.detail] if event.detail else [])] for event in referral.history],
        "refusals": dict(referral.refusals),
        "dealt_with": referral.dealt_with,
        "overwritten": dict(referral.overwritten),
    }


def _reported(facts: Person | Referrer) -> dict[str, Any]:
    """As ``asdict`` gives them, which is slow because it copies every text; without what is unknown."""
    return {name: value for name in facts.__slots__ if (value := getattr(facts, name)) not in (None, {})}


def _folded(written: Mapping[str, Any]) -> dict[str, Any]:
    """The names' common beginning once instead of with each."""
    custom = {name.removeprefix(CUSTOM): value for name, value in written.items() if name.startswith(CUSTOM)}
    others = {name: value for name, value in written.items() if not name.startswith(CUSTOM)}
    return others | ({CUSTOM: custom} if custom else {})


def _unfolded(written: Mapping[str, Any]) -> dict[str, Any]:
    """Reads a row of before as well."""
    custom = written.get(CUSTOM, {})
    return {name: value for name, value in written.items() if name != CUSTOM} | {f"{CUSTOM}{n}": v for n, v in custom.items()}


def _person(facts: Mapping[str, Any]) -> Person:
    referrer = {name: value for name, value in (facts.get("referrer") or {}).items() if name in Referrer.__slots__}
    own = {name: value for name, value in facts.items() if name in Person.__slots__}
    audience = own.get("audience")
    return Person(**{**own, "audience": Audience(audience) if audience else None, "referrer": Referrer(**referrer)})
