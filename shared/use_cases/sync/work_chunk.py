"""A chunk of a run's contacts, one after the other. What is left of it when something is in the way stays for later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from shared.domain.sync.member import Candidate
from shared.domain.sync.run import Chunk, SyncRun
from shared.domain.sync.tally import Outcome, Tally
from shared.domain.vendor.limits import Priority
from shared.errors import OwnTroubleError, PermanentError, RateLimitedError, UnavailableError
from shared.observability import logger
from shared.ports.vendors import Intercom
from shared.use_cases.connection.find_connection import find_connection
from shared.use_cases.contact.claim_attributes import claim_attributes
from shared.use_cases.environment import Environment
from shared.use_cases.sync.sort_contacts import members_of
from shared.use_cases.sync.sync_contact import ANSWER_SURE_AFTER, ContactSync, NotNowError

MOST_TRIES = 12
"""Tries of a chunk that brought nothing, until its contacts count as failed."""
TRIES_AT_ONCE = 4
LONGEST_CHUNK_PAUSE = 1_800.0
"""After so many tries in vain the pauses grow, up to so many seconds: all tries together take about three hours, so that an
outage fails nobody, and yet one contact that a vendor never answers for cannot keep the run open for days."""
NO_ANSWER = "a vendor gave no answer to this contact, many times"
LONGEST_CHUNK_SLEEP = 20.0
TIME_AFTER_SLEEP = 32.0


class ChunkWork:
    """Works on chunks of one run. ``may_go_on`` raises when the run is to stop."""

    def __init__(self, environment: Environment, intercom: Callable[[], Intercom], may_go_on: Callable[[], None]) -> None:
        self._environment = environment
        self._intercom = intercom
        self._may_go_on = may_go_on

    def work(self, run: SyncRun, chunk: Chunk) -> SyncRun:
        """The run afterwards. Raises what was in the way, after all that was done has been counted."""
        work = _Work(self, run, chunk)
        trouble = work.through()
        run = self._environment.sync_runs.finish_chunk(
            run, chunk, work.rest(trouble), work.tally, self._environment.clock.now()
        )
        if trouble is not None:
            raise trouble
        return run

    @property
    def parts(self) -> tuple[Environment, Callable[[], Intercom], Callable[[], None]]:
        return self._environment, self._intercom, self._may_go_on


class _Work:
    """One pass over one chunk."""

    def __init__(self, owner: ChunkWork, run: SyncRun, chunk: Chunk) -> None:
        self._environment, self._intercom, self._may_go_on = owner.parts
        self._run = run
        self._chunk = chunk
        self._left = list(chunk.contacts)
        self._deferred: list[Candidate] = []
        self._due_at = 0.0
        self._workspace_id = ""
        self.tally = Tally()

    def through(self) -> Exception | None:
        """To the end, or to what was in the way."""
        environment = self._environment
        contact_sync = ContactSync(
            environment,
            self._run,
            lambda: environment.referral_factory(Priority.SYNC),
            self._intercom,
            self._slept,
            self._claim,
        )
        members = members_of(environment.sync_members, self._run, self._left)
        try:
            while self._left:
                self._may_go_on()
                candidate = self._left[0]
                member = members.get((self._run.campaign_id, candidate.email))
                try:
                    outcome = contact_sync.work(candidate, member)
                except NotNowError as error:
                    self._defer(error.until)
                    continue
                except UnavailableError as error:
                    self._note_failure(error)
                    self._defer(environment.clock.now() + ANSWER_SURE_AFTER)
                    continue
                except (PermanentError, OwnTroubleError) as error:
                    outcome = Outcome("failed", str(error))
                self._left.pop(0)
                self.tally = self.tally.with_outcome(outcome, candidate.contact_id)
        except Exception as error:  # noqa: BLE001 - what was done is counted first, then it is raised
            return error
        return None

    def rest(self, trouble: Exception | None) -> Chunk | None:
        """What is left of the chunk. A contact that nobody answers for again and again has failed at last."""
        left = (*self._left, *self._deferred)
        if not left:
            return None
        idle = trouble is None and not self.tally.finished
        tries = self._chunk.tries + 1 if idle else self._chunk.tries
        if tries >= MOST_TRIES:
            for candidate in left:
                self.tally = self.tally.with_outcome(Outcome("failed", NO_ANSWER), candidate.contact_id)
            return None
        due_at = 0.0 if self._left else self._due_at
        if idle and tries > TRIES_AT_ONCE:
            pause = min(ANSWER_SURE_AFTER * 2 ** (tries - TRIES_AT_ONCE), LONGEST_CHUNK_PAUSE)
            due_at = max(due_at, self._environment.clock.now() + pause)
        return replace(self._chunk, contacts=left, due_at=due_at, tries=tries)

    def _defer(self, until: float) -> None:
        self._deferred.append(self._left.pop(0))
        self._due_at = max(self._due_at, until)

    def _note_failure(self, error: UnavailableError) -> None:
        """One contact's failure; the one too many opens the vendor's breaker, and the next contact finds it open."""
        logger.info("contact waits", reason=str(error), vendor=error.vendor, status=error.status)
        if error.vendor == "intercom":
            self._environment.intercom_guard.failed(error, again=self._chunk.tries > 0)

    def _claim(self, email: str, names: Iterable[str]) -> Mapping[str, int]:
        if not self._workspace_id:
            self._workspace_id = find_connection(self._environment).workspace_id
        return claim_attributes(self._environment, self._workspace_id, email, self._run.campaign_id, names)

    def _slept(self, error: RateLimitedError) -> bool:
        """Our own pace is slept out where that is short; a vendor's 429 never is."""
        wait = (error.retry_after or 1.0) + 0.05
        if error.status is not None or wait > LONGEST_CHUNK_SLEEP or self._environment.time_left() - wait < TIME_AFTER_SLEEP:
            return False
        self._environment.clock.sleep(wait)
        return True
