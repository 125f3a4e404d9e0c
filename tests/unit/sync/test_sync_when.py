"""When a sync runs."""

from __future__ import annotations

import pytest

from shared.domain.sync.run import RunState
from shared.errors import ConflictError, InvalidSettingsError, NotFoundError
from shared.use_cases.sync.read_syncs import cancel_run
from tests.support.syncing import SyncApp, change, segment


def test_a_slot_starts_one_run_however_often_the_schedule_fires(app: SyncApp) -> None:
    app.add_many(2)

    assert app.tick(time="2026-11-22T00:00:00Z") == {"started": 1, "enqueued": 0}
    assert app.tick(time="2026-11-22T00:00:00Z") == {"started": 0, "enqueued": 0}

    app.drain(120)

    assert app.tick(time="2026-11-22T00:00:00Z") == {"started": 0, "enqueued": 0}, "late: the slot is used"
    assert app.tick(time="2026-11-22T00:14:59Z") == {"started": 0, "enqueued": 0}
    assert app.tick(time="2026-11-22T00:15:00Z") == {"started": 1, "enqueued": 0}
    assert len(app.runs(10)) == 2


def test_a_slot_that_comes_while_a_run_is_open_starts_after_it_and_none_pile_up(app: SyncApp) -> None:
    app.choose(interval_minutes=5)
    app.add_many(2)
    app.tick()
    for _ in range(3):
        app.wait(300)
        assert app.tick()["started"] == 0
    app.drain(100)

    first = app.latest()

    assert first.finished
    assert app.tick()["started"] == 1
    assert len(app.runs(10)) == 2
    assert app.tick()["started"] == 0


@pytest.mark.parametrize(("status", "mode"), [("paused", "ongoing"), ("active", "once"), ("active", "off")])
def test_the_schedule_leaves_alone_what_is_not_ongoing(app: SyncApp, status: str, mode: str) -> None:
    app.choose(status=status, mode=mode)
    assert app.tick() == {"started": 0, "enqueued": 0}


def test_a_run_once_is_asked_for(app: SyncApp) -> None:
    app.choose(mode="once")
    app.add_many(2)
    run = app.sync()
    assert (run.state, run.requested_by) == (RunState.DONE, "mara@example.com")


def test_a_second_run_is_refused_while_one_is_open(app: SyncApp) -> None:
    app.start()
    app.wait(5)
    with pytest.raises(ConflictError):
        app.start()


def test_a_run_may_follow_one_that_began_and_ended_within_the_same_second(app: SyncApp) -> None:
    """A run is named by its second."""
    app.choose(mode="once")
    runs = [app.start()]
    for _ in range(2):
        cancel_run(app.environment, 1, str(runs[-1].slot), "a test")
        app.wait(0.4)
        runs.append(app.start())

    assert len({run.slot for run in runs}) == 3

    app.wait(0.4)
    with pytest.raises(ConflictError):
        app.start()
    app.drain()

    assert app.latest() == app.run(runs[-1].slot)
    assert app.run(runs[-1].slot).state is RunState.DONE


def test_what_cannot_run_is_not_begun(app: SyncApp) -> None:
    with pytest.raises(NotFoundError):
        app.start(99)
    app.choose(status="paused")
    with pytest.raises(InvalidSettingsError):
        app.start()
    app.choose(mode="off")
    with pytest.raises(InvalidSettingsError):
        app.start()


def test_an_ongoing_run_reads_who_changed_and_once_a_day_everybody(app: SyncApp) -> None:
    app.add_many(3)
    app.tick()
    app.drain(60)
    app.wait(900)
    app.tick()
    app.drain(60)

    second = app.latest()

    assert not second.whole
    assert second.tally.seen == 3, "linked a quarter of an hour ago, so they have changed"

    app.wait(4 * 3_600)
    (new,) = app.add("new@example.com")
    app.tick()
    app.drain(60)
    app.wait(86_400)
    app.tick()
    app.drain(60)
    last = app.latest()

    assert (last.whole, last.tally.seen) == (True, 4)

    app.assert_linked(new)


def test_a_small_list_is_read_whole_at_every_run_and_its_leavers_are_reported(app: SyncApp) -> None:
    first, second = app.add("ann@example.com", "bea@example.com")
    app.choose(source={"kind": "segments", "ids": [segment(app, "name", "Ada Stone")]})
    app.tick()
    app.drain(60)
    change(app, second.id, name="Somebody Else")
    app.wait(900)
    app.tick()
    app.drain(60)

    run = app.latest()

    assert run.state == RunState.DONE
    assert run.whole is True
    assert run.tally.seen == 1
    assert (run.left, run.leavers) == (1, (second.id,))

    app.assert_linked(first, second)


def test_new_settings_of_the_source_make_the_next_run_a_whole_one(app: SyncApp) -> None:
    app.add_many(2)
    app.tick()
    app.drain(60)
    app.choose(source={"kind": "users"})
    app.wait(900)
    app.tick()

    run = app.latest()

    assert run.whole


def test_a_run_keeps_the_settings_it_began_with(app: SyncApp) -> None:
    app.add_many(30)
    run = app.start()
    app.choose(write_back={})
    app.drain()

    done = app.run(run.slot)

    assert (done.settings_version, done.tally.linked) == (1, 30)

    app.assert_linked(*(one for one in app.intercom.workspace.contacts.values() if one.email.startswith("contact-")))
