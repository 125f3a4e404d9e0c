"""A person out of whatever Referral Factory sends: webhooks of any generation, and users of its API v1 and v2.

Plain functions instead of a model, because no payload is documented and a field that cannot be read must never cost the
person. Known shapes: https://developers.referral-factory.com, and the outbound webhook's sample of 2022 (flat).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.adapters.referral_factory.reading import count_of, date_of, first, id_of, look_up, text_of, unfold_brackets
from shared.adapters.referral_factory.rewards import FLAT, OF_A_BARE_REWARD, is_reward
from shared.domain.person import Audience, Person, Referrer, audience_of
from shared.domain.sync.sign_up_form import FormField

MAX_META = 60
MAX_LABEL = 200
MAX_META_TEXT = 20_000
"""Characters of all extra fields together, so that a ledger row stays far below DynamoDB's 400 kB."""

DATE_UNKNOWN = "unknown"
"""``qualified_at`` of a person whose payload only says ``"qualified": true``."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "user_id", "recipient_id"),
    "first_name": ("first_name", "firstName", "firstname", "name"),
    "email": ("email", "email_address"),
    "code": ("code", "referral_code"),
    "url": ("url", "referral_link", "referral_url"),
    "source": ("source",),
    "type": ("type",),
    "signed_up_at": ("signed_up_at", "date", "created_at"),
    "qr": ("qr", "qr_code"),
    "referrals_count": ("referrals_count", "analytics.referrals", "referrals"),
    "converted_referrals_count": ("converted_referrals_count", "analytics.qualified_referrals", "qualified_referrals"),
    "qualified_at": ("qualified_at",),
}
_REFERRER_NAMES = ("id", "first_name", "email", "code", "url")
_NO_META = frozenset(
    {
        "campaign_id", "campaign", "campaign_name", "event", "qualified", "analytics", "referrer", "meta", "reach", "ip",
        "unsubscribed_at", "promotion", "sharing", "data", "user", *FLAT,
    }
)  # fmt: skip
_OURS = (
    frozenset(name for names in _NAMES.values() for name in names) | {f"referrer_{name}" for name in _REFERRER_NAMES} | _NO_META
)
_OF_THE_ENVELOPE = frozenset({"id", "type", "name", "url", "code", "date", "created_at", "source"})
"""What an envelope around the user says of itself, not of the user."""


def person_of(fields: Mapping[str, Any], aliases: Mapping[str, str]) -> Person | None:
    """The person; None when no user id is told.

    ``aliases``: their field name (or path, or extra field's label) → our name (``email``, ``meta.<label>``,
    ``referrer.first_name``, …). An alias wins over a field that has our name already.
    """
    told = _unwrap(fields)
    meta = dict(_labelled(told.get("meta")))
    aliased = _take_aliased(told, meta, aliases)
    if is_reward(told):
        of_the_reward = ("recipient_id", "user_id", "reward.recipient_id", "id")
        aliased.setdefault("id", first(look_up(told, name) for name in of_the_reward))
        told = _without_bare_reward(told)
    known = {ours: first([aliased.pop(ours, None), *(look_up(told, name) for name in names)]) for ours, names in _NAMES.items()}
    user_id = id_of(known["id"])
    if user_id is None:
        return None
    referrer = _referrer(told, aliased)
    labels = {name.removeprefix("meta."): value for name, value in aliased.items() if name.startswith("meta.")}
    type_, source = text_of(known["type"]), text_of(known["source"])
    return Person(
        user_id=user_id,
        audience=_audience(type_, source, referrer),
        first_name=text_of(known["first_name"]),
        email=text_of(known["email"]),
        code=text_of(known["code"]),
        url=text_of(known["url"]),
        source=source,
        type=type_,
        signed_up_at=date_of(known["signed_up_at"]),
        qr=text_of(look_up(known["qr"], "src")) if isinstance(known["qr"], Mapping) else text_of(known["qr"]),
        referrals_count=count_of(known["referrals_count"]),
        converted_referrals_count=count_of(known["converted_referrals_count"]),
        qualified_at=_qualified_at(known["qualified_at"], told.get("qualified")),
        meta=_bounded({**_unknown(told), **meta, **labels}),
        referrer=referrer,
    )


def campaign_id_of(fields: Mapping[str, Any]) -> int | None:
    """The campaign the fields name, None when they name none."""
    told = _unwrap(fields)
    return id_of(first([told.get("campaign_id"), look_up(told, "campaign.id"), told.get("campaign")]))


def _unwrap(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The user's own fields, out of up to three envelopes ``{"data": {…}}``, ``{"user": {…}}``. Of an envelope's other
    fields those are kept that the user lacks and that cannot be the envelope's own."""
    told = unfold_brackets(fields)
    for _ in range(3):
        for name in ("data", "user"):
            inner = told.get(name)
            if isinstance(inner, list) and len(inner) == 1:
                inner = inner[0]
            if isinstance(inner, Mapping) and inner:
                outer = {key: value for key, value in told.items() if key != name and key not in _OF_THE_ENVELOPE}
                told = {**outer, **inner}
                break
        else:
            break
    return told


