"""A webhook alone overwrites nobody: what was there before is written once Referral Factory itself knows the signup."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.vendors.referral_factory.records import Person
from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.messages import ReconcileCampaigns
from shared.use_cases.signup.await_confirmation import ANSWERED_WITHIN, CONFIRM_WITHIN
from tests.support.builders import CUSTOM, EMAIL, App
from tests.support.console_api import Console
from tests.support.documents import mapping

DOWN = {"kind": "status", "status": 503, "path": "^/api/v2/"}
USER = "/api/v2/users/"


def app_with(duplicates: str = "update", **changes: Any) -> App:
    app = App()
    app.confirms = False
    app.configure(person_invited={"duplicates": duplicates, **changes})
    app.reconcile()
    app.forget_calls()
    return app


def join(app: App, email: str = EMAIL, first_name: str = "Ivo", campaign: int = 1) -> Person:
    """At Referral Factory; no webhook comes."""
    account = app.referral_factory.account
    rita = next(person for person in map(account.people.with_id, account.people.ids()) if person.campaign_id == campaign)
    return account.join(
        account.campaigns[campaign], first_name=first_name, email=email, source="Referred", referrer=rita, ip="192.0.2.1"
    )


def reported(app: App, person: Person, **changes: Any) -> Referral:
    """The webhook of somebody who is there."""
    facts = {"id": person.id, "email": person.email, "first_name": person.first_name, "code": person.code, "url": None}
    return app.sign_up(**{**facts, **changes})


def asked(app: App) -> list[str]:
    return [call for call in app.calls("referral_factory") if f"GET {USER}" in call]


def questions(app: App) -> list[Any]:
    return [message.person for message in app.queued("reconcile") if isinstance(message, ReconcileCampaigns) and message.person]


def answered(app: App) -> None:
    """Reconcile answers what waits in its queue, and the delivery goes on."""
    while app.reconcile_enqueued():
        continue
    app.work()


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


# -- asked, and unknown -------------------------------------------------------------------------------------------------


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


# -- it cannot be asked -------------------------------------------------------------------------------------------------


def minutes(app: App, count: int) -> None:
    for _ in range(count):
        app.wait(60)
        answered(app)
        app.sweep()


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


# -- the brake ----------------------------------------------------------------------------------------------------------


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
