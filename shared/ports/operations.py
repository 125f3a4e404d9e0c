"""Looking after it: what was changed by whom, figures, metrics, where reconcile stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # a receiver needs a few names of here and none of the domain
    from shared.domain.connection.connection import Vendor
    from shared.domain.operations.figures import Day
    from shared.ports.listing import Page


class Progresses(Protocol):
    """Where reconcile stands."""

    def find(self, name: str) -> Mapping[str, object] | None: ...

    def save(self, name: str, progress: Mapping[str, object]) -> None: ...


class Metrics(Protocol):
    """Counters and gauges. Names in past tense; no campaign, no person."""

    def count(self, name: str, value: float = 1) -> None: ...

    def gauge(self, name: str, value: float, unit: str = "Seconds") -> None: ...

    def flush(self) -> None:
        """Writes out what was counted since the last call."""


class Result(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    LOOKED = "looked"


@dataclass(frozen=True, slots=True)
class Actor:
    """``subject`` and ``issuer`` are the token's, empty when there was none; ``email_verified`` what it says of the e-mail."""

    who: str
    subject: str = ""
    issuer: str = ""
    email_verified: bool | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Who did what, when (epoch seconds). ``what`` is a sentence; no secret and nobody's address but ``who`` is ever in it."""

    at: float
    who: str
    what: str
    subject: str = ""
    issuer: str = ""
    email_verified: bool | None = None
    result: Result | None = Result.DONE
    """None: it was begun, and its end is not known."""

    @classmethod
    def of(cls, by: Actor, at: float, what: str, result: Result | None) -> Change:
        return cls(at, by.who, what, by.subject, by.issuer, by.email_verified, result)


class Audit(Protocol):
    """What people did. Rows are added and completed, never changed otherwise and never deleted."""

    def begin(self, change: Change) -> None:
        """Written before the act. Raises TransientError: then it must not be done."""

    def complete(self, result: Result) -> None:
        """How the act that was begun ended. It never raises: what was done is done."""

    def add(self, change: Change) -> None:
        """Of an act that was begun: its sentence, written by ``complete``. Else a row of its own."""

    def note(self, change: Change) -> None:
        """Once an hour for each person and sentence. Raises TransientError."""

    def list(self, limit: int, cursor: str | None = None) -> Page[Change]:
        """Newest first. MalformedPayloadError for an unknown cursor."""


class Erasures(Protocol):
    """People who asked to be erased. What stays of an address is a keyed hash."""

    @property
    def anybody(self) -> bool:
        """Whether anybody ever asked."""

    def erased_at(self, email: str | None) -> float | None: ...

    def erased_among(self, emails: Iterable[str]) -> set[str]: ...

    def export(self, email: str, time_left: Callable[[], float]) -> list[dict[str, Any]]:
        """All rows that hold something of the person. LedgerTooLargeError when ``time_left`` does not last to read them."""

    def erase(self, email: str, now: float, time_left: Callable[[], float]) -> int:
        """How many rows were deleted or emptied. Safe to repeat.
        TransientError when rows change under it all the time, LedgerTooLargeError as ``export``."""

    def request(self, email: str, now: float) -> None:
        """Keeps the person out from now on; who erases them asks for ``requested``."""

    def requested(self, now: float) -> list[str]:
        """Addresses that are to be erased now, the longest due first; each a second time when what was under way is over."""


class Figures(Protocol):
    """Counts by day and campaign for the overview. They are added up in memory and written by ``flush``, which never fails: a
    worker that dies before it costs a count, never a delivery. The ledger is the truth."""

    def count(self, campaign_id: int, name: str, at: float, by: int = 1) -> None:
        """``name`` of ``shared.domain.operations.figures.FIGURES``; the day is that of ``at``. ``by`` -1: taken back, so that
        the sum of several days is what holds."""

    def delivered_in(self, campaign_id: int, seconds: float, at: float) -> None: ...

    def waited(self, oldest_at: float | None, now: float) -> None:
        """How long the oldest undelivered signup waits, each minute."""

    def received(self, vendor: Vendor, name: str, at: float) -> None:
        """A webhook came in; ``name`` is its event or topic."""

    def flush(self) -> None: ...

    def days(self, first: str, last: str) -> Sequence[Day]:
        """Of days such as ``2026-11-22``, both included."""

    def totals(self, today: str) -> Mapping[int, Mapping[str, int]]:
        """All counts until that day, by campaign id."""

    def waiting(self) -> Mapping[str, float]:
        """``measured_at`` and, while something waits, ``oldest_at``; empty before the first sweep."""

    def last_received(self, vendor: Vendor) -> Mapping[str, float]:
        """When each webhook last came, by its name."""
