"""When to try again: pure, so that the policy can be read and tested in one place."""

from __future__ import annotations

from dataclasses import dataclass

SHORT_DELAYS = (5.0, 10.0, 20.0, 30.0, 30.0, 45.0, 45.0)
"""More than three minutes in the queue: the ledger's waits end with the sweep's minute, which is long for whoever waits."""
HURRIED_DELAY = 5.0
MOST_HURRIED = 14
"""Receives of a message up to which one that has waited long is tried every few seconds; the queue gives up at twenty."""
LONGEST_SHORT_WAIT = 60.0
FIRST_LONG_WAIT = 60.0
LONGEST_LONG_WAIT = 120.0
MOST_SPREAD = 10.0
"""Seconds that jitter adds at most to a wait that somebody named: the sweep spreads what is due at the same time."""

RESTS = tuple(hours * 3_600.0 for hours in (1, 2, 4, 8, 16, 24))
"""Seconds between tries of what a vendor refused; the last one again and again."""


def pause_after(tries: int) -> float:
    """Seconds until something that was refused so many times before is tried again."""
    return RESTS[min(tries, len(RESTS) - 1)]


FAILURES_TO_SHRINK = 2
"""Pages that did not come after which fewer entries a page are asked for."""
FEWER_AT_FIRST, FEWER_AT_LAST = 120.0, 86_400.0


def asks_for_fewer(failures: int, failed_at: float, now: float) -> bool:
    """Whether pages are read with fewer entries, after so many whole ones that did not come, the last at ``failed_at``. For two
    minutes, then one whole page is tried; each that does not come doubles the time, up to a day."""
    pause = min(FEWER_AT_FIRST * 2.0 ** min(failures - FAILURES_TO_SHRINK, 10), FEWER_AT_LAST)
    return failures >= FAILURES_TO_SHRINK and now - failed_at < pause


def put_off_until(now: float, tries: int) -> float | None:
    """When something beside a delivery that has failed after so many tries is tried again by itself; None: no more."""
    return now + pause_after(tries) if tries < MOST_PUT_OFF else None


MOST_PUT_OFF = 30
"""Tries after which nobody but a person tries again."""
LONGEST_OWN_WAIT = 1_800.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Of one person alone. It is over after so many tries, however long the vendor was away between them; the ``waits`` are
    the first ones in the ledger, and those that follow are doubled. A try costs up to five calls, and in a day a person may
    cost thirty."""

    most_tries: int
    waits: tuple[float, ...]

    def wait(self, tries: int) -> float:
        if tries <= len(self.waits):
            return self.waits[tries - 1]
        return min(self.waits[-1] * 2.0 ** (tries - len(self.waits)), LONGEST_OWN_WAIT)

    def is_over(self, tries: int) -> bool:
        return tries >= self.most_tries


UNANSWERED = Trouble(12, (30.0,))
CONTRADICTORY = Trouble(8, (30.0,))
REFUSED = Trouble(5, (60.0, 1_800.0))
USUAL_TRIES = 6
"""Tries after which an error of the vendor's that comes to one contact alone is waited out in growing pauses."""


@dataclass(frozen=True, slots=True)
class Wait:
    """``seconds`` to wait, in the queue or (``in_ledger``) as the row's ``due_at``."""

    seconds: float
    in_ledger: bool


def next_wait(
    receive_count: int, waits_before: int, retry_after: float | None, jitter: float, *, hurries: bool = False
) -> Wait:
    """How long a transient failure waits.

    ``receive_count`` counts from 1, as SQS does; ``waits_before`` are the waits in the ledger so far; ``retry_after`` in
    seconds as the vendor or the limiter said; ``jitter`` in 0..1 spreads the wait upwards, by a quarter at most; ``hurries``:
    the promised time is nearly over.
    """
    if retry_after is not None:
        seconds = max(1.0, retry_after) + jitter * min(max(1.0, retry_after / 4), MOST_SPREAD)
        return Wait(seconds, in_ledger=seconds > LONGEST_SHORT_WAIT or receive_count > len(SHORT_DELAYS))
    spread = 1 + jitter / 4
    if hurries and receive_count <= MOST_HURRIED:
        return Wait(HURRIED_DELAY * spread, in_ledger=False)
    if receive_count <= len(SHORT_DELAYS):
        return Wait(SHORT_DELAYS[receive_count - 1] * spread, in_ledger=False)
    return Wait(min(FIRST_LONG_WAIT * 2 ** min(waits_before, 8), LONGEST_LONG_WAIT) * spread, in_ledger=True)


def own_wait(tries: int, jitter: float, trouble: Trouble) -> Wait | None:
    """How long trouble of one person alone waits after so many tries: growing pauses in the ledger. None: as transient
    trouble does, for what is not answered may still be that."""
    unanswered = trouble is UNANSWERED
    if unanswered and tries <= USUAL_TRIES:
        return None
    return Wait(trouble.wait(tries - USUAL_TRIES if unanswered else tries) * (1 + jitter / 4), in_ledger=True)
