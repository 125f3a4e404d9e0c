"""The ledger and what is kept beside it. ``get`` raises NotFoundError, ``find`` answers None; each may raise TransientError."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # a receiver needs a few names of here and none of the domain
    from shared.domain.operations.results import Joined
    from shared.domain.person import Person
    from shared.domain.signup.referral import Referral
    from shared.domain.signup.referral_filter import Group, ReferralFilter
    from shared.messages import Receipt
    from shared.ports.listing import Page


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
class Waiting:
    """A signup that is not in Intercom yet. ``key``: campaign and user id; None: it is still in the inbox."""

    since: float
    key: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Pointer:
    """By what a referral is found: its contact's id."""

    workspace_id: str
    contact_id: str


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

    def held(self, campaign_id: int, shard: int | None, limit: int) -> Sequence[DueRow]:
        """Held rows of a campaign, in one shard of 0..HELD_SHARDS-1; None: those with an ``expires_at``."""

    def move_due(self, row: DueRow, again_at: float) -> bool:
        """Moves ``due_at`` to ``again_at`` if it still is what ``row`` says; False when somebody else was faster."""

    def move_all_due(self, rows: Sequence[DueRow], again_at: float) -> Sequence[DueRow]:
        """The same for at most 100 rows; answers those that were moved."""

    def oldest_undelivered(self) -> float | None:
        """``accepted_at`` of the oldest pending row, None when nothing waits."""

    def longest_waiting(self, limit: int) -> Sequence[Waiting]:
        """Who waits longest, that one first."""

    def accepted(self, campaign_id: int, after: float, until: float) -> Sequence[tuple[int, int]]:
        """Campaign and user id of the rows with ``after < accepted_at <= until``. May be seconds behind."""

    def of_campaign(self, campaign_id: int, limit: int, cursor: str | None = None) -> Page[Referral]:
        """Newest first."""

    def point(self, pointer: Pointer, campaign_id: int, user_id: int) -> None:
        """Makes the row findable by what ``pointer`` says; again changes nothing."""

    def referrals_of_contact(self, workspace_id: str, contact_id: str) -> Sequence[tuple[int, int]]:
        """Campaign and user id of the rows whose contact that is or was."""

    def referrals_of_email(self, email: str) -> Sequence[tuple[int, int]]:
        """Campaign and user id of the rows of that e-mail address, in whichever workspace. May be seconds behind."""


class Inbox(Protocol):
    """Messages that SQS refused."""

    def add(self, message: Receipt, due_at: float) -> None: ...

    def find(self, inbox_id: str) -> Receipt | None: ...

    def remove(self, inbox_id: str) -> None: ...


class Quarantine(Protocol):
    def add(self, body: Quarantined) -> None: ...

    def list(self, limit: int, cursor: str | None = None) -> Page[Quarantined]:
        """Newest first."""


class SecretCheck(Protocol):
    def __call__(self, presented: str) -> bool:
        """Whether it is the next one.

        Raises InvalidSignatureError unless ``presented`` is the current or the next webhook secret, and TransientError
        when the secrets cannot be read."""


class Fields(dict[str, Any]):
    """What a webhook reported. ``form``: as a form or query, where a plus that nobody encoded has become a blank."""

    form = False


class FieldsReader(Protocol):
    def __call__(self, body: bytes, content_type: str, query_string: str) -> Fields:
        """The fields of a webhook in JSON, as a form or in the query. Raises MalformedPayloadError."""


class PersonReader(Protocol):
    def __call__(self, fields: Mapping[str, Any], aliases: Mapping[str, str], *, form: bool = False) -> Person | None:
        """The person that a webhook's fields describe, None when they name no user id. ``form``: see ``Fields``."""


class SignupPost(Protocol):
    def __call__(self, campaign_id: int, person: Person) -> bool:
        """Posts the webhook of a signup to our own API, as Referral Factory does; whether it was accepted (202). Raises
        TransientError when there was no answer, or the secret cannot be read."""


class ReferralSearch(Protocol):
    def search(self, wanted: ReferralFilter, limit: int, cursor: str | None = None) -> Page[Referral]:
        """Newest first. A page may hold less than ``limit``, even nothing, and still have a cursor: then it is asked for
        again. MalformedPayloadError for an unknown cursor."""

    def count_attention(self, most: int) -> int:
        """How many rows need attention, ``most`` when there are that many or more."""

    def count(self, wanted: ReferralFilter, group: Group, most: int) -> int:
        """How many rows are in a part of the list, ``most`` when there are that many or more. Of the filter only the
        campaign and the times count."""

    def joined(self, campaign_id: int, since: float, most: int) -> Sequence[Joined]:
        """What counts of those who joined since then, the newest first, our own tests left out. May be seconds behind."""


class QuarantineShelf(Protocol):
    def find(self, quarantine_id: str) -> Quarantined | None: ...

    def remove(self, quarantine_id: str) -> bool:
        """False when it was gone already."""

    def list(self, limit: int, cursor: str | None = None) -> Page[Quarantined]: ...
