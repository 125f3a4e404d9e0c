"""The sweep: each minute, enqueue the rows of the ledger that are due.

The ledger is the truth, the queue a doorbell. Paced to what Intercom allows; silent while its breaker is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.domain.campaign.campaign import Status
from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.signup.referral import ENQUEUE_AGAIN_AFTER
from shared.errors import MalformedPayloadError, TransientError
from shared.messages import ENQUEUED, DeliverContact, Message, QualifyReferral, UnknownVersionError, UpdateReferrer
from shared.observability import logger
from shared.ports.aws import MessageQueue
from shared.ports.signup import DUE_SHARDS, HELD_SHARDS, KIND_SHARDS, DueRow
from shared.use_cases.environment import Environment
from shared.use_cases.operations.check_by_age import check_by_age
from shared.use_cases.signup.check_delivered import CHECKED_TOGETHER

PACE = 3_000
"""Rows enqueued in one run: two calls each are 6,000 of the 9,000 a minute that are ours at Intercom."""
BESIDE = ("QUALIFICATION", "REFERRER")
"""Kinds of rows that stand beside a referral and are enqueued too. A reward has no time of its own: the mark of the person it
is for stays due until all of their rewards are issued, reported and shown."""
PACE_BESIDE = 500
"""Rows of one kind and shard that are enqueued in one run."""
PROBES = 3
"""Rows enqueued after a breaker's pause, to see whether the vendor is back."""
ENQUEUED_AT_ONCE = 10
"""Rows enqueued together: what SQS takes in one call."""
REFUSED_AGAIN_AFTER = 60.0
LEAST_TIME = 5.0
"""Seconds left under which nothing further is begun."""
LEFT_BEHIND_AFTER = 60.0
"""Seconds after the pause of a failing breaker in which a sweep's probes would have opened it again."""
STATES = {
    "BreakerOpen": {BreakerKind.FAILING, BreakerKind.REFUSED},
    "CallsStopped": {BreakerKind.STRIKE, BreakerKind.BLOCKED},
    "Disconnected": {BreakerKind.CONNECTION_LOST},  # not what a person disconnected
}
"""Metric → the breakers that make it 1."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one run did: ``enqueued`` rows, ``inbox`` messages handed on, ``released`` held rows, ``beside``: rows that stand
    beside a referral."""

    enqueued: int = 0
    inbox: int = 0
    released: int = 0
    beside: int = 0


def enqueue_due(environment: Environment) -> Swept:
    """One run. Raises TransientError when the ledger cannot be read; the next minute tries again."""
    breaker = environment.breakers.find(Vendor.INTERCOM)
    budget = _budget(breaker, environment.clock.now())
    enqueued, inbox = _enqueue_referrals(environment, budget)
    if breaker is None:
        enqueued += check_by_age(environment)
    beside = _enqueue_beside(environment)
    released = _release_held(environment, budget - enqueued)
    _measure(environment)
    logger.info("sweep finished", enqueued=enqueued, inbox=inbox, released=released, beside=beside)
    return Swept(enqueued, inbox, released, beside)


def _enqueue_referrals(environment: Environment, budget: int) -> tuple[int, int]:
    """How many rows were enqueued, and messages of the inbox handed on."""
    inbox = enqueued = 0
    to_check: list[DueRow] = []
    for shard in range(DUE_SHARDS):
        if environment.time_left() < LEAST_TIME:
            break
        due = environment.referrals.due(shard, environment.clock.now(), max(budget - enqueued, PROBES))
        inbox += _hand_on(environment, [row for row in due if row.inbox_id])
        to_check += [row for row in due if row.settles]
        enqueued += _enqueue(environment, [row for row in due if not row.inbox_id and not row.settles][: budget - enqueued])
    return enqueued + _enqueue_checks(environment, to_check[: budget - enqueued]), inbox


def _budget(breaker: Breaker | None, now: float) -> int:
    if breaker is None:
        return PACE
    return 0 if breaker.is_open(now) else PROBES


def _enqueue_beside(environment: Environment) -> int:
    """The rows beside referrals, whatever the breakers say: each waits for a vendor of its own, and asks it again."""
    enqueued = 0
    for kind in BESIDE:
        for shard in range(KIND_SHARDS):
            if environment.time_left() < LEAST_TIME:
                return enqueued
            enqueued += _enqueue(environment, environment.referrals.due(shard, environment.clock.now(), PACE_BESIDE, kind))
    return enqueued


def _enqueue(environment: Environment, rows: Sequence[DueRow]) -> int:
    """A few at a time: a sweep that is killed leaves only those without a message whose times it had just moved."""
    enqueued = 0
    for start in range(0, len(rows), ENQUEUED_AT_ONCE):
        if environment.time_left() < LEAST_TIME:
            break
        enqueued += _enqueue_few(environment, rows[start : start + ENQUEUED_AT_ONCE])
    return enqueued


