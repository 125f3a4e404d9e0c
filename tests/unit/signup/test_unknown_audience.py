"""A webhook with id and address alone: where people invited and people who refer are treated differently, it is asked which."""

from __future__ import annotations

import pytest

from sandbox.vendors.referral_factory.records import Person
from shared.domain.person import Audience
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.use_cases.signup.await_confirmation import AUDIENCE_WITHIN, GUESSED
from tests.support.builders import App
from tests.support.documents import mapping
from tests.unit.signup.confirmation.questions import answered, asked, join, minutes, questions

LEADS = {"action": "lead", "mapping": mapping()}
USERS = {"action": "user", "mapping": mapping()}


def app_with(invited: object = LEADS, referring: object = USERS, **changes: object) -> App:
    app = App()
    app.confirms = False
    app.configure(person_invited=invited, person_referring=referring, **changes)
    return app


def reported(app: App, person: Person) -> Referral:
    """A thin webhook."""
    nothing = dict.fromkeys(("source", "referrer_id", "referrer_code", "referrer_first_name", "referrer_email"))
    return app.sign_up(id=person.id, email=person.email, first_name=None, code=None, url=None, **nothing)


def refers(app: App) -> Person:
    account = app.referral_factory.account
    return account.join(account.campaigns[1], first_name="Rita", email="r@example.com", source="Direct", ip="192.0.2.1")


def test_somebody_invited_becomes_a_lead_although_the_webhook_did_not_say() -> None:
    app = app_with()
    person = join(app)
    row = reported(app, person)

    assert row.state == State.PENDING
    assert app.contacts() == []
    assert row.reason[:16] == "Referral Factory"

    answered(app)

    row = app.row(person.id)
    assert row.state == State.DELIVERED
    assert app.contact().role == "lead"
    assert row.audience == Audience.PERSON_INVITED
    assert len(asked(app)) == 1
    assert row.notes == ()
    assert row.unverified is False


def test_somebody_who_refers_becomes_a_user() -> None:
    app = app_with()
    person = refers(app)
    reported(app, person)

    answered(app)

    assert app.contact(person.email).role == "user"


def test_the_list_tells_as_well() -> None:
    app = app_with()
    person = join(app)

    reported(app, person)
    app.reconcile()

    assert (app.row(person.id).state, app.contact().role) == (State.DELIVERED, "lead")


def test_where_both_are_treated_alike_nobody_is_asked() -> None:
    alike = {**LEADS, "defaults": {}}
    app = app_with(alike, alike, qualification=None)
    assert (reported(app, join(app)).state, questions(app)) == (State.DELIVERED, [])


def test_the_first_value_of_the_tracked_attribute_is_a_difference() -> None:
    alike = {**LEADS, "defaults": {}}
    app = app_with(alike, alike)
    assert reported(app, join(app)).state is State.PENDING


def test_somebody_invited_is_not_put_aside_as_one_who_refers() -> None:
    app = app_with(LEADS, {"action": "none", "mapping": mapping()})
    person = join(app)

    assert reported(app, person).state is State.PENDING

    answered(app)

    assert app.row(person.id).state is State.DELIVERED


def test_who_is_in_no_webhook_is_not_asked_for() -> None:
    app = app_with({"action": "none", "mapping": mapping()}, {"action": "none", "mapping": []}, qualification=None)
    assert (reported(app, join(app)).state, questions(app)) == (State.NOT_WANTED, [])


def test_a_webhook_that_says_the_source_asks_nobody() -> None:
    app = app_with()
    assert (app.sign_up(referrer_id=None).state, questions(app)) == (State.DELIVERED, [])


def test_while_nobody_answers_it_is_guessed_after_some_minutes_and_the_row_says_so() -> None:
    app = app_with()
    person = join(app)
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/api/v2/"})
    reported(app, person)

    minutes(app, int(AUDIENCE_WITHIN / 60) - 1)

    assert app.contacts() == []

    minutes(app, 2)

    row = app.row(person.id)
    assert row.state == State.DELIVERED
    assert app.contact().role == "user"
    assert GUESSED in row.notes

    app.wire.faults.clear()
    app.wait(900)
    app.reconcile()

    row = app.row(person.id)
    assert row.audience == Audience.PERSON_INVITED
    assert row.state == State.DELIVERED
    assert GUESSED not in row.notes
    assert row.unverified is False


def test_it_is_guessed_after_four_minutes_and_not_a_second_before() -> None:
    app = app_with()
    person = join(app)
    waiting = reported(app, person)

    assert waiting.due_at == app.clock.now() + AUDIENCE_WITHIN

    app.wait(AUDIENCE_WITHIN - 1)

    assert app.move_due(person.id).state is State.PENDING
    assert app.contacts() == []

    app.wait(1)
    app.move_due(person.id)

    assert app.row(person.id).state is State.DELIVERED
    assert app.contact().role == "user"
    assert [event.what for event in app.row(person.id).history].count("asks who") == 1


def test_a_referral_factory_that_does_not_say_either_is_asked_once() -> None:
    app = app_with()
    person = join(app)
    app.wire.faults.add(
        {
            "kind": "status",
            "status": 200,
            "path": f"^/api/v2/users/{person.id}$",
            "body": f'{{"id": {person.id}, "email": "{person.email}", "campaign_id": 1, "first_name": "Ivo"}}',
        }
    )
    reported(app, person)

    answered(app)

    assert app.row(person.id).state == State.DELIVERED
    assert GUESSED in app.row(person.id).notes
    assert questions(app) == []


def test_who_was_skipped_by_a_wrong_guess_is_written_once_the_list_says_that_they_were_invited() -> None:
    app = app_with({**LEADS, "duplicates": "update"}, {**USERS, "duplicates": "skip"})
    person = join(app)
    app.given("lead", email=person.email, name="Old Name")
    answers_nothing = f'{{"id": {person.id}, "email": "{person.email}", "campaign_id": 1, "first_name": "Ivo"}}'
    app.wire.faults.add({"kind": "status", "status": 200, "path": f"^/api/v2/users/{person.id}$", "body": answers_nothing})
    reported(app, person)

    answered(app)

    assert app.row(person.id).state is State.SKIPPED

    app.wait(300)
    app.reconcile()

    assert app.row(person.id).state is State.DELIVERED
    assert app.contact(person.email).name.startswith(person.first_name)


def test_somebody_held_by_a_draft_is_asked_for_at_the_release_and_is_not_late() -> None:
    app = app_with(status="draft")
    person = join(app)

    assert reported(app, person).state is State.HELD

    app.wait(2 * 86_400)
    app.configure(activation_mark=0, person_invited=LEADS, person_referring=USERS)
    app.sweep()
    answered(app)

    assert (app.row(person.id).state, app.contact().role) == (State.DELIVERED, "lead")
    assert app.metrics.counts["LateDelivery"] == 0


@pytest.mark.parametrize("many", [40])
def test_many_thin_webhooks_at_once_are_completed_by_the_list(many: int) -> None:
    app = app_with()
    people = [join(app, f"p{number}@example.com") for number in range(many)]
    for person in people:
        reported(app, person)
    app.wait(30)

    answered(app)

    assert [app.contact(person.email).role for person in people] == ["lead"] * many
    assert len(asked(app)) <= 1
