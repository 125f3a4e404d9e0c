"""After the delivery: is the contact alone, and does Referral Factory know the person at all?"""

from __future__ import annotations

import pytest

from sandbox.vendors.faults import FaultOrder
from shared.domain.connection.connection import BreakerKind, Vendor
from shared.domain.signup.referral import ENQUEUE_AGAIN_AFTER, Referral
from shared.domain.signup.state import State
from shared.domain.timing import SEARCH_LAG, SEARCH_SURE
from shared.messages import DeliverContact
from shared.use_cases.signup.check_delivered import (
    OF_AGE_TO_SETTLE,
    OF_AGE_TO_VERIFY,
    ON_TIME,
    SETTLES,
    VERIFY_AGAIN_AFTER,
    check_delivered,
)
from shared.use_cases.signup.replay_referrals import replay_referral
from tests.support.builders import EMAIL, App, webhook_fields
from tests.support.clock import NOW


def later(app: App, seconds: float) -> Referral:
    app.wait(seconds)
    app.sweep()
    return app.row()


def person_at_referral_factory(app: App) -> int:
    """The same person in Referral Factory's own list; the id."""
    account = app.referral_factory.account
    person = account.join(account.campaigns[1], first_name="Ivo", email=EMAIL, source="Direct", meta={}, ip="192.0.2.1")
    return int(person.id)


def test_a_quarter_of_an_hour_after_a_create_one_search_counts_the_contacts(app: App) -> None:
    app.sign_up()
    app.forget_calls()

    assert later(app, 900).due_at is None
    assert app.calls() == []

    row = later(app, 361)
    assert app.calls() == ["POST /contacts/search"]
    assert (row.due_at, row.possibly_doubled) == (None, False)

    later(app, 3_000)

    assert app.calls() == ["POST /contacts/search"], "once"
    assert app.metrics.counts["PossiblyDoubled"] == 0


def test_a_second_contact_that_somebody_created_meanwhile_raises_an_alarm(app: App) -> None:
    app.sign_up()
    app.wait(30)
    app.intercom.contacts.create({"role": "lead", "email": EMAIL})

    row = later(app, OF_AGE_TO_SETTLE)

    assert (row.possibly_doubled, row.history[-1].what) == (True, "possibly doubled")
    assert app.metrics.counts["PossiblyDoubled"] == 1


def test_a_contact_that_search_did_not_show_yet_is_a_double_and_one_that_it_had_to_show_is_not() -> None:
    app = App(search_lag=300)
    app.configure()
    app.intercom.contacts.create({"role": "lead", "email": EMAIL})
    app.wait(290)

    app.sign_up()

    assert later(app, OF_AGE_TO_SETTLE + 1).possibly_doubled

    app.intercom.contacts.create({"role": "lead", "email": "other@example.com"})
    app.wait(SEARCH_LAG + 1)
    row = app.sign_up(id=43, email="other@example.com")

    assert len(app.contacts("other@example.com")) == 1

    later(app, OF_AGE_TO_SETTLE + 300)

    assert not app.row(row.user_id).possibly_doubled


def test_a_redelivery_that_fails_does_not_cost_the_check(app: App) -> None:
    app.sign_up()
    app.intercom.contacts.create({"role": "lead", "email": EMAIL})
    body = '{"errors": [{"code": "parameter_invalid", "message": "name is invalid", "field": "name"}]}'

    app.wire.faults.add({"kind": "status", "status": 400, "body": body, "method": "PUT", "path": "^/contacts"})

    assert app.sign_up(first_name="Other").settle_since is not None
    assert later(app, SEARCH_SURE + 1).possibly_doubled


def test_nothing_is_counted_for_a_contact_that_was_there_before(app: App) -> None:
    app.given("lead")
    app.sign_up()
    app.forget_calls()

    later(app, OF_AGE_TO_SETTLE + 1)

    assert app.calls() == []


def test_a_check_that_fails_is_made_later_and_the_row_stays_delivered(app: App) -> None:
    app.sign_up()
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts/search"})
    for _ in range(8):
        row = later(app, SEARCH_SURE / 2)

    assert (row.state, row.finished) == ("delivered", True)
    assert app.metrics.counts["SettleSearched"] == 0

    app.wire.faults.clear()
    for _ in range(6):
        row = later(app, 200)

    assert app.metrics.counts["SettleSearched"] == 1


