"""A person out of whatever Referral Factory sends: webhooks of any generation, and users of its API v1 and v2.

Plain functions instead of a model, because no payload is documented and a field that cannot be read must never cost the
person. Known shapes: https://developers.referral-factory.com, and the outbound webhook's sample of 2022 (flat).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from shared.adapters.referral_factory.bodies import with_plus
from shared.adapters.referral_factory.extra_fields import bounded, labelled
from shared.adapters.referral_factory.reading import (
    code_of,
    count_of,
    date_of,
    first,
    id_of,
    link_of,
    look_up,
    text_of,
    unfold_brackets,
    without_entities,
)
from shared.adapters.referral_factory.rewards import FLAT, OF_A_BARE_REWARD, is_reward
from shared.domain.person import Audience, Person, Referrer, audience_of, clean_email, fold_email
from shared.domain.sync.sign_up_form import FormField
from shared.errors import MalformedPayloadError

_YES = frozenset({"true", "1"})
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")

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
_MAY_BE_LABELS = ("event", "qualified", "reach", "ip", "promotion", "sharing", "data", "user", "analytics", "unsubscribed_at")
_ADDRESSES = frozenset({"email", "referrer.email", "referrer_email"})
_SAME_FACT = ("first_name", "email", "code", "url", "signed_up_at", "qr")


def reported_person_of(fields: Mapping[str, Any], aliases: Mapping[str, str], *, form: bool = False) -> Person | None:
    """The person of a webhook, whose sender may escape texts for HTML, and whose form's own fields stand beside ours: a label
    that is a name of ours is kept in ``meta``. ``form``: an address may have lost its plus, whatever the field is called.
    Raises MalformedPayloadError when it names two e-mail addresses."""
    decoded = without_entities(fields)
    person = person_of(decoded, aliases, form=form)
    sent = _unwrap(decoded)
    if person is None or isinstance(sent.get("meta"), list | Mapping):
        return person
    beside = bounded({**dict(_beside_ours(sent)), **person.meta})
    return replace(person, meta={**person.meta, **{label: beside[label] for label in beside if label not in aliases}})


def _beside_ours(sent: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What stands under a name of ours and says nothing of the person: boxes of the form that are labelled so."""
    for name in _MAY_BE_LABELS:
        value = sent.get(name)
        if name in {"data", "user"} or not isinstance(value, bool | Mapping | list):
            yield name, value
    for name in ("campaign", "referrer"):
        if isinstance(sent.get(name), str) and id_of(sent[name]) is None:
            yield name, sent[name]
    for ours in _SAME_FACT:
        others = [name for name in _NAMES[ours] if name in sent and text_of(sent[name]) is not None]
        taken = text_of(sent[others[0]]) if others else None
        yield from ((name, sent[name]) for name in others[1:] if text_of(sent[name]) != taken)


def person_of(fields: Mapping[str, Any], aliases: Mapping[str, str], *, form: bool = False) -> Person | None:
    """The person; None without a user id. Raises MalformedPayloadError when two e-mail addresses are.

    ``aliases``: their field name (or path, or extra field's label) → our name (``email``, ``meta.<label>``,
    ``referrer.first_name``, …). An alias wins over a field that has our name already.
    """
    sent = _unwrap(fields)
    meta = dict(labelled(sent.get("meta")))
    aliased = _take_aliased(sent, meta, aliases)
    for name in _ADDRESSES & aliased.keys() if form else ():
        if isinstance(aliased[name], str):
            aliased[name] = with_plus(aliased[name])
    if is_reward(sent):
        of_the_reward = ("recipient_id", "user_id", "reward.recipient_id", "id")
        aliased.setdefault("id", first(look_up(sent, name) for name in of_the_reward))
        sent = _without_bare_reward(sent)
    sent_as = {
        ours: first([aliased.pop(ours, None), *(look_up(sent, name) for name in names)]) for ours, names in _NAMES.items()
    }
    user_id = id_of(sent_as["id"])
    if user_id is None:
        return None
    referrer = _referrer(sent, aliased)
    labels = {name.removeprefix("meta."): value for name, value in aliased.items() if name.startswith("meta.")}
    type_, source = text_of(sent_as["type"]), text_of(sent_as["source"])
    return Person(
        user_id=user_id,
        audience=_audience(type_, source, referrer),
        first_name=text_of(sent_as["first_name"]),
        email=_email(sent_as["email"]),
        code=code_of(sent_as["code"]),
        url=link_of(sent_as["url"]),
        source=source,
        type=type_,
        signed_up_at=date_of(sent_as["signed_up_at"]),
        qr=link_of(look_up(sent_as["qr"], "src") if isinstance(sent_as["qr"], Mapping) else sent_as["qr"]),
        referrals_count=count_of(sent_as["referrals_count"]),
        converted_referrals_count=count_of(sent_as["converted_referrals_count"]),
        qualified_at=_qualified_at(sent_as["qualified_at"], date_of(sent_as["signed_up_at"])),
        meta=bounded({**_unknown(sent), **meta, **labels}, without=aliases.keys() - labels.keys()),
        referrer=referrer,
    )


