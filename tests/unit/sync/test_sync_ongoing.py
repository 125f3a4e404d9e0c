"""Ongoing runs: who changed since the last one that was done, though search is late; and who left a list."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.vendors.intercom.lists import add_segment
from shared.domain.sync.run import RunState, SyncRun
from shared.use_cases.sync import end_sync
from shared.use_cases.sync.read_syncs import cancel_run
from tests.support.syncing import SyncApp, change

HOUR = 3_600.0


def create(app: SyncApp, email: str) -> str:
    """Somebody's new contact, which search shows after its lag; the id."""
    headers = {"Authorization": "Bearer local-intercom-token", "Accept": "application/json", "Intercom-Version": "2.16"}
    body = json.dumps({"role": "user", "email": email, "name": "Ada Stone"}).encode()
    headers["Content-Type"] = "application/json"
    answer = app.wire.send("POST", "http://intercom.test/contacts", headers, body, 10)
    return str(json.loads(answer.body)["id"])


def run_now(app: SyncApp) -> SyncRun:
    """The schedule's next run, to its end."""
    assert app.tick()["started"] == 1
    app.drain(600)
    run = app.latest()
    assert run.finished
    return run


def has_link(app: SyncApp, contact_id: str) -> bool:
    return "referral_link" in app.intercom.workspace.contacts[contact_id].custom_attributes


def test_a_contact_that_search_shows_late_is_linked_by_the_next_run() -> None:
    """It was there before the run that did not see it, so the next one must look back."""
    app = SyncApp(search_lag=600.0)
    app.choose(source={"kind": "users"})
    app.add_many(2)

    assert run_now(app).whole

    app.wait(2 * HOUR)

    assert run_now(app).tally.seen == 2, "they were linked within the overlap"

    app.wait(2 * HOUR)
    late = create(app, "late@example.com")
    app.wait(60)
    missed = run_now(app)

    assert (missed.whole, missed.tally.seen) == (False, 0)

    app.wait(900)
    found = run_now(app)

    assert (found.tally.seen, found.tally.created) == (1, 1)
    assert has_link(app, late)


def test_of_the_two_days_that_are_asked_for_only_who_changed_is_of_the_run() -> None:
    app = SyncApp()
    app.choose()
    contacts = app.add_many(3)

    run_now(app)
    app.wait(HOUR + 900)

    assert run_now(app).tally.seen == 3

    app.wait(2 * HOUR)
    change(app, contacts[0].id, updated_at=app.clock.now())
    app.forget_calls()
    run = run_now(app)

    assert (run.tally.seen, run.tally.unchanged) == (1, 1)
    assert app.writes() == []


@pytest.mark.parametrize("end", ["cancelled", "failed"])
def test_a_run_that_did_not_come_to_its_end_leaves_the_watermark_where_it_was(end: str) -> None:
    app = SyncApp()
    app.choose(source={"kind": "users"})
    app.add_many(2)
    run_now(app)
    app.wait(2 * HOUR)
    new = create(app, "new@example.com")
    app.wait(2 * HOUR)

    def stop() -> None:
        if end == "cancelled":
            open_run = app.latest()
            cancel_run(app.environment, 1, str(open_run.slot), "a test")

    if end == "failed":
        app.wire.faults.add({"kind": "status", "status": 400, "path": "^/contacts/search", "times": 1})
    app.wire.interrupt("POST /contacts/search", stop)

    assert run_now(app).state == end
    assert not has_link(app, new)

    app.wait(3 * HOUR)

    assert run_now(app).state is RunState.DONE
    assert has_link(app, new), "its change is older than the run that failed"


# -- leavers ----------------------------------------------------------------------------------------------------------


def segment(app: SyncApp, name: str) -> str:
    query = {"field": "name", "operator": "=", "value": name}
    return add_segment(app.intercom.workspace, name, "contact", query).id


def listed_app(*names: str) -> tuple[SyncApp, list[str]]:
    """A campaign that syncs the contacts of the first name; whole runs of them go before the answer."""
    app = SyncApp()
    ids = [app.add(f"{name}-{number}@example.com", name=f"{name} Stone")[0].id for name in names for number in range(4)]
    app.choose(source={"kind": "segments", "ids": [segment(app, f"{names[0]} Stone")]})
    first = run_now(app)
    assert (first.left, first.leavers) == (None, ()), "nothing to compare with"
    app.wait(900)
    return app, ids


