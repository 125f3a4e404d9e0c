"""After many signups that Referral Factory does not know, a campaign's creates wait for its answer too."""

from __future__ import annotations

from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.signup.state import State
from tests.support.builders import App
from tests.support.console_api import Console
from tests.unit.signup.confirmation.questions import DOWN, answered, app_with, join, minutes, reported


def invent(app: App, number: int) -> None:
    app.given("lead", email=f"victim{number}@example.com", name="Before")
    app.sign_up(id=100_000 + number, email=f"victim{number}@example.com", code=None)


def braked(app: App, many: int = 20) -> None:
    for number in range(many):
        invent(app, number)
    answered(app)


def test_after_twenty_unknown_signups_in_an_hour_creates_wait_for_confirmation() -> None:
    app = app_with()
    braked(app, 19)

    assert app.sign_up(id=7001, email="new@example.com").state is State.DELIVERED

    invent(app, 20)
    answered(app)
    invented = app.sign_up(id=7002, email="newer@example.com")

    assert (invented.state, app.contacts("newer@example.com")) == (State.PENDING, [])

    person = join(app)
    reported(app, person)
    answered(app)

    assert (app.row(person.id).state, app.contact().name) == (State.DELIVERED, "Ivo Lindqvist")
    assert app.row(7002).state == State.FAILED
    assert app.row(7002).unverified is True
    assert app.contacts("newer@example.com") == []

    app.sweep()

    assert app.metrics.gauges["CreatesWait"] == 1.0


def test_an_hour_after_the_last_unknown_ones_creates_go_on_and_the_alarm_ends() -> None:
    app = app_with()
    braked(app)

    app.clock.at = app.campaign().creates_wait_until - 1
    assert app.sign_up(id=7000, email="not.yet@example.com").state is State.PENDING

    app.wait(1)

    assert app.sign_up(id=7001, email="new@example.com").state is State.DELIVERED

    app.sweep()

    assert app.metrics.gauges["CreatesWait"] == 0.0


def test_unknown_signups_over_many_hours_brake_nothing() -> None:
    app = app_with()
    for number in range(25):
        invent(app, number)
        answered(app)
        app.wait(300)
    assert app.sign_up(id=7001, email="new@example.com").state is State.DELIVERED


def test_the_brake_is_one_campaigns_own() -> None:
    app = app_with()
    app.configure(campaign_id=2, name="Partners", person_invited={"duplicates": "skip"})
    braked(app)
    assert app.sign_up(campaign_id=2, id=7001, email="new@example.com").state is State.DELIVERED


def test_while_referral_factory_cannot_be_asked_a_braked_campaign_creates_all_the_same() -> None:
    app = app_with()
    braked(app)
    now = app.clock.now()

    app.environment.breakers.open(Vendor.REFERRAL_FACTORY, Breaker(BreakerKind.FAILING, now + 3_600, now))

    assert app.sign_up(id=7001, email="new@example.com").state is State.DELIVERED


def test_a_braked_create_that_nobody_answers_for_is_made_within_the_promise() -> None:
    app = app_with()
    braked(app)
    person = join(app)
    app.wire.faults.add({**DOWN, "path": "^/api/v2/users"})
    reported(app, person)

    minutes(app, 12)

    row = app.row(person.id)
    assert (row.state, len(app.contacts())) == (State.DELIVERED, 1)


def test_the_console_says_why_creates_wait() -> None:
    console = Console()
    console.app.confirms = False
    console.app.configure(person_invited={"duplicates": "update"})

    braked(console.app)

    problems = console.get("/api/overview")["alarms"]
    [problem] = [one for one in problems if one["kind"] == "creates_wait"]
    assert "does not know" in problem["what"]
