"""One contact for one person, exactly once: each way that a write can go, told on the rules of Intercom's stand-in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.signup.referral import Referral, State
from shared.domain.timing import SEARCH_LAG
from shared.errors import BusyError, TransientError
from shared.messages import QualifyReferral
from tests.support.builders import CUSTOM, EMAIL, App
from tests.support.documents import mapping

SEARCH, CREATE, PUT, GET, UNARCHIVE = (
    "POST /contacts/search",
    "POST /contacts",
    "PUT /contacts/<id>",
    "GET /contacts/<id>",
    "POST /contacts/<id>/unarchive",
)
INVITED = "person_invited"
STATUS = "custom_attributes.referral_status"


def app_for(action: str = "lead", search_lag: float = 0.0, **section: Any) -> App:
    """An active campaign whose people invited become leads or users."""
    app = App(search_lag)
    app.configure(person_invited={"action": action, **section})
    return app


def known(app: App, **changes: Any) -> Referral:
    """A person who was delivered; the calls until then are forgotten."""
    row = app.sign_up(**changes)
    assert row.state is State.DELIVERED
    app.forget_calls()
    return row


def deleted(app: App, row: Referral) -> None:
    """Somebody deletes the contact, and Intercom's notification comes."""
    app.intercom.contacts.delete(str(row.contact_id))
    app.environment.qualification_queue.send(
        QualifyReferral(topic="contact.deleted", received_at=app.clock.now(), contact_id=row.contact_id)
    )
    app.qualify()


def lose_answer(app: App, call: str = r"^/contacts$", **order: Any) -> None:
    app.wire.faults.add({"kind": "lost_answer", "method": "POST", "path": call, "times": 1, **order})


def in_doubt(app: App, **changes: Any) -> Referral:
    """A person whose create happened without an answer. Its row waits."""
    lose_answer(app)
    row = app.sign_up(**changes)
    assert row.state is State.PENDING
    app.forget_calls()
    return row


# -- new people -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["lead", "user"])
def test_somebody_new_costs_a_search_and_a_create_and_is_remembered(role: str) -> None:
    app = app_for(role)
    row = app.sign_up()
    assert app.calls() == [SEARCH, CREATE]
    contact = app.contact()
    assert contact.role == role
    assert contact.name == "Ivo Lindqvist"
    assert (contact.external_id if role == "user" else None) is None
    assert row.state == State.DELIVERED
    assert row.contact_id == contact.id
    assert row.history[-1].what == "created"
    person = app.person()
    assert person is not None
    assert person.contact_id == contact.id
    assert person.ours is True
    assert person.role == role
    assert person.reservation is None


def test_the_intent_is_stored_before_the_create_and_confirmed_after() -> None:
    app = app_for()
    seen: list[Any] = []
    app.wire.interrupt(CREATE, lambda: seen.append(app.person()))
    app.sign_up()
    assert seen[0].reservation.first_at == seen[0].reservation.last_at == app.clock.now()
    assert (seen[0].contact_id, seen[0].reservation.role) == (None, "lead")


def test_defaults_and_the_initial_value_go_into_a_create() -> None:
    app = app_for(defaults={"custom_attributes.lead_source": "referral", "custom_attributes.is_vip": True})
    app.sign_up()
    values = app.contact().custom_attributes
    assert values["lead_source"] == "referral"
    assert values["is_vip"] is True
    assert values["referral_status"] == "New"


def test_a_mapped_value_wins_over_a_default() -> None:
    app = app_for(
        mapping=mapping(("code", "custom_attributes.lead_source")), defaults={"custom_attributes.lead_source": "referral"}
    )
    app.sign_up()
    assert app.contact().custom_attributes["lead_source"] == "Iv0K0de1"


def test_the_first_tracked_value_of_a_created_contact_is_its_baseline() -> None:
    assert app_for().sign_up().baseline == "New"


def test_a_create_is_not_begun_without_the_time_that_it_may_need() -> None:
    app = app_for()
    app.context.seconds = 26.5
    app.wire.interrupt("POST /contacts/search", lambda: setattr(app.context, "seconds", 20.0))
    row = app.sign_up()
    assert (row.state, app.calls()) == (State.PENDING, [SEARCH])
    app.context.seconds = 45.0
    app.wait(10)
    app.work()
    assert len(app.contacts()) == 1


# -- known people -----------------------------------------------------------------------------------------------------


