"""The sweep: what is due is sent again once, what SQS refused is handed on, and nothing while Intercom is left alone."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.dynamodb.campaign.campaigns import UNKNOWN_WITHIN
from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.signup.referral import ENQUEUE_AGAIN_AFTER
from shared.domain.signup.state import State
from shared.messages import ENQUEUED, DeliverContact
from shared.ports.signup import DUE_SHARDS
from shared.runtime.bootstrap import use
from shared.use_cases.operations import enqueue_due
from shared.use_cases.operations.enqueue_due import (
    ENQUEUED_AT_ONCE,
    LEAST_TIME,
    LEFT_BEHIND_AFTER,
    PROBES,
    REFUSED_AGAIN_AFTER,
    STATES,
)
from shared.use_cases.signup.check_delivered import OF_AGE_TO_SETTLE
from tests.support.builders import App, webhook_fields
from tests.support.clock import NOW
from tests.support.referring import Story

DOWN = {"kind": "status", "status": 503, "path": "^/contacts"}


def rows_due(app: App, count: int) -> None:
    """So many rows whose workers died; all are due."""
    with use(app.environment):
        for user_id in range(1, count + 1):
            app.sqs.refuse("change_message_visibility", 1)
            app.wire.faults.add({**DOWN, "times": 1, "id": "down"})
            app.sign_up(id=user_id, email=f"person{user_id}@example.com")
    app.wire.faults.clear()
    app.sqs.purge_queue(QueueUrl=app.settings.delivery_queue_url)
    app.environment.breakers.close(Vendor.INTERCOM)
    app.wait(91)
    app.forget_calls()


def opened(app: App, seconds: float, kind: BreakerKind = BreakerKind.FAILING) -> None:
    now = app.clock.now()
    app.environment.breakers.open(Vendor.INTERCOM, Breaker(kind, now + seconds, now))


def test_where_nothing_is_due_nothing_is_sent(app: App) -> None:
    app.sign_up()
    assert app.sweep(work=False) == {"enqueued": 0, "inbox": 0, "released": 0, "beside": 0}
    assert app.queued() == []
    assert app.metrics.counts["SweepFinished"] == 1


def test_each_due_row_is_taken_once_and_again_only_minutes_later(app: App) -> None:
    rows_due(app, 5)

    assert app.sweep(work=False)["enqueued"] == 5
    assert sorted((message.campaign_id, message.user_id, message.fields) for message in app.queued()) == [  # type: ignore[union-attr]
        (1, user_id, None) for user_id in range(1, 6)
    ]
    assert app.sweep(work=False)["enqueued"] == 0

    app.wait(ENQUEUE_AGAIN_AFTER + 1)

    assert app.sweep(work=False)["enqueued"] == 5


def test_two_sweeps_at_once_send_a_row_once(app: App) -> None:
    rows_due(app, 1)
    (due,) = [row for shard in range(8) for row in app.environment.referrals.due(shard, app.clock.now(), 10)]
    assert app.environment.referrals.move_due(due, app.clock.now() + 600)
    assert not app.environment.referrals.move_due(due, app.clock.now() + 600)


def test_ten_rows_cost_one_call_of_the_table(app: App) -> None:
    """After an outage thousands are due: one call for each row would take minutes when a few of them hang."""
    rows_due(app, 45)
    calls: Counter[str] = Counter()
    for name in ("transact_write_items", "update_item"):
        count_calls(app, name, calls)

    assert app.sweep(work=False)["enqueued"] == 45
    assert calls["transact_write_items"] <= DUE_SHARDS + 45 // ENQUEUED_AT_ONCE
    assert calls["update_item"] <= DUE_SHARDS + 2, "a row alone, and the figures"


def count_calls(app: App, name: str, calls: Counter[str]) -> None:
    real = getattr(app.dynamodb.real, name)

    def counted(**request: Any) -> Any:
        calls[name] += 1
        return real(**request)

    setattr(app.dynamodb.real, name, counted)


def test_a_sweep_without_time_left_begins_nothing_further(app: App) -> None:
    rows_due(app, 45)
    left = iter([50.0] * 3)
    app.environment.time_left = lambda: next(left, LEAST_TIME - 1)  # type: ignore[method-assign]
    assert 0 < enqueue_due.enqueue_due(app.environment).enqueued < 45


def test_rows_that_are_sent_again_are_delivered(app: App) -> None:
    rows_due(app, 5)
    app.sweep()
    assert {app.row(user_id).state for user_id in range(1, 6)} == {State.DELIVERED}


def test_a_refused_message_is_due_again_in_a_minute(app: App) -> None:
    rows_due(app, 3)
    app.sqs.refuse("send_message_batch", 99)

    assert app.sweep(work=False)["enqueued"] == 0

    app.sqs.mend()
    app.wait(REFUSED_AGAIN_AFTER - 1)

    assert app.sweep(work=False)["enqueued"] == 0

    app.wait(2)

    assert app.sweep(work=False)["enqueued"] == 3


def test_while_the_breaker_is_open_nothing_is_sent(app: App) -> None:
    rows_due(app, 3)
    app.configure(status="active")
    opened(app, 60)

    assert app.sweep(work=False)["enqueued"] == 0
    assert app.queued() == []


def test_after_the_pause_a_few_rows_probe_and_the_rest_follows_when_they_succeed(app: App) -> None:
    rows_due(app, 8)
    opened(app, 60)
    app.wait(61)

    assert app.sweep(work=False)["enqueued"] == PROBES

    for _ in range(12):
        app.work()
        app.wait(60)
        app.sweep()

    assert {app.row(user_id).state for user_id in range(1, 9)} == {State.DELIVERED}
    assert app.environment.breakers.find(Vendor.INTERCOM) is None


def test_while_the_breaker_is_open_the_inbox_is_handed_on_all_the_same(app: App) -> None:
    app.sqs.refuse("send_message", 2)
    app.post(webhook_fields())

    opened(app, 600)
    app.wait(31)

    assert app.sweep(work=False)["inbox"] == 1

    (message,) = app.queued()
    assert isinstance(message, DeliverContact)
    assert message.fields == webhook_fields()


def test_an_inbox_row_stays_until_the_queue_has_it(app: App) -> None:
    app.sqs.refuse("send_message", 3)
    app.post(webhook_fields())
    app.wait(31)

    assert app.sweep(work=False)["inbox"] == 0
    assert len(app.rows_of("INBOX#")) == 1

    app.live(11)

    assert app.rows_of("INBOX#") == []
    assert len(app.contacts()) == 1


@pytest.mark.parametrize("field", ["version", "kind"])
def test_an_inbox_row_that_only_a_later_version_can_read_keeps_nobody_else_waiting(app: App, field: str) -> None:
    """Stored by a deployment that was taken back."""
    app.sqs.refuse("send_message", 2)
    app.post(webhook_fields(id=99))
    rows_due(app, 2)
    [row] = app.rows_of("INBOX#")
    document = json.loads(row["message"]["S"])
    strange = {**document, field: {"version": 9, "kind": "SomethingNew"}[field]}
    app.dynamodb.put_item(
        TableName=app.settings.referrals_table, Item={**row, "message": {"S": json.dumps(strange)}, "due_at": {"N": "1"}}
    )

    swept = app.sweep(work=False)

    assert (swept["enqueued"], swept["inbox"]) == (2, 0)
    assert app.metrics.counts["SweepFinished"] == 1

    app.dynamodb.put_item(TableName=app.settings.referrals_table, Item=row)

    assert app.sweep(work=False)["inbox"] == 1


def test_an_inbox_row_that_could_not_be_removed_is_sent_twice_and_makes_one_contact(app: App) -> None:
    app.sqs.refuse("send_message", 2)
    app.post(webhook_fields())
    app.wait(31)
    app.dynamodb.refuse("delete_item", 3)

    for _ in range(12):
        try:
            app.sweep()
        except Exception as error:  # noqa: BLE001 - a failed run is tried again by the next minute
            assert "delete_item" in str(error)  # noqa: PT017
        app.wait(60)
    app.sweep()

    assert (app.rows_of("INBOX#"), len(app.contacts())) == ([], 1)


def test_held_rows_are_left_alone_while_the_campaign_is_not_active() -> None:
    app = App()
    app.configure(status="paused")
    app.sign_up()
    for _ in range(3):
        app.wait(600)
        assert app.sweep() == {"enqueued": 0, "inbox": 0, "released": 0, "beside": 0}


def test_a_paused_campaigns_many_held_rows_are_not_read_each_minute() -> None:
    app = App()
    app.configure(status="paused")
    for user_id in range(1, 30):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")
    query, read = app.dynamodb.query, list[str]()

    def reading(**request: Any) -> Any:
        answer = query(**request)
        read.extend(str(item["pk"]["S"]) for item in answer["Items"])
        assert answer["ScannedCount"] == len(answer["Items"])
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.dynamodb, "query", reading, raising=False)
        app.sweep()
    assert [pk for pk in read if pk.startswith("REFERRAL#")] == []


def test_what_a_campaign_nobody_had_configured_held_is_kept_once_it_is_a_draft() -> None:
    app = App()

    assert app.sign_up().expires_at is not None

    app.configure(status="draft")
    app.sweep()

    assert (app.row().state, app.row().expires_at) == (State.HELD, None)


def test_held_rows_are_released_at_the_sweeps_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue_due, "PACE", 4)
    app = App()
    app.configure(status="draft")
    for user_id in range(1, 11):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")

    app.configure(status="active")

    released = [app.sweep()["released"] for _ in range(4)]
    assert sum(released) == 10
    assert max(released) <= 4


def test_with_little_time_left_the_sweep_ends_early_and_the_next_goes_on(app: App) -> None:
    rows_due(app, 5)
    app.context.seconds = 4.0
    assert app.sweep(work=False)["enqueued"] == 0

    app.context.seconds = 45.0
    assert app.sweep(work=False)["enqueued"] == 5


def test_the_oldest_undelivered_signup_is_measured(app: App) -> None:
    app.sweep()

    assert app.metrics.gauges["OldestUndeliveredSeconds"] == 0

    rows_due(app, 2)
    app.sweep(work=False)

    assert app.metrics.gauges["OldestUndeliveredSeconds"] == app.clock.now() - NOW


def test_an_index_that_is_behind_sends_too_often_and_that_does_no_harm(app: App) -> None:
    app.sign_up()
    message: Any = DeliverContact(1, 42, ENQUEUED, app.clock.now())

    for _ in range(3):
        app.environment.delivery_queue.send(message)
    app.forget_calls()
    app.work()

    assert app.calls() == []


@pytest.mark.parametrize(("seconds", "kind"), [(60, BreakerKind.FAILING), (20, BreakerKind.DISCONNECTED)])
def test_a_sweep_does_not_wait_for_what_cannot_happen_meanwhile(app: App, seconds: float, kind: BreakerKind) -> None:
    rows_due(app, 3)
    opened(app, seconds, kind)
    began = app.clock.now()

    assert app.sweep(work=False)["enqueued"] == 0
    assert app.clock.now() == began


def test_rows_reopened_soon_after_their_create_are_delivered_and_not_only_checked(app: App) -> None:
    """They are still to be settled; a message that only checks would leave all but the first of them pending."""
    people = range(1, 9)
    for user_id in people:
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")
    app.wait(60)
    opened(app, 45)
    for user_id in people:
        assert app.move_due(user_id, replay=True).state is State.PENDING

    app.live(3)

    assert [app.row(user_id).state for user_id in people] == [State.DELIVERED] * 8


def test_a_try_after_a_pause_that_needed_no_call_goes_to_the_next(app: App) -> None:
    opened(app, 30)
    app.wait(31)
    guard = app.environment.intercom_guard
    guard.admit()

    breaker = app.breaker()

    assert breaker.is_open(app.clock.now()), "one at a time"

    guard.succeeded()

    breaker = app.environment.breakers.find(Vendor.INTERCOM)
    assert breaker is not None, "nothing was learnt of the vendor"
    assert not breaker.is_open(app.clock.now())

    app.new_environment().intercom_guard.admit()


# -- what the alarms read each minute ---------------------------------------------------------------------------------


def states(app: App) -> set[str]:
    """The gauges that are 1 after a sweep; the others of them are 0."""
    app.sweep(work=False)
    shown = {name: app.metrics.gauges[name] for name in STATES}
    assert set(shown.values()) <= {0.0, 1.0}
    return {name for name, value in shown.items() if value}


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (BreakerKind.FAILING, {"BreakerOpen"}),
        (BreakerKind.REFUSED, {"BreakerOpen"}),
        (BreakerKind.STRIKE, {"CallsStopped"}),
        (BreakerKind.BLOCKED, {"CallsStopped"}),
        (BreakerKind.CONNECTION_LOST, {"Disconnected"}),
        (BreakerKind.DISCONNECTED, set[str]()),  # a person did that
    ],
)
@pytest.mark.parametrize("vendor", Vendor)
def test_each_minute_says_why_calls_to_either_vendor_are_stopped(
    app: App, vendor: Vendor, kind: BreakerKind, shown: set[str]
) -> None:
    assert states(app) == set()

    now = app.clock.now()
    app.environment.breakers.open(vendor, Breaker(kind, now + 60, now))

    assert states(app) == shown


def test_both_vendors_reasons_are_shown_at_once(app: App) -> None:
    now = app.clock.now()
    app.environment.breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.CONNECTION_LOST, now + 60, now))
    app.environment.breakers.open(Vendor.REFERRAL_FACTORY, Breaker(BreakerKind.STRIKE, now + 60, now))

    assert states(app) == {"Disconnected", "CallsStopped"}


@pytest.mark.parametrize(
    ("kind", "probing", "after", "stands"),
    [
        (BreakerKind.FAILING, False, LEFT_BEHIND_AFTER - 1, True),
        (BreakerKind.FAILING, False, LEFT_BEHIND_AFTER, False),
        (BreakerKind.FAILING, True, LEFT_BEHIND_AFTER, True),
        (BreakerKind.REFUSED, False, LEFT_BEHIND_AFTER, True),
    ],
)
def test_a_failing_vendor_that_nobody_calls_after_the_pause_is_left_behind_a_minute_later(
    app: App, kind: BreakerKind, *, probing: bool, after: float, stands: bool
) -> None:
    now = app.clock.now()
    app.environment.breakers.open(Vendor.REFERRAL_FACTORY, Breaker(kind, now + 60, now, probing=probing))
    app.wait(60 + after)

    assert states(app) == ({"BreakerOpen"} if stands else set())


# -- what one run may take --------------------------------------------------------------------------------------------


def test_no_run_takes_more_than_its_pace_over_all_shards(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue_due, "PACE", 4)
    rows_due(app, 20)

    assert [app.sweep(work=False)["enqueued"] for _ in range(6)] == [4, 4, 4, 4, 4, 0]


def test_held_rows_wait_while_rows_that_are_due_take_the_whole_pace(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue_due, "PACE", 4)
    app.configure(status="paused")
    for user_id in range(1, 4):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")
    app.configure(campaign_id=2)
    due_in_campaign_2(app, 6)
    app.configure(status="active")

    swept = [app.sweep(work=False) for _ in range(3)]

    assert [one["enqueued"] for one in swept] == [4, 2, 0]
    assert [one["released"] for one in swept] == [0, 2, 1]


def due_in_campaign_2(app: App, count: int) -> None:
    for user_id in range(101, 101 + count):
        app.sqs.refuse("change_message_visibility", 1)
        app.wire.faults.add({**DOWN, "times": 1, "id": "down"})
        app.sign_up(id=user_id, email=f"person{user_id}@example.com", campaign_id=2)
    app.wire.faults.clear()
    app.sqs.purge_queue(QueueUrl=app.settings.delivery_queue_url)
    app.environment.breakers.close(Vendor.INTERCOM)
    app.wait(91)


def test_rows_that_are_only_looked_at_again_take_what_the_pace_leaves(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue_due, "PACE", 4)
    monkeypatch.setattr(enqueue_due, "CHECKED_TOGETHER", 2)
    soon = app.clock.now() + 5
    for user_id in range(101, 107):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")
        app.environment.referrals.update(1, user_id, lambda row: replace(row, look_at=soon, due_at=soon))
    app.wait(6)

    swept = [app.sweep(work=False)["enqueued"] for _ in range(3)]

    assert swept == [4, 2, 0]


@pytest.mark.parametrize(("seconds", "enqueued"), [(LEAST_TIME, 3), (LEAST_TIME - 0.001, 0)])
def test_a_run_goes_on_to_its_last_five_seconds(app: App, seconds: float, enqueued: int) -> None:
    rows_due(app, 3)
    app.environment.time_left = lambda: seconds  # type: ignore[method-assign]

    assert enqueue_due.enqueue_due(app.environment).enqueued == enqueued


@pytest.mark.parametrize(("seconds", "released"), [(LEAST_TIME, 3), (LEAST_TIME - 0.001, 0)])
def test_held_rows_are_released_to_the_last_five_seconds(seconds: float, released: int) -> None:
    app = App()
    app.configure(status="paused")
    for user_id in range(1, 4):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")
    app.configure(status="active")
    app.environment.time_left = lambda: seconds  # type: ignore[method-assign]

    assert enqueue_due.enqueue_due(app.environment).released == released


def test_what_is_only_looked_at_again_waits_when_the_time_is_up(app: App) -> None:
    soon = app.clock.now() + 5
    app.sign_up()
    app.environment.referrals.update(1, 42, lambda row: replace(row, look_at=soon, due_at=soon))
    app.wait(6)
    left = iter([50.0] * DUE_SHARDS)
    app.environment.time_left = lambda: next(left, LEAST_TIME - 1)  # type: ignore[method-assign]

    assert enqueue_due.enqueue_due(app.environment).enqueued == 0

    app.environment.time_left = lambda: 45.0  # type: ignore[method-assign]

    assert enqueue_due.enqueue_due(app.environment).enqueued == 1


@pytest.mark.parametrize(("seconds", "waits"), [(1, 1.0), (0, 0.0)])
def test_each_minute_says_whether_new_contacts_wait_for_referral_factory(app: App, seconds: float, waits: float) -> None:
    app.environment.campaigns.note_unknown(1, app.clock.now() + seconds - UNKNOWN_WITHIN, 1)

    app.sweep(work=False)

    assert app.metrics.gauges["CreatesWait"] == waits


def test_while_intercom_is_away_nobody_comes_of_age(app: App) -> None:
    app.sign_up()
    opened(app, OF_AGE_TO_SETTLE + 400)
    app.wait(OF_AGE_TO_SETTLE + 300)

    away = app.sweep(work=False)["enqueued"]
    app.environment.breakers.close(Vendor.INTERCOM)

    assert (away, app.sweep(work=False)["enqueued"]) == (0, 1)


def test_rows_beside_referrals_are_enqueued_though_intercom_is_away() -> None:
    """Each waits for a vendor of its own."""
    story = Story()
    story.invites()
    story.app.wait(3_600)
    opened(story.app, 60)

    swept = story.app.sweep(work=False)

    assert swept["beside"] == 1
    assert swept["enqueued"] == 0
    assert [type(message).__name__ for message in story.app.queued("referrer")].count("UpdateReferrer") >= 1


def test_a_refused_message_of_a_row_beside_a_referral_is_due_again_in_a_minute() -> None:
    story = Story()
    story.invites()
    story.app.sqs.purge_queue(QueueUrl=story.app.settings.referrer_queue_url)
    story.app.wait(3_600)
    story.app.sqs.refuse("send_message_batch", 99)

    refused = story.app.sweep(work=False)["beside"]
    story.app.sqs.mend()
    story.app.wait(REFUSED_AGAIN_AFTER - 1)
    early = story.app.sweep(work=False)["beside"]
    story.app.wait(1)

    assert (refused, early) == (0, 0)
    assert story.app.sweep(work=False)["beside"] == 1
