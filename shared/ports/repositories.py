"""The tables. ``get`` raises NotFoundError, ``find`` answers None. Every method may raise TransientError."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:  # a receiver needs a few names of here and none of the domain: a dataclass costs it a millisecond
    from shared.domain.campaign.campaign import Campaign, Document
    from shared.domain.connection.connection import Breaker, Connection, Vendor
    from shared.domain.qualification.qualification import Qualification
    from shared.domain.signup.referral import KnownPerson, Referral
    from shared.domain.sync.member import SyncMember
    from shared.domain.sync.run import Chunk, SyncHead, SyncRun
    from shared.domain.sync.tally import Tally
    from shared.domain.vendor.limits import Strikes
    from shared.messages import Receipt

Item = TypeVar("Item")
DUE_SHARDS = 8
HELD_SHARDS = 4
LISTING_SHARDS = 4
KIND_SHARDS = 2
"""Shards of the due index for each kind of row but referrals and the inbox, which share DUE_SHARDS."""


@dataclass(frozen=True, slots=True)
class DueRow:
    """A row of the due index: a referral, a message that waits in the inbox (``inbox_id``), or an item of another kind that
    stands beside a referral, under its sort key: ``QUALIFICATION`` or ``REFERRER``."""

    due_at: float
    campaign_id: int | None = None
    user_id: int | None = None
    inbox_id: str | None = None
    sort_key: str = "REFERRAL"
    settles: bool = False
    """Delivered, and only to be looked at again."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """By what a referral is found: its contact's id, or an e-mail address. One of the two is given."""

    workspace_id: str
    contact_id: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a listing; ``cursor`` None on the last."""

    items: Sequence[Item]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An authenticated body that could not be read. ``body`` is base64 text."""

    id: str
    campaign_id: str
    event: str
    reason: str
    content_type: str
    body: str
    received_at: float


class Referrals(Protocol):
    """The ledger."""

    def get(self, campaign_id: int, user_id: int) -> Referral: ...

    def find(self, campaign_id: int, user_id: int) -> Referral | None: ...

    def find_all(self, keys: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], Referral]:
        """Those of the rows (campaign id, user id) that exist, by key."""

    def add(self, referral: Referral) -> bool:
        """Writes a new row; False when there is one already."""

    def update(self, campaign_id: int, user_id: int, change: Callable[[Referral], Referral]) -> Referral:
        """Reads the row, applies ``change`` and writes it under its version, again when somebody was faster (at most
        5 times, then TransientError). Raises NotFoundError. A ``change`` that changes nothing writes nothing."""

    def due(self, shard: int, until: float, limit: int, kind: str = "") -> Sequence[DueRow]:
        """Rows of one shard with ``due_at <= until``, oldest first. May be seconds behind. Without ``kind`` referrals and the
        inbox, in 0..DUE_SHARDS-1; else the rows of that kind, in 0..KIND_SHARDS-1."""

    def held(self, campaign_id: int, shard: int, limit: int, only_expiring: bool = False) -> Sequence[DueRow]:
        """Held rows of a campaign, in one shard of 0..HELD_SHARDS-1; ``only_expiring``: those with an ``expires_at``."""

    def ring(self, row: DueRow, again_at: float) -> bool:
        """Moves ``due_at`` to ``again_at`` if it still is what ``row`` says; False when somebody else was faster."""

    def ring_all(self, rows: Sequence[DueRow], again_at: float) -> Sequence[DueRow]:
        """The same for at most 100 rows; answers those that were moved."""

    def oldest_undelivered(self) -> float | None:
        """``accepted_at`` of the oldest pending row, None when nothing waits."""

    def of_campaign(self, campaign_id: int, limit: int, cursor: str | None = None) -> Page[Referral]:
        """Newest first."""

    def point(self, pointer: Pointer, campaign_id: int, user_id: int) -> None:
        """Makes the row findable by what ``pointer`` says; again changes nothing."""

    def referrals_of_contact(self, workspace_id: str, contact_id: str) -> Sequence[tuple[int, int]]:
        """Campaign and user id of the rows whose contact that is or was."""

    def referrals_of_email(self, workspace_id: str, email: str) -> Sequence[tuple[int, int]]:
        """Campaign and user id of the rows that are delivered, or being delivered, to that e-mail address."""


class Qualifications(Protocol):
    """One item beside each referral of which something was seen."""

    def find(self, campaign_id: int, user_id: int) -> Qualification | None: ...

    def update(self, campaign_id: int, user_id: int, change: Callable[[Qualification], Qualification]) -> Qualification:
        """Reads the item, or begins a new one, applies ``change`` and writes it under its version; as ``Referrals.update``."""


class People(Protocol):
    """What is remembered of an e-mail address in a workspace. All writes need the lease's fence."""

    def lease(self, workspace_id: str, email: str, owner: str, now: float, seconds: float) -> KnownPerson:
        """Takes the person's lease. Raises BusyError(retry_after) while another holds it."""

    def save(self, person: KnownPerson) -> None:
        """Writes what is remembered. Raises BusyError when the lease was lost."""

    def release(self, person: KnownPerson) -> None:
        """Gives the lease back; silently does nothing when it was lost already."""

    def find(self, workspace_id: str, email: str) -> KnownPerson | None: ...


