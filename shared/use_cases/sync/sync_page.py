"""One piece of a sync run: read the next pages, or work on contacts, as long as the invocation lasts.

The run's row is the truth, the message a doorbell: whatever waits, waits in the row, and ``start_sync`` enqueues again. A
worker that was killed leaves leases that end, pages that are read again and contacts whose members tell how far they came.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from shared.domain.connection.connection import Breaker, Vendor
from shared.domain.sync.run import Phase, RunState, SyncRun
from shared.domain.timing import SYNC_LEASE
from shared.domain.vendor.limits import Priority
from shared.errors import (
    BlockedError,
    BreakerOpenError,
    BusyError,
    ConnectionLostError,
    FailureError,
    NotFoundError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from shared.messages import SyncPage
from shared.observability import logger
from shared.ports.vendors import Intercom
from shared.use_cases.connection.find_connection import find_connection
from shared.use_cases.environment import Environment
from shared.use_cases.leases import give_back
from shared.use_cases.sync.end_sync import end_sync, finish_sync, reason_to_leave, reason_to_stop
from shared.use_cases.sync.enqueue_sync import LANES
from shared.use_cases.sync.enumerate_contacts import Enumeration, SourceGoneError
from shared.use_cases.sync.sync_contact import OutOfTimeError
from shared.use_cases.sync.work_chunk import ChunkWork

LONGEST_SEND_DELAY = 60.0
"""Seconds that a message for chunks in other hands waits in the queue, or one for our own pace; a longer pace is waited for
in the row."""
QUEUE_DELAY = 900.0
"""Seconds that the queue delays a message at most."""
PAGE_PAUSES = (15.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds after each failure of a vendor in a row."""
LOOK_AGAIN_AFTER = 3.0
"""Seconds after which a worker looks whether its run is still wanted."""
TIME_FOR_A_CHUNK = 40.0
"""Seconds left under which no further chunk is taken: an addition (28 s), and what is written after it."""


class StoppedError(NotFoundError):
    """The run has ended, or waits."""


