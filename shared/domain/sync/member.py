"""A contact's e-mail in a campaign: what Referral Factory knows of it, and what the contact should hold. Pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shared.domain.contact import Contact, Value
from shared.domain.mapping import META
from shared.domain.person import Audience, Person, clean_text
from shared.domain.spelling import day_of, is_nothing
from shared.domain.sync.names import split_name
from shared.domain.sync.sign_up_form import find_empty
from shared.domain.timing import SEARCH_SURE

LAST_NAMES = frozenset({"last name", "lastname", "surname", "family name", "second name"})
"""Labels of a form field that wants the rest of a name."""
MAX_TEXT = 255
NO_EMAIL = "no e-mail address"
INVALID_EMAIL = "no mail system takes the e-mail address"
NO_FIRST_NAME = "no first name"
NOTHING_FOR = "nothing for the required form field “{label}”"
GONE_MEANWHILE = "archived, merged or deleted in Intercom meanwhile"


@dataclass(frozen=True, slots=True)
class SyncMember:
    """One e-mail address in one campaign. None: not known.

    ``reserved_at`` without a ``user_id``: we are about to add the person, or tried to and got no answer; ``slot`` is the run
    that did. ``created``: we added the person, for a contact of ``workspace_id``. ``written``: what was sent to
    ``contact_id``, last at ``written_at``.
    ``failure``: why Referral Factory refused what ``failed_digest`` stands for.
    """

    campaign_id: int
    email: str
    user_id: int | None = None
    url: str | None = None
    code: str | None = None
    referrals_count: int | None = None
    converted_referrals_count: int | None = None
    reserved_at: float | None = None
    slot: int | None = None
    created: bool = False
    contact_id: str | None = None
    written: Mapping[str, Value] = field(default_factory=dict)
    written_at: float | None = None
    failure: str = ""
    failed_digest: str = ""
    failed_at: float = 0.0
    version: int = 0
    workspace_id: str = ""

    @property
    def reserved(self) -> bool:
        return self.reserved_at is not None and self.user_id is None

    def knowing(self, person: Person) -> SyncMember:
        """With what Referral Factory reported; what it left out is kept. A reservation is confirmed by it, and was in vain
        where the person was invited: we add nobody with a referrer."""
        facts = {name: getattr(person, name) for name in ("url", "code", "referrals_count", "converted_referrals_count")}
        kept = {name: value for name, value in facts.items() if value is not None}
        ours = self.created or (self.reserved and person.audience is not Audience.PERSON_INVITED)
        return replace(self, user_id=person.user_id, created=ours, failure="", failed_digest="", **kept)

    def having(self, contact_id: str, values: Mapping[str, Value], at: float) -> SyncMember:
        """After a write to the contact."""
        before = self.written if self.contact_id == contact_id else {}
        return replace(self, contact_id=contact_id, written={**before, **values}, written_at=at)

    def brought(self, person: Person, workspace_id: str) -> bool:
        """Whether the signup is our own doing, from a contact of that workspace: the reservation tells, never the source."""
        if self.workspace_id not in {"", workspace_id}:
            return False
        if self.user_id is not None:
            return self.created and self.user_id == person.user_id
        return self.reserved and person.audience is not Audience.PERSON_INVITED


@dataclass(frozen=True, slots=True)
class Candidate:
    """A contact that is to be in the campaign. ``there``: what its attributes for writing back hold. ``unsubscribed``: it
    wants no e-mails."""

    contact_id: str
    email: str
    first_name: str = ""
    meta: Mapping[str, str] = field(default_factory=dict)
    there: Mapping[str, Value] = field(default_factory=dict)
    unsubscribed: bool = False

    @property
    def digest(self) -> str:
        """Changes with what Referral Factory would be sent."""
        text = json.dumps([self.email, self.first_name, sorted(self.meta.items())])
        return f"{zlib.crc32(text.encode()):08x}"


def candidate_of(
    contact: Contact,
    email: str,
    mapping: Iterable[tuple[str, str]],
    attributes: Iterable[str],
    dates: Container[str] = (),
    zone: str = "UTC",
) -> Candidate:
    """The contact as Referral Factory would get it; of ``dates`` their day in ``zone``.

    Intercom has one ``name``: the first name is taken out of it, and the rest goes to a form field for the last name.
    """
    first_name: list[str] = []
    meta: dict[str, str] = {}
    for source, target in mapping:
        text = day_of(contact.value(source), zone) if source in dates else _text(contact.value(source))
        if source == "name" and target == "first_name":
            text = split_name(text)[0]
        elif source == "name" and target.removeprefix(META).casefold().strip() in LAST_NAMES:
            text = split_name(text)[1]
        elif is_nothing(text) or (target == "first_name" and "@" in text):
            continue
        if not text:
            continue
        if target == "first_name":
            first_name.append(text)
        elif target.startswith(META):
            label = target.removeprefix(META)
            meta[label] = f"{meta[label]} {text}" if label in meta else text
    there = {name: contact.value(name) for name in attributes}
    unsubscribed = contact.value("unsubscribed_from_emails") is True
    return Candidate(contact.id, email, " ".join(first_name)[:MAX_TEXT], meta, there, unsubscribed)


def lack_of(candidate: Candidate, required: Iterable[str]) -> str | None:
    """Why Referral Factory would not take the person; None when nothing is missing."""
    if not candidate.first_name:
        return NO_FIRST_NAME
    empty = find_empty(required, candidate.meta)
    return None if empty is None else NOTHING_FOR.format(label=empty)


def there_now(member: SyncMember, candidate: Candidate, now: float) -> Mapping[str, Value]:
    """What the contact holds: as search shows it, and what we wrote so lately that search may not show it yet."""
    if member.contact_id != candidate.contact_id or now - (member.written_at or 0.0) > SEARCH_SURE:
        return candidate.there
    return {**candidate.there, **member.written}


def changes_of(member: SyncMember, there: Mapping[str, Value], write_back: Iterable[tuple[str, str]]) -> dict[str, Value]:
    """What the contact's attributes lack. A number in a text attribute is compared and written as text."""
    changes: dict[str, Value] = {}
    for fact, attribute in write_back:
        wanted: Value = getattr(member, fact)
        before = there.get(attribute)
        if isinstance(before, str) and isinstance(wanted, int):
            wanted = str(wanted)
        if wanted is not None and wanted != before:
            changes[attribute] = wanted
    return changes


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(clean_text(str(value)).split())[:MAX_TEXT]
