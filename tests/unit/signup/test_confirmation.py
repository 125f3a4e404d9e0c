"""A webhook alone overwrites nobody: what was there before is written once Referral Factory itself knows the signup."""

from __future__ import annotations

import pytest

from shared.domain.signup.state import State
from shared.use_cases.signup.await_confirmation import ANSWERED_WITHIN, CONFIRM_WITHIN
from tests.support.builders import CUSTOM, EMAIL
from tests.support.documents import mapping
from tests.unit.signup.confirmation.questions import DOWN, USER, answered, app_with, asked, join, minutes, questions, reported

# -- asked, and known ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("duplicates", ["fill", "update"])
def test_a_contact_that_was_there_is_written_once_referral_factory_knows_the_signup(duplicates: str) -> None:
    app = app_with(duplicates)
    before = app.given("lead", name="", custom_attributes={})
    row = reported(app, join(app))

    assert row.state == State.PENDING
    assert app.bodies("PUT") == []
    assert asked(app) == []

    answered(app)

    row = app.row(row.user_id)
    assert row.state == State.DELIVERED
    assert row.contact_id == before.id
    assert app.contact().name == "Ivo Lindqvist"
    assert len(asked(app)) == 1
    assert row.verified_at is not None
    assert row.unverified is False
    assert [event.what for event in row.history] == ["webhook joined", "asks", "updated"]


def test_what_a_webhook_says_of_another_persons_id_is_not_what_is_written() -> None:
    """Ids can be guessed: a real one with a customer's address must not reach the customer."""
    app = app_with()
    app.given("user", email="customer@example.com", name="Customer")
    real = join(app)
    reported(app, real, email="customer@example.com", first_name="Mallory")

    answered(app)

    assert app.contact("customer@example.com").name == "Customer"
    assert (app.row(real.id).person.email, app.contact().name) == (EMAIL, "Ivo Lindqvist")


def test_the_list_that_holds_the_person_confirms_as_well() -> None:
    app = app_with()
    app.given("lead", name="Before")

    row = reported(app, join(app))
    app.reconcile()

    assert app.row(row.user_id).state == State.DELIVERED
    assert app.contact().name == "Ivo Lindqvist"
    assert asked(app) == []


def test_many_questions_that_wait_are_answered_by_the_list() -> None:
    app = app_with()
    people = [join(app, f"person{number}@example.com") for number in range(5)]
    for person in people:
        app.given("lead", email=person.email, name="Before")
        reported(app, person)
    app.wait(60)

    answered(app)

    assert [app.contact(person.email).name for person in people] == ["Ivo Lindqvist"] * 5
    assert asked(app) == []


def test_a_create_asks_nobody() -> None:
    app = app_with()
    row = app.sign_up()

    assert row.state == State.DELIVERED
    assert questions(app) == []
    assert row.confirm_since is None


def test_a_contact_that_holds_everything_already_needs_no_confirmation() -> None:
    app = app_with(mapping=mapping())
    app.given("lead", name="Ivo")
    assert (app.sign_up().history[-1].what, questions(app)) == ("unchanged", [])


def test_skip_writes_nothing_and_asks_nobody() -> None:
    app = app_with("skip")
    app.given("lead")
    assert (app.sign_up().state, questions(app)) == (State.SKIPPED, [])


def test_an_archived_contact_is_brought_back_only_for_a_signup_that_is_known() -> None:
    app = app_with("skip", action="user")
    before = app.given("user")
    app.intercom.contacts.archive(before.id)
    app.sign_up()

    answered(app)

    assert (app.contacts(), app.row().state) == ([], State.FAILED)

    known = join(app)
    reported(app, known)
    answered(app)

    assert app.contact().id == before.id


def test_a_later_webhook_of_a_row_that_waits_does_not_go_round_the_question() -> None:
    app = app_with()
    app.given("lead", name="Before")

    app.sign_up()
    app.wait(30)

    assert (app.sign_up(first_name="Mallory").state, app.contact().name) == (State.PENDING, "Before")


# -- it cannot be asked -------------------------------------------------------------------------------------------------


def test_while_referral_factory_cannot_be_asked_the_signup_waits_ten_minutes_and_is_flagged() -> None:
    app = app_with()
    app.given("lead", name="Before")
    person = join(app)
    app.wire.faults.add(DOWN)
    reported(app, person)

    minutes(app, int(CONFIRM_WITHIN / 60) - 1)

    assert (app.row(person.id).state, app.contact().name) == (State.PENDING, "Before")

    minutes(app, 2)

    row = app.row(person.id)
    assert row.state == State.DELIVERED
    assert row.unverified is True
    assert app.contact().name == "Ivo Lindqvist"
    assert "unconfirmed" in [event.what for event in row.history]
    assert row.overwritten["name"] == "Before"

    app.wire.faults.clear()
    app.wait(3_600)
    app.reconcile()

    assert not app.row(person.id).unverified


