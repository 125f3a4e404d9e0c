"""One contact for one person, exactly once: each way that a write can go, played by the rules of Intercom's stand-in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.signup.state import State
from tests.support.builders import CUSTOM, App
from tests.support.documents import mapping
from tests.support.writing import (
    CREATE,
    GET,
    PUT,
    SEARCH,
    app_for,
    known,
)

# -- new people ------------------------------------------------------------------------------------------------------


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


def test_the_intent_is_stored_before_the_create_and_confirmed_after(app: App) -> None:
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


def test_a_create_is_not_begun_without_the_time_that_it_may_need(app: App) -> None:
    app.context.seconds = 26.5
    app.wire.interrupt("POST /contacts/search", lambda: setattr(app.context, "seconds", 20.0))
    row = app.sign_up()

    assert (row.state, app.calls()) == (State.PENDING, [SEARCH])

    app.context.seconds = 45.0
    app.wait(2)
    app.work()

    assert len(app.contacts()) == 1, "another worker starts over within two seconds"


# -- known people ----------------------------------------------------------------------------------------------------


def test_for_a_known_person_what_changed_costs_one_put_with_nothing_else_in_it(app: App) -> None:
    known(app)
    row = app.sign_up(first_name="Iwan")

    assert app.calls() == [PUT]
    assert app.bodies("PUT") == [{"name": "Iwan Lindqvist"}]
    assert (row.state, row.history[-1].what) == (State.DELIVERED, "updated")


def test_a_write_that_would_change_nothing_is_not_made(app: App) -> None:
    known(app)

    assert app.sign_up().state is State.DELIVERED
    assert app.calls() == []

    app.move_due(replay=True)

    assert app.calls() == [GET]
    assert app.row().history[-1].what == "unchanged"


def test_a_known_person_in_a_second_campaign_costs_a_look_one_put_and_no_second_contact(app: App) -> None:
    app.configure(campaign_id=2, name="Partners", person_invited={"duplicates": "update"})
    known(app)
    row = app.sign_up(campaign_id=2, id=77)

    assert app.calls() == [GET, GET, PUT], "the first look only asks Referral Factory"
    assert app.contact().custom_attributes["referral_campaign"] == "Partners"
    assert row.contact_id == app.row().contact_id


def test_defaults_and_the_initial_value_never_overwrite_a_known_contact(app: App) -> None:
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


# -- contacts that were there before ---------------------------------------------------------------------------------


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


# -- values that Intercom refuses ------------------------------------------------------------------------------------


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


def test_a_second_refusal_in_a_row_costs_only_what_is_refused(app: App) -> None:
    app.sign_up(id=1, email="warm.up@example.com")
    attributes = app.intercom.workspace.attributes
    for name in ("referral_link", "referrer_email"):
        attributes["contact", name] = replace(attributes["contact", name], archived=True)

    row, person = app.sign_up(), app.person()

    assert (row.state, app.contact().name) == (State.PARTIAL, "Ivo Lindqvist")
    assert person is not None
    assert person.reservation is None


def test_a_refusal_that_names_no_attribute_of_ours_fails_the_row_with_its_reason(app: App) -> None:
    body = '{"type": "error.list", "errors": [{"code": "parameter_invalid", "message": "something else"}]}'
    app.wire.faults.add({"kind": "status", "status": 400, "method": "POST", "path": "^/contacts$", "body": body})
    row = app.sign_up()
    assert (row.state, row.reason) == (State.FAILED, "Intercom refused the request (parameter_invalid)")
