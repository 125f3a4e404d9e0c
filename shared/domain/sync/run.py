"""One pass over a campaign's Intercom contacts, as it is stored: where it stands and what it has done. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from shared.domain.connection.connection import Vendor
from shared.domain.sync.member import Candidate
from shared.domain.sync.source import SyncSettings
from shared.domain.sync.tally import Tally
from shared.domain.vendor.retry import FAILURES_TO_SHRINK

MOST_LEAVERS = 50


class RunState(StrEnum):
    """WAITING: for a vendor; it goes on by itself."""

    QUEUED = "queued"
    ENUMERATING = "enumerating"
    WORKING = "working"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({RunState.DONE, RunState.FAILED, RunState.CANCELLED})


class Phase(StrEnum):
    """What is read or done: Referral Factory's people, Intercom's contacts, then the contacts that need something."""

    PEOPLE = "people"
    CONTACTS = "contacts"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class SyncRun:
    """Times are epoch seconds. ``slot`` names the run: the begin of its slot, or when it was asked for.

    ``changed_since``: the watermark it begins at, None for everybody. ``settings``: pinned. ``required``: labels of
    the form that a new person must fill, None until that was asked. ``due_at``: when a waiting run goes on. ``touched_at``:
    when it last came forward. ``people_page``, ``group``, ``cursor`` and ``page``: what is read next; ``announced``: contacts
    that Intercom says there are. ``chunks`` of contacts were made, ``chunks_done`` are finished, by ``lanes`` workers, who
    were enqueued in that ``round``. ``work_from``: when all was read, and ``before_work`` contacts had their outcome by then.
    ``page_failures``: pages of contacts that did not come, ``people_failures``: of Referral Factory's people; after each two,
    fewer are asked for. ``begun_anew``: a
    cursor was refused, and the reading of contacts began from the start. ``fence`` grows with each lease of the reader.
    ``workspace_id``: whose contacts are read; it never goes on in another one.
    """

    campaign_id: int
    slot: int
    state: RunState
    created_at: float
    settings_version: int
    settings: SyncSettings
    requested_by: str = ""
    changed_since: float | None = None
    required: tuple[str, ...] | None = None
    phase: Phase = Phase.PEOPLE
    reason: str = ""
    started_at: float | None = None
    finished_at: float | None = None
    touched_at: float = 0.0
    due_at: float | None = None
    waits: int = 0
    people_page: int = 1
    group: int = 0
    cursor: str | None = None
    page: int = 0
    empty_pages: int = 0
    announced: int | None = None
    chunks: int = 0
    chunks_done: int = 0
    lanes: int = 0
    round: int = 0
    work_from: float | None = None
    before_work: int = 0
    tally: Tally = field(default_factory=Tally)
    left: int | None = None
    leavers: tuple[str, ...] = ()
    fence: int = 0
    version: int = 0
    page_failures: int = 0
    people_failures: int = 0
    begun_anew: bool = False
    workspace_id: str = ""

    @property
    def whole(self) -> bool:
        """Whether everybody is read, and not only who changed."""
        return self.changed_since is None

    def asks_for_fewer(self, vendor: Vendor) -> bool:
        """Whether that vendor's pages were too large or too slow."""
        failures = self.page_failures if vendor is Vendor.INTERCOM else self.people_failures
        return failures >= FAILURES_TO_SHRINK

    @property
    def finished(self) -> bool:
        return self.state in FINISHED

    @property
    def total(self) -> int | None:
        """Contacts of the run; None while nobody knows."""
        if self.phase is Phase.WORK or self.finished:
            return self.tally.seen
        return self.announced if self.whole else None

    def per_minute(self, now: float) -> float:
        """Contacts that get their outcome in a minute: while there is work, of those that need some; at the end, of all."""
        if self.started_at is None:
            return 0.0
        begun_at, before = self.started_at, 0
        if self.work_from is not None and not self.finished:
            begun_at, before = self.work_from, self.before_work
        ends_at = now if self.finished_at is None else self.finished_at
        return (self.tally.finished - before) * 60 / max(ends_at - begun_at, 1.0)

    def ended(self, state: RunState, at: float, reason: str = "") -> SyncRun:
        return replace(self, state=state, finished_at=at, touched_at=at, reason=reason, due_at=None, cursor=None)

    def waiting(self, at: float, until: float, reason: str) -> SyncRun:
        waits = self.waits + 1
        return replace(self, state=RunState.WAITING, due_at=until, reason=reason, touched_at=at, waits=waits, lanes=0)

    def going_on(self, at: float) -> SyncRun:
        """Again at work, after a wait or from the beginning."""
        state = RunState.WORKING if self.phase is Phase.WORK else RunState.ENUMERATING
        return replace(
            self,
            state=state,
            due_at=None,
            reason="",
            touched_at=at,
            started_at=at if self.started_at is None else self.started_at,
        )


@dataclass(frozen=True, slots=True)
class SyncHead:
    """What a campaign's runs leave for the next. ``open_slot``: the run that is not finished; ``last_slot``: the newest
    scheduled one. ``watermark``: the begin of the last run that was done; ``whole_at``, ``whole_slot``, ``whole_pages`` and
    ``list_total``: the last whole one. ``fingerprint``: the source it was of; ``workspace_id``: where that is."""

    campaign_id: int
    open_slot: int | None = None
    last_slot: int = 0
    watermark: float | None = None
    whole_at: float = 0.0
    whole_slot: int | None = None
    whole_pages: int = 0
    list_total: int | None = None
    fingerprint: str = ""
    workspace_id: str = ""

    def is_of(self, source_key: str, workspace_id: str) -> bool:
        """Whether what the last runs left says anything of that source in that workspace."""
        return self.fingerprint == source_key and self.workspace_id in {"", workspace_id}

    def after(self, run: SyncRun) -> SyncHead:
        """Once the run has finished; only a done one moves the watermark."""
        closed = replace(self, open_slot=None if self.open_slot == run.slot else self.open_slot)
        if run.state is not RunState.DONE:
            return closed
        closed = replace(closed, watermark=run.started_at, fingerprint=run.settings.source_key, workspace_id=run.workspace_id)
        if not run.whole:
            return closed
        return replace(
            closed,
            whole_at=run.started_at or 0.0,
            whole_slot=run.slot,
            whole_pages=run.page,
            list_total=run.tally.seen,
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """Contacts that one worker takes at a time. ``due_at``: not before; ``tries``: how often it brought nothing."""

    number: int
    contacts: tuple[Candidate, ...]
    due_at: float = 0.0
    tries: int = 0
    lease_owner: str = ""
