"""Stop calling a vendor that does not answer, and begin again carefully."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.timing import LONGEST_INTERCOM_CALL, LONGEST_REFERRAL_FACTORY_CALL
from shared.errors import (
    ApplicationRefusedError,
    BreakerOpenError,
    FailureError,
    OwnTroubleError,
    PermanentError,
    ResourceRefusedError,
    UnavailableError,
)
from shared.observability import logger
from shared.use_cases.environment import Environment

FAILURES_TO_OPEN = 8
"""Calls in a row, in one worker, to which the vendor gave no answer; they open the breaker. A vendor that loses one call in
five does so once in 400,000 calls; one that is down, within seconds."""
FIRST_PAUSE = 30.0
LONGEST_PAUSE = {Vendor.INTERCOM: 15.0, Vendor.REFERRAL_FACTORY: 60.0}
"""Seconds. Two of Intercom's probes that fail by chance after an outage are not to cost two of the minutes it has left."""
FAILURES_TO_ASK = 3
"""Failures in a row after which a search for nobody tells whether they are about one person."""
LONGEST_ASK = {Vendor.INTERCOM: LONGEST_INTERCOM_CALL, Vendor.REFERRAL_FACTORY: LONGEST_REFERRAL_FACTORY_CALL}
LAST_WORKS, MANY_FAILED = 20, 3
"""Of this worker's last pieces of work, each by its first try, so many failed: then the vendor fails everybody now and then."""
REFUSALS_TO_OPEN = 3
"""Writes in a row that are refused while reads are answered; a refused read is asked about at once."""
RECONNECT_PROBE = 60.0
"""Seconds between two tries of a connection that was lost."""
LONGEST_LOOK_AWAY = 300.0
"""Seconds that a row waits at most while a person has disconnected the vendor: it is looked at again after reconnecting."""
NOBODY = "nobody@example.invalid"
MOMENT = 5.0
"""Seconds in which a breaker that was not there has hardly been opened by somebody else."""
PROBE = 30.0
"""Seconds that the one try after a pause may take before somebody else tries."""


