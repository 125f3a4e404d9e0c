"""A delivery that fails for a moment waits and is tried again, whatever dies meanwhile: nobody is lost, nothing made twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.domain.connection.connection import Connection
from shared.domain.signup.referral import ENQUEUE_AGAIN_AFTER
from shared.domain.signup.state import State
from shared.domain.timing import DELIVERY_LEASE
from shared.domain.vendor.retry import SHORT_DELAYS
from shared.messages import DeliverContact
from shared.use_cases.signup.deliver_contact import HURRIES_AFTER
from shared.use_cases.vendor.guard_vendor import FAILURES_TO_OPEN
from tests.support.builders import App, webhook_fields
from tests.support.clock import NOW
from tests.unit.signup.test_deliver_contact import DOWN


def die() -> None:
    raise KeyboardInterrupt


def test_the_row_is_there_before_intercom_is_asked(app: App) -> None:
    app.wire.faults.add({**DOWN, "path": "^/"})
    row = app.sign_up()

    assert row.state == State.PENDING
    assert row.due_at == NOW + DELIVERY_LEASE
    assert app.contacts() == []


def test_a_short_failure_waits_in_the_queue_and_a_long_one_in_the_ledger(app: App) -> None:
    app.wire.faults.add({**DOWN, "path": "^/contacts/search"})
    app.sign_up()
    receives = 1

    while app.queued():
        app.wait(57)
        app.work()
        receives += 1

    assert receives == len(SHORT_DELAYS) + 1

    row = app.row()
    assert row.state == State.PENDING
    assert row.attempts == len(SHORT_DELAYS) + 1
    assert row.history[-1].what == "waits"
    assert row.due_at is not None
    assert row.due_at > app.clock.now()

    app.wire.faults.clear()
    app.wait(600)
    app.sweep()
    app.wait(120)
    app.sweep()

    assert (app.row().state, app.row().attempts) == (State.DELIVERED, 0)


def _searches(tries: int) -> int:
    """Of so many tries in vain: after each but the first it is asked whether Intercom answers a search for nobody."""
    return 2 * tries - 1


def test_the_last_ten_minutes_of_the_promise_are_spent_on_tries(app: App) -> None:
    app.wire.faults.add({**DOWN, "path": "^/contacts/search", "times": _searches(FAILURES_TO_OPEN - 1)})
    app.sign_up()
    app.wait(HURRIES_AFTER + 1)

    for _ in range(FAILURES_TO_OPEN - 1):
        assert not app.row().finished
        app.work()
        app.wait(7)

    assert app.row().state is State.DELIVERED


def test_a_rate_limit_is_waited_as_long_as_intercom_says(app: App) -> None:
    headers = {"X-RateLimit-Reset": str(int(NOW) + 9)}
    app.wire.faults.add({"kind": "status", "status": 429, "headers": headers, "times": 1, "path": "^/contacts"})

    app.sign_up()
    app.wait(8)
    app.work()

    assert app.contacts() == []

    app.wait(4)
    app.work()

    assert len(app.contacts()) == 1


def test_that_intercom_has_no_room_yet_is_written_once_however_often_it_is_tried(app: App) -> None:
    app.wire.faults.add({"kind": "status", "status": 429, "path": "^/contacts"})
    app.sign_up()
    once = app.row()

    for _ in range(3):
        app.wait(30)
        app.work()

    assert len(app.calls()) > 1
    assert app.row() == once
    assert once.attempts == 1
    assert [event.what for event in once.history] == ["webhook joined"]


def test_a_failure_says_nothing_of_a_row_that_somebody_finished_meanwhile(app: App) -> None:
    app.wire.faults.add({**DOWN, "path": "^/contacts/search", "times": 1})
    done = lambda row: row.done(State.SKIPPED, "The campaign leaves such contacts as they are.")  # noqa: E731
    app.wire.interrupt("POST /contacts/search", lambda: app.environment.referrals.update(1, 42, done))

    row = app.sign_up()

    assert row.state is State.SKIPPED
    assert row.reason == "The campaign leaves such contacts as they are."
    assert row.attempts == 0
    assert [event.what for event in row.history] == ["webhook joined"]


def test_a_lost_connection_holds_all_rows_and_a_new_token_resumes(app: App) -> None:
    app.intercom.settings.tokens.clear()
    for user_id in (42, 43):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")

    assert app.metrics.counts["ConnectionLost"] >= 1
    assert [app.row(user_id).state for user_id in (42, 43)] == [State.PENDING, State.PENDING]
    assert app.queued() == []

    app.intercom.settings.tokens.append("new-token")
    app.set_secret("intercom", access_token="new-token")
    app.live(12)

    assert [app.row(user_id).state for user_id in (42, 43)] == [State.DELIVERED, State.DELIVERED]


def test_a_401_that_a_fresh_secret_mends_costs_nothing(app: App) -> None:
    app.sign_up(id=1, email="warm.up@example.com")
    app.intercom.settings.tokens[:] = ["new-token"]
    app.set_secret("intercom", access_token="new-token")

    assert app.sign_up().state is State.DELIVERED
    assert app.metrics.counts["ConnectionLost"] == 0


def test_a_disconnected_workspace_stops_queued_work(app: App) -> None:
    app.sign_up(id=1, email="warm.up@example.com")
    connection = app.connection()
    app.environment.connections.save(Connection(connection.workspace_id, "US", "UTC", connected=False, epoch=2))
    app.forget_calls()

    row = app.sign_up()

    assert (row.state, app.calls()) == (State.PENDING, [])


def test_intercom_that_does_not_answer_is_left_alone_and_then_tried_carefully(app: App) -> None:
    app.wire.faults.add({**DOWN, "path": "^/contacts"})
    for user_id in range(1, 21):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")

    assert app.metrics.counts["BreakerOpened"] == 1
    assert len(app.calls()) <= _searches(FAILURES_TO_OPEN)

    app.wire.faults.clear()
    app.live(20)

    assert {app.row(user_id).state for user_id in range(1, 21)} == {State.DELIVERED}
    assert len(app.intercom.workspace.contacts) == 20


def test_a_late_contact_is_counted(app: App) -> None:
    app.wire.faults.add({**DOWN, "path": "^/contacts"})
    app.sign_up()
    app.wait(1_900)
    app.wire.faults.clear()

    for _ in range(5):
        app.sweep()
        app.wait(60)

    assert app.metrics.counts["LateDelivery"] == 1
    assert app.metrics.gauges["DeliverySeconds"] >= 1_900


def test_a_worker_that_does_not_come_back_is_rescued_by_the_sweep(app: App) -> None:
    app.wire.interrupt("POST /contacts/search", die)
    with pytest.raises(KeyboardInterrupt):
        app.sign_up()
    app.environment = app.new_environment()
    app.wait(DELIVERY_LEASE + 1)

    app.sweep()

    assert app.row().state is State.DELIVERED
    assert len(app.contacts()) == 1


def test_a_worker_that_dies_over_an_enqueued_row_is_soon_followed_by_another(app: App) -> None:
    """Also when its message is lost: the sweep has moved the row's time on by three minutes."""
    app.wire.faults.add({**DOWN, "path": "^/contacts/search", "times": _searches(len(SHORT_DELAYS) + 1)})
    app.sign_up()
    while app.queued():
        app.wait(57)
        app.work()
    app.wait(700)
    app.wire.interrupt("POST /contacts/search", die)
    with pytest.raises(KeyboardInterrupt):
        app.sweep()
    app.sqs.real.purge_queue(QueueUrl=app.settings.delivery_queue_url)
    app.environment = app.new_environment()
    app.wait(ENQUEUE_AGAIN_AFTER + 1)

    app.sweep()

    assert app.row().state is State.DELIVERED


