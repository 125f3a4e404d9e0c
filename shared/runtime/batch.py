"""An SQS batch, one record after the other: failure is classified here, not counted (DESIGN section 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from shared.domain.vendor.retry import CONTRADICTORY, REFUSED, UNANSWERED, Trouble, Wait, next_wait, own_wait
from shared.errors import (
    ApplicationRefusedError,
    BlockedError,
    BreakerOpenError,
    BusyError,
    ConnectionLostError,
    OwnTroubleError,
    PermanentError,
    ResourceRefusedError,
    TransientError,
)
from shared.messages import Message, message_of
from shared.observability import lines_about, logger
from shared.ports.aws import MessageQueue
from shared.ports.clock import Chance, Clock
from shared.use_cases.vendor.guard_vendor import VendorGuard

STOP_WITH_LESS_THAN = 26.0
"""Seconds left under which no further record is begun: the longest call (20 s), 3 s, and what the ledger needs."""
LONGEST_QUEUE_WAIT = 120.0
"""Seconds a message waits in the queue at most, when there is no row that could wait in the ledger."""
LONGEST_BLOCK_WAIT = 1_800.0
AGAIN_AT_ONCE = 1.0
TRIES_AT_FIRST = 3
"""Receives of a message until its failures are taken for trouble that may be its own."""
SHOWN_AFTER_DEATH = 30
"""Seconds after its invocation's time-out at which a message is seen again should its worker die. The queue's own visibility,
six times the time-out, would take minutes of somebody's thirty."""


class Attempt(Protocol):
    """One attempt at one message."""

    @property
    def waits_so_far(self) -> int: ...
    @property
    def hurries(self) -> bool: ...
    @property
    def own_tries(self) -> int: ...

    def prepare(self) -> None: ...

    def run(self) -> None: ...

    def wait(self, until: float, reason: str) -> bool: ...

    def tried(self, *, alone: bool) -> int: ...

    def fail(self, reason: str) -> None: ...


class Working(Protocol):
    """What a batch needs of the environment."""

    @property
    def clock(self) -> Clock: ...
    @property
    def chance(self) -> Chance: ...

    def time_left(self) -> float: ...


