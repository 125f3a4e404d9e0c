"""A person in a referral campaign, as Referral Factory reports it."""

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
    """Who shared the link. None: not reported."""

    user_id: int | None = None
    first_name: str | None = None
    email: str | None = None
    code: str | None = None
    url: str | None = None

    def nameless(self) -> Referrer:
        """With the id alone. Empty texts, not None: what is not known is asked for again."""
        return Referrer(self.user_id, first_name="", email="", code="", url="")


@dataclass(frozen=True, slots=True)
class Person:
    """The facts of one person in one campaign; None means not reported yet.

    ``qualified``: what Referral Factory's API answered last; no webhook and no form decides that. ``qualified_at``: the date
    that anybody reported, to be shown only.
    """

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
    qualified: bool | None = None


def audience_of(type_: str | None, source: str | None, has_referrer: bool) -> Audience | None:
    """Which audience a person belongs to, None when the facts do not tell.

    Every person invited has a referrer, so a referrer decides before the source does.
    """
    if type_ in set(Audience):
        return Audience(type_)
    if has_referrer or (source or "").casefold() == "referred":
        return Audience.PERSON_INVITED
    return Audience.PERSON_REFERRING if source else None


def merge(earlier: Person, newer: Person) -> Person:
    """``earlier`` completed and updated by what was reported later; what is not reported is kept."""

    def newest(name: str) -> Any:
        later = getattr(newer, name)
        return getattr(earlier, name) if later is None else later

    names = [name for name in Person.__slots__ if name not in {"meta", "referrer", "user_id"}]
    referrer_changes: dict[str, Any] = {
        name: getattr(newer.referrer, name) for name in Referrer.__slots__ if getattr(newer.referrer, name) is not None
    }
    changes: dict[str, Any] = {name: newest(name) for name in names}
    if newer.qualified is False:
        changes["qualified_at"] = None
    merged = replace(earlier, **changes)
    return replace(merged, meta={**earlier.meta, **newer.meta}, referrer=replace(earlier.referrer, **referrer_changes))


LONGEST_EMAIL = 254
"""Bytes of an address that mail systems take, and of one that becomes a key."""
_LONGEST_WRITTEN = 1_000
_HIDDEN = frozenset({"Cf", "Cc", "Cs"})


def clean_email(email: str) -> str:
    """The address as the person wrote it, without what shows nothing: format and control characters, stray blanks; wide
    characters as plain ones. Empty when it is far too long to be one."""
    if len(email) > _LONGEST_WRITTEN:
        return ""
    if not email.isascii():
        email = unicodedata.normalize("NFKC", clean_code(email, blanks=True)).replace("\u3002", ".")
    local, at, host = clean_code(email, blanks=True).strip().rpartition("@")
    return f"{local.rstrip()}{at}{''.join(host.split())}"


def clean_code(text: str, *, blanks: bool = False) -> str:
    """Without characters that show nothing, and without ``blanks`` unless they stay."""
    if text.isascii() and text.isprintable() and (blanks or " " not in text):
        return text
    shown = (one for one in text if unicodedata.category(one) not in _HIDDEN)
    return "".join(one for one in shown if blanks or not one.isspace())


def fold_email(email: str) -> str:
    """The form in which e-mail addresses are compared and kept as keys: cleaned, one letter case, one Unicode form, the
    host as DNS has it (``xn--``). Plus-tags stay. Empty for what is longer than LONGEST_EMAIL bytes."""
    folded = clean_email(email)
    if folded.isascii():
        folded = folded.lower()
    for _ in range(0 if folded.isascii() else 3):  # lowering may undo the composition, and the other way round
        folded = unicodedata.normalize("NFKC", folded.lower().replace("\u03c2", "\u03c3"))
        folded = clean_email(folded)
    local, at, host = folded.rpartition("@")
    folded = f"{local}{at}{host_in_dns(host) or host}"
    return folded if len(folded.encode("utf-8", "surrogatepass")) <= LONGEST_EMAIL else ""


def emails_alike(email: str) -> set[str]:
    """The ways in which Intercom may hold the address: its host as DNS has it, and as people read it."""
    folded = fold_email(email)
    local, at, host = folded.rpartition("@")
    return {folded, f"{local}{at}{host_as_read(host)}"} - {""}


def keys_of_email(email: str) -> tuple[str, ...]:
    """What is kept of the address stands under the first; under the others, its host as people read it, earlier versions
    kept it, and those rows are still there."""
    folded = fold_email(email)
    return (folded, *sorted(emails_alike(folded) - {folded}))


def host_in_dns(host: str) -> str | None:
    """``bücher.example`` → ``xn--bcher-kva.example``; None when it cannot be a host. https://www.rfc-editor.org/rfc/rfc5891"""
    if host.isascii():
        return host.lower()
    import idna  # 20 ms, and most hosts are ASCII

    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return None


def host_as_read(host: str) -> str:
    """The other way round; what cannot be read stays as it is."""
    if "xn--" not in host or len(host) > LONGEST_EMAIL:
        return host
    import idna

    try:
        return idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        return host


_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\\\]\x00-\x1f\x7f]{1,64}")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?", re.ASCII)


def is_deliverable(email: str) -> bool:
    """Whether a mail system could take the address: one ``@``, a dotted host name, at most 254 bytes.

    Quoted local parts and address literals are refused, as Intercom refuses them.
    """
    if len(email) > LONGEST_EMAIL or len(email.encode("utf-8", "surrogatepass")) > LONGEST_EMAIL or email.count("@") != 1:
        return False
    local, host = email.split("@")
    if not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        return False
    if clean_code(local) != local:
        return False
    labels = (host_in_dns(host) or "").split(".")
    return len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()


def clean_text(text: str) -> str:
    """Text without what no receiver takes: control characters but tab and line ends, and lone surrogates."""
    if text.isprintable():
        return text
    return "".join(
        character for character in text if character in "\t\n\r" or unicodedata.category(character) not in {"Cc", "Cs"}
    )
