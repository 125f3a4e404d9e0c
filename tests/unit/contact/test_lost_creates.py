"""Creates that collide, and creates whose answer was lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.signup.state import State
from shared.domain.timing import SEARCH_LAG
from shared.errors import BusyError, TransientError
from tests.support.builders import EMAIL, App
from tests.support.writing import (
    CREATE,
    GET,
    PUT,
    SEARCH,
    app_for,
    in_doubt,
)

# -- creates that collide --------------------------------------------------------------------------------------------


def test_a_user_that_search_does_not_show_yet_is_named_by_409_and_skipped() -> None:
    app = app_for("user", search_lag=300)
    app.intercom.contacts.create({"role": "user", "email": EMAIL, "name": "Old name"})
    app.wait(61)

    row = app.sign_up()

    assert app.calls() == [SEARCH, CREATE, GET]
    assert (row.state, app.contact().name) == (State.SKIPPED, "Old name")


def test_a_user_that_409_names_is_updated_when_the_campaign_says_so() -> None:
    app = app_for("user", search_lag=300, duplicates="update")
    app.intercom.contacts.create({"role": "user", "email": EMAIL})
    app.wait(61)

    row = app.sign_up()

    assert app.calls() == [SEARCH, CREATE, GET, SEARCH, CREATE, GET, PUT], "the first look only asks Referral Factory"
    assert (row.state, app.contact().name) == (State.DELIVERED, "Ivo Lindqvist")


def test_409_without_an_id_waits_and_search_tells_later() -> None:
    app = app_for("user", search_lag=300, duplicates="update")
    app.intercom.contacts.create({"role": "user", "email": EMAIL})
    app.wire.faults.add({"kind": "status", "status": 409, "method": "POST", "path": "^/contacts$", "times": 1})

    assert app.sign_up().state is State.PENDING

    app.wait(301)
    app.sweep()

    assert (app.row().state, len(app.contacts())) == (State.DELIVERED, 1)


@pytest.mark.parametrize(("archived", "state"), [("unarchive", State.DELIVERED), ("skip", State.FAILED)])
def test_409_of_an_archived_user_brings_it_back_only_if_the_campaign_says_so(archived: str, state: State) -> None:
    app = app_for("user", duplicates="update", archived=archived)
    before = app.given("user")
    app.intercom.contacts.archive(before.id)

    row = app.sign_up()

    assert row.state is state
    assert app.intercom.workspace.contacts[before.id].condition == ("live" if state is State.DELIVERED else "archived")
    assert ("the campaign leaves it so" in row.reason) is (state is State.FAILED)


def test_a_new_signup_whose_place_a_deleted_user_still_holds_waits_and_is_in_intercom_in_the_end() -> None:
    app = app_for("user")
    before = app.given("user")
    app.intercom.contacts.delete(before.id)

    row, person = app.sign_up(), app.person()

    assert (row.state, app.contacts()) == (State.PENDING, [])
    assert person is not None
    assert person.reservation is None  # it was answered

    app.intercom.workspace.save(
        replace(app.intercom.workspace.contacts[before.id], email="x@example.com")
    )  # it lets go of the address
    for _ in range(30):
        app.wait(60)
        app.work()
        app.sweep()

    assert (app.row().state, len(app.contacts())) == (State.DELIVERED, 1)


# -- lost answers ----------------------------------------------------------------------------------------------------


def test_a_users_lost_create_is_settled_by_409_and_is_ours() -> None:
    app = app_for("user", search_lag=300)

    in_doubt(app)
    app.wait(7)
    app.work()

    assert app.calls() == [SEARCH, CREATE, GET]

    row, person = app.row(), app.person()
    assert row.state == State.DELIVERED
    assert row.history[-1].what == "created"
    assert row.contact_id == app.contact().id
    assert person is not None
    assert (person.ours, person.reservation) == (True, None)


def test_a_leads_lost_create_waits_out_the_search_lag_and_is_then_found() -> None:
    app = app_for("lead", search_lag=SEARCH_LAG - 1)
    in_doubt(app)
    for _ in range(12):
        app.wait(55)
        app.work()
        app.sweep()

    assert app.calls() == [SEARCH, GET]
    assert (app.row().state, app.row().contact_id) == (State.DELIVERED, app.contact().id)
    assert app.row().history[-1].what == "created"


def test_a_leads_create_that_never_happened_is_made_after_the_lag() -> None:
    app = app_for("lead", search_lag=300)
    app.wire.faults.add({"kind": "reset", "method": "POST", "path": "^/contacts$", "times": 1})

    app.sign_up()
    app.forget_calls()
    for _ in range(12):
        app.wait(55)
        app.sweep()

    assert app.calls() == [SEARCH, CREATE]
    assert len(app.contacts()) == 1


def test_the_newest_attempt_decides_how_long_a_lead_waits_and_the_first_what_is_ours() -> None:
    app = app_for("lead", search_lag=300)
    for _ in range(2):
        app.wire.faults.add({"kind": "reset", "method": "POST", "path": "^/contacts$", "times": 1})
        app.sign_up()
        app.wait(SEARCH_LAG)
        app.sweep()

    person = app.person()
    assert person is not None

    app.wait(SEARCH_LAG)
    app.sweep()

    assert len(app.contacts()) == 1


def test_a_lead_in_doubt_is_not_hurried_when_the_campaign_now_wants_users() -> None:
    app = app_for("lead", search_lag=300)
    in_doubt(app)
    app.configure(person_invited={"action": "user"})
    app.wait(30)

    app.move_due()

    assert app.calls() == []

    app.wait(SEARCH_LAG)
    app.sweep()

    assert [contact.role for contact in app.contacts()] == ["user"]


def test_a_mutes_reservation_survives_every_lost_answer() -> None:
    for fault in (
        {"kind": "lost_answer"},
        {"kind": "reset"},
        {"kind": "status", "status": 503},
        {"kind": "truncated"},
        {"kind": "html"},
    ):
        app = app_for("user", search_lag=300)
        app.wire.faults.add({"method": "POST", "path": "^/contacts$", "times": 1, **fault})
        app.sign_up()
        person = app.person()
        assert person is not None
        assert person.reservation is not None, fault


@pytest.mark.parametrize(
    ("status", "state"), [(400, State.PARTIAL), (403, State.PENDING), (422, State.PARTIAL), (429, State.PENDING)]
)
def test_a_refused_create_clears_the_reservation(status: int, state: State) -> None:
    app = app_for("lead", search_lag=300)
    app.wire.faults.add({"kind": "status", "status": status, "method": "POST", "path": "^/contacts$", "times": 1})
    row, person = app.sign_up(), app.person()

    assert person is not None
    assert (row.state, person.reservation) == (state, None)

    app.wait(61)
    app.move_due(replay=True)

    assert len(app.contacts()) == 1


def test_a_create_whose_connection_was_refused_is_not_in_doubt_and_a_lead_need_not_wait() -> None:
    app = app_for("lead", search_lag=300)
    app.wire.refuse_connection("POST /contacts")

    app.sign_up()

    person = app.person()
    assert person is not None
    assert person.reservation is None

    app.wait(7)
    app.work()

    assert app.row().state is State.DELIVERED
    assert len(app.contacts()) == 1


def test_a_create_that_is_refused_after_one_that_was_lost_keeps_the_first_reservation() -> None:
    app = app_for("user", search_lag=300)
    app.wire.faults.add({"kind": "reset", "method": "POST", "path": "^/contacts$", "times": 1})
    app.sign_up()
    first = app.person()

    app.wire.faults.add({"kind": "status", "status": 429, "method": "POST", "path": "^/contacts$", "times": 1})
    app.wait(6)
    app.work()

    second = app.person()
    assert first is not None
    assert second is not None
    assert first.reservation == second.reservation is not None


@pytest.mark.parametrize("seconds_before", [1, 59, 61])
def test_a_409_to_the_very_first_create_proves_that_the_contact_was_there_before(seconds_before: int) -> None:
    app = app_for("user", search_lag=300)
    app.intercom.contacts.create({"role": "user", "email": EMAIL, "name": "Somebody's"})
    app.wait(seconds_before)

    row, person = app.sign_up(), app.person()

    assert row.state == State.SKIPPED
    assert row.history[-1].what == "skipped"
    assert app.contact().name == "Somebody's"
    assert person is not None
    assert (person.ours, row.ours) == (False, False)


@pytest.mark.parametrize(("seconds_before", "ours"), [(59, True), (60, True), (61, False)])
def test_a_hit_is_ours_when_it_came_after_an_unanswered_reservation_but_for_a_minute_of_skew(
    seconds_before: int, ours: bool
) -> None:
    app = app_for("user", search_lag=300)
    app.intercom.contacts.create({"role": "user", "email": EMAIL, "name": "Somebody's"})
    app.wait(seconds_before)
    app.wire.faults.add({"kind": "reset", "method": "POST", "path": "^/contacts$", "times": 1})

    app.sign_up()
    app.wait(7)
    app.work()

    row = app.row()
    assert (row.state, row.history[-1].what) == ((State.DELIVERED, "created") if ours else (State.SKIPPED, "skipped"))


def test_a_process_that_dies_between_create_and_record_leaves_one_contact() -> None:
    for action in ("lead", "user"):
        app = app_for(action, search_lag=300)
        app.wire.interrupt(CREATE, lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            app.sign_up()
        app.environment = app.new_environment()
        app.live(20)
        assert (len(app.contacts()), app.row().state) == (1, State.DELIVERED), action


def test_a_ledger_that_throttles_the_confirmation_leaves_one_contact() -> None:
    for happens in (False, True):
        app = app_for("user", search_lag=300)
        app.wire.interrupt(CREATE, lambda app=app, happens=happens: app.dynamodb.refuse("update_item", 3, happens=happens))
        app.sign_up()
        for _ in range(5):
            app.wait(60)
            with suppress(TransientError):  # the sweep meets the last refusal, and comes again in a minute
                app.sweep()
        assert (len(app.contacts()), app.row().state) == (1, State.DELIVERED)


def test_a_worker_whose_lease_was_taken_over_writes_nothing_any_more() -> None:
    app = app_for("user", search_lag=300)
    app.wire.interrupt(SEARCH, lambda: app.wait(80))
    taken: list[Any] = []

    def take_over() -> None:
        app.wait(80)
        taken.append(app.environment.people.lease("local-workspace", EMAIL, "other", app.clock.now(), 75))

    app.wire._interruptions.clear()
    app.wire.interrupt(SEARCH, take_over)
    app.sign_up()

    assert app.calls() == [SEARCH]
    assert app.contacts() == []

    with pytest.raises(BusyError):
        app.environment.people.save(replace(taken[0], fence=taken[0].fence - 1))


def test_a_person_whose_lease_another_worker_holds_waits(app: App) -> None:
    app.environment.people.lease("local-workspace", EMAIL, "other", app.clock.now(), 14)

    assert app.sign_up().state is State.PENDING
    assert app.calls() == []

    for _ in range(2):
        app.wait(13)
        app.work()

    assert len(app.contacts()) == 1