def test_for_a_known_person_what_changed_costs_one_put_with_nothing_else_in_it() -> None:
    app = app_for()
    known(app)
    row = app.sign_up(first_name="Iwan")
    assert app.calls() == [PUT]
    assert app.bodies("PUT") == [{"name": "Iwan Lindqvist"}]
    assert (row.state, row.history[-1].what) == (State.DELIVERED, "updated")


def test_a_write_that_would_change_nothing_is_not_made() -> None:
    app = app_for()
    known(app)
    assert app.sign_up().state is State.DELIVERED
    assert app.calls() == []
    app.move_due(replay=True)
    assert app.calls() == [GET]
    assert app.row().history[-1].what == "unchanged"


def test_a_known_person_in_a_second_campaign_costs_a_look_one_put_and_no_second_contact() -> None:
    app = app_for()
    app.configure(campaign_id=2, name="Partners", person_invited={"duplicates": "update"})
    known(app)
    row = app.sign_up(campaign_id=2, id=77)
    assert app.calls() == [GET, GET, PUT], "the first look only asks Referral Factory"
    assert app.contact().custom_attributes["referral_campaign"] == "Partners"
    assert row.contact_id == app.row().contact_id


def test_defaults_and_the_initial_value_never_overwrite_a_known_contact() -> None:
    app = app_for()
    row = known(app)
    app.intercom.contacts.update(
        str(row.contact_id), {"custom_attributes": {"referral_status": "Connected", "lead_source": "web"}}
    )
    app.sign_up(first_name="Iwan")
    values = app.contact().custom_attributes
    assert (values["referral_status"], values["lead_source"]) == ("Connected", "web")


def test_a_lead_of_ours_becomes_a_user_in_place_when_users_are_wanted() -> None:
    app = app_for("lead", duplicates="skip")
    row = known(app)
    app.configure(person_invited={"action": "user"})
    app.sign_up(first_name="Iwan")
    assert app.calls() == [PUT]
    assert (app.contact().id, app.contact().role) == (row.contact_id, "user")


# -- contacts that were there before ----------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["lead", "user"])
@pytest.mark.parametrize("role", ["lead", "user"])
def test_skip_leaves_a_contact_that_was_there_before_as_it_is(role: str, action: str) -> None:
    app = app_for(action, duplicates="skip")
    before = app.given(role, name="Old name")
    row = app.sign_up()
    assert app.calls() == [SEARCH, GET]
    assert app.contact() == before
    assert row.state == State.SKIPPED
    assert row.contact_id == before.id
    assert row.settle_since is None


def test_skip_never_writes_again_whatever_comes_later() -> None:
    app = app_for(duplicates="skip")
    before = app.given("lead")
    app.sign_up()
    app.sign_up(first_name="Iwan")
    app.move_due(replay=True)
    app.wait(7_200)
    app.sweep()
    assert app.contact() == before
    assert not [call for call in app.calls() if not call.startswith(("GET", SEARCH))]


def test_update_brings_a_contact_that_was_there_before_up_to_date_but_for_creation_values() -> None:
    app = app_for(duplicates="update")
    before = app.given("lead", name="Old name", custom_attributes={"lead_source": "website", "is_vip": True})
    row = app.sign_up()
    assert app.calls() == [SEARCH, GET, SEARCH, GET, PUT], "the first look only asks Referral Factory"
    contact = app.contact()
    assert (contact.id, contact.name) == (before.id, "Ivo Lindqvist")
    assert contact.custom_attributes["lead_source"] == "website"
    assert contact.custom_attributes["is_vip"] is True
    assert "referral_status" not in contact.custom_attributes
    assert (row.state, row.settle_since) == (State.DELIVERED, None)
    person = app.person()
    assert person is not None
    assert not person.ours


def test_an_adopted_contacts_tracked_value_is_its_baseline_and_stays() -> None:
    for duplicates in ("skip", "update"):
        app = app_for(duplicates=duplicates)
        app.given("lead", custom_attributes={"referral_status": "Connected"})
        assert app.sign_up().baseline == "Connected"
        assert app.contact().custom_attributes["referral_status"] == "Connected"


def test_update_of_a_contact_that_says_it_all_already_writes_nothing() -> None:
    app = app_for(duplicates="update", mapping=mapping())
    app.given("lead", name="Ivo")
    assert app.sign_up().history[-1].what == "unchanged"
    assert app.calls() == [SEARCH, GET]