def test_a_question_that_found_nobody_is_asked_again_a_minute_later_and_never_after_the_ten_minutes() -> None:
    app = app_with()
    app.given("lead", name="Before")
    person = join(app)
    app.wire.faults.add(DOWN)
    reported(app, person)
    began = app.clock.now()

    waiting = {}
    for minute in range(15):
        app.reconcile_enqueued()
        waiting[minute] = bool(questions(app))
        app.clock.at = began + 60 * (minute + 1)

    assert [minute for minute, waits in waiting.items() if waits] == list(range(9))
    assert app.row(person.id).state is State.PENDING, "what then is the delivery's to decide"


def test_a_question_that_is_answered_a_minute_later_needs_no_sweep() -> None:
    app = app_with()
    app.given("lead", name="Before")
    person = join(app)
    app.wire.faults.add({**DOWN, "path": f"^{USER}{person.id}", "times": 1})
    reported(app, person)

    answered(app)

    assert app.contact().name == "Before"

    app.wait(60)
    answered(app)

    assert app.row(person.id).state is State.DELIVERED
    assert app.contact().name == "Ivo Lindqvist"


def test_of_a_signup_that_nobody_speaks_of_an_hour_of_answers_makes_an_unknown_one() -> None:
    """Its own question is never answered, but the lists are, and they do not hold the person."""
    app = app_with()
    app.given("lead", name="Before")

    app.sign_up(first_name="Mallory")
    app.wait(60)
    app.reconcile()

    assert app.row().due_at == app.clock.now() - 60 + CONFIRM_WITHIN

    app.wait(CONFIRM_WITHIN)
    app.move_due()

    assert app.row().state is State.PENDING
    assert app.row().due_at == app.clock.now() + CONFIRM_WITHIN
    assert app.row().promised_at is None, "it has waited since its webhook"

    app.wait(ANSWERED_WITHIN - CONFIRM_WITHIN - 61)
    app.move_due()

    assert app.row().state is State.PENDING

    app.wait(1)
    app.move_due()

    assert app.row().state is State.FAILED
    assert app.row().unverified is True
    assert app.contact().name == "Before"
    assert [event.what for event in app.row().history] == ["webhook joined", "asks", "unknown"]


def test_after_ten_minutes_in_which_nobody_could_be_asked_the_contact_is_written_and_not_a_second_before() -> None:
    app = app_with()
    app.given("lead", name="Before")
    app.sign_up()

    app.wait(CONFIRM_WITHIN - 1)
    app.move_due()

    assert app.contact().name == "Before"

    app.wait(1)
    row = app.move_due()

    assert row.state is State.DELIVERED
    assert row.unverified is True
    assert app.contact().name == "Ivo Lindqvist"


def test_a_flood_of_questions_does_not_pass_for_a_referral_factory_that_cannot_be_asked() -> None:
    app = app_with()
    app.given("lead", name="Before")

    app.sign_up(first_name="Mallory")
    for _ in range(30):  # the queue is so long that nobody gets to this question; lists are read all the time
        app.wait(60)
        app.sweep()
        app.reconcile()

    assert (app.row().state, app.contact().name) == (State.PENDING, "Before")

    for _ in range(60):
        app.wait(60)
        app.sweep()
        app.reconcile()

    assert app.row().state == State.FAILED
    assert app.row().unverified is True
    assert app.contact().name == "Before"


def test_a_queue_that_refuses_the_question_costs_nobody_the_signup() -> None:
    app = app_with()
    app.given("lead", name="Before")
    person = join(app)
    app.sqs.refuse("send_message", 5)
    app.environment.delivery_queue.send_all([])
    app.sqs.mend()
    reported(app, person)
    app.sqs.refuse("send_message", 1)

    minutes(app, 3)

    assert app.contact().name == "Ivo Lindqvist"


# -- links --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "//evil.example/x", "ftp://evil.example", "http:/x"]
)
@pytest.mark.parametrize("name", ["url", "referrer_url", "qr"])
def test_a_link_that_is_no_address_of_a_page_reaches_no_contact(link: str, name: str) -> None:
    target = {"url": "url", "referrer_url": "referrer.url", "qr": "qr"}[name]
    app = app_with(mapping=mapping((target, f"{CUSTOM}referral_link")))
    app.sign_up(**{name: link})
    assert link not in app.contact().custom_attributes.values()


def test_a_picture_is_an_address_too() -> None:
    app = app_with(mapping=mapping(("meta.Picture", "avatar")))
    row = app.sign_up(Picture="javascript:alert(1)")
    assert (row.state, "avatar" in row.written) == (State.PARTIAL, False)
