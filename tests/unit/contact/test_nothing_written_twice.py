"""What a delivery must not do: beside the tests of what it does."""

from __future__ import annotations

import json

import pytest

from shared.domain.signup.state import State
from tests.support.builders import App
from tests.support.qualifying import Friendship, rules

UPDATE = {"action": "user", "duplicates": "update"}


def test_a_lead_that_we_made_a_user_is_not_written_again_at_each_delivery() -> None:
    app = App()
    app.configure(person_invited=UPDATE)
    app.given("lead")

    app.sign_up()

    assert app.contact().role == "user"

    app.forget_calls()
    for _ in range(3):
        app.wait(60)
        app.sign_up()
        app.move_due(replay=True)

    assert [call for call in app.calls() if call.startswith("PUT")] == []


def test_a_conflict_that_names_the_very_contact_ends_and_is_no_adoption() -> None:
    app = App()
    app.configure(person_invited=UPDATE)
    lead = app.given("lead")
    text = f"A contact matching those details already exists with id={lead.id}"
    body = json.dumps({"type": "error.list", "errors": [{"code": "conflict", "message": text}]})
    app.wire.faults.add({"kind": "status", "status": 409, "method": "PUT", "path": f"^/contacts/{lead.id}", "body": body})

    row = app.sign_up()

    assert row.state is not State.DELIVERED
    assert len([call for call in app.calls() if call.startswith("PUT")]) == 1, "the same again would say the same"
    assert not any("stands beside" in note for note in row.notes)


def conflict(app: App, method: str, contact_id: str, *, archived: bool = False) -> None:
    """Intercom answers that this contact is in the way."""
    text = f"{'An archived' if archived else 'A'} contact matching those details already exists with id={contact_id}"
    body = json.dumps({"type": "error.list", "errors": [{"code": "conflict", "message": text}]})
    fault = {"kind": "status", "status": 409, "method": method, "path": "^/contacts(/[0-9a-f]{24})?$", "body": body}
    app.wire.faults.add(fault)


def test_a_lead_beside_an_archived_user_brings_nobody_back() -> None:
    app = App()
    app.configure(person_invited=UPDATE)
    lead = app.given("lead", name="Ivo of old")
    user = app.given("user", email="ivo.before@example.com")
    app.intercom.contacts.archive(user.id)
    conflict(app, "PUT", user.id, archived=True)

    row = app.sign_up()

    assert (row.state, user.id in row.reason) == (State.FAILED, True)
    assert not [call for call in app.calls() if "unarchive" in call]
    assert (app.contact().id, app.contact().name) == (lead.id, "Ivo of old")


@pytest.mark.parametrize("gone", [True, False])
def test_a_conflict_that_names_a_stranger_writes_nothing_to_them(*, gone: bool) -> None:
    app = App()
    app.configure(person_invited=UPDATE)
    stranger = app.given("user", email="stranger@example.com", name="Stranger")
    if gone:
        app.intercom.contacts.delete(stranger.id)
    conflict(app, "POST", stranger.id)

    row = app.sign_up()

    assert row.state is not State.DELIVERED
    assert row.contact_id is None
    assert [call for call in app.calls() if call.startswith("PUT")] == []
    assert [one.name for one in app.contacts("stranger@example.com")] == ([] if gone else ["Stranger"])


def test_a_contact_that_search_shows_under_the_address_it_had_is_left_alone() -> None:
    app = App(search_lag=300)
    app.configure(person_invited=UPDATE)
    moved = app.given("user", name="Somebody else")
    app.intercom.contacts.update(moved.id, {"email": "moved@example.com"})

    row = app.sign_up()

    assert (row.state, row.contact_id == moved.id) == (State.DELIVERED, False)
    assert app.contact("moved@example.com").name == "Somebody else"
    assert app.contact().name == "Ivo Lindqvist"


def test_a_contact_that_took_anothers_place_is_found_by_its_id() -> None:
    story = Friendship(rules(), person_invited={"duplicates": "update"})
    friend = story.invited()
    first = story.contact(friend.email)
    other = story.app.given("user", email=friend.email)
    story.app.intercom.contacts.archive(first.id)
    story.taken()
    story.app.wait(10)
    facts = {"id": friend.id, "email": friend.email, "source": "Referred", "campaign_id": 1, "first_name": "Another name"}

    story.app.post(facts)
    story.app.work()

    assert story.row(friend).contact_id == other.id

    story.taken()
    story.app.intercom.contacts.update(other.id, {"email": "moved@example.com"}, by_api=False)
    story.taken()
    story.changes(other.id, "Connected")
    story.settles(2)

    assert friend.qualified_times == 1
