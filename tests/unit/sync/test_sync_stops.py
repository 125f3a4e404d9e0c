"""Runs that end with their campaign, or by a person."""

from __future__ import annotations

import pytest

from shared.domain.sync.run import RunState
from shared.use_cases.sync.read_syncs import cancel_run
from shared.use_cases.sync.start_sync import STALE
from tests.support.syncing import PER_PAGE, SyncApp, fault, posted


@pytest.mark.parametrize("changes", [{"status": "paused"}, {"status": "draft"}, {"mode": "off"}])
def test_a_campaign_that_is_paused_midway_stops_its_run_cleanly(app: SyncApp, changes: dict[str, str]) -> None:
    app.add_many(60)
    run = app.start()
    app.wire.interrupt("POST /api/v2/users", lambda: (app.choose(**changes), app.wait(4)))
    app.drain()

    stopped = app.run(run.slot)

    assert stopped.state is RunState.CANCELLED
    assert stopped.reason
    assert len(posted(app)) == 1
    assert app.environment.sync_runs.head(1).open_slot is None

    app.choose()
    app.wait(60)

    assert app.sync().tally.finished == 60
    assert set(posted(app).values()) == {1}


@pytest.mark.parametrize("reading", ["GET /api/v2/users", "GET /contacts"])
def test_a_campaign_that_is_paused_while_its_contacts_are_read_adds_nobody(app: SyncApp, reading: str) -> None:
    app.add_many(60)
    run = app.start()
    app.wire.interrupt(reading, lambda: (app.choose(status="paused"), app.wait(4)))

    app.drain()

    assert app.run(run.slot).state is RunState.CANCELLED
    assert posted(app) == {}


@pytest.mark.usefixtures("small_pages")
def test_nothing_more_is_read_for_a_campaign_that_is_paused(app: SyncApp) -> None:
    app.add_many(5 * PER_PAGE)
    run = app.start()
    app.forget_calls()
    app.wire.interrupt("GET /contacts", lambda: (app.choose(status="paused"), app.wait(4)))

    app.drain()

    assert app.run(run.slot).state is RunState.CANCELLED
    assert len([call for call in app.calls() if call.startswith("GET /contacts")]) == 1


def test_somebody_without_an_address_at_referral_factory_is_nobodys_contact(app: SyncApp) -> None:
    app.joined("")
    contacts = app.add_many(2)

    run = app.sync()

    assert run.tally.created == 2
    assert app.member("") is None

    app.assert_linked(*contacts)


def test_a_campaign_that_is_deleted_midway_stops_its_run_cleanly(app: SyncApp) -> None:
    app.add_many(60)
    run = app.start()

    def delete() -> None:
        app.dynamodb.delete_item(TableName="campaigns", Key={"pk": {"S": "CAMPAIGNS"}, "sk": {"S": f"{1:012d}"}})
        app.wait(4)

    app.wire.interrupt("POST /api/v2/users", delete)
    app.drain()
    stopped = app.run(run.slot)

    assert (stopped.state, stopped.reason) == (RunState.CANCELLED, "The campaign was deleted.")


def test_a_waiting_run_of_a_paused_campaign_is_ended_by_the_schedule(app: SyncApp) -> None:
    app.add_many(3)
    app.intercom.settings.tokens.clear()
    run = app.start()

    app.step()

    assert app.run(run.slot).state is RunState.WAITING

    app.choose(status="paused")
    app.tick()

    assert app.run(run.slot).state is RunState.CANCELLED


@pytest.mark.parametrize(("status", "times", "longest_wait"), [(429, 1, 300), (403, 2, 3_600)])
def test_a_run_that_waits_long_ends_by_itself_once_its_campaign_is_deleted(
    app: SyncApp, status: int, times: int, longest_wait: int
) -> None:
    """The schedule sees to campaigns, and this one is none any more."""
    app.add_many(3)
    run = app.start()
    fault(app, "status", path="^/api/v2/users", times=times, status=status)
    app.drain(100 if times == 1 else 2_000)

    waiting = app.run(run.slot)

    left = (waiting.due_at or 0.0) - app.clock.now()
    assert (waiting.state, longest_wait / 2 < left < longest_wait) == (RunState.WAITING, True)

    app.dynamodb.delete_item(TableName="campaigns", Key={"pk": {"S": "CAMPAIGNS"}, "sk": {"S": f"{1:012d}"}})
    app.drain(905)
    stopped = app.run(run.slot)

    assert (stopped.state, stopped.reason) == (RunState.CANCELLED, "The campaign was deleted.")


def test_a_cancelled_run_stops_within_seconds_and_the_next_one_begins_where_it_was(app: SyncApp) -> None:
    contacts = app.add_many(60)
    run = app.start()

    def cancel() -> None:
        cancel_run(app.environment, 1, str(run.slot), "mara@example.com")
        app.wait(4)

    app.wire.interrupt(f"PUT /contacts/{contacts[4].id}", cancel)
    app.drain()
    stopped = app.run(run.slot)

    assert (stopped.state, stopped.reason) == (RunState.CANCELLED, "Cancelled by mara@example.com.")
    assert sum(app.link_of(contact) is not None for contact in contacts) == 5
    assert cancel_run(app.environment, 1, str(run.slot), "x").reason == stopped.reason, "it stays as it ended"

    app.wait(60)

    assert app.sync().tally.finished == 60
    assert set(posted(app).values()) == {1}

    app.assert_linked(*contacts)


@pytest.mark.parametrize(("seconds", "enqueued"), [(STALE - 1, 0), (STALE, 1)])
def test_a_run_that_has_stood_still_for_long_is_restarted(app: SyncApp, seconds: float, enqueued: int) -> None:
    app.add_many(3)
    app.sqs.refuse("send_message")

    run = app.start()
    app.wait(app.run(run.slot).touched_at + seconds - app.clock.now())

    assert app.tick()["enqueued"] == enqueued


def test_a_run_whose_first_message_was_refused_is_started_by_the_schedule(app: SyncApp) -> None:
    contacts = app.add_many(3)
    app.sqs.refuse("send_message")
    run = app.start()

    assert not app.queued("sync")

    app.wait(200)

    assert app.tick()["enqueued"] == 1

    app.drain()

    assert app.run(run.slot).state is RunState.DONE

    app.assert_linked(*contacts)


def test_a_head_that_points_to_a_finished_run_is_mended(app: SyncApp) -> None:
    run = app.sync()
    app.environment.sync_runs._runs.update("SYNC#1", "HEAD", "SET open_slot = :s", "attribute_exists(pk)", {":s": run.slot})
    app.tick()
    assert app.environment.sync_runs.head(1).open_slot is None
