"""A person in a referral campaign, as Referral Factory tells."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class Audience(StrEnum):
    """Whose settings apply."""

    PERSON_INVITED = "person_invited"
    PERSON_REFERRING = "person_referring"


@dataclass(frozen=True, slots=True)
class Referrer:
    """Who shared the link. None: not told."""

    user_id: int | None = None
    first_name: str | None = None
    email: str | None = None
    code: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """The facts of one person in one campaign; None means nobody told us yet."""

    user_id: int
    audience: Audience | None = None
    first_name: str | None = None
    email: str | None = None
    code: str | None = None
    url: str | None = None
    source: str | None = None
    type: str | None = None
    signed_up_at: str | None = None
    qr: str | None = None
    referrals_count: int | None = None
    converted_referrals_count: int | None = None
    qualified_at: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)
    referrer: Referrer = field(default_factory=Referrer)


def audience_of(type_: str | None, source: str | None, has_referrer: bool) -> Audience | None:
    """Which audience a person belongs to, None when the facts do not tell.

    Every person invited has a referrer, so a referrer decides before the source does.
    """
    if type_ in set(Audience):
        return Audience(type_)
    if has_referrer or (source or "").casefold() == "referred":
        return Audience.PERSON_INVITED
    return Audience.PERSON_REFERRING if source else None


def merge(known: Person, told: Person) -> Person:
    """``known`` completed and updated by what was told later; what is not told is kept."""

    def newest(name: str) -> Any:
        later = getattr(told, name)
        return getattr(known, name) if later is None else later

    names = [name for name in Person.__slots__ if name not in {"meta", "referrer", "user_id"}]
    referrer_changes: dict[str, Any] = {
        name: getattr(told.referrer, name) for name in Referrer.__slots__ if getattr(told.referrer, name) is not None
    }
    changes: dict[str, Any] = {name: newest(name) for name in names}
    merged = replace(known, **changes)
    return replace(merged, meta={**known.meta, **told.meta}, referrer=replace(known.referrer, **referrer_changes))


def fold_email(email: str) -> str:
    """The form in which e-mail addresses are compared: trimmed, lower-case, composed. Plus-tags stay."""
    return unicodedata.normalize("NFC", email.strip()).lower()


_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\\\]\x00-\x1f\x7f]{1,64}")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


def is_deliverable(email: str) -> bool:
    """Whether a mail system could take the address: one ``@``, a dotted host name, at most 254 characters.

    Quoted local parts and address literals are refused, as Intercom refuses them.
    """
    if len(email) > 254 or email.count("@") != 1:
        return False
    local, host = email.split("@")
    if not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        return False
    labels = host.split(".")
    return len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()


def clean_text(text: str) -> str:
    """Text without what no receiver takes: control characters but tab and line ends, and lone surrogates."""
    if text.isprintable():
        return text
    return "".join(
        character for character in text if character in "\t\n\r" or unicodedata.category(character) not in {"Cc", "Cs"}
    )