def test_a_lead_where_a_user_is_wanted_is_converted_in_place_under_update() -> None:
    app = app_for("user", duplicates="update")
    before = app.given("lead")
    row = app.sign_up()
    assert app.contact().id == before.id
    assert app.contact().role == "user"
    assert row.state == State.DELIVERED


def test_a_user_where_a_lead_is_wanted_stays_a_user() -> None:
    app = app_for("lead", duplicates="update")
    before = app.given("user")
    app.sign_up()
    assert (app.contact().id, app.contact().role) == (before.id, "user")


def test_of_several_contacts_the_user_then_the_oldest_is_written_to_and_the_row_says_so() -> None:
    app = app_for(duplicates="update")
    app.given("lead", age=900_000)
    user = app.given("user", age=100_000)
    app.given("lead", age=800_000)
    row = app.sign_up()
    assert row.contact_id == user.id
    assert row.notes[0].startswith("3 contacts in Intercom have this e-mail:")
    assert [one.name for one in app.contacts()] == [None, "Ivo Lindqvist", None]


def test_a_contact_with_another_spelling_of_the_address_is_the_same_person() -> None:
    app = app_for(duplicates="update")
    before = app.given("lead", email="Ivo.Invited@Example.com")
    row = app.sign_up(email=" IVO.invited@example.COM ")
    assert row.contact_id == before.id
    assert len(app.intercom.workspace.contacts) == 1


def test_an_address_with_a_plus_tag_is_another_person_and_kept_as_it_is() -> None:
    app = app_for(duplicates="update")
    app.given("lead")
    app.sign_up(email="ivo.invited+friend@example.com")
    assert app.contact("ivo.invited+friend@example.com").name == "Ivo Lindqvist"
    assert app.contact().name is None


# -- creates that collide ---------------------------------------------------------------------------------------------


def test_a_user_whom_search_does_not_show_yet_is_named_by_409_and_skipped() -> None:
    app = app_for("user", search_lag=300)
    app.intercom.contacts.create({"role": "user", "email": EMAIL, "name": "Old name"})
    app.wait(61)
    row = app.sign_up()
    assert app.calls() == [SEARCH, CREATE, GET]
    assert (row.state, app.contact().name) == (State.SKIPPED, "Old name")


def test_a_user_whom_409_names_is_updated_when_the_campaign_says_so() -> None:
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


# -- lost answers -----------------------------------------------------------------------------------------------------


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
    app.wait(6)
    app.work()
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
        for _ in range(20):
            app.wait(60)
            app.sweep()
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


def test_a_person_whose_lease_another_worker_holds_waits() -> None:
    app = app_for()
    app.environment.people.lease("local-workspace", EMAIL, "other", app.clock.now(), 14)
    assert app.sign_up().state is State.PENDING
    assert app.calls() == []
    for _ in range(2):
        app.wait(13)
        app.work()
    assert len(app.contacts()) == 1


# -- ids that lead nowhere --------------------------------------------------------------------------------------------


def test_a_merged_contact_is_followed_to_its_survivor() -> None:
    app = app_for(duplicates="update")
    row = known(app)
    survivor = app.given("user", name="Survivor")
    app.intercom.contacts.merge({"from": row.contact_id, "into": survivor.id})
    after = app.sign_up(first_name="Iwan")
    assert after.state == State.DELIVERED
    assert after.contact_id == survivor.id
    assert app.contact().name == "Iwan Lindqvist"
    assert after.notes == (f"contact {row.contact_id} was merged into {survivor.id}",)
    person = app.person()
    assert person is not None
    assert (person.contact_id, person.ours) == (survivor.id, False)


def test_a_survivor_that_nobody_here_created_is_left_alone_and_the_referral_stays_delivered() -> None:
    app = app_for()
    row = known(app)
    survivor = app.given("user", name="Survivor")
    app.intercom.contacts.merge({"from": row.contact_id, "into": survivor.id})
    after = app.sign_up(first_name="Iwan")
    assert after.state == State.DELIVERED
    assert after.contact_id == survivor.id
    assert app.contact().name == "Survivor"
    assert not after.ours


@pytest.mark.parametrize("duplicates", ["update", "skip"])
def test_a_dead_id_whose_e_mail_another_contact_has_leads_to_that_one(duplicates: str) -> None:
    app = app_for(duplicates=duplicates)
    row = known(app)
    app.intercom.contacts.archive(str(row.contact_id))
    other = app.given("lead", name="Other")
    after = app.sign_up(first_name="Iwan")
    assert after.state == State.DELIVERED
    assert after.contact_id == other.id
    assert after.ours is False
    assert app.contact().name == ("Iwan Lindqvist" if duplicates == "update" else "Other")


