"""What a signup wrote over on somebody's contact can be put back, by a button."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.signup.state import State
from tests.support.builders import CUSTOM, EMAIL, App
from tests.support.console_api import Console
from tests.support.documents import mapping

PATH = "/api/referrals/1/42"
LINK = f"{CUSTOM}referral_link"


def overwritten(duplicates: str = "update", role: str = "lead", **held: Any) -> Console:
    """A customer's contact, to which a signup was written."""
    console = Console()
    console.app.configure(person_invited={"duplicates": duplicates, "mapping": mapping(("url", LINK))})
    console.app.given(role, **{"name": "Customer", **held})
    assert console.app.sign_up().state is State.DELIVERED
    return console


def pressed(console: Console) -> Any:
    return console.post(f"{PATH}/put-back")


@pytest.mark.parametrize("role", ["lead", "user"])
def test_the_contact_holds_again_what_it_held(role: str) -> None:
    console = overwritten(role=role)

    assert console.get(PATH)["overwritten"] == {"name": "Customer", LINK: None}

    done = pressed(console)

    contact = console.app.contact()
    assert (contact.name, contact.custom_attributes.get("referral_link")) == ("Customer", "")
    assert (done["restored"], done["kept"]) == ([LINK, "name"], [])


def test_from_then_on_the_signup_leaves_the_contact_alone() -> None:
    console = overwritten()
    pressed(console)

    row = console.app.row()
    assert row.state == State.SKIPPED
    assert row.written == {}
    assert row.overwritten == {}
    assert row.history[-1].what == "put back"

    console.app.sign_up(referrer_first_name="Margherita", first_name="Iwan")
    console.app.reconcile(full=True)

    assert (console.app.contact().name, console.app.row().state) == ("Customer", State.SKIPPED)


def test_a_replay_is_a_persons_wish_and_writes_again_what_it_can_put_back_again() -> None:
    console = overwritten()
    pressed(console)
    console.app.move_due(replay=True)

    assert console.app.contact().name == "Ivo"

    pressed(console)

    assert console.app.contact().name == "Customer"


def test_what_somebody_changed_since_stays() -> None:
    console = overwritten()
    console.app.intercom.contacts.update(console.app.contact().id, {"name": "Corrected"})
    done = pressed(console)

    assert done["kept"] == ["name"]
    assert done["restored"] == [LINK]
    assert console.app.contact().name == "Corrected"
    assert "name" in console.app.row().history[-1].detail


def test_of_several_writes_the_first_image_is_kept() -> None:
    console = overwritten()
    app = console.app
    app.environment.referrals.update(1, 42, lambda row: row)
    app.configure(person_invited={"duplicates": "update", "mapping": mapping(("code", LINK))})

    app.move_due(replay=True)

    assert app.contact().custom_attributes["referral_link"] == "Iv0K0de1"

    pressed(console)

    assert (app.contact().name, app.contact().custom_attributes["referral_link"]) == ("Customer", "")


def test_fill_is_put_back_to_empty() -> None:
    console = overwritten("fill")
    assert console.get(PATH)["overwritten"] == {LINK: None}
    pressed(console)
    assert (console.app.contact().name, console.app.contact().custom_attributes["referral_link"]) == ("Customer", "")


def test_a_worker_that_dies_after_the_write_has_kept_what_was_there() -> None:
    app = App()
    app.configure(person_invited={"duplicates": "update"})
    app.given("lead", name="Customer")
    app.wire.faults.add({"kind": "lost_answer", "method": "PUT", "path": "^/contacts", "times": 1})

    app.sign_up()

    assert app.contact().name == "Ivo Lindqvist"

    app.wait(60)
    app.work()

    row = app.row()
    assert (row.state, row.overwritten.get("name")) == (State.DELIVERED, "Customer")


def test_a_contact_that_the_signup_created_has_nothing_to_put_back(console: Console) -> None:
    console.app.sign_up()

    assert console.get(PATH)["overwritten"] == {}

    answer = console.call("POST", f"{PATH}/put-back", {})
    assert answer.status == 409
    assert "nothing" in answer.text


def test_a_contact_that_is_gone_cannot_be_given_anything_back() -> None:
    console = overwritten()
    console.app.intercom.contacts.delete(console.app.contact().id, by_api=False)
    assert console.call("POST", f"{PATH}/put-back", {}).status == 409
    assert console.app.row().overwritten


def test_an_address_that_the_signup_changed_stays_for_by_it_the_person_is_known() -> None:
    console = overwritten()
    app, new = console.app, "ivo.new@example.com"
    app.environment.referrals.update(1, 42, lambda row: replace(row, person=replace(row.person, email=new)))

    app.move_due(replay=True)

    assert app.row().overwritten["email"] == EMAIL
    assert pressed(console)["kept"] == ["email"]
    assert app.contact(new).name == "Customer"


def test_while_intercom_does_not_answer_nothing_is_forgotten() -> None:
    console = overwritten()
    console.app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts"})
    assert console.call("POST", f"{PATH}/put-back", {}).status == 503
    assert (console.app.row().state, bool(console.app.row().overwritten)) == (State.DELIVERED, True)


@pytest.mark.parametrize(("seconds", "again_after"), [(14, "14"), (300, "60")])
def test_while_a_delivery_is_at_the_contact_nothing_is_put_back_and_the_answer_says_when_to_ask(
    seconds: int, again_after: str
) -> None:
    console = overwritten()
    console.app.environment.people.lease("local-workspace", EMAIL, "a worker", console.app.clock.now(), seconds)
    answer = console.call("POST", f"{PATH}/put-back", {})

    assert (answer.status, answer.headers["retry-after"]) == (503, again_after)
    assert console.app.contact().name == "Ivo"

    console.app.wait(seconds)

    assert pressed(console)["restored"] == [LINK, "name"]


def test_a_person_who_is_erased_takes_the_image_along() -> None:
    console = overwritten()
    row = console.app.row().forgotten_at(console.app.clock.now())
    assert (row.overwritten, row.overwritten_on) == ({}, "")


def test_of_two_who_press_at_once_the_second_hears_that_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    console = overwritten()
    referrals = console.app.environment.referrals
    read = referrals.get
    rows = [console.app.row(), replace(console.app.row(), overwritten={}, overwritten_on="")]
    monkeypatch.setattr(referrals, "get", lambda *_: rows.pop(0))
    console.app.forget_calls()

    answer = console.call("POST", f"{PATH}/put-back", {})

    assert answer.status == 409
    assert "nothing that is still known" in answer.text
    assert console.app.calls() == []
    assert read(1, 42).overwritten


def test_where_nothing_can_be_put_back_the_history_says_so_and_nothing_is_written() -> None:
    console = overwritten()
    console.app.intercom.contacts.update(console.app.contact().id, {"name": "A", "custom_attributes": {"referral_link": "b"}})
    console.app.forget_calls()

    done = pressed(console)

    assert (done["restored"], done["kept"]) == ([], [LINK, "name"])
    assert not [call for call in console.app.calls() if call.startswith("PUT")]
    assert console.app.row().history[-1].detail == f"mara@example.com: nothing; changed since and kept: {LINK}, name"
    assert console.audit_lines()[-1] == "Put back what the contact of user 42 in campaign 1 held: nothing."


def test_what_was_overwritten_by_a_write_that_nobody_confirmed_is_kept() -> None:
    console = overwritten()
    console.app.environment.referrals.update(1, 42, lambda row: replace(row, written={LINK: row.written[LINK]}))

    done = pressed(console)

    assert (done["restored"], done["kept"]) == ([LINK], ["name"])
    assert console.app.contact().name == "Ivo"
