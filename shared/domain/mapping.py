"""From the facts of a person to the values of a contact."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.domain.contact import CUSTOM, Attribute, Value
from shared.domain.person import Person, clean_text
from shared.domain.spelling import LONGEST_VALUE, is_ambiguous, is_link, moment_of, number_of, seconds_of

MAX_TEXT = 255  # https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-attributes
META = "meta."
AVATAR = "avatar"
SOURCES = frozenset(
    {
        "first_name", "email", "code", "url", "source", "type", "signed_up_at", "qr", "campaign.name", "campaign.id",
        "referrals_count", "converted_referrals_count", "referrer.first_name", "referrer.email", "referrer.code",
        "referrer.url",
    }
)  # fmt: skip
STANDARD_TYPES: Mapping[str, str] = {
    "name": "string", "email": "string", "phone": "string", "avatar": "string", "owner_id": "string",
    "signed_up_at": "date", "last_seen_at": "date", "unsubscribed_from_emails": "boolean",
}  # fmt: skip
"""Standard attributes that a mapping may write: not ``role`` (the action decides) nor ``external_id`` (the customer's own)."""

DATE_TYPES = frozenset({"date", "datetime"})
READ_TYPES: Mapping[str, str] = {
    **STANDARD_TYPES,
    "role": "string", "external_id": "string", "language_override": "string", "browser": "string", "browser_version": "string",
    "browser_language": "string", "os": "string", "location.country": "string", "location.region": "string",
    "location.city": "string", "created_at": "date", "updated_at": "date", "last_replied_at": "date",
    "last_contacted_at": "date", "last_email_opened_at": "date", "last_email_clicked_at": "date",
    "has_hard_bounced": "boolean", "marked_email_as_spam": "boolean",
}  # fmt: skip
"""Standard attributes that are read of a contact."""


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """One row: the fact ``source`` goes to the attribute ``target``, or a fixed ``value`` does."""

    source: str
    target: str
    value: Value = None

    def value_of(self, person: Person, campaign_id: int, campaign_name: str) -> Any:
        return fact(person, campaign_id, campaign_name, self.source) if self.value is None else self.value


@dataclass(frozen=True, slots=True)
class Dropped:
    """An attribute that was left out, and why, in plain words. ``absent``: no value could be written to it, for the workspace
    does not have it, has it archived, or does not let us write it."""

    attribute: str
    reason: str
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """What Intercom will take of the wanted values, and what it would refuse."""

    values: Mapping[str, Value]
    dropped: tuple[Dropped, ...] = ()


def is_source(name: str) -> bool:
    """Whether a mapping may read from that name."""
    return name in SOURCES or (name.startswith(META) and len(name) > len(META))


def fact(person: Person, campaign_id: int, campaign_name: str, source: str) -> Any:
    """The person's value of one mapping source; None when it is not known, or when only newer code knows the source."""
    if source.startswith(META):
        return person.meta.get(source.removeprefix(META))
    if source not in SOURCES:
        return None
    match source.split("."):
        case ["campaign", "name"]:
            return campaign_name or None
        case ["campaign", "id"]:
            return campaign_id
        case ["referrer", name]:
            return getattr(person.referrer, name)
        case ["type"]:
            return person.type or person.audience
        case _:
            return getattr(person, source)


def map_facts(person: Person, campaign_id: int, campaign_name: str, rows: Iterable[FieldMapping]) -> dict[str, Value]:
    """The wanted values by attribute. Unknown facts are left out; rows to one attribute are joined by a space, in order."""
    wanted: dict[str, Value] = {}
    for row in rows:
        value = row.value_of(person, campaign_id, campaign_name)
        if value is None or value == "":
            continue
        before = wanted.get(row.target)
        wanted[row.target] = value if before is None else f"{before} {value}"
    return wanted


def prepare(wanted: Mapping[str, Value], attributes: Mapping[str, Attribute], zone: str = "UTC") -> Prepared:
    """Coerce each value to its attribute's type; what does not fit is dropped with the reason, the rest is kept. ``zone``: the
    workspace's, in which a day is a day."""
    values: dict[str, Value] = {}
    dropped: list[Dropped] = []
    for name, value in wanted.items():
        problem = unusable(name, attributes)
        if problem:
            dropped.append(Dropped(name, problem, absent=True))
            continue
        attribute = attributes.get(name) or Attribute(name, STANDARD_TYPES[name])
        try:
            values[name] = coerce(value, attribute, zone)
        except ValueError as error:
            dropped.append(Dropped(name, str(error)))
    return Prepared(values, tuple(dropped))


def unreadable(name: str) -> str | None:
    """Why the attribute is not read, in plain words; None when it is."""
    return None if name.startswith(CUSTOM) or name in READ_TYPES else f"{name} is not read by this application"


def unusable(name: str, attributes: Mapping[str, Attribute]) -> str | None:
    """Why the attribute cannot be written, in plain words; None when it can."""
    attribute = attributes.get(name)
    if attribute is None:
        return None if name in STANDARD_TYPES else f"Intercom has no attribute {name}"
    if attribute.archived:
        return f"{name} is archived in Intercom"
    if not name.startswith(CUSTOM) and name not in STANDARD_TYPES:
        return f"{name} is not to be written by a mapping"
    if not attribute.writable:
        return f"{name} cannot be written through Intercom's API"
    return None


def coerce(value: Value, attribute: Attribute, zone: str = "UTC") -> Value:
    """The value as the attribute's type; None stays None. ValueError with a plain sentence when it cannot be."""
    if value is None:
        return None
    kind = {"datetime": "date", "options": "string"}.get(attribute.data_type, attribute.data_type)
    coercions: Mapping[str, Callable[[Value, Attribute], Value]] = {
        "string": _text,
        "integer": _integer,
        "float": _float,
        "boolean": _boolean,
        "date": lambda value, attribute: _date(value, attribute, zone),
    }
    if kind not in coercions:
        raise ValueError(f"{attribute.name} has the type {attribute.data_type}, which cannot be written")
    return coercions[kind](value, attribute)


def _text(value: Value, attribute: Attribute) -> str:
    text = clean_text(("true" if value else "false") if isinstance(value, bool) else str(value))
    if attribute.name == AVATAR and text and not is_link(text):
        raise ValueError("avatar takes the address of a picture, such as https://example.com/me.png")
    if attribute.options:
        return _option(text, attribute.options, attribute.name)
    if len(text) > MAX_TEXT:
        raise ValueError(f"{attribute.name} takes at most {MAX_TEXT} characters, this has {len(text)}")
    return text


def _option(text: str, options: Sequence[str], name: str) -> str:
    if text in options:
        return text
    folded = text.strip().casefold()
    for option in options:
        if option.strip().casefold() == folded:
            return option
    raise ValueError(f"{name} takes only {', '.join(options)}")


def _integer(value: Value, attribute: Attribute) -> int:
    number = _number(value, attribute, "a whole number")
    if number != int(number):
        raise ValueError(f"{attribute.name} takes a whole number")
    return int(str(value).strip()) if isinstance(value, str) and value.strip().lstrip("+-").isdigit() else int(number)


def _float(value: Value, attribute: Attribute) -> float:
    return _number(value, attribute, "a number")


def _number(value: Value, attribute: Attribute, what: str) -> float:
    try:
        number = None if isinstance(value, bool) else number_of(str(value))
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        number = None
    if number is None:
        unclear = isinstance(value, str) and is_ambiguous(value)
        raise ValueError(f"{attribute.name} takes {what}" + (f"; {str(value).strip()} may be one of two" if unclear else ""))
    return number


def _boolean(value: Value, attribute: Attribute) -> bool:
    word = str(value).strip().casefold()
    if word in {"true", "yes", "1", "on"}:
        return True
    if word in {"false", "no", "0", "off"}:
        return False
    raise ValueError(f"{attribute.name} takes true or false")


def _date(value: Value, attribute: Attribute, zone: str) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        moment = seconds_of(int(value)) if isinstance(value, int) or math.isfinite(value) else None
    else:
        moment = moment_of(str(value)[: LONGEST_VALUE + 1], zone)
    if moment is None:
        raise ValueError(f"{attribute.name} takes a date such as {date(2026, 1, 31).isoformat()}")
    return moment