def _enqueue_few(environment: Environment, rows: Sequence[DueRow]) -> int:
    """Moves each row's time on first, so that two sweeps enqueue it once; a refused message is due again in a minute."""
    now = environment.clock.now()
    again_at = now + ENQUEUE_AGAIN_AFTER
    won: dict[MessageQueue, list[tuple[Message, DueRow]]] = {}
    for row in environment.referrals.move_all_due(rows, again_at):
        if (key := _key(row)) is None:
            continue
        message = _message(row, *key, now)
        won.setdefault(_queue_of(environment, message), []).append((message, row))
    enqueued = 0
    for queue, sends in won.items():
        refused = {id(message) for message in queue.send_all([message for message, _ in sends])}
        for row in [row for message, row in sends if id(message) in refused]:
            environment.referrals.move_due(replace(row, due_at=again_at), now + REFUSED_AGAIN_AFTER)
        enqueued += len(sends) - len(refused)
    return enqueued


def _enqueue_checks(environment: Environment, rows: Sequence[DueRow]) -> int:
    """Delivered rows are checked many at a time: the message of one names the others."""
    now = environment.clock.now()
    messages = []
    for start in range(0, len(rows), CHECKED_TOGETHER):
        if environment.time_left() < LEAST_TIME:
            break
        moved = environment.referrals.move_all_due(rows[start : start + CHECKED_TOGETHER], now + ENQUEUE_AGAIN_AFTER)
        won = [key for row in moved if (key := _key(row))]
        if won:
            messages.append(DeliverContact(*won[0], ENQUEUED, now, also=won[1:]))
    environment.delivery_queue.send_all(messages)  # what is refused is enqueued again with the next but a few
    return sum(1 + len(message.also or ()) for message in messages)


def _key(row: DueRow) -> tuple[int, int] | None:
    return None if row.campaign_id is None or row.user_id is None else (row.campaign_id, row.user_id)


def _message(row: DueRow, campaign_id: int, user_id: int, now: float) -> Message:
    """What enqueues the row."""
    match row.sort_key:
        case "QUALIFICATION":
            return QualifyReferral(ENQUEUED, now, campaign_id=campaign_id, user_id=user_id)
        case "REFERRER":
            return UpdateReferrer(campaign_id, user_id, now)
        case _:
            return DeliverContact(campaign_id, user_id, ENQUEUED, now)


def _queue_of(environment: Environment, message: Message) -> MessageQueue:
    match message:
        case QualifyReferral():
            return environment.qualification_queue
        case UpdateReferrer():
            return environment.referrer_queue
        case _:
            return environment.delivery_queue


def _hand_on(environment: Environment, rows: Sequence[DueRow]) -> int:
    """From the inbox to the queue; removed only after the queue has it."""
    handed = 0
    for row in rows:
        try:
            message = environment.inbox.find(row.inbox_id or "")
        except (MalformedPayloadError, UnknownVersionError) as error:  # it waits for the code that wrote it, and nobody with it
            logger.error("inbox message not understood", inbox_id=row.inbox_id, error=type(error).__name__)
            continue
        if message is None:
            continue
        try:
            _queue_of(environment, message).send(message)
        except TransientError:
            logger.warning("queue refused an inbox message")
            break
        environment.inbox.remove(row.inbox_id or "")
        handed += 1
    return handed


def _release_held(environment: Environment, budget: int) -> int:
    """Rings the held rows of active campaigns, and of configured ones those that would still expire."""
    released = 0
    for campaign in environment.campaigns.list():
        kept = range(HELD_SHARDS) if campaign.status is Status.ACTIVE else ()
        for shard in (None, *kept):
            if released >= budget or environment.time_left() < LEAST_TIME:
                return released
            rows = environment.referrals.held(campaign.campaign_id, shard, budget - released)
            released += _enqueue(environment, rows)
    return released


def _measure(environment: Environment) -> None:
    oldest = environment.referrals.oldest_undelivered()
    environment.figures.waited(oldest, environment.clock.now())
    environment.metrics.gauge("OldestUndeliveredSeconds", environment.clock.now() - oldest if oldest is not None else 0.0)
    _measure_states(environment)
    environment.metrics.count("SweepFinished")


def _measure_states(environment: Environment) -> None:
    """What is so now, each minute: a count of the moment it began says nothing of when it is over."""
    now = environment.clock.now()
    breakers = [breaker for vendor in Vendor if (breaker := environment.breakers.find(vendor))]
    kinds = {breaker.kind for breaker in breakers if _stands(breaker, now)}
    for name, shown_by in STATES.items():
        environment.metrics.gauge(name, float(bool(kinds & shown_by)), "None")
    waits = any(now < campaign.creates_wait_until for campaign in environment.campaigns.list())
    environment.metrics.gauge("CreatesWait", float(waits), "None")


def _stands(breaker: Breaker, now: float) -> bool:
    """A failing one is left behind when nobody calls after its pause; any other stands until it is closed."""
    return breaker.kind is not BreakerKind.FAILING or breaker.probing or now < breaker.open_until + LEFT_BEHIND_AFTER
