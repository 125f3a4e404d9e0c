"""What the stand-in remembers: contacts with their indexes, attributes, segments, tags, events, tokens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from sandbox.vendors.intercom.contacts.search_index import SearchIndex
from sandbox.vendors.intercom.settings import IntercomSettings

KEPT_AFTER_DELETE_SECONDS = 7 * 24 * 3600.0
"""A deleted user's external id and e-mail stay taken this long."""

Custom = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Contact:
    """One state of a contact; a change makes a new one. Times are seconds with fractions; REST shows whole seconds."""

    id: str
    number: int
    role: str
    created_at: float
    updated_at: float
    revision: int = 0
    external_id: str | None = None
    email: str = ""
    email_verified: bool | None = None
    phone: str | None = None
    name: str | None = None
    avatar: str | None = None
    owner_id: str | None = None
    unsubscribed_from_emails: bool = False
    signed_up_at: int | None = None
    last_seen_at: int | None = None
    custom_attributes: Mapping[str, Custom] = field(default_factory=dict)
    tags: Mapping[str, int] = field(default_factory=dict)
    condition: str = "live"  # live, archived, deleted, merged
    merged_into: str | None = None
    ended_at: float | None = None

    @property
    def folded_email(self) -> str:
        return fold(self.email)

    @property
    def email_domain(self) -> str:
        return self.email.rpartition("@")[2] if self.email else ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A custom data attribute. ``data_type`` is string, integer, float, boolean or date."""

    id: int
    name: str
    data_type: str
    created_at: float
    updated_at: float
    model: str = "contact"
    label: str = ""
    description: str = ""
    options: tuple[str, ...] = ()
    messenger_writable: bool = False
    api_writable: bool = True
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """``query`` is a search query; ``person_type`` is user, or contact for leads."""

    id: str
    name: str
    person_type: str
    query: Mapping[str, Any]
    created_at: float


@dataclass(frozen=True, slots=True)
class Tag:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Event:
    """``created_at`` is what the caller said, in whole seconds."""

    id: str
    contact_id: str
    name: str
    created_at: int
    metadata: Mapping[str, Any]


def fold(email: str) -> str:
    """How the stand-in compares e-mails; Intercom's own way is not documented."""
    return email.strip().casefold()


class Workspace:
    """All state of one workspace. Not safe between threads: the server holds a lock."""

    def __init__(self, settings: IntercomSettings, clock: Callable[[], float], chance: Random) -> None:
        self.settings = settings
        self.clock = clock
        self.chance = chance
        self.contacts: dict[str, Contact] = {}
        self.order: list[str] = []
        self.by_email: dict[str, set[str]] = {}
        self.by_external_id: dict[str, set[str]] = {}
        self.live_count = 0
        self.index = SearchIndex()
        self.attributes: dict[tuple[str, str], Attribute] = {}
        self.segments: dict[str, Segment] = {}
        self.tags: dict[str, Tag] = {}
        self.events: dict[str, list[Event]] = {}
        self.event_keys: set[tuple[str, str, int]] = set()
        self.codes: dict[str, float] = {}
        self.recent_events: deque[Event] = deque(maxlen=500)
        self._last_number = 0

    def now(self) -> float:
        return self.clock()

    def new_id(self) -> str:
        """24 hex digits that begin with the time, as Intercom's do."""
        return f"{int(self.now()) & 0xFFFFFFFF:08x}{self.chance.getrandbits(64):016x}"

    def new_number(self) -> int:
        """1, 2, 3 …: ids of attributes and tags, and the order of contacts."""
        self._last_number += 1
        return self._last_number

    def new_uuid(self) -> str:
        digits = f"{self.chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) % 4]}{digits[17:20]}-{digits[20:]}"

    def new_text(self, length: int) -> str:
        """Lower-case letters and digits."""
        return "".join(self.chance.choices("0123456789abcdefghijklmnopqrstuvwxyz", k=length))

    def save(self, contact: Contact, *, visible_at_once: bool = False) -> Contact:
        """Store a contact's new state; search sees it after the lag, or never again if it is not live."""
        before = self.contacts.get(contact.id)
        contact = replace(contact, revision=0 if before is None else before.revision + 1)
        if before is None:
            self.order.append(contact.id)
        else:
            self._forget_keys(before)
        self.contacts[contact.id] = contact
        self._remember_keys(contact)
        self.live_count += (contact.condition == "live") - (before is not None and before.condition == "live")
        if contact.condition != "live":
            self.index.remove(contact)
        elif visible_at_once:
            self.index.put(contact)
        else:
            self.index.put_later(contact, self.now() + self.settings.search_lag_seconds)
        return contact

    def _forget_keys(self, contact: Contact) -> None:
        for index, key in ((self.by_email, contact.folded_email), (self.by_external_id, contact.external_id)):
            if key:
                index[key].discard(contact.id)
                if not index[key]:
                    del index[key]

    def _remember_keys(self, contact: Contact) -> None:
        if contact.folded_email:
            self.by_email.setdefault(contact.folded_email, set()).add(contact.id)
        if contact.external_id:
            self.by_external_id.setdefault(contact.external_id, set()).add(contact.id)

    def users_with(self, index: Mapping[str, set[str]], key: str | None) -> Iterator[Contact]:
        """The users, oldest first, that take that e-mail or external id: live, archived, or deleted not long ago."""
        found = (self.contacts[contact_id] for contact_id in index.get(key or "", ()))
        for contact in sorted(found, key=lambda one: one.number):
            if contact.role != "user" or contact.condition == "merged":
                continue
            if contact.condition == "deleted" and self.now() - (contact.ended_at or 0) > KEPT_AFTER_DELETE_SECONDS:
                continue
            yield contact