class VendorGuard:
    """Counts one vendor's failures in this worker; the breaker itself is shared by all."""

    def __init__(self, environment: Environment, vendor: Vendor) -> None:
        self._environment = environment
        self._vendor = vendor
        self._failures = 0
        self._failed_writes = 0
        self._last_failed: deque[bool] = deque(maxlen=LAST_WORKS)
        self._answered = False
        self._asks = False
        self._try: Breaker | None = None
        self._closed_at: float | None = None

    # -- before -------------------------------------------------------------------------------------------------------

    def check(self) -> Breaker | None:
        """Before a piece of work. Raises BreakerOpenError; a breaker whose pause is over is answered, for ``take_try``."""
        breaker = self._environment.breakers.find(self._vendor)
        now = self._environment.clock.now()
        self._closed_at = now if breaker is None else None
        if breaker and breaker.is_open(now):
            longest = LONGEST_LOOK_AWAY if breaker.kind is BreakerKind.DISCONNECTED else math.inf
            raise self._closed_to_us(breaker.kind, min(breaker.open_until - now, longest))
        return breaker

    def take_try(self, breaker: Breaker | None) -> None:
        """Right before the first call: after a pause one at a time may try. Raises BreakerOpenError for the others."""
        until = self._environment.clock.now() + PROBE
        self._try = None
        if breaker is None:
            return
        if not self._environment.breakers.probe(self._vendor, breaker, until):
            raise self._closed_to_us(breaker.kind, PROBE)
        self._try = replace(breaker, open_until=until, probing=True)

    def admit(self) -> None:
        """Both at once."""
        self.take_try(self.check())

    # -- after --------------------------------------------------------------------------------------------------------

    def answered(self) -> None:
        """The vendor gave an answer that tells that it works; ``succeeded`` makes use of it once the work is done."""
        self._answered = True

    def succeeded(self) -> None:
        """The work ended well, or was refused for a reason of its own. If the vendor had a part in it, its failures are
        forgotten and a breaker that stands open, perhaps since the work began, is closed; work of a moment that began without
        one does not look. A try that needed no call goes to the next."""
        answered, self._answered = self._answered, False
        tried, self._try = self._try, None
        if not answered:
            if tried is not None:
                self._environment.breakers.probe(self._vendor, tried, self._environment.clock.now())
            return
        self._failures = 0
        self._last_failed.append(False)
        if self._closed_at is None or self._environment.clock.now() - self._closed_at > MOMENT:
            self._close(self._environment.breakers.find(self._vendor))

    def wrote(self) -> None:
        """A contact was written: reads that work say nothing of that."""
        self._failed_writes = 0

    def failed(self, error: FailureError, *, again: bool = False, first: bool = False) -> bool:
        """Counts a failure; the one too many opens the breaker, as does the first after a pause. A vendor that answered
        another call of the same work is there: then only this failure counts, and a pause that is over stays over. Writes
        are counted apart. ``again``: this piece of work failed before; ``first``: it was not tried before. Answers whether it
        is trouble of this piece of work alone: no breaker is open, or opened, and others' work does not fail as well."""
        answered, self._answered = self._answered, False
        if error.vendor != self._vendor:  # whose own guard counts it; while that one lets calls through, others are answered
            return isinstance(error, OwnTroubleError | UnavailableError)
        if isinstance(error, ResourceRefusedError) and not error.about_person:
            self._note_permission(error)
        if isinstance(error, ApplicationRefusedError):
            self._refused(error)
            return False
        if isinstance(error, UnavailableError) and first:
            self._last_failed.append(True)
        if error.writes and isinstance(error, UnavailableError | ResourceRefusedError) and (answered or error.status):
            return self._failed_write(error, again=again)
        if not isinstance(error, UnavailableError):
            return isinstance(error, OwnTroubleError)
        self._failures = 1 if answered else self._failures + 1
        before = self._environment.breakers.find(self._vendor)
        if answered:
            self._close(before)
            return not self._fails_others()
        if (again or before or self._failures >= FAILURES_TO_ASK) and error.about_person and self._answers_others():
            self._failures = 0
            self._close(self._environment.breakers.find(self._vendor))
            return not self._fails_others()
        if before is not None or self._failures >= FAILURES_TO_OPEN:
            self._fail(before)
        return False

    def _fails_others(self) -> bool:
        return sum(self._last_failed) >= MANY_FAILED

    def _answers_others(self) -> bool:
        """Where a failure may be about one person: whether a search for nobody is answered."""
        if self._asks or self._environment.time_left() < LONGEST_ASK[self._vendor]:
            return False
        self._asks = True
        try:
            if self._vendor is Vendor.INTERCOM:
                self._environment.intercom().search_by_email(NOBODY)
            else:
                self._environment.referral_factory().search_user(0, NOBODY)
        except PermanentError:
            return True
        except FailureError:
            return False
        finally:
            self._asks = False
        self._last_failed.append(False)
        return True

    def _failed_write(self, error: FailureError, *, again: bool) -> bool:
        """Whoever fails again and again says nothing new: only that other people's writes fail too is an outage."""
        refused = isinstance(error, ResourceRefusedError)
        before = self._environment.breakers.find(self._vendor)
        self._failed_writes += not again
        if before is None and self._failed_writes < (REFUSALS_TO_OPEN if refused else FAILURES_TO_OPEN):
            return refused or not self._fails_others()
        self._failed_writes = 0
        if isinstance(error, ResourceRefusedError):
            self._note_permission(error)
            self._refused(error)
        else:
            self._fail(before)
        return False

    def _note_permission(self, error: ResourceRefusedError) -> None:
        """Only what is refused for more than one person: a refusal of one says nothing of a permission."""
        if error.permission:
            self._environment.metrics.count("PermissionMissing")

    def _refused(self, error: FailureError) -> None:
        """Open at once: one try a minute, until the application is let in again."""
        self.pause(BreakerKind.REFUSED, RECONNECT_PROBE, str(error))

    def _fail(self, before: Breaker | None) -> None:
        openings = before.openings + 1 if before else 1
        kind, seconds = BreakerKind.FAILING, min(FIRST_PAUSE * 2 ** min(openings - 1, 8), LONGEST_PAUSE[self._vendor])
        if before and before.kind is BreakerKind.CONNECTION_LOST:  # nobody has seen yet that it is found again
            kind, seconds = before.kind, RECONNECT_PROBE
        self._failures = 0
        self._open(kind, seconds, openings)

    def connection_lost(self) -> float:
        """Opens the breaker until a person reconnects, but for one try a minute. Answers when that try is, in epoch
        seconds."""
        self._answered = False
        self._environment.metrics.count("ConnectionLost")
        self.pause(BreakerKind.CONNECTION_LOST, RECONNECT_PROBE)
        return self._environment.clock.now() + RECONNECT_PROBE

    def pause(self, kind: BreakerKind, seconds: float, words: str = "") -> bool:
        """Opens the breaker; False when it was open already."""
        before = self._environment.breakers.find(self._vendor)
        return self._open(kind, seconds, before.openings + 1 if before else 1, words)

    def _close(self, breaker: Breaker | None) -> None:
        if breaker and breaker.closes_on_success(self._environment.clock.now()):
            self._environment.breakers.close(self._vendor)
            logger.info("breaker closed", vendor=self._vendor, kind=breaker.kind)

    def _open(self, kind: BreakerKind, seconds: float, openings: int, words: str = "") -> bool:
        now = self._environment.clock.now()
        self._closed_at = None
        opened = self._environment.breakers.open(self._vendor, Breaker(kind, now + seconds, now, openings, words=words))
        if opened:
            self._environment.metrics.count("BreakerOpened")
            logger.error("breaker opened", vendor=self._vendor, kind=kind, seconds=seconds)
        return opened

    def _closed_to_us(self, kind: BreakerKind, seconds: float) -> BreakerOpenError:
        name = "Intercom" if self._vendor is Vendor.INTERCOM else "Referral Factory"
        sentence = f"Calls to {name} are stopped for the moment."
        return BreakerOpenError(sentence, retry_after=seconds, vendor=self._vendor, code=str(kind))