def test_a_row_that_the_sweep_enqueues_while_its_message_waits_is_delivered_once(app: App) -> None:
    app.wire.faults.add({**DOWN, "path": "^/contacts/search", "times": len(SHORT_DELAYS)})
    app.sign_up()

    while not app.row().finished:
        app.wait(10)
        app.sweep()
        app.work()

    assert [call for call in app.calls() if call == "POST /contacts"] == ["POST /contacts"]


def test_a_lease_that_cannot_be_given_back_costs_nothing(app: App) -> None:
    app.wire.interrupt("POST /contacts", lambda: None)
    real = app.environment.people.release
    app.environment.people.release = lambda person: app.dynamodb.refuse("update_item", 3) or real(person)  # type: ignore[method-assign]
    assert app.sign_up().state is State.DELIVERED


def test_a_message_of_an_older_deployment_and_one_of_the_next_are_both_delivered(app: App) -> None:
    message = DeliverContact(1, None, "joined", NOW, webhook_fields())
    for version in (1, 2):
        body = {"kind": "DeliverContact", "version": version, "new_field": 1, **_document(message)}
        app.sqs.send_message(QueueUrl=app.settings.delivery_queue_url, MessageBody=json.dumps(body), MessageGroupId="1")
    app.work()
    assert (len(app.contacts()), app.queued()) == (1, [])


def _document(message: DeliverContact) -> dict[str, Any]:
    return {"campaign_id": 1, "user_id": None, "event": "joined", "received_at": NOW, "fields": dict(message.fields or {})}
