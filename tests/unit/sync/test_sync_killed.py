"""Workers of a sync die, or meet each other."""

from __future__ import annotations

import pytest

from functions.sync_page import handler as sync_page
from shared.domain.sync.run import Phase, RunState
from shared.messages import SyncPage, body_of
from tests.support.syncing import SyncApp, die, drain_past_deaths, posted


def test_killed_on_every_page_of_ninety_each_contact_is_linked_once(app: SyncApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.adapters.intercom.client.SMALLER_PAGES", (1,))
    contacts = app.add_many(90)
    seen = set[str]()

    def die_on_the_next_page() -> None:
        def once() -> None:
            path = app.wire.calls[-1].path
            if path not in seen:
                seen.add(path)
                die()
            app.wire.interrupt("GET /contacts", once)

        app.wire._interruptions.clear()
        app.wire.interrupt("GET /contacts", once)

    run = app.start()
    died = drain_past_deaths(app, die_on_the_next_page)
    run = app.run(run.slot)

    assert died >= 90
    assert run.state == RunState.DONE
    assert run.tally.seen == 90
    assert run.tally.linked == 90
    assert run.tally.created == 90
    assert set(posted(app).values()) == {1}

    app.assert_linked(*contacts)


@pytest.mark.parametrize("call", ["POST /api/v2/users", "GET /api/v2/users"])
def test_killed_after_each_call_of_a_kind_each_contact_is_linked_once(app: SyncApp, call: str) -> None:
    contacts = app.add_many(6)
    orders = iter(range(6))

    def die_next() -> None:
        if next(orders, None) is not None:
            app.wire.interrupt(call, die)

    run = app.start()
    drain_past_deaths(app, die_next)
    run = app.run(run.slot)

    assert run.state is RunState.DONE
    assert run.tally.finished == 6
    assert set(posted(app).values()) == {1}

    app.assert_linked(*contacts)


def test_a_reader_that_lost_its_lease_stores_no_place(app: SyncApp) -> None:
    contacts = app.add_many(3)
    run = app.start()

    def another_worker() -> None:
        app.wait(91)
        app.environment.sync_runs.lease(1, run.slot, "another worker", app.clock.now(), 90)

    app.wire.interrupt("GET /contacts", another_worker)
    app.step()
    found = app.run(run.slot)

    assert found.phase == Phase.CONTACTS
    assert found.page == 0
    assert found.chunks == 0
    assert found.tally.seen == 0

    app.drain()
    found = app.run(run.slot)

    assert found.state == RunState.DONE
    assert found.tally.seen == 3
    assert found.tally.linked == 3

    app.assert_linked(*contacts)


def test_killed_between_link_and_record_nothing_is_written_twice_over(app: SyncApp) -> None:
    contacts = app.add_many(3)
    app.wire.interrupt(f"PUT /contacts/{contacts[1].id}", die)
    run = app.start()

    assert drain_past_deaths(app) == 1
    assert app.run(run.slot).state is RunState.DONE
    assert set(posted(app).values()) == {1}

    app.assert_linked(*contacts)


@pytest.mark.parametrize("operation", ["put_item", "update_item", "transact_write_items"])
def test_aws_in_trouble_delays_and_loses_nothing(app: SyncApp, operation: str) -> None:
    contacts = app.add_many(30)
    run = app.start()
    for happens in (False, True):
        app.dynamodb.refuse(operation, 3, happens=happens)

    app.drain()

    assert app.run(run.slot).state is RunState.DONE
    assert set(posted(app).values()) == {1}

    app.assert_linked(*contacts)


def test_two_workers_with_one_message_work_side_by_side(app: SyncApp) -> None:
    contacts = app.add_many(60)
    run = app.start()
    other = app.new_environment()

    def meanwhile() -> None:
        record = {"messageId": "m", "receiptHandle": "r", "attributes": {"ApproximateReceiveCount": "1"}}
        app.invoke(sync_page, {"Records": [{**record, "body": body_of(SyncPage(1, run.slot))}]}, other)

    app.wire.interrupt("GET /contacts", meanwhile)
    app.wire.interrupt("POST /api/v2/users", meanwhile)
    app.drain()

    assert app.run(run.slot).tally.finished == 60
    assert set(posted(app).values()) == {1}

    app.assert_linked(*contacts)