class SyncPageAttempt:
    """One message. Implements ``shared.runtime.batch.Attempt``; every failure of a vendor ends in the run's row."""

    def __init__(self, environment: Environment, message: SyncPage) -> None:
        self._environment = environment
        self._message = message
        self._runs = environment.sync_runs
        self._looked_at = 0.0
        self._run: SyncRun | None = None
        self._breaker: Breaker | None = None

    @property
    def hurries(self) -> bool:
        """Nobody was promised this within minutes."""
        return False

    @property
    def own_tries(self) -> int:
        return 0

    @property
    def waits_so_far(self) -> int:
        return 0

    def prepare(self) -> None:
        """Nothing: the run's row is there."""

    def run(self) -> None:
        """Raises TransientError when AWS does not answer; the message comes again then."""
        message = self._message
        run = self._runs.find(message.campaign_id, message.slot)
        if run is None or run.finished or run.round > message.round:
            return
        if (run.due_at or 0.0) > self._environment.clock.now():
            self._wait_on(run)
            return
        try:
            self._look()
            run = self._run = self._begin(run)
            if run.phase is not Phase.WORK:
                run = self._enumerate()
            self._work(run)
        except StoppedError:
            return
        except SourceGoneError as error:
            end_sync(self._environment, run, RunState.FAILED, str(error), problem=str(error))
        except PermanentError as error:
            end_sync(self._environment, run, RunState.FAILED, str(error))
        except OutOfTimeError:
            self._enqueue(0.0)
        except (BusyError, NotFoundError):
            return  # another worker is at it, or the run was ended
        except (TransientError, ConnectionLostError, BlockedError) as error:
            self._wait(error)

    def wait(self, until: float, reason: str) -> bool:
        """What fails here is AWS: only the queue can wait."""
        return False

    def tried(self, *, alone: bool) -> int:
        """A run keeps its own waits."""
        return 0

    def fail(self, reason: str) -> None:
        """Not reached: ``run`` ends the run itself."""
        logger.error("sync attempt failed", reason=reason)

    # -- the two halves -----------------------------------------------------------------------------------------------

    def _begin(self, run: SyncRun) -> SyncRun:
        if run.state in {RunState.ENUMERATING, RunState.WORKING}:
            return run
        now = self._environment.clock.now()
        workspace_id = run.workspace_id or find_connection(self._environment).workspace_id

        def going_on(fresh: SyncRun) -> SyncRun:
            pinned = replace(fresh, workspace_id=fresh.workspace_id or workspace_id)
            return pinned.going_on(now) if fresh.state in {RunState.QUEUED, RunState.WAITING} else fresh

        return self._runs.update(run.campaign_id, run.slot, going_on)

    def _enumerate(self) -> SyncRun:
        environment, message = self._environment, self._message
        run = self._runs.lease(
            message.campaign_id, message.slot, environment.chance.token(), environment.clock.now(), SYNC_LEASE
        )
        reading = Enumeration(environment, run, self._intercom, self._look)
        try:
            run = reading.read_on()
        finally:
            give_back(partial(self._runs.release, run))
        self._enqueue_others(run)
        return run

    def _work(self, run: SyncRun) -> None:
        """Chunk after chunk. When all that is left is in other hands or not due yet, as many workers come back as there are
        chunks: hands may die."""
        environment = self._environment
        work = ChunkWork(environment, self._intercom, self._look)
        while run.phase is Phase.WORK and not run.finished:
            if environment.time_left() < TIME_FOR_A_CHUNK:
                raise OutOfTimeError
            self._look()
            now = environment.clock.now()
            chunk, again_at = self._runs.claim_chunk(run, environment.chance.token(), now, SYNC_LEASE)
            if chunk is not None:
                run = work.work(run, chunk)
            elif again_at is None:
                finish_sync(environment, run)
                return
            else:
                left = self._runs.find(run.campaign_id, run.slot) or run
                if left.chunks - left.chunks_done > self._message.lane:
                    self._enqueue(min(max(1.0, again_at - now), LONGEST_SEND_DELAY))
                return

    # -- whether to go on ---------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Every few seconds: is the run still wanted? Before each piece of work: is it still about the connected workspace? Of
        another one's contacts nobody may be added. Raises StoppedError."""
        now, connection = self._environment.clock.now(), self._environment.connections.find()
        left = self._run is not None and reason_to_leave(self._run, connection) is not None
        if not left and now - self._looked_at < LOOK_AGAIN_AFTER:
            return
        self._looked_at = now
        run = self._run = self._runs.find(self._message.campaign_id, self._message.slot)
        if run is None or run.finished or (run.due_at or 0.0) > now:
            raise StoppedError("The run has ended, or waits.")
        reason = reason_to_stop(self._environment.campaigns.find(run.campaign_id), run, connection)
        if reason is not None:
            end_sync(self._environment, run, RunState.CANCELLED, reason)
            raise StoppedError(reason)

    def _intercom(self) -> Intercom:
        """Right before a call: is Intercom connected, and not in a pause?"""
        environment = self._environment
        breaker = environment.intercom_guard.check()
        if breaker is not None and breaker != self._breaker:
            environment.intercom_guard.take_try(breaker)
        self._breaker = breaker
        return environment.intercom(find_connection(environment), Priority.SYNC)

    # -- waiting ------------------------------------------------------------------------------------------------------

    def _wait(self, error: FailureError) -> None:
        """Our own pace is a wait of the queue, trouble one of the row. Raises what AWS failed with."""
        if isinstance(error, TransientError) and error.vendor not in set(Vendor):
            raise error
        guard, now = self._environment.intercom_guard, self._environment.clock.now()
        if error.vendor == Vendor.INTERCOM:
            if isinstance(error, ConnectionLostError):
                guard.connection_lost()
            else:
                guard.failed(error)
        logger.info("sync waits", reason=str(error), vendor=error.vendor, status=error.status, code=error.code)
        retry_after = error.retry_after if isinstance(error, TransientError) else None
        if isinstance(error, RateLimitedError) and error.status is None and (retry_after or 0.0) <= LONGEST_SEND_DELAY:
            self._enqueue(max(1.0, retry_after or 1.0))
            return

        def change(fresh: SyncRun) -> SyncRun:
            if fresh.finished or fresh.state is RunState.WAITING:
                return fresh
            seconds = PAGE_PAUSES[min(fresh.waits, len(PAGE_PAUSES) - 1)]
            if isinstance(error, BreakerOpenError | RateLimitedError) and retry_after is not None:
                seconds = max(1.0, retry_after)
            return fresh.waiting(now, now + seconds, str(error))

        waiting = self._runs.update(self._message.campaign_id, self._message.slot, change)
        seconds = (waiting.due_at or now) - now
        if self._message.lane == 0 and not waiting.finished:
            self._enqueue(seconds + 1.0)  # the schedule enqueues as well, unless the campaign is deleted meanwhile

    def _wait_on(self, run: SyncRun) -> None:
        """A wait that is longer than any of the queue is one of several messages; each looks whether the run is wanted."""
        due_at = run.due_at or 0.0
        connection = self._environment.connections.find()
        reason = reason_to_stop(self._environment.campaigns.find(run.campaign_id), run, connection)
        if reason is not None:
            end_sync(self._environment, run, RunState.CANCELLED, reason)
        elif self._message.lane == 0 and due_at - run.touched_at > QUEUE_DELAY:
            self._enqueue(due_at - self._environment.clock.now() + 1.0)

    def _enqueue(self, seconds: float) -> None:
        self._environment.sync_queue.send(self._message, seconds)

    def _enqueue_others(self, run: SyncRun) -> None:
        """Other workers join in; what the queue refuses, the schedule enqueues later."""
        messages = [replace(self._message, lane=lane) for lane in range(1, min(LANES, run.chunks))]
        refused = self._environment.sync_queue.send_all(messages)
        enqueued = 1 + len(messages) - len(refused)
        self._runs.update(run.campaign_id, run.slot, lambda fresh: replace(fresh, lanes=enqueued))