class Batch:
    """Runs an ``Attempt`` a record and answers the failures that SQS is to deliver again. ``hurries``: should this worker die,
    its messages are seen again soon after; else once the queue's own visibility is over, minutes later, which saves a call."""

    def __init__(
        self,
        environment: Working,
        queue: MessageQueue,
        guard: VendorGuard,
        attempt_of: Callable[[Message], Attempt],
        *,
        hurries: bool = True,
    ) -> None:
        self._environment = environment
        self._queue = queue
        self._guard = guard
        self._attempt_of = attempt_of
        self._hurries = hurries

    def process(self, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """The answer for ``ReportBatchItemFailures``. A record that fails never touches its neighbours."""
        records = event["Records"]
        if self._hurries:
            self._show_soon(records)
        attempts = {record["messageId"]: self._prepare(record) for record in records}
        failed = [record["messageId"] for record in records if not self._finish(record, attempts[record["messageId"]])]
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    def _show_soon(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Should this worker die. One call for all of them."""
        seconds = min(self._environment.time_left() + SHOWN_AFTER_DEATH, LONGEST_QUEUE_WAIT)
        try:
            self._queue.postpone_all([record["receiptHandle"] for record in records], seconds)
        except TransientError:
            logger.warning("messages not postponed")

    def _prepare(self, record: Mapping[str, Any]) -> tuple[Attempt | None, Exception | None]:
        """The attempt, and what went wrong with it already."""
        attempt: Attempt | None = None
        try:
            with lines_about(record["messageId"]):
                attempt = self._attempt_of(message_of(record["body"]))
                attempt.prepare()
        except Exception as error:  # noqa: BLE001 - classified with the others, when it is the record's turn
            return attempt, error
        return attempt, None

    def _finish(self, record: Mapping[str, Any], prepared: tuple[Attempt | None, Exception | None]) -> bool:
        """True when the message may be deleted."""
        with lines_about(record["messageId"]):
            return self._judge(record, *prepared)

    def _judge(self, record: Mapping[str, Any], attempt: Attempt | None, error: Exception | None) -> bool:
        try:
            if self._environment.time_left() < STOP_WITH_LESS_THAN:
                return self._postpone(record, AGAIN_AT_ONCE)
            if attempt is None:
                raise error or AssertionError("an attempt or an error")  # noqa: TRY301 - classified below, like any other
            return self._attempt(record, attempt, error)
        except TransientError as failure:
            return self._postpone(record, self._wait(record, None, failure).seconds)
        except Exception:  # noqa: BLE001 - a bug: redelivery, then the dead-letter queue and its alarm
            logger.exception("record failed")
            return False

    def _attempt(self, record: Mapping[str, Any], attempt: Attempt, error_before: Exception | None) -> bool:
        try:
            if error_before is not None:
                raise error_before
            attempt.run()
        except ConnectionLostError as error:
            until = self._guard.connection_lost() + self._environment.chance.fraction() * LONGEST_QUEUE_WAIT
            return attempt.wait(until, str(error)) or self._postpone(record, LONGEST_QUEUE_WAIT)
        except PermanentError as error:
            attempt.fail(str(error))
            self._guard.succeeded()
        except BlockedError as error:
            return attempt.wait(self._environment.clock.now() + LONGEST_BLOCK_WAIT, str(error)) or self._postpone(
                record, LONGEST_QUEUE_WAIT
            )
        except TransientError as error:
            logger.info("attempt waits", reason=str(error), vendor=error.vendor, status=error.status, code=error.code)
            again = attempt.own_tries > 0 or _receives(record) > TRIES_AT_FIRST
            first = not attempt.own_tries and not attempt.waits_so_far and _receives(record) == 1
            alone = self._guard.failed(error, again=again, first=first)
            tries = self._tried(attempt, error, alone=alone)
            if alone and _trouble_of(error).is_over(tries):
                attempt.fail(f"{error}")
                return True
            own = alone and own_wait(tries, self._environment.chance.fraction(), _trouble_of(error))
            wait = own or self._wait(record, attempt, error)
            if wait.in_ledger and attempt.wait(self._environment.clock.now() + wait.seconds, str(error)):
                return True
            return self._postpone(record, wait.seconds)
        else:
            self._guard.succeeded()
        return True

    def _tried(self, attempt: Attempt, error: TransientError, *, alone: bool) -> int:
        """How often this contact alone was in trouble by now. A vendor that is down starts the count over."""
        down = isinstance(error, BreakerOpenError | ApplicationRefusedError)
        return attempt.tried(alone=alone) if alone or down else 0

    def _wait(self, record: Mapping[str, Any], attempt: Attempt | None, error: TransientError) -> Wait:
        # A lease lasts long for the sake of a worker that died; one that lives gives it back within seconds.
        retry_after = None if isinstance(error, BusyError) else error.retry_after
        waits = attempt.waits_so_far if attempt else 0
        hurries = attempt is not None and attempt.hurries
        wait = next_wait(_receives(record), waits, retry_after, self._environment.chance.fraction(), hurries=hurries)
        long = isinstance(error, BreakerOpenError | ApplicationRefusedError)
        return Wait(wait.seconds, in_ledger=True) if long else wait

    def _postpone(self, record: Mapping[str, Any], seconds: float) -> bool:
        """Never fails: a message that cannot be postponed comes again when its visibility ends."""
        try:
            self._queue.postpone(record["receiptHandle"], min(seconds, LONGEST_QUEUE_WAIT))
        except TransientError:
            logger.warning("message not postponed")
        return False


def _receives(record: Mapping[str, Any]) -> int:
    return int(record["attributes"]["ApproximateReceiveCount"])


def _trouble_of(error: TransientError) -> Trouble:
    if isinstance(error, ResourceRefusedError):
        return REFUSED
    return CONTRADICTORY if isinstance(error, OwnTroubleError) else UNANSWERED