def user_of(answer: Mapping[str, Any]) -> Person | None:
    """As ``person_of``, of a user whom Referral Factory's API answered with: only there does a date, a ``true`` or a null say
    whether the person is qualified."""
    person = person_of(answer, {})
    if person is None or not {"qualified_at", "qualified"} & set(answer):
        return person
    said = (text_of(answer.get("qualified_at")), text_of(answer.get("qualified")))
    return replace(person, qualified=person.qualified_at is not None or not _YES.isdisjoint(said))


def campaign_id_of(fields: Mapping[str, Any]) -> int | None:
    """The campaign the fields name, None when they name none."""
    sent = _unwrap(fields)
    return id_of(first([sent.get("campaign_id"), look_up(sent, "campaign.id"), sent.get("campaign")]))


def _unwrap(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The user's own fields, out of up to three envelopes ``{"data": {…}}``, ``{"user": {…}}``. Of an envelope's other
    fields those are kept that the user lacks and that cannot be the envelope's own."""
    sent = unfold_brackets(fields)
    for _ in range(3):
        for name in ("data", "user"):
            inner = sent.get(name)
            if isinstance(inner, list) and len(inner) == 1:
                inner = inner[0]
            if isinstance(inner, Mapping) and inner and not _hides(inner, sent):
                outer = {key: value for key, value in sent.items() if key != name and key not in _OF_THE_ENVELOPE}
                sent = {**outer, **inner}
                break
        else:
            break
    return sent


def _hides(inner: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
    """Whether it is no envelope's content: the body beside it names the person itself."""
    if id_of(sent.get("id")) is None:
        return False
    names = {*_NAMES["email"], *_NAMES["first_name"]} - {"name"}
    return bool(names & sent.keys()) or not ({"data", "user", *_NAMES["id"]} & inner.keys())


def _email(value: Any) -> str | None:
    """Cleaned, in the person's spelling. The same address in several spellings is one."""
    sent = [text for text in map(text_of, value if isinstance(value, list) else [value]) if text]
    if len({fold_email(one) for one in sent}) > 1:
        raise MalformedPayloadError("the webhook names several e-mail addresses", vendor="referral_factory")
    return (clean_email(sent[0]) or sent[0]) if sent else None


def _without_bare_reward(sent: dict[str, Any]) -> dict[str, Any]:
    """Without what a reward that names its recipient apart says of itself; ``name`` is its own where nothing of a person is."""
    if "recipient_id" not in sent:
        return sent
    of_the_reward = OF_A_BARE_REWARD if {"first_name", "email"} & set(sent) else {*OF_A_BARE_REWARD, "name", "code", "type"}
    return {name: value for name, value in sent.items() if name not in of_the_reward}


def _take_aliased(sent: dict[str, Any], meta: dict[str, Any], aliases: Mapping[str, str]) -> dict[str, Any]:
    """The aliased values under our names; they are taken out of the fields, so that they do not become extra fields too."""
    aliased: dict[str, Any] = {}
    for theirs, ours in aliases.items():
        label = theirs.removeprefix("meta.")
        value = first([look_up(sent, theirs), meta.get(label)])
        if value is None:
            continue
        aliased[ours] = value
        meta.pop(label, None)
        if theirs not in _NO_META:
            sent.pop(theirs, None)
    return aliased


def _referrer(sent: Mapping[str, Any], aliased: Mapping[str, Any]) -> Referrer:
    nested = sent.get("referrer")
    if not isinstance(nested, Mapping):
        nested = {"id": nested}
    found: dict[str, Any] = {}
    for name in _REFERRER_NAMES:
        flat = f"referrer_{name}"
        found[name] = first([aliased.get(f"referrer.{name}"), aliased.get(flat), sent.get(flat), nested.get(name)])
    email = text_of(found["email"])
    return Referrer(
        user_id=id_of(found["id"]),
        email=(clean_email(email) or email) if email else None,
        code=code_of(found["code"]),
        first_name=text_of(found["first_name"]),
        url=link_of(found["url"]),
    )


def _audience(type_: str | None, source: str | None, referrer: Referrer) -> Audience | None:
    return audience_of(type_, source, referrer != Referrer())


def _qualified_at(date: Any, signed_up_at: str | None) -> str | None:
    """None where it cannot be when somebody qualified: a zero date, ``N/A``, a day before the signup."""
    sent = date_of(date)
    if sent is None or not _YEAR.search(sent):
        return None
    days = [text[:10] for text in (sent, signed_up_at) if text and _DAY.match(text)]
    return None if len(days) > 1 and days[0] < days[1] else sent


def _unknown(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Fields without a meaning of ours are the customer's own."""
    return {label: value for label, value in sent.items() if label not in _OURS}


def form_of(answer: Mapping[str, Any]) -> list[FormField]:
    """The form for people who refer, out of a campaign. What cannot be read asks for nothing."""
    entries = look_up(answer, "data.fields.person_referring") or look_up(answer, "fields.person_referring")
    found = (entry for entry in (entries if isinstance(entries, list) else ()) if isinstance(entry, Mapping))
    fields = ((text_of(entry.get("label")), entry.get("required")) for entry in found)
    return [FormField(label, required in (True, 1, "1", "true")) for label, required in fields if label]