def test_a_contact_found_again_by_its_e_mail_gets_all_that_is_mapped() -> None:
    app = app_for(duplicates="update")
    row = known(app)
    app.intercom.contacts.archive(str(row.contact_id))
    app.given("lead")
    app.sign_up(first_name="Iwan")
    there = app.contact().custom_attributes
    assert (there["referral_link"], there["referrer_first_name"]) == (app.row().person.url, "Rita")


def test_a_new_signup_brings_an_archived_contact_back() -> None:
    app = app_for()
    app.configure(campaign_id=2)
    row = known(app)
    app.intercom.contacts.archive(str(row.contact_id))
    after = app.sign_up(campaign_id=2, id=77, first_name="Iwan")
    assert after.state == State.SKIPPED
    assert after.contact_id == row.contact_id
    assert app.contact().name == "Ivo Lindqvist"
    assert "brought back from Intercom's archive" in after.notes


def test_an_archived_contact_stays_archived_when_the_campaign_says_skip() -> None:
    app = app_for(archived="skip")
    app.configure(campaign_id=2, person_invited={"archived": "skip"})
    row = known(app)
    app.intercom.contacts.archive(str(row.contact_id))
    after = app.sign_up(campaign_id=2, id=77, first_name="Iwan")
    assert (after.state, app.contacts()) == (State.FAILED, [])
    assert "the campaign leaves it so" in after.reason


def test_later_facts_of_a_delivered_signup_bring_nobody_back() -> None:
    app = app_for()
    row = known(app)
    app.intercom.contacts.archive(str(row.contact_id))
    after = app.sign_up(first_name="Iwan")
    assert (after.state, app.contacts()) == (State.FAILED, [])
    assert "only a new signup brings a contact back" in after.reason
    assert UNARCHIVE not in app.calls()


def test_a_new_signup_of_somebody_whose_contact_was_deleted_creates_another() -> None:
    app = app_for()
    app.configure(campaign_id=2)
    row = known(app)
    app.intercom.contacts.delete(str(row.contact_id))
    after = app.sign_up(campaign_id=2, id=77, first_name="Iwan")
    assert (after.state, app.contact().name) == (State.DELIVERED, "Iwan Lindqvist")
    assert after.contact_id == app.contact().id != row.contact_id
    assert after.notes == (f"contact {row.contact_id} was deleted in Intercom before this signup",)


@pytest.mark.parametrize("gone", ["archive", "delete"])
def test_somebody_who_was_skipped_and_signs_up_again_after_the_contact_is_gone_is_in_intercom(gone: str) -> None:
    app = app_for()
    app.configure(campaign_id=2)
    before = app.given("lead", name="Old name")
    assert app.sign_up().state is State.SKIPPED
    getattr(app.intercom.contacts, gone)(before.id)
    app.wait(3_600)
    row = app.sign_up(campaign_id=2, id=77)
    assert row.contact_id == app.contact().id
    assert row.state is (State.DELIVERED if gone == "delete" else State.SKIPPED)


def test_a_signup_from_before_the_erasure_creates_nothing_and_one_after_it_does() -> None:
    app = app_for()
    app.configure(campaign_id=3)
    row = known(app)
    before = app.clock.now()
    app.wait(100)
    deleted(app, row)
    old = app.move_due(replay=True)
    assert (old.state, app.contacts()) == (State.ERASED, [])
    assert old.accepted_at == before
    app.wait(1)
    new = app.sign_up(campaign_id=3, id=78)
    assert (new.state, len(app.contacts())) == (State.DELIVERED, 1)


def test_a_signup_that_was_held_before_the_erasure_creates_nothing_once_it_is_released() -> None:
    app = app_for()
    app.configure(campaign_id=3, status="paused")
    row = known(app)
    assert app.sign_up(campaign_id=3, id=78).state is State.HELD
    app.wait(100)
    deleted(app, row)
    assert app.row().state is State.ERASED
    app.configure(campaign_id=3)
    app.wait(60)
    app.sweep()
    assert (app.row(78, campaign_id=3).state, app.contacts()) == (State.ERASED, [])