def test_a_check_that_intercom_refuses_is_given_up_with_a_note(app: App) -> None:
    app.sign_up()
    app.wire.faults.add({"kind": "status", "status": 400, "path": "^/contacts/search"})
    row = later(app, OF_AGE_TO_SETTLE + 1)

    assert (row.state, row.settle_since) == ("delivered", None)
    assert "Intercom refused the request" in row.notes[-1]


def test_many_are_checked_with_one_search(app: App) -> None:
    for user_id in range(1, 18):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")

    app.intercom.contacts.create({"role": "lead", "email": "person7@example.com"})
    app.wait(OF_AGE_TO_SETTLE + 1)
    app.forget_calls()
    app.sweep()

    assert app.calls() == ["POST /contacts/search"] * 2, "fifteen and two"
    assert {user_id for user_id in range(1, 18) if app.row(user_id).possibly_doubled} == {7}
    assert {user_id for user_id in range(1, 18) if app.row(user_id).due_at is not None} == {7}, "looked at again"


def test_one_that_intercom_refuses_to_search_for_keeps_nobody_else_unchecked(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    for user_id in range(1, 6):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")
    choose = app.wire.faults.choose
    refusal = FaultOrder(id="refusal", kind="status", status=400)

    monkeypatch.setattr(
        app.wire.faults, "choose", lambda request, chance: refusal if b"person3@" in request.body else choose(request, chance)
    )
    for _ in range(8):
        app.wait(SEARCH_SURE)
        app.sweep()

    rows = [app.row(user_id) for user_id in range(1, 6)]
    assert all(row.settle_since is None for row in rows)
    assert [row.user_id for row in rows if any("refused" in note for note in row.notes)] == [3]


def test_a_group_that_gets_no_answer_is_checked_later(app: App) -> None:
    for user_id in range(1, 6):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")

    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts/search", "times": 1})
    app.wait(OF_AGE_TO_SETTLE + 1)
    app.forget_calls()
    for _ in range(4):
        app.sweep()
        app.wait(ENQUEUE_AGAIN_AFTER)

    assert app.metrics.counts["SettleSearched"] == 1
    assert all(app.row(user_id).due_at is None for user_id in range(1, 6))


def test_an_hour_after_its_webhook_an_unknown_person_is_flagged(app: App) -> None:
    app.sign_up(id=4711)
    app.wait(3_500)
    app.reconcile(full=True)
    app.sweep()

    assert not app.row(4711).unverified, "the hour is not over"

    app.wait(301)
    app.sweep()

    row = app.row(4711)
    assert row.unverified is True
    assert row.history[-1].what == "unverified"
    assert app.metrics.counts["SignupUnverified"] == 1
    assert row.state == "delivered"


def test_while_reconcile_has_not_succeeded_nobody_is_flagged(app: App) -> None:
    app.sign_up(id=4711)
    for _ in range(4):
        app.wait(VERIFY_AGAIN_AFTER)
        app.sweep()

    assert not app.row(4711).unverified

    app.reconcile(full=True)
    app.wait(VERIFY_AGAIN_AFTER)
    app.sweep()

    assert app.row(4711).unverified


def test_a_person_that_reconcile_finds_is_verified_and_not_looked_at_again(app: App) -> None:
    user_id = person_at_referral_factory(app)

    app.sign_up(id=user_id)
    app.reconcile()

    row = app.row(user_id)
    assert row.verified_at == NOW

    app.wait(SEARCH_SURE + 1)
    app.sweep()

    assert app.row(user_id).due_at is None


# -- by age -----------------------------------------------------------------------------------------------------------


def searched(app: App) -> int:
    return int(app.metrics.counts["SettleSearched"])


def test_a_delivery_that_went_as_usual_is_checked_without_a_write(app: App) -> None:
    before = app.sign_up()
    later(app, OF_AGE_TO_SETTLE)
    assert searched(app) == 1
    assert app.row() == before


def test_a_check_whose_message_the_queue_refuses_is_made_by_the_next_sweep(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    app.sign_up()
    with monkeypatch.context() as patch:
        patch.setattr(app.environment.delivery_queue, "send_all", lambda messages: messages)
        later(app, OF_AGE_TO_SETTLE)
    assert searched(app) == 0

    later(app, 60)

    assert searched(app) == 1


def test_a_sweep_that_dies_before_it_knows_what_it_sent_sends_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    app.sign_up()

    def die(*_: object) -> None:
        raise RuntimeError

    app.wait(OF_AGE_TO_SETTLE)
    with monkeypatch.context() as patch:
        patch.setattr(app.environment.progresses, "save", die)
        with pytest.raises(RuntimeError):
            app.sweep()
    app.wait(60)
    app.sweep()

    assert searched(app) >= 1
    assert app.row().due_at is None


def test_the_same_check_twice_marks_and_alarms_once(app: App) -> None:
    app.sign_up()
    app.wait(30)

    app.intercom.contacts.create({"role": "lead", "email": EMAIL})
    app.wait(OF_AGE_TO_SETTLE)
    for _ in range(2):
        app.deliver(DeliverContact(1, 42, SETTLES, app.clock.now(), also=[]))

    assert (app.row().possibly_doubled, app.metrics.counts["PossiblyDoubled"]) == (True, 1)
    assert [event.what for event in app.row().history].count("possibly doubled") == 1


def test_a_sweep_that_was_away_for_hours_checks_all_who_came_of_age_meanwhile(app: App) -> None:
    app.sweep()
    for user_id in range(1, 4):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")
        app.wait(3_600)

    app.intercom.contacts.create({"role": "lead", "email": "person1@example.com"})
    app.sweep()

    assert [app.row(user_id).possibly_doubled for user_id in range(1, 4)] == [True, False, False]


def test_a_check_leaves_alone_somebody_who_is_replayed_meanwhile() -> None:
    app = App()
    app.configure(person_invited={"merge_leads": True})
    for user_id in (1, 2):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")
        app.intercom.contacts.create({"role": "lead", "email": f"person{user_id}@example.com"})
    app.wait(OF_AGE_TO_SETTLE)
    replay_referral(app.environment, "mara@example.com", 1, 2)

    check_delivered(app.environment, app.row(1), [(1, 2)], SETTLES)

    assert app.row(1).possibly_doubled is True
    assert app.row(2).state is State.PENDING
    assert app.row(2).possibly_doubled is False
    assert app.metrics.counts["PossiblyDoubled"] == 1


def test_while_intercom_is_away_nobody_comes_of_age_and_all_do_once_it_is_back(app: App) -> None:
    app.sign_up()
    app.intercom.contacts.create({"role": "lead", "email": EMAIL})
    app.environment.intercom_guard.pause(BreakerKind.REFUSED, OF_AGE_TO_SETTLE + 1_000)

    later(app, OF_AGE_TO_SETTLE)

    assert not app.row().possibly_doubled

    app.environment.breakers.close(Vendor.INTERCOM)

    assert later(app, 60).possibly_doubled


def test_a_late_delivery_has_a_time_of_its_own(app: App) -> None:
    message = DeliverContact(1, None, "joined", app.clock.now(), webhook_fields(), id="a" * 32)
    app.wait(ON_TIME + 1)
    row = app.deliver(message)

    assert row is not None
    assert row.due_at == app.clock.now() + SEARCH_SURE

    later(app, SEARCH_SURE)

    assert searched(app) == 1

    later(app, ON_TIME + 600)

    assert searched(app) == 1, "not by age as well"


def test_a_check_by_age_that_waits_out_an_outage_gives_every_row_a_time(app: App) -> None:
    for user_id in range(1, 4):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")
    app.wait(OF_AGE_TO_SETTLE)
    app.sweep(work=False)

    app.environment.intercom_guard.pause(BreakerKind.REFUSED, 3_600)
    app.work()

    assert all(app.row(user_id).due_at for user_id in range(1, 4))

    app.environment.breakers.close(Vendor.INTERCOM)
    app.wait(7_200)
    app.sweep()

    assert searched(app) == 1
    assert all(app.row(user_id).settle_since is None for user_id in range(1, 4))


def test_new_facts_do_not_lose_a_look_that_has_to_be_repeated(app: App) -> None:
    app.sign_up(id=4711)
    app.wait(OF_AGE_TO_VERIFY)
    app.sweep()

    assert app.row(4711).due_at is not None, "reconcile has not been there yet"

    app.sign_up("qualified", id=4711)

    assert app.row(4711).due_at is not None