def _without_bare_reward(told: dict[str, Any]) -> dict[str, Any]:
    """Without what a reward that names its recipient apart says of itself; ``name`` is its own where nothing of a person is."""
    if "recipient_id" not in told:
        return told
    of_the_reward = OF_A_BARE_REWARD if {"first_name", "email"} & set(told) else {*OF_A_BARE_REWARD, "name", "code", "type"}
    return {name: value for name, value in told.items() if name not in of_the_reward}


def _take_aliased(told: dict[str, Any], meta: dict[str, Any], aliases: Mapping[str, str]) -> dict[str, Any]:
    """The aliased values under our names; they are taken out of the fields, so that they do not become extra fields too."""
    aliased: dict[str, Any] = {}
    for theirs, ours in aliases.items():
        label = theirs.removeprefix("meta.")
        value = first([look_up(told, theirs), meta.get(label)])
        if value is None:
            continue
        aliased[ours] = value
        meta.pop(label, None)
        if theirs not in _NO_META:
            told.pop(theirs, None)
    return aliased


def _referrer(told: Mapping[str, Any], aliased: Mapping[str, Any]) -> Referrer:
    nested = told.get("referrer")
    if not isinstance(nested, Mapping):
        nested = {"id": nested}
    found: dict[str, Any] = {}
    for name in _REFERRER_NAMES:
        flat = f"referrer_{name}"
        found[name] = first([aliased.get(f"referrer.{name}"), aliased.get(flat), told.get(flat), nested.get(name)])
    texts = {name: text_of(value) for name, value in found.items() if name != "id"}
    return Referrer(user_id=id_of(found["id"]), **texts)


def _audience(type_: str | None, source: str | None, referrer: Referrer) -> Audience | None:
    return audience_of(type_, source, referrer != Referrer())


def _qualified_at(date: Any, qualified: Any) -> str | None:
    told = date_of(date)
    if told in {None, "true", "false"}:
        yes = text_of(qualified) or told
        return DATE_UNKNOWN if yes in {"true", "1"} else None
    return told


def _labelled(meta: Any) -> Iterator[tuple[str, Any]]:
    """Label and value of ``[{"field": label, "value": …}]`` or ``{label: value}``."""
    if isinstance(meta, Mapping) and not all(isinstance(entry, Mapping) for entry in meta.values()):
        yield from ((str(label), value) for label, value in meta.items())
        return
    entries = list(meta.values()) if isinstance(meta, Mapping) else meta
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping):
            label = text_of(first([entry.get("field"), entry.get("label"), entry.get("name")]))
            if label:
                yield label, entry.get("value")


def _unknown(told: Mapping[str, Any]) -> dict[str, Any]:
    """Fields without a meaning of ours are the customer's own."""
    return {label: value for label, value in told.items() if label not in _OURS}


def _bounded(meta: Mapping[str, Any]) -> dict[str, str]:
    """Cleaned texts that are not blank, within the limits."""
    kept: dict[str, str] = {}
    left = MAX_META_TEXT
    for label, value in meta.items():
        name = (text_of(label) or "")[:MAX_LABEL]
        entries = value if isinstance(value, list) else [value]
        text = text_of(", ".join(part for part in map(text_of, entries) if part))
        if not name or text is None:
            continue
        left -= len(name) + len(text)
        if left < 0 or len(kept) >= MAX_META:
            break
        kept[name] = text
    return kept


def form_of(answer: Mapping[str, Any]) -> list[FormField]:
    """The form for people who refer, out of a campaign. What cannot be read asks for nothing."""
    entries = look_up(answer, "data.fields.person_referring") or look_up(answer, "fields.person_referring")
    found = (entry for entry in (entries if isinstance(entries, list) else ()) if isinstance(entry, Mapping))
    fields = ((text_of(entry.get("label")), entry.get("required")) for entry in found)
    return [FormField(label, required in (True, 1, "1", "true")) for label, required in fields if label]
