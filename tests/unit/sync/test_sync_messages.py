"""Messages of a run that come twice, too early, too late or never; and vendors that say 429 in the midst of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from functions.sync_page import handler as sync_page
from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.sync.run import RunState
from shared.messages import SyncPage, body_of
from shared.use_cases.sync.enqueue_sync import LANES
from tests.support.builders import Context
from tests.support.syncing import SyncApp

ADD = "POST /api/v2/users"


def deliver(app: SyncApp, message: SyncPage, times: int = 1) -> None:
    record = {"messageId": "m", "receiptHandle": "r", "attributes": {"ApproximateReceiveCount": "1"}, "body": body_of(message)}
    for _ in range(times):
        assert app.invoke(sync_page, {"Records": [record]}) == {"batchItemFailures": []}


def clear_queue(app: SyncApp) -> None:
    app.sqs.real.purge_queue(QueueUrl=app.settings.sync_queue_url)


class Ending(Context):
    """An invocation that ends at a time of the clock."""

    def __init__(self, now: Callable[[], float], ends_at: float) -> None:
        super().__init__()
        self._now, self._ends_at = now, ends_at

    def get_remaining_time_in_millis(self) -> int:
        return int((self._ends_at - self._now()) * 1000)


def fault(app: SyncApp, **order: Any) -> None:
    app.wire.faults.add({"kind": "status", "status": 429, "times": 1, **order})


# -- rounds -----------------------------------------------------------------------------------------------------------


def test_a_message_of_an_earlier_round_does_nothing(app: SyncApp) -> None:
    contacts = app.add_many(3)
    run = app.start()
    app.wait(200)

    assert app.tick()["enqueued"] == 1
    assert app.run(run.slot).round == 1

    deliver(app, SyncPage(1, run.slot, 0, 0), times=2)

    assert app.calls("intercom", "referral_factory") == []

    app.drain()
    app.assert_linked(*contacts)


def test_a_message_that_comes_while_the_run_waits_does_nothing(app: SyncApp) -> None:
    app.add_many(3)
    app.intercom.settings.tokens.clear()
    run = app.start()
    app.step()

    waiting = app.run(run.slot)

    assert waiting.state is RunState.WAITING

    app.intercom.settings.tokens.append("local-intercom-token")
    app.forget_calls()
    deliver(app, SyncPage(1, run.slot), times=3)

    assert app.calls("intercom", "referral_factory") == []
    assert app.run(run.slot) == waiting


def test_all_workers_that_meet_the_same_trouble_make_one_wait_and_one_message(app: SyncApp) -> None:
    app.add_many(60)
    run = app.start()
    waits = list[Any]()

    def trouble() -> None:
        """While the first worker is at it, the vendor goes away; all others find that too."""
        clear_queue(app)
        app.intercom.settings.tokens.clear()
        for lane in range(1, 4):
            deliver(app, SyncPage(1, run.slot, lane))
        waits.append(app.run(run.slot))

    app.wire.interrupt(ADD, trouble)
    app.step()
    waiting = app.run(run.slot)

    assert waiting.state is RunState.WAITING
    assert (waiting.waits, waiting.due_at) == (1, waits[0].due_at)
    assert len([one for one in app.queued("sync") if isinstance(one, SyncPage) and one.lane]) == 0


def test_workers_that_the_queue_refused_are_started_by_the_schedule(app: SyncApp) -> None:
    contacts = app.add_many(100)
    run = app.start()
    app.sqs.refuse("send_message_batch", 2)  # it is tried twice
    enqueued = list[int]()

    def meanwhile() -> None:
        assert app.run(run.slot).lanes == 1, "the one that is at it"
        clear_queue(app)
        enqueued.append(app.tick()["enqueued"])
        enqueued.append(len(app.queued("sync")))
        enqueued.append(app.tick()["enqueued"])

    app.wire.interrupt(ADD, meanwhile)
    app.drain()

    assert enqueued == [1, 4, 0], "as many as there are chunks, once"
    assert app.run(run.slot).tally.linked == 100

    app.assert_linked(*contacts)


def test_workers_that_the_queue_refuses_to_the_schedule_are_started_by_its_next_tick(app: SyncApp) -> None:
    app.add_many(100)
    run = app.start()
    app.sqs.refuse("send_message_batch", 4)
    enqueued = list[int]()

    def meanwhile() -> None:
        for _ in range(3):
            enqueued.append(app.tick()["enqueued"])

    app.wire.interrupt(ADD, meanwhile)
    app.drain()

    assert enqueued == [1, 1, 0]
    assert app.run(run.slot).state is RunState.DONE


def test_there_are_never_more_messages_of_a_run_than_workers(app: SyncApp) -> None:
    contacts = app.add_many(300)
    run = app.start()
    most = 0
    app.context = replace(app.context, seconds=45.0)

    while not app.run(run.slot).finished:
        if app.step() is None:
            app.wait(1)
        most = max(most, len(app.queued("sync")))

    assert most <= LANES

    app.assert_linked(*contacts)


# -- 429 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_429_of_intercom_stops_all_workers_until_it_says(app: SyncApp, method: str) -> None:
    contacts = app.add_many(30)
    resets_at = int(app.clock.now()) + 12
    headers = {"X-RateLimit-Limit": "166", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(resets_at)}
    fault(app, method=method, path="^/contacts", headers=headers)
    run = app.start()
    app.step()

    waiting = app.run(run.slot)

    assert waiting.state is RunState.WAITING
    assert waiting.due_at == pytest.approx(resets_at, abs=2)

    refused_at = next(call.at for call in app.wire.calls if call.status == 429)
    app.drain()

    later = [call.at for call in app.wire.calls if call.vendor == "intercom" and call.at > refused_at]
    assert min(later) >= resets_at
    assert app.run(run.slot).state is RunState.DONE
    assert app.calls("referral_factory").count(ADD) == 30

    app.assert_linked(*contacts)


def test_after_a_429_of_referral_factory_nobody_calls_for_five_minutes_and_nobody_is_added_twice(app: SyncApp) -> None:
    contacts = app.add_many(60)
    run = app.start()
    app.wire.interrupt(ADD, lambda: fault(app, method="POST", path="^/api/v2/users$"))
    app.drain()
    calls = [call for call in app.wire.calls if call.vendor == "referral_factory"]

    refused_at = next(call.at for call in calls if call.status == 429)

    assert min(call.at for call in calls if call.at > refused_at) >= refused_at + 300
    assert [call.path for call in calls if "search" in call.path] == [], "it was refused unread, so nothing is in doubt"
    assert len([call for call in calls if call.status == 201]) == 60
    assert app.run(run.slot).state is RunState.DONE

    app.assert_linked(*contacts)


def test_a_second_429_of_referral_factory_ends_all_calls_until_a_person_lifts_it(app: SyncApp) -> None:
    app.add_many(10)
    run = app.start()
    fault(app, method="POST", path="^/api/v2/users$", times=2)
    app.drain(7_200)

    waiting = app.run(run.slot)

    assert waiting.state is RunState.WAITING
    assert app.environment.strikes.find(Vendor.REFERRAL_FACTORY).stopped
    assert len([call for call in app.wire.calls if call.status == 429]) == 2
    assert waiting.reason


def test_our_own_pace_is_no_trouble_and_costs_no_wait_of_the_row(app: SyncApp) -> None:
    app.settings = replace(app.settings, referral_factory_calls_per_minute="10")
    app.environment = app.new_environment()
    contacts = app.add_many(25)
    run = app.start()
    states, invoked, real = set[RunState](), [0], app.invoke

    def counted(*given: Any) -> Any:
        invoked[0] += 1
        began = app.clock.now()
        answer = real(*given)
        assert app.clock.now() - began < 60
        return answer

    app.invoke = counted  # type: ignore[method-assign]
    while not app.run(run.slot).finished:
        app.context = Ending(app.clock.now, app.clock.now() + 60)
        if app.step() is None:
            app.wait(1)
        states.add(app.run(run.slot).state)

    assert RunState.WAITING not in states
    assert invoked[0] > 3, "no worker sleeps longer than it may"
    assert app.run(run.slot).tally.linked == 25

    at = [call.at for call in app.wire.calls if call.vendor == "referral_factory"]
    assert max(sum(moment <= other < moment + 60 for other in at) for moment in at) <= 10

    app.assert_linked(*contacts)


# -- breakers ---------------------------------------------------------------------------------------------------------


def test_a_waiting_run_is_not_started_while_a_vendor_is_known_to_be_away(app: SyncApp) -> None:
    app.add_many(3)
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts$", "times": 1})
    run = app.start()

    app.step()

    assert app.run(run.slot).state is RunState.WAITING

    app.wait(20)
    now = app.clock.now()
    app.environment.breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, now + 600, now))

    assert app.tick()["enqueued"] == 0

    app.wait(601)

    assert app.tick()["enqueued"] == 1


def test_an_open_breaker_is_asked_before_the_first_call(app: SyncApp) -> None:
    app.add_many(3)
    now = app.clock.now()
    app.environment.breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, now + 45, now))
    run = app.start()
    app.step()

    waiting = app.run(run.slot)

    assert (waiting.state, waiting.due_at) == (RunState.WAITING, now + 45)
    assert app.calls("intercom") == []


# -- when to come back, and when to stop ------------------------------------------------------------------------------


def test_a_short_wait_brings_one_message_and_needs_no_schedule(app: SyncApp) -> None:
    contacts = app.add_many(3)
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts$", "times": 1})
    run = app.start()

    app.step()

    assert app.run(run.slot).state is RunState.WAITING
    assert len(app.queued("sync")) == 1

    app.wait(17)
    while app.step() is not None:
        pass

    assert app.run(run.slot).state is RunState.DONE

    app.assert_linked(*contacts)


def test_only_as_many_workers_come_back_as_there_are_chunks_left(app: SyncApp) -> None:
    app.add_many(60)
    run = app.start()
    app.wire.faults.add({"kind": "hang", "method": "POST", "path": "^/api/v2/users$", "times": 1, "seconds": 25})
    app.step()

    left = app.run(run.slot)

    assert left.chunks - left.chunks_done == 1, "the one whose answer was lost"

    clear_queue(app)
    for lane in range(LANES):
        deliver(app, SyncPage(1, run.slot, lane))

    assert [one.lane for one in app.queued("sync") if isinstance(one, SyncPage)] == [0]


def test_what_aws_refuses_is_left_to_the_queue(app: SyncApp) -> None:
    contacts = app.add_many(3)
    run = app.start()
    app.dynamodb.refuse("update_item", 1)

    assert app.step() != []
    assert app.run(run.slot).state is not RunState.WAITING

    app.drain()
    app.assert_linked(*contacts)


def test_a_worker_whose_time_runs_out_takes_no_further_chunk(app: SyncApp) -> None:
    contacts = app.add_many(3)
    app.context.seconds = 39.0
    run = app.start()

    app.step()

    assert app.run(run.slot).state is RunState.WORKING
    assert app.writes() == []

    app.context.seconds = 60.0
    app.drain()
    app.assert_linked(*contacts)


@pytest.mark.parametrize(("seconds", "additions", "writes"), [(27.0, 1, 1), (12.0, 1, 0)])
def test_no_call_is_begun_that_could_outlast_the_worker(app: SyncApp, seconds: float, additions: int, writes: int) -> None:
    contacts = app.add_many(3)
    run = app.start()
    app.wire.interrupt(ADD, lambda: setattr(app.context, "seconds", seconds))
    app.step()

    made = app.writes()

    assert (sum(call.startswith("POST") for call in made), sum(call.startswith("PUT") for call in made)) == (additions, writes)

    app.context.seconds = 60.0
    app.drain()

    assert app.calls("referral_factory").count(ADD) == 3
    assert app.run(run.slot).tally.linked == 3

    app.assert_linked(*contacts)


def test_a_wait_after_some_progress_is_a_short_one_again(app: SyncApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.adapters.intercom.client.SMALLER_PAGES", (2,))
    contacts = app.add_many(6)
    run = app.start()
    for page in (1, 2):
        app.wire.interrupt("GET /contacts", lambda: fault(app, status=503, path="^/contacts$"))
        app.step()
        waiting = app.run(run.slot)
        assert waiting.state == RunState.WAITING
        assert waiting.page == page
        assert waiting.waits == 1
        assert waiting.due_at == pytest.approx(app.clock.now() + 15, abs=1)
        app.wait(17)

    app.drain()

    assert app.run(run.slot).state is RunState.DONE

    app.assert_linked(*contacts)
