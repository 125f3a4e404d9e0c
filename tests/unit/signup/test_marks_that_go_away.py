"""A mark goes when its cause does, and nobody is late who was not to be delivered yet."""

from __future__ import annotations

from typing import Any

from sandbox.vendors.intercom.attributes import create_attribute
from sandbox.vendors.referral_factory.records import Person
from shared.domain.signup.state import State
from shared.use_cases.signup.check_delivered import (
    DOUBLED_AGAIN_AFTER,
    LOOKED_FOR,
    OF_AGE_TO_SETTLE,
    VERIFY_AFTER,
    VERIFY_AGAIN_AFTER,
)
from tests.support.builders import CUSTOM, EMAIL, App
from tests.support.documents import campaign_document
from tests.support.qualifying import rules

DAY = 86_400.0


def active(**changes: Any) -> App:
    app = App()
    app.configure(**changes)
    return app


def later(app: App, seconds: float) -> None:
    app.wait(seconds)
    app.sweep()


def doubled() -> tuple[App, str]:
    """A row that is marked, and the id of the second contact."""
    app = active()
    app.sign_up()
    app.wait(30)
    second = app.intercom.contacts.create({"role": "lead", "email": EMAIL})
    later(app, OF_AGE_TO_SETTLE)
    assert app.row().possibly_doubled
    return app, second.id


# -- possibly doubled -------------------------------------------------------------------------------------------------


def test_a_row_is_no_longer_possibly_doubled_once_the_second_contact_is_gone() -> None:
    app, second = doubled()
    app.intercom.contacts.delete(second, by_api=False)

    later(app, DOUBLED_AGAIN_AFTER)

    row = app.row()
    assert (row.possibly_doubled, row.due_at is None or row.settle_since is None) == (False, True)
    assert row.history[-1].what == "no longer doubled"


def test_while_there_are_two_the_mark_stays_and_the_alarm_rings_once() -> None:
    app, _ = doubled()
    for _ in range(3):
        later(app, DOUBLED_AGAIN_AFTER)

    assert app.row().possibly_doubled
    assert app.metrics.counts["PossiblyDoubled"] == 1
    assert [event.what for event in app.row().history].count("possibly doubled") == 1


def test_nobody_looks_for_ever_whether_the_second_contact_is_gone() -> None:
    app, _ = doubled()
    for _ in range(int(LOOKED_FOR / DOUBLED_AGAIN_AFTER) + 2):
        later(app, DOUBLED_AGAIN_AFTER)
    assert (app.row().possibly_doubled, app.row().settle_since) == (True, None)


def test_on_the_thirtieth_day_somebody_looks_for_the_last_time() -> None:
    app, _ = doubled()
    since = app.row().settle_since
    assert since is not None

    app.wait(since + LOOKED_FOR - app.clock.now())
    app.move_due()

    assert app.row().settle_since == since

    app.wait(DOUBLED_AGAIN_AFTER)
    app.move_due()

    assert app.row().settle_since is None
    assert app.row().possibly_doubled is True


def test_what_somebody_has_dealt_with_is_not_looked_at_again() -> None:
    app, _ = doubled()
    app.environment.referrals.update(1, 42, lambda row: row.closed(app.clock.now(), "mara@example.com"))
    app.forget_calls()

    for _ in range(3):
        later(app, DOUBLED_AGAIN_AFTER)

    assert app.calls("intercom") == ["POST /contacts/search"], "the look that was due already"
    assert app.row().settle_since is None


def joins(app: App, email: str) -> Person:
    account = app.referral_factory.account
    return account.join(account.campaigns[1], first_name="Ivo", email=email, source="Direct", meta={}, ip="192.0.2.1")


# -- unverified -------------------------------------------------------------------------------------------------------


def test_somebody_who_is_on_the_list_after_all_is_no_longer_unverified() -> None:
    app = active()
    before = joins(app, "somebody.else@example.com")
    app.sign_up(id=before.id + 1)
    app.wait(VERIFY_AFTER - 5)
    app.reconcile(full=True)

    later(app, 6)

    assert app.row(before.id + 1).unverified
    assert joins(app, EMAIL).id == before.id + 1

    app.reconcile(full=True)

    row = app.row(before.id + 1)
    assert row.unverified is False
    assert row.verified_at == app.clock.now()
    assert row.open_troubles == frozenset()