def test_a_contact_that_is_gone_for_a_delivered_row_is_not_created_again() -> None:
    app = app_for()
    row = known(app)
    app.intercom.contacts.delete(str(row.contact_id))
    after = app.sign_up(first_name="Iwan")
    assert after.state in {State.FAILED, State.ERASED}
    assert app.contacts() == []


def test_dead_ids_are_followed_four_steps_at_most() -> None:
    app = app_for()
    row = known(app)
    for dead in range(6):
        link = {"Link": f'</contacts/{"%024x" % (dead + 1)}>; rel="canonical"'}
        app.wire.faults.add({"kind": "status", "status": 404, "method": "PUT", "times": 1, "id": f"put {dead}"})
        app.wire.faults.add(
            {"kind": "status", "status": 410, "method": "GET", "times": 1, "headers": link, "id": f"get {dead}"}
        )
    after = app.sign_up(first_name="Iwan")
    assert after.state is State.FAILED
    assert "from one dead end to the next" in after.reason
    assert row.contact_id
    assert len([call for call in app.calls() if call == GET]) == 5


def test_a_lead_that_cannot_become_a_user_beside_one_leads_to_that_user() -> None:
    app = app_for("user", search_lag=300, duplicates="update")
    lead = app.given("lead")
    user = app.intercom.contacts.create({"role": "user", "email": EMAIL})
    row = app.sign_up()
    assert row.state is State.DELIVERED
    assert row.contact_id == user.id
    assert f"contact {lead.id} stands beside the user {user.id}, which was used" in row.notes


# -- values that Intercom refuses -------------------------------------------------------------------------------------


def test_a_value_that_does_not_fit_costs_only_itself_and_the_row_says_why() -> None:
    app = app_for(
        mapping=mapping(
            ("code", "custom_attributes.referral_count"),
            ("meta.Last Name", "custom_attributes.referral_status"),
            ("meta.Story", "custom_attributes.referral_code"),
            ("url", "custom_attributes.nowhere"),
            ("referrer.email", "custom_attributes.referrer_email"),
        )
    )
    row = app.sign_up(Story="x" * 300)
    contact = app.contact()
    assert (contact.name, contact.custom_attributes["referrer_email"]) == ("Ivo", "rita.referring@example.com")
    assert row.state is State.PARTIAL
    assert {drop.attribute.removeprefix(CUSTOM) for drop in row.dropped} == {
        "referral_count",
        "referral_status",
        "referral_code",
        "nowhere",
    }
    for words in ("a whole number", "only New, Connected, Lost", "at most 255 characters", "has no attribute"):
        assert words in row.reason


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_attribute_that_intercom_refuses_by_name_is_dropped_and_the_rest_sent_once_more(method: str) -> None:
    app = app_for(duplicates="update")
    if method == "PUT":
        app.given("lead")
    attribute = app.intercom.workspace.attributes["contact", "referral_link"]
    app.sign_up(id=1, email="warm.up@example.com")
    app.intercom.workspace.attributes["contact", "referral_link"] = replace(attribute, archived=True)
    app.forget_calls()
    row = app.sign_up()
    assert (row.state, [drop.attribute for drop in row.dropped]) == (State.PARTIAL, ["custom_attributes.referral_link"])
    assert app.contact().name == "Ivo Lindqvist"
    assert "custom_attributes.referral_link" not in row.written
    assert len(app.bodies(method, "/contacts")) - (1 if method == "POST" else 0) == 2


def test_a_second_refusal_in_a_row_costs_only_what_is_refused() -> None:
    app = app_for()
    app.sign_up(id=1, email="warm.up@example.com")
    attributes = app.intercom.workspace.attributes
    for name in ("referral_link", "referrer_email"):
        attributes["contact", name] = replace(attributes["contact", name], archived=True)
    row, person = app.sign_up(), app.person()
    assert (row.state, app.contact().name) == (State.PARTIAL, "Ivo Lindqvist")
    assert person is not None
    assert person.reservation is None


def test_a_refusal_that_names_no_attribute_of_ours_fails_the_row_with_its_reason() -> None:
    app = app_for()
    body = '{"type": "error.list", "errors": [{"code": "parameter_invalid", "message": "something else"}]}'
    app.wire.faults.add({"kind": "status", "status": 400, "method": "POST", "path": "^/contacts$", "body": body})
    row = app.sign_up()
    assert (row.state, row.reason) == (State.FAILED, "Intercom refused the request (parameter_invalid)")
