"""The progress bar and the operator's command."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

from shared.adapters.admin.sync_answers import run_answer
from shared.domain.sync.run import SyncRun
from tests.support.deployed import AppDeployment
from tests.support.syncing import SyncApp
from tools import follow_sync, operate
from tools.operating import syncs
from tools.operating.operator import OperatingError, Operator


def _described(app: SyncApp, run: SyncRun) -> dict[str, Any]:
    return run_answer(run, app.clock.now()).model_dump(mode="json")


def test_the_bar_follows_a_run_to_its_end(app: SyncApp) -> None:
    app.add_many(40)
    app.add("nameless@example.com", name="")
    run, out, looks = app.start(), io.StringIO(), list[str]()

    def read() -> dict[str, Any]:
        return _described(app, app.run(run.slot))

    def sleep(_: float) -> None:
        looks.append(app.run(run.slot).state)
        app.drain()

    ended = follow_sync.follow(read, out=out, sleep=sleep)

    assert (looks, ended["state"]) == (["queued"], "done")
    assert "40 created" in out.getvalue()
    assert "41/41" in out.getvalue()
    assert follow_sync.summary(ended)[2:] == ["  failed 1: no first name"]


def test_a_run_that_is_followed_from_its_middle_on_tells_its_own_pace_and_time_left(app: SyncApp) -> None:
    """What was done before anybody looked was not done in the first second of looking."""
    described = _described(app, app.start())
    working = {**described, "state": "working", "phase": "work", "total": 100_000, "seen": 100_000, "created": 50_000}
    working |= {"finished": 50_000, "linked": 50_000, "per_minute": 290.0, "seconds_left": 10_345}
    looks: Iterator[Any] = iter([working, {**working, "state": "done", "seconds_left": None}])
    out = io.StringIO()

    follow_sync.follow(lambda: next(looks), out=out, sleep=lambda _: None)

    assert "50000/100000, 290 a minute, 2:52:25 left, 50000 created" in out.getvalue()
    assert "contacts/s" not in out.getvalue()
    assert out.getvalue().count(" left") == 1


def test_a_waiting_run_says_for_what(app: SyncApp) -> None:
    app.intercom.settings.tokens.clear()
    run, out = app.start(), io.StringIO()
    app.step()
    states: Iterator[Any] = iter([_described(app, app.run(run.slot))])

    def read() -> Any:
        return next(states, {**_described(app, app.run(run.slot)), "state": "cancelled"})

    follow_sync.follow(read, out=out, sleep=lambda _: None)

    assert "waiting: Intercom no longer takes the access token" in out.getvalue()


def arguments(*given: str) -> Any:
    return operate.parser().parse_args(["--stack", "s", "sync", *given])


def test_an_operator_starts_follows_and_cancels(app: SyncApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app.add_many(3)

    def follow(read: Any) -> Any:
        return follow_sync.follow(read, out=io.StringIO(), sleep=lambda _: app.drain())

    monkeypatch.setattr(syncs, "follow", follow)
    lines = list(operate.run(app.environment, arguments("start", "1")))

    assert lines[0].endswith(": done")

    app.wait(60)
    run = app.start()
    lines = list(operate.run(app.environment, arguments("cancel", "1", "--yes"), Operator(sure=True)))

    assert f"run {run.slot}: cancelled: Cancelled by an operator." in lines[0]

    with pytest.raises(OperatingError, match="No run is open"):
        list(operate.run(app.environment, arguments("cancel", "1", "--yes")))


def test_the_exit_code_says_that_a_run_was_not_done(
    app: SyncApp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app.choose(source={"kind": "tags", "ids": ["424242"]})

    def follow(read: Any) -> Any:
        return follow_sync.follow(read, out=io.StringIO(), sleep=lambda _: app.drain())

    monkeypatch.setattr(operate, "Deployment", lambda *_: AppDeployment(app))
    monkeypatch.setattr(operate.logging, "disable", lambda _: None)
    monkeypatch.setattr(syncs, "follow", follow)

    assert operate.main(["--stack", "s", "sync", "start", "1"]) == 1

    printed = capsys.readouterr()
    assert "The tag 424242 is no longer in Intercom" in printed.out
    assert printed.err.endswith("The run failed.\n")


def test_an_operator_who_stops_looking_leaves_the_run_alone(
    app: SyncApp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app.add_many(3)

    def interrupt(_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(operate, "Deployment", lambda *_: AppDeployment(app))
    monkeypatch.setattr(operate.logging, "disable", lambda _: None)
    monkeypatch.setattr(syncs, "follow", interrupt)

    assert operate.main(["--stack", "s", "sync", "start", "1"]) == 130
    assert "goes on" in capsys.readouterr().err

    run = app.latest()
    assert not run.finished


def test_what_was_written_a_moment_ago_is_not_written_again_because_search_lags() -> None:
    app = SyncApp(search_lag=300.0)
    app.choose(source={"kind": "users"})
    contacts = app.add_many(5)

    app.sync()
    app.forget_calls()
    app.wait(60)

    assert app.sync().tally.unchanged == 5
    assert app.writes() == []

    app.wait(1_000)

    assert app.sync().tally.unchanged == 5

    app.assert_linked(*contacts)
