"""A signup keeps its contact when an address changes, in Referral Factory or in Intercom; nobody becomes two contacts."""

from __future__ import annotations

import json

import pytest

from shared.domain.signup.state import State
from shared.messages import DeliverContact
from tests.support.builders import webhook_fields
from tests.unit.contact.two_campaigns import app_for, corrected, settle

NEW = "ivo.new@example.com"


def test_an_address_that_moved_away_is_free_for_its_true_owner() -> None:
    app = app_for()
    first = app.sign_up()
    app.sign_up(email=NEW)

    owner = app.sign_up(id=43, first_name="Olga")

    assert owner.state == State.DELIVERED
    assert app.contact().name == "Olga Lindqvist"
    assert app.contact().id != first.contact_id
    assert (app.contact(NEW).id, app.contact(NEW).name) == (first.contact_id, "Ivo Lindqvist")


def test_a_lead_whose_address_changes_while_users_are_wanted_becomes_a_user_in_place() -> None:
    app = app_for("lead")
    first = app.sign_up()
    app.configure(person_invited={"action": "user"})

    row = app.sign_up(email=NEW)

    contact = app.contact(NEW)
    assert contact.id == first.contact_id
    assert contact.role == "user"
    assert row.ours is True
    assert app.contacts() == []


def test_a_signup_that_shares_a_contact_keeps_it_when_the_contact_moves_to_another_address() -> None:
    app = app_for(duplicates="update")
    first = app.sign_up(campaign_id=2, id=77)

    assert app.sign_up().contact_id == first.contact_id

    app.sign_up(campaign_id=2, id=77, email=NEW)
    corrected(app, first.contact_id, name="Somebody")
    row = app.move_due(replay=True)

    assert (row.state, row.contact_id) == (State.DELIVERED, first.contact_id)
    assert app.contact(NEW).name == "Ivo Lindqvist"
    assert app.contacts() == []


def test_an_address_that_was_taken_off_the_contact_stays_off_and_costs_nobody_the_delivery() -> None:
    app = app_for()
    row = app.sign_up()
    path = f"/contacts/{row.contact_id}"
    body = json.dumps({"type": "contact", "id": row.contact_id, "role": "lead", "email": None, "name": "Somebody"})
    app.wire.faults.add({"kind": "status", "status": 200, "method": "GET", "path": f"^{path}$", "body": body})

    replayed = app.move_due(replay=True)

    assert (replayed.state, replayed.contact_id) == (State.DELIVERED, row.contact_id)

    [written] = app.bodies("PUT", path)
    assert written["name"] == "Ivo Lindqvist"
    assert "email" not in written


def test_an_address_that_intercom_refuses_is_not_released() -> None:
    app = app_for("user")
    first = app.sign_up()
    app.given("user", email=NEW)

    row = app.sign_up(email=NEW)

    assert (row.contact_id == first.contact_id, row.ours) == (False, False)
    assert app.person() is not None
    assert app.person().contact_id == first.contact_id  # type: ignore[union-attr]


def test_an_address_that_was_corrected_in_intercom_is_not_reverted_by_a_second_campaign() -> None:
    app = app_for(duplicates="update")
    row = app.sign_up()
    corrected(app, row.contact_id, email="right@example.com")

    app.sign_up(campaign_id=2, id=77, first_name="Iwan")

    assert (app.contact("right@example.com").name, app.contacts()) == ("Iwan Lindqvist", [])


def test_an_address_that_was_corrected_in_intercom_is_not_reverted_by_a_replay() -> None:
    app = app_for()
    row = app.sign_up()
    corrected(app, row.contact_id, email="right@example.com")

    app.move_due(replay=True)

    assert (len(app.contacts("right@example.com")), app.contacts()) == (1, [])


@pytest.mark.parametrize("role", ["lead", "user"])
def test_two_addresses_reported_at_once_are_one_contact(role: str) -> None:
    """The second webhook, with a corrected address, comes while the first one's contact is being created."""
    app = app_for(role, search_lag=300)

    def corrected_meanwhile() -> None:
        app.wait(0.1)
        fields = webhook_fields(email=NEW)
        app.environment.delivery_queue.send(DeliverContact(1, None, "joined", app.clock.now(), fields, id="second"))
        app.work(app.new_environment())

    app.wire.interrupt("POST /contacts", corrected_meanwhile)
    app.sign_up()
    settle(app)

    live = [one for one in app.intercom.workspace.contacts.values() if one.condition == "live"]
    assert [(one.email, one.id) for one in live] == [(NEW, app.row().contact_id)]
    assert app.row().state is State.DELIVERED


@pytest.mark.parametrize("role", ["lead", "user"])
def test_an_address_that_changes_while_a_create_is_in_doubt_makes_no_second_contact(role: str) -> None:
    app = app_for(role, search_lag=300)
    app.wire.faults.add({"kind": "lost_answer", "method": "POST", "path": "^/contacts$", "times": 1})

    assert app.sign_up().state is State.PENDING

    app.wait(1)
    app.sign_up(email=NEW)
    settle(app)

    live = [one for one in app.intercom.workspace.contacts.values() if one.condition == "live"]
    assert [(one.email, one.id) for one in live] == [(NEW, app.row().contact_id)]