# -- a problem of a campaign ------------------------------------------------------------------------------------------


def test_a_problem_goes_when_the_part_of_the_settings_that_has_it_is_changed() -> None:
    sync = {**campaign_document()["sync"], "mode": "once"}
    app = active(qualification=rules(), sync=sync)
    campaigns = app.environment.campaigns
    for about in ("qualification", "sync"):
        campaigns.note_problems(1, about, [f"Something is wrong with the {about}."])

    app.configure(qualification=rules(), sync=sync, name="Only another name")

    assert len(campaigns.get(1).problems) == 2

    app.configure(qualification=None, sync=sync, name="Only another name")

    assert campaigns.get(1).problems == ("Something is wrong with the sync.",)

    app.configure(qualification=None, name="Only another name", sync={**sync, "mode": "off"})

    assert campaigns.get(1).problems == ()


def test_an_attribute_that_was_just_created_is_not_missing() -> None:
    app = active()
    app.sign_up()
    app.reconcile()
    create_attribute(app.intercom.workspace, {"name": "brand_new", "model": "contact", "data_type": "string"})

    app.configure(qualification=rules(attribute=f"{CUSTOM}brand_new"))
    app.wait(60)
    app.reconcile()

    assert app.metrics.counts["TrackedAttributeMissing"] == 0
    assert app.environment.campaigns.get(1).problems == ()


# -- a draft that is activated after three days -----------------------------------------------------------------------


def held_for_three_days(people: int = 5) -> App:
    app = App(seed_people=300, order="ascending")
    app.configure(status="draft")
    for user_id in range(4711, 4711 + people):
        assert app.sign_up(id=user_id, email=f"person{user_id}@example.com").state is State.HELD
    app.wait(3 * DAY)
    app.configure(activation_mark=10_000)
    app.reconcile()
    app.wait(60)
    return app


def test_people_held_by_a_draft_for_days_are_not_late_when_it_is_activated() -> None:
    app = held_for_three_days()
    app.sweep()
    app.sweep()

    assert {app.row(user_id).state for user_id in range(4711, 4716)} == {State.DELIVERED}
    assert app.metrics.counts["LateDelivery"] == 0

    app.environment.figures.flush()
    days = app.environment.figures.days("2026-11-01", "2026-12-31")

    assert sum(day.counts.get("delivered", 0) for day in days) == 5
    assert sum(day.counts.get("late", 0) for day in days) == 0


def test_who_has_to_wait_after_the_release_waits_since_the_release() -> None:
    app = held_for_three_days()
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts"})
    for _ in range(5):
        later(app, 60)

    assert app.row(4711).state is State.PENDING
    assert app.metrics.gauges["OldestUndeliveredSeconds"] < 600


def test_people_held_by_a_draft_for_days_are_unverified_only_after_the_whole_list_was_read() -> None:
    app = held_for_three_days(2)
    app.sweep()
    for _ in range(4):
        app.reconcile()
        later(app, VERIFY_AFTER)

    assert not app.row(4711).unverified

    app.reconcile(full=True)
    later(app, VERIFY_AGAIN_AFTER)

    assert app.row(4711).unverified, "the list does not hold them, so they were invented"


def test_somebody_who_could_not_be_delivered_and_comes_with_a_good_address_days_later_is_not_late() -> None:
    app = active()
    app.sign_up(email="no mail system takes this")

    assert app.row().state is State.FAILED

    app.wait(3 * DAY)
    app.sign_up(email=EMAIL)

    assert app.row().state is State.DELIVERED
    assert app.metrics.counts["LateDelivery"] == 0
    assert app.metrics.gauges["DeliverySeconds"] == 0

    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts", "id": "down"})

    assert app.sign_up(id=44, email="late@example.com").state is State.PENDING

    app.wire.faults.clear()
    app.wait(DAY)

    assert app.move_due(44).state is State.DELIVERED
    assert app.metrics.counts["LateDelivery"] == 1
    assert app.metrics.gauges["DeliverySeconds"] == DAY
