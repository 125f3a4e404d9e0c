"""What the console's API needs beside what the workers do. ``find`` answers None; every method may raise TransientError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # as in repositories
    from shared.domain.connection.connection import Connection, Vendor
    from shared.domain.contact import Attribute
    from shared.domain.operations.figures import Day
    from shared.domain.signup.referral import Referral
    from shared.domain.signup.referral_filter import ReferralFilter
    from shared.ports.repositories import Page, Quarantined


@dataclass(frozen=True, slots=True)
class Change:
    """Who did what, when (epoch seconds). ``what`` is a sentence; no secret is ever in it."""

    at: float
    who: str
    what: str


class Audit(Protocol):
    """Every change that a person made."""

    def add(self, change: Change) -> None: ...

    def list(self, limit: int, cursor: str | None = None) -> Page[Change]:
        """Newest first. MalformedPayloadError for a cursor that is none of ours."""


@dataclass(frozen=True, slots=True)
class OAuthState:
    """Who began to connect, in which browser (``cookie_hash``), and until when the answer may come."""

    who: str
    cookie_hash: str
    expires_at: float


class OAuthStates(Protocol):
    def add(self, state_hash: str, state: OAuthState) -> None: ...

    def take(self, state_hash: str) -> OAuthState | None:
        """Once: the second caller gets None, as does one who comes too late."""


class VendorNotes(Protocol):
    """What a check of a vendor's account found, kept so that it can be shown while the vendor is down."""

    def find(self, vendor: Vendor) -> Mapping[str, Any]: ...

    def save(self, vendor: Vendor, notes: Mapping[str, Any]) -> None: ...


class SecretStore(Protocol):
    """One JSON secret."""

    def read(self) -> Mapping[str, str]:
        """Its texts, as they are now."""

    def change(self, **values: str) -> None:
        """Writes the secret with these texts changed; the others stay."""


class ReferralSearch(Protocol):
    def search(self, wanted: ReferralFilter, limit: int, cursor: str | None = None) -> Page[Referral]:
        """Newest first. A page may hold less than ``limit``, even nothing, and still have a cursor: then it is asked for
        again. MalformedPayloadError for a cursor that is none of ours."""

    def count_attention(self, most: int) -> int:
        """How many rows need attention, ``most`` when there are that many or more."""


class QuarantineShelf(Protocol):
    def find(self, quarantine_id: str) -> Quarantined | None: ...

    def remove(self, quarantine_id: str) -> bool:
        """False when it was gone already."""

    def list(self, limit: int, cursor: str | None = None) -> Page[Quarantined]: ...


class Figures(Protocol):
    """Counts by day and campaign for the overview. They are added up in memory and written by ``flush``, which never fails: a
    worker that dies before it costs a count, never a delivery. The ledger is the truth."""

    def count(self, campaign_id: int, name: str, at: float, by: int = 1) -> None:
        """``name`` of ``shared.domain.operations.figures.COUNTS``; the day is that of ``at``. ``by`` -1: taken back, so that
        the sum of several days is what holds."""

    def delivered_in(self, campaign_id: int, seconds: float, at: float) -> None: ...

    def waited(self, oldest_at: float | None, now: float) -> None:
        """How long the oldest undelivered signup waits, each minute."""

    def received(self, vendor: Vendor, name: str, at: float) -> None:
        """A webhook came in; ``name`` is its event or topic."""

    def flush(self) -> None: ...


class FiguresReader(Protocol):
    def days(self, first: str, last: str) -> Sequence[Day]:
        """Of days such as ``2026-11-22``, both included."""

    def totals(self) -> Mapping[int, Mapping[str, int]]:
        """All counts ever, by campaign id."""

    def waiting(self) -> Mapping[str, float]:
        """``measured_at`` and, while something waits, ``oldest_at``; empty before the first sweep."""

    def last_received(self, vendor: Vendor) -> Mapping[str, float]:
        """When each webhook last came, by its name."""


@dataclass(frozen=True, slots=True)
class ContactList:
    """A segment (active list) or a tag (static list). ``count`` None: Intercom does not tell."""

    id: str
    name: str
    count: int | None = None
    person_type: str | None = None


class Workspace(Protocol):
    """What settings are chosen from. Every method raises what ``Intercom``'s do."""

    def attributes(self) -> Mapping[str, Attribute]: ...

    def read_attributes(self) -> Mapping[str, Attribute]:
        """As they are now."""

    def create_attribute(self, name: str, data_type: str, options: Sequence[str] = ()) -> Attribute:
        """Raises RejectedError with Intercom's reason in plain words."""

    def segments(self) -> Sequence[ContactList]: ...

    def tags(self) -> Sequence[ContactList]: ...

    def identify(self) -> Connection:
        """The workspace that the token belongs to."""

    def missing_permissions(self) -> Sequence[str]:
        """The names of Intercom's permissions that the app lacks, as far as reading shows."""


class OAuth(Protocol):
    def address(self, client_id: str, state: str, redirect_uri: str) -> str:
        """Where a person allows the app."""

    def exchange(self, client_id: str, client_secret: str, code: str) -> str:
        """The access token. Raises RejectedError when Intercom does not take the code."""


@dataclass(frozen=True, slots=True)
class AccountCampaign:
    """A campaign as Referral Factory has it. ``labels``: its form's fields beside first name and e-mail, by audience."""

    id: int
    name: str
    status: str = ""
    url: str = ""
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Account(Protocol):
    """Referral Factory's account. Raises what ``ReferralFactory``'s methods do."""

    def campaigns(self) -> Sequence[AccountCampaign]:
        """The first 250."""


class IntercomUsage(Protocol):
    def usage(self) -> tuple[int, int, int | None]:
        """Calls taken in the present ten seconds, our cap in them, and Intercom's limit (None until it was learnt)."""


class ReferralFactoryUsage(Protocol):
    @property
    def limit(self) -> int: ...

    def usage(self) -> tuple[int, int]:
        """Calls that count in the sliding minute, and calls in flight."""