@pytest.mark.parametrize("at_once", [20_000, 2])
def test_leavers_are_counted_once_named_and_keep_their_links(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(end_sync, "IDS_AT_ONCE", at_once)
    app, ids = listed_app("Ada")
    for contact_id in ids[:3]:
        change(app, contact_id, name="Somebody Else")

    run = run_now(app)

    assert (run.left, sorted(run.leavers)) == (3, sorted(ids[:3]))
    assert all(has_link(app, contact_id) for contact_id in ids)
    assert len([call for call in app.calls() if call.startswith("DELETE")]) == 0

    app.wait(900)

    assert run_now(app).left == 0, "who left is reported once"


def test_what_cannot_be_compared_any_more_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages of the run before have expired."""
    app, ids = listed_app("Ada")
    change(app, ids[0], name="Somebody Else")
    runs = app.environment.sync_runs

    for item in app.rows_of("SYNCRUN#"):
        app.dynamodb.delete_item(TableName="referrals", Key={name: item[name] for name in ("pk", "sk")})

    assert list(runs.pages(1, app.environment.sync_runs.head(1).whole_slot or 0)) == []
    assert run_now(app).left is None


def test_another_list_is_not_compared_with_the_one_before() -> None:
    app, _ = listed_app("Ada", "Bea")
    app.choose(source={"kind": "segments", "ids": [segment(app, "Bea Stone")]})
    run = run_now(app)
    assert (run.tally.seen, run.left) == (4, None)


def test_a_run_of_a_list_that_was_cancelled_reports_nobody_and_is_compared_with_by_none() -> None:
    app, ids = listed_app("Ada")

    def stop() -> Any:
        open_run = app.latest()
        return cancel_run(app.environment, 1, str(open_run.slot), "a test")

    app.wire.interrupt("POST /contacts/search", stop)
    cancelled = run_now(app)

    assert (cancelled.state, cancelled.left) == (RunState.CANCELLED, None)

    app.wait(900)
    change(app, ids[0], name="Somebody Else")

    assert run_now(app).leavers == (ids[0],)


# -- what the watermark stands for ------------------------------------------------------------------------------------


def test_what_changed_while_a_long_run_went_on_is_of_the_next_one() -> None:
    app = SyncApp()
    app.choose(source={"kind": "users"})
    app.add_many(2)
    made = list[str]()

    app.wire.interrupt("POST /api/v2/users", lambda: (made.append(create(app, "new@example.com")), app.wait(3 * HOUR)))

    assert run_now(app).tally.seen == 2
    assert not has_link(app, made[0])

    app.wait(900)
    run = run_now(app)

    assert not run.whole
    assert has_link(app, made[0]), "the watermark is the begin of a run, not its end"


def test_a_run_of_those_who_changed_does_not_put_off_the_daily_whole_one() -> None:
    app = SyncApp()
    app.choose()
    app.add_many(2)
    wholes = list[bool]()

    for _ in range(6):
        wholes.append(run_now(app).whole)
        app.wait(5 * HOUR)

    assert wholes == [True, False, False, False, False, True]


@pytest.mark.parametrize(("hours", "wholes"), [(24, [True, True, True]), (12, [True, False, True, False, True])])
def test_a_slot_a_day_later_reads_everybody_though_the_last_run_began_moments_after_its_own(
    hours: int, wholes: list[bool]
) -> None:
    app = SyncApp()
    app.choose(interval_minutes=hours * 60)
    app.add_many(2)
    found, at = list[bool](), app.clock.now()

    for number in range(len(wholes)):
        app.wait(at + number * hours * HOUR - app.clock.now())
        assert app.tick()["started"] == 1
        app.wait(5)  # until a worker begins
        app.drain(600)
        run = app.latest()
        assert run.state is RunState.DONE
        found.append(run.whole)

    assert found == wholes


def test_who_comes_into_a_search_while_it_is_read_is_on_its_last_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorted by their making, so that what was read does not move."""
    monkeypatch.setattr("shared.adapters.intercom.client.SMALLER_PAGES", (2,))
    app = SyncApp()
    app.choose(source={"kind": "users"})
    app.add_many(6)
    made = list[str]()

    app.wire.interrupt("POST /contacts/search", lambda: made.append(create(app, "new@example.com")))

    assert run_now(app).tally.linked == 7
    assert has_link(app, made[0])


def test_a_large_list_is_read_by_what_changed_and_whole_once_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.domain.sync.source.LIST_WHOLE_UP_TO", 3)
    app, ids = listed_app("Ada")
    app.wait(2 * HOUR)
    change(app, ids[0], name="Somebody Else")
    newcomer = create(app, "new@example.com")

    second = run_now(app)

    assert (second.whole, second.left) == (False, None)
    assert has_link(app, newcomer)

    app.wait(23 * HOUR)
    third = run_now(app)

    assert third.whole is True
    assert third.tally.seen == 4
    assert third.leavers == (ids[0],)
