"""A signup that Referral Factory does not know writes to nobody who was there before, and needs attention."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.use_cases.signup.await_confirmation import ANSWERED_WITHIN
from tests.unit.signup.confirmation.questions import USER, answered, app_with, asked, join, reported


@pytest.mark.parametrize("duplicates", ["fill", "update"])
def test_an_invented_signup_overwrites_nobody_and_needs_attention(duplicates: str) -> None:
    app = app_with(duplicates)
    app.given("user", name="")
    app.sign_up(first_name="Mallory")

    answered(app)

    row = app.row()
    assert row.state == State.FAILED
    assert row.unverified is True
    assert app.contact().name == ""
    assert app.bodies("PUT") == []
    assert row.history[-1].what == "unknown"
    assert "does not know" in row.reason
    assert app.metrics.counts["SignupUnverified"] == 1
    assert app.metrics.counts["ContactFailed"] == 1

    app.wait(86_400)
    app.sweep()

    assert app.contact().name == ""


def test_somebody_of_another_campaign_is_not_known_in_this_one() -> None:
    app = app_with()
    app.given("lead", name="Before")
    reported(app, join(app, campaign=2))

    answered(app)

    assert app.contact().name == "Before"


def test_somebody_who_is_on_the_list_later_is_delivered_then() -> None:
    app = app_with()
    app.given("lead", name="Before")
    person = join(app)
    app.referral_factory.account.people.remove(person)
    reported(app, person)

    answered(app)

    assert app.row(person.id).state is State.FAILED

    app.referral_factory.account.people.add(person)
    app.reconcile()

    row = app.row(person.id)
    assert row.state == State.DELIVERED
    assert row.unverified is False
    assert app.contact().name == "Ivo Lindqvist"


def test_a_replay_asks_again() -> None:
    app = app_with()
    app.given("lead", name="Before")
    app.sign_up()
    answered(app)
    app.wait(2 * ANSWERED_WITHIN)
    app.move_due(replay=True)

    answered(app)

    assert len(asked(app)) == 2
    assert app.row().state == State.FAILED
    assert app.contact().name == "Before"
    assert [event.what for event in app.row().history].count("asks") == 2


@pytest.mark.parametrize("meanwhile", ["the list confirms it", "it is finished"])
def test_that_a_question_found_nobody_says_nothing_of_a_signup_that_is_settled_meanwhile(meanwhile: str) -> None:
    app = app_with()
    app.given("lead", name="Before")
    app.sign_up()

    def settled(row: Referral) -> Referral:
        confirmed = replace(row, verified_at=app.clock.now(), confirm_since=None)
        return confirmed if meanwhile == "the list confirms it" else row.done(State.NOT_WANTED, "Not wanted.")

    app.wire.interrupt(f"GET {USER}42", lambda: app.environment.referrals.update(1, 42, settled))
    app.reconcile_enqueued()

    row = app.row()
    assert len(asked(app)) == 1
    assert row.state is (State.PENDING if meanwhile == "the list confirms it" else State.NOT_WANTED)
    assert row.unverified is False
    assert app.metrics.counts["SignupUnverified"] == 0
    assert app.metrics.counts["ContactFailed"] == 0
