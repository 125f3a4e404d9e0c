"""Sync runs and the contacts they work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a receiver needs a few names of here and none of the domain
    from shared.domain.sync.member import SyncMember
    from shared.domain.sync.run import Chunk, SyncHead, SyncRun
    from shared.domain.sync.tally import Tally
    from shared.ports.listing import Page


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
