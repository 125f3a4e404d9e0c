"""Failure is classified, not counted: what becomes of each record of a batch, and that the answer is always one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.connection.connection import BreakerKind, Vendor
from shared.domain.vendor.retry import MOST_HURRIED, MOST_SPREAD, SHORT_DELAYS
from shared.errors import (
    BreakerOpenError,
    BusyError,
    ConnectionLostError,
    ContactGoneError,
    DuplicateError,
    FailureError,
    MalformedPayloadError,
    OwnTroubleError,
    PermanentError,
    RateLimitedError,
    RejectedError,
    TransientError,
    UnavailableError,
)
from shared.messages import DeliverContact, Message, body_of
from shared.runtime.batch import LONGEST_QUEUE_WAIT, SHOWN_AFTER_DEATH, STOP_WITH_LESS_THAN, Batch
from shared.use_cases.vendor.guard_vendor import FAILURES_TO_OPEN, RECONNECT_PROBE
from tests.fakes.errors import client_error
from tests.support.builders import App
from tests.support.clock import NOW

DOWN = UnavailableError("down", vendor="intercom")
Act = Callable[[], None]


def spread(seconds: float, most: float | None = None, *, since: float = 0.0) -> Any:
    """Anything from so many seconds to ``most`` (a quarter) more; the queue counts whole ones."""
    most = seconds / 4 if most is None else most
    return pytest.approx(since + seconds + most / 2, abs=most / 2 + (0.0 if since else 0.99))


@dataclass
class RecordedAttempt:
    """Does what the test says, and remembers what it was given."""

    error: BaseException | None = None
    has_row: bool = True
    waits_so_far: int = 0
    hurries: bool = False
    own_tries: int = 0
    ran: int = 0
    prepared: int = 0
    tries: int = 0
    waits: list[tuple[float, str]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        self.prepared += 1

    def run(self) -> None:
        self.ran += 1
        if self.error:
            raise self.error

    def wait(self, until: float, reason: str) -> bool:
        if self.has_row:
            self.waits.append((until, reason))
        return self.has_row

    def tried(self, *, alone: bool) -> int:
        self.tries = self.tries + 1 if alone else 0
        return self.tries

    def fail(self, reason: str) -> None:
        self.reasons.append(reason)


class Worker:
    """A batch over the in-memory queue, with an attempt for each record."""

    def __init__(self, *attempts: RecordedAttempt) -> None:
        self.app = App()
        self.attempts = list(attempts)
        self.picked_up: dict[str, int] = {}
        self.postponed: dict[str, int] = {}
        self._left = list(attempts)
        self.app.sqs.change_message_visibility = self._postpone
        self.app.sqs.change_message_visibility_batch = self._pick_up

    def _postpone(self, **request: Any) -> None:
        self.postponed[request["ReceiptHandle"]] = request["VisibilityTimeout"]

    def _pick_up(self, **request: Any) -> None:
        self.picked_up |= {entry["ReceiptHandle"]: entry["VisibilityTimeout"] for entry in request["Entries"]}

    def refuse(self, **_: Any) -> None:
        raise client_error("ChangeMessageVisibility", "ThrottlingException")

    def _attempt_of(self, _: Message) -> RecordedAttempt:
        return self._left.pop(0)

    def process(self, *, receive_count: int = 1, bodies: list[str] | None = None) -> list[str]:
        """The ids of the records that failed: ``0``, ``1`` …"""
        environment = self.app.environment
        batch = Batch(environment, environment.delivery_queue, environment.intercom_guard, self._attempt_of)
        bodies = bodies or [body_of(DeliverContact(1, 2, "joined", NOW))] * len(self.attempts)
        answer = batch.process({"Records": [record(str(index), body, receive_count) for index, body in enumerate(bodies)]})
        return failures_of(answer)

    def breaker(self) -> Any:
        return self.app.environment.breakers.find(Vendor.INTERCOM)


def record(message_id: str, body: str, receive_count: int = 1) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(receive_count)}
    return {"messageId": message_id, "receiptHandle": f"handle {message_id}", "body": body, "attributes": attributes}


def failures_of(answer: dict[str, Any]) -> list[str]:
    """The failed ids of an answer that is one: any other shape would make Lambda delete or repeat everything."""
    assert json.loads(json.dumps(answer)) == answer
    assert set(answer) == {"batchItemFailures"}
    assert all(set(one) == {"itemIdentifier"} and one["itemIdentifier"] for one in answer["batchItemFailures"])
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_what_went_well_is_deleted() -> None:
    worker = Worker(RecordedAttempt(), RecordedAttempt())
    assert worker.process() == []
    assert worker.postponed == {}


def test_a_worker_that_dies_leaves_messages_that_are_soon_seen_again() -> None:
    """And not before it can only be dead; the queue's own visibility is six times the function's time-out."""
    worker = Worker(RecordedAttempt(KeyboardInterrupt()), RecordedAttempt())
    worker.app.context.seconds = 45.0
    with pytest.raises(KeyboardInterrupt):
        worker.process()
    assert worker.picked_up == dict.fromkeys(("handle 0", "handle 1"), 45 + SHOWN_AFTER_DEATH)
    assert worker.postponed == {}


def test_a_queue_that_takes_no_word_stops_nothing() -> None:
    worker = Worker(RecordedAttempt(), RecordedAttempt())
    worker.app.sqs.change_message_visibility_batch = worker.refuse
    assert worker.process() == []
    assert [attempt.ran for attempt in worker.attempts] == [1, 1]


def test_who_has_waited_long_is_tried_every_few_seconds() -> None:
    counts = [*range(1, MOST_HURRIED + 2)]
    workers = [Worker(RecordedAttempt(DOWN, hurries=True)) for _ in counts]
    for worker, receive_count in zip(workers, counts, strict=True):
        worker.process(receive_count=receive_count)

    assert [worker.postponed for worker in workers] == [{"handle 0": spread(5)}] * MOST_HURRIED + [{}]
    assert workers[-1].attempts[0].waits == [(spread(60, since=NOW), "down")]


@pytest.mark.parametrize(("receive_count", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 30)])
def test_a_transient_failure_waits_shortly_in_the_queue(receive_count: int, seconds: int) -> None:
    worker = Worker(RecordedAttempt(DOWN))
    assert worker.process(receive_count=receive_count) == ["0"]
    assert worker.postponed == {"handle 0": spread(seconds)}
    assert worker.attempts[0].waits == []


def test_a_transient_failure_that_lasts_waits_in_the_ledger_and_frees_the_queue() -> None:
    worker = Worker(RecordedAttempt(DOWN, waits_so_far=1))
    assert worker.process(receive_count=len(SHORT_DELAYS) + 1) == []
    assert worker.attempts[0].waits == [(spread(120, since=NOW), "down")]


def test_a_long_wait_goes_to_the_ledger_at_once() -> None:
    worker = Worker(RecordedAttempt(TransientError("later", retry_after=400.0)))
    assert worker.process() == []
    assert worker.attempts[0].waits == [(spread(400, MOST_SPREAD, since=NOW), "later")]


def test_without_a_row_a_long_wait_stays_in_the_queue_two_minutes_at_most() -> None:
    worker = Worker(RecordedAttempt(TransientError("later", retry_after=400.0), has_row=False))
    assert worker.process() == ["0"]
    assert worker.postponed == {"handle 0": LONGEST_QUEUE_WAIT}


def test_what_the_vendor_asks_for_is_waited() -> None:
    worker = Worker(RecordedAttempt(RateLimitedError("slow down", retry_after=7.2, vendor="intercom")))
    assert worker.process() == ["0"]
    assert worker.postponed == {"handle 0": spread(7.2)}
    assert worker.breaker() is None


@pytest.mark.parametrize(("receive_count", "seconds"), [(1, 5), (4, 30)])
def test_a_persons_busy_lease_is_tried_again_soon_however_long_it_may_last(receive_count: int, seconds: int) -> None:
    worker = Worker(RecordedAttempt(BusyError("leased", retry_after=74.0)))
    assert worker.process(receive_count=receive_count) == ["0"]
    assert worker.postponed == {"handle 0": spread(seconds)}


def test_a_lease_that_stays_busy_waits_in_the_ledger() -> None:
    worker = Worker(RecordedAttempt(BusyError("leased", retry_after=74.0)))
    assert worker.process(receive_count=len(SHORT_DELAYS) + 1) == []
    assert worker.attempts[0].waits == [(spread(60, since=NOW), "leased")]


def test_a_permanent_failure_closes_the_row_with_its_reason_and_the_message_is_deleted() -> None:
    errors = [PermanentError("no e-mail"), RejectedError("refused", field="x"), MalformedPayloadError("names nobody")]
    worker = Worker(*[RecordedAttempt(error) for error in errors])
    assert worker.process() == []
    assert [attempt.reasons for attempt in worker.attempts] == [["no e-mail"], ["refused"], ["names nobody"]]


def test_a_lost_connection_opens_the_breaker_and_the_row_waits_in_the_ledger() -> None:
    worker = Worker(RecordedAttempt(ConnectionLostError("revoked", vendor="intercom")))

    assert worker.process() == []
    assert worker.attempts[0].waits == [(spread(RECONNECT_PROBE, LONGEST_QUEUE_WAIT, since=NOW), "revoked")]
    assert worker.breaker().kind is BreakerKind.CONNECTION_LOST
    assert worker.app.metrics.counts["ConnectionLost"] == 1


def test_a_lost_connection_without_a_row_waits_in_the_queue() -> None:
    worker = Worker(RecordedAttempt(ConnectionLostError("revoked", vendor="intercom"), has_row=False))
    assert worker.process() == ["0"]
    assert worker.postponed == {"handle 0": LONGEST_QUEUE_WAIT}


def test_an_open_breaker_always_waits_in_the_ledger_and_counts_as_no_failure() -> None:
    worker = Worker(*[RecordedAttempt(BreakerOpenError("stopped", retry_after=20.0)) for _ in range(FAILURES_TO_OPEN)])

    assert worker.process() == []

    waits = [attempt.waits for attempt in worker.attempts]
    assert waits == [[(spread(20, since=NOW), "stopped")]] * FAILURES_TO_OPEN
    assert len({at for [(at, _)] in waits}) == FAILURES_TO_OPEN, "not all at the same moment"
    assert worker.breaker() is None


def every_failure(kind: type[FailureError] = FailureError) -> list[FailureError]:
    """One of each class that is in the families, made as its callers make it."""
    arguments: dict[type, dict[str, Any]] = {
        ContactGoneError: {"status": 404},
        DuplicateError: {"contact_id": None, "archived": False},
    }
    made = [] if kind is FailureError else [kind("trouble", **arguments.get(kind, {}))]
    return made + [one for below in kind.__subclasses__() for one in every_failure(below)]


@pytest.mark.parametrize("error", every_failure(), ids=lambda error: type(error).__name__)
def test_every_failure_waits_or_ends_and_none_is_a_bug(error: FailureError) -> None:
    worker = Worker(RecordedAttempt(error))
    worker.process()
    (attempt,) = worker.attempts
    assert attempt.waits or attempt.reasons or worker.postponed


@pytest.mark.parametrize("error", every_failure(OwnTroubleError), ids=lambda error: type(error).__name__)
def test_trouble_of_one_contact_alone_has_failed_after_some_tries(error: FailureError) -> None:
    worker = Worker(RecordedAttempt(error, tries=7))
    assert worker.process() == []
    assert worker.attempts[0].waits == []
    assert worker.attempts[0].reasons == ["trouble"]


@pytest.mark.parametrize("error", [ValueError("bug"), KeyError("bug"), RecursionError()])
def test_a_bug_is_redelivered_and_never_closes_the_row(error: Exception) -> None:
    worker = Worker(RecordedAttempt(error))

    assert worker.process() == ["0"]
    assert worker.postponed == {}
    assert worker.attempts[0].waits == []
    assert worker.attempts[0].reasons == []


def test_a_poisoned_record_does_not_touch_its_neighbours() -> None:
    worker = Worker(RecordedAttempt(), RecordedAttempt(ValueError("bug")), RecordedAttempt(DOWN), RecordedAttempt())
    assert worker.process() == ["1", "2"]
    assert [attempt.ran for attempt in worker.attempts] == [1, 1, 1, 1]


def test_a_message_of_a_later_version_waits_for_the_deployment() -> None:
    worker = Worker(RecordedAttempt())
    later = body_of(DeliverContact(1, 2, "joined", NOW)).replace('"version": 1', '"version": 9')

    assert worker.process(bodies=[later, body_of(DeliverContact(1, 2, "joined", NOW))]) == ["0"]
    assert worker.postponed == {"handle 0": spread(5)}
    assert worker.attempts[0].ran == 1


def test_what_is_no_message_of_ours_goes_to_the_dead_letter_queue() -> None:
    worker = Worker(RecordedAttempt())
    assert worker.process(bodies=["nonsense", body_of(DeliverContact(1, 2, "joined", NOW))]) == ["0"]
    assert worker.attempts[0].ran == 1


def test_with_too_little_time_left_no_further_record_is_begun() -> None:
    worker = Worker(RecordedAttempt(), RecordedAttempt())
    worker.app.context.seconds = STOP_WITH_LESS_THAN - 0.1
    assert worker.process() == ["0", "1"]
    assert worker.postponed == {"handle 0": 1, "handle 1": 1}
    assert [attempt.ran for attempt in worker.attempts] == [0, 0]


def test_a_queue_that_does_not_postpone_delivers_again_and_the_neighbours_are_done() -> None:
    worker = Worker(RecordedAttempt(), RecordedAttempt(DOWN), RecordedAttempt())
    worker.app.sqs.change_message_visibility = worker.refuse
    assert worker.process() == ["1"]
    assert [attempt.ran for attempt in worker.attempts] == [1, 1, 1]


def test_the_failure_too_many_in_a_row_opens_the_breaker() -> None:
    worker = Worker(*[RecordedAttempt(DOWN) for _ in range(FAILURES_TO_OPEN - 1)])
    worker.process()

    assert worker.breaker() is None

    worker = Worker(*[RecordedAttempt(DOWN) for _ in range(FAILURES_TO_OPEN)])
    worker.process()

    assert worker.breaker().kind is BreakerKind.FAILING
    assert worker.app.metrics.counts["BreakerOpened"] == 1


OUTCOMES: list[BaseException | None] = [
    None,
    DOWN,
    TransientError("later", retry_after=1e9),
    TransientError("later", retry_after=-5.0),
    ConnectionLostError("gone", vendor="intercom"),
    PermanentError("no"),
    BreakerOpenError("open", retry_after=30.0),
    BusyError("busy"),
    ValueError("bug"),
    RecursionError("deep"),
]


@given(
    st.lists(st.tuples(st.sampled_from(OUTCOMES), st.booleans()), max_size=8), st.integers(1, 30), st.sampled_from([5.0, 45.0])
)
@settings(max_examples=150, deadline=None)
def test_any_outcomes_make_a_valid_answer_that_loses_nothing(
    outcomes: list[tuple[BaseException | None, bool]], receive_count: int, seconds_left: float
) -> None:
    worker = Worker(*[RecordedAttempt(error, has_row) for error, has_row in outcomes])
    worker.app.context.seconds = seconds_left
    failed = worker.process(receive_count=receive_count)
    for index, attempt in enumerate(worker.attempts):
        settled = attempt.ran and (attempt.error is None or attempt.waits or attempt.reasons)
        assert (str(index) in failed) is not bool(settled)


def test_all_records_are_prepared_before_the_first_is_run() -> None:
    """Should the worker die at the first, the rows of the others are in the ledger, where the sweep finds them."""
    second = RecordedAttempt()
    seen = []

    class First(RecordedAttempt):
        def run(self) -> None:
            seen.append(second.prepared)

    Worker(First(), second).process()

    assert seen == [1]