class Inbox(Protocol):
    """Messages that SQS refused."""

    def add(self, message: Receipt, due_at: float) -> None: ...

    def find(self, inbox_id: str) -> Receipt | None: ...

    def remove(self, inbox_id: str) -> None: ...


class Quarantine(Protocol):
    def add(self, body: Quarantined) -> None: ...

    def list(self, limit: int, cursor: str | None = None) -> Page[Quarantined]:
        """Newest first."""


class Campaigns(Protocol):
    def find(self, campaign_id: int) -> Campaign | None: ...

    def list(self) -> Sequence[Campaign]: ...

    def save(self, document: Document, expected_version: int | None, author: str, at: float) -> Campaign:
        """Writes the next version. ``expected_version`` None: there must be none yet. Raises ConflictError."""

    def versions(self, campaign_id: int) -> Sequence[Mapping[str, object]]:
        """Newest first: ``version``, ``saved_at``, ``saved_by``, ``document``."""

    def mark_known(self, campaign_id: int, highest_user_id: int) -> None:
        """Stores the activation mark, once; a later call changes nothing."""

    def watch_departures(self, campaign_id: int) -> None:
        """Any value of the tracked attribute can matter from now on."""

    def note_problems(self, campaign_id: int, about: str, problems: Sequence[str]) -> None:
        """What keeps that part of the campaign (``qualification``, ``sync``) from working, in plain words, instead of what
        was noted about it before; none: it works. Nothing happens when there is no such campaign."""


class Connections(Protocol):
    def find(self) -> Connection | None: ...

    def save(self, connection: Connection) -> None: ...

    def replace(self, before: Connection, after: Connection) -> bool:
        """False when somebody connected or disconnected since ``before`` was read; then nothing is written."""


class Breakers(Protocol):
    def find(self, vendor: Vendor) -> Breaker | None: ...

    def open(self, vendor: Vendor, breaker: Breaker) -> bool:
        """True when this call opened it, False when it was open already."""

    def probe(self, vendor: Vendor, breaker: Breaker, until: float) -> bool:
        """Takes the one try after the pause of ``breaker``, until ``until``; False when somebody else was faster."""

    def close(self, vendor: Vendor) -> bool:
        """True when it was open."""


class StrikeBook(Protocol):
    """What a vendor holds against us."""

    def find(self, vendor: Vendor) -> Strikes:
        """No strikes when nothing is stored."""

    def update(self, vendor: Vendor, change: Callable[[Strikes], Strikes]) -> tuple[Strikes, Strikes]:
        """Applies ``change`` to what is stored; answers before and after. A ``change`` that changes nothing writes nothing."""


class Progresses(Protocol):
    """Where reconcile stands."""

    def find(self, name: str) -> Mapping[str, object] | None: ...

    def save(self, name: str, progress: Mapping[str, object]) -> None: ...


class SyncMembers(Protocol):
    """E-mail addresses of a campaign's contacts, folded."""

    def find(self, campaign_id: int, email: str) -> SyncMember | None: ...

    def find_all(self, keys: Sequence[tuple[int, str]]) -> Mapping[tuple[int, str], SyncMember]:
        """Those that exist, by campaign id and e-mail."""

    def save(self, member: SyncMember) -> SyncMember:
        """Writes it over the version it was read at (0: there is none yet). Raises ConflictError."""


class SyncRuns(Protocol):
    """Runs, and the contacts that they still have to work on."""

    def head(self, campaign_id: int) -> SyncHead: ...

    def start(self, run: SyncRun, *, scheduled: bool) -> bool:
        """Writes the run and opens its slot; False when another run is open, or the slot was used."""

    def find(self, campaign_id: int, slot: int) -> SyncRun | None: ...

    def list(self, campaign_id: int, limit: int, cursor: str | None = None) -> Page[SyncRun]:
        """Newest first."""

    def lease(self, campaign_id: int, slot: int, owner: str, now: float, seconds: float) -> SyncRun:
        """Takes the reader's lease with a new fence. Raises BusyError(retry_after) while another holds it."""

    def release(self, run: SyncRun) -> None:
        """Gives the lease back; silently does nothing when it was lost already."""

    def update(self, campaign_id: int, slot: int, change: Callable[[SyncRun], SyncRun]) -> SyncRun:
        """As ``Referrals.update``. A run that ``change`` finishes is closed in the campaign's head as well."""

    def close(self, campaign_id: int, slot: int) -> None:
        """Mends a head whose open slot has no run that goes on."""

    def add_page(self, run: SyncRun, number: int, contact_ids: Sequence[str]) -> None:
        """Remembers who was on a page, for the leavers and for lists of another search. Again harmlessly."""

    def pages(self, campaign_id: int, slot: int) -> Iterator[Sequence[str]]:
        """Who was on each page, one page after the other."""

    def add_chunk(self, run: SyncRun, chunk: Chunk) -> None:
        """Again harmlessly, until the chunk is finished."""

    def claim_chunk(self, run: SyncRun, owner: str, now: float, seconds: float) -> tuple[Chunk | None, float | None]:
        """Leases a chunk that is due and free. None: there is none; then when to look again, None when none is left."""

    def finish_chunk(self, run: SyncRun, chunk: Chunk, rest: Chunk | None, done: Tally, now: float) -> SyncRun:
        """Counts ``done`` and removes the chunk, or leaves ``rest`` of it, both or neither. Raises BusyError when the lease
        was lost, and NotFoundError when the run has finished."""
