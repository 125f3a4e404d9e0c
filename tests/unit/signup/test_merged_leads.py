"""Our own lead beside a user that turns out to have been there: flagged, or merged into the user when the campaign says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.signup.referral import Referral
from shared.use_cases.signup.check_delivered import OF_AGE_TO_SETTLE
from tests.support.builders import EMAIL, App


def signed_up(*, merges: bool, lag: float = 300.0, **changes: Any) -> App:
    """A lead was created beside a user that search did not show yet."""
    app = App(search_lag=lag)
    app.configure(**{**changes, "person_invited": {"merge_leads": merges, **changes.get("person_invited", {})}})
    app.intercom.contacts.create({"role": "user", "email": EMAIL, "name": "Ivo of old"})
    app.wait(60)
    assert app.sign_up().state == "delivered"
    assert len(app.contacts()) == 2
    app.forget_calls()
    return app


def later(app: App, seconds: float = OF_AGE_TO_SETTLE + 1) -> Referral:
    app.wait(seconds)
    app.sweep()
    app.qualify()
    return app.row()


def merges(app: App) -> list[str]:
    return [call for call in app.calls("intercom") if call == "POST /contacts/merge"]


def test_by_default_the_lead_is_flagged_and_stays() -> None:
    app = signed_up(merges=False)
    row = later(app)
    assert row.possibly_doubled
    assert (len(app.contacts()), merges(app)) == (2, [])


def test_the_lead_is_merged_into_the_user_whose_contact_is_the_rows_from_then_on() -> None:
    app = signed_up(merges=True)
    row = later(app)

    [user] = app.contacts()
    assert (user.role, user.name) == ("user", "Ivo of old")
    assert user.custom_attributes["referral_link"]
    assert row.contact_id == user.id
    assert row.possibly_doubled is False
    assert row.ours is False
    assert row.settle_since is None
    assert [event.what for event in row.history[-2:]] == ["merging", "merged"]
    assert app.metrics.counts["PossiblyDoubled"] == 0

    person = app.person()
    assert person is not None
    assert (person.contact_id, person.ours) == (user.id, False)

    app.forget_calls()
    later(app, 86_400 * 2)

    assert merges(app) == []


def test_a_user_that_search_never_showed_before_is_found_however_old_it_is() -> None:
    app = App()
    app.configure(person_invited={"merge_leads": True})
    app.given("user", age=30 * 86_400.0)
    empty = '{"type": "list", "data": [], "pages": {}}'
    app.wire.faults.add({"kind": "status", "status": 200, "body": empty, "path": "^/contacts/search$", "times": 1})

    app.sign_up()

    assert len(app.contacts()) == 2

    row = later(app)
    assert len(app.contacts()) == 1
    assert not row.possibly_doubled


def test_a_merge_whose_answer_was_lost_is_finished() -> None:
    app = signed_up(merges=True)
    app.wire.faults.add({"kind": "hang", "method": "POST", "path": "^/contacts/merge$", "times": 1, "seconds": 30})

    assert later(app).possibly_doubled

    row = later(app, 86_400 + 60)

    [user] = app.contacts()
    assert (row.contact_id, row.possibly_doubled) == (user.id, False)


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_merge_that_intercom_refuses_leaves_the_flag_and_is_asked_for_once_a_day(status: int) -> None:
    app = signed_up(merges=True)
    app.wire.faults.add({"kind": "status", "status": status, "method": "POST", "path": "^/contacts/merge$", "id": "refused"})
    row = later(app)

    assert row.possibly_doubled
    assert app.metrics.counts["PossiblyDoubled"] == 1

    for _ in range(60):
        row = later(app, 3_600)

    assert len(merges(app)) <= 4
    assert "not merged" in [event.what for event in row.history]

    app.wire.faults.clear()

    assert not later(app, 86_400 + 60).possibly_doubled


def test_what_is_not_ours_or_no_lead_or_one_of_many_is_never_merged() -> None:
    app = signed_up(merges=True)
    app.intercom.contacts.create({"role": "lead", "email": EMAIL})

    assert later(app).possibly_doubled
    assert merges(app) == []

    two_leads = App(search_lag=300)
    two_leads.configure(person_invited={"merge_leads": True})
    two_leads.intercom.contacts.create({"role": "lead", "email": EMAIL})
    two_leads.wait(60)
    two_leads.sign_up()

    assert later(two_leads).possibly_doubled
    assert merges(two_leads) == []


def test_a_merge_by_hand_that_nobody_reported_is_followed_though_the_campaign_merges_nobody() -> None:
    app = signed_up(merges=False)
    user = user_of(app)

    assert later(app).possibly_doubled

    app.intercom.contacts.merge({"from": lead_of(app), "into": user})
    row = later(app, 86_400 + 60)

    assert row.contact_id == user
    assert not row.possibly_doubled
    assert not row.ours
    assert merges(app) == []


OTHER = "ivo.other@example.com"


def user_of(app: App) -> str:
    return next(one.id for one in app.contacts() if one.role == "user")


def lead_of(app: App) -> str:
    return str(app.row().contact_id)


def is_known_as_not_ours(app: App) -> None:
    """Somebody took the contact over, and the row does not say so yet."""
    leased = app.environment.people.lease("local-workspace", EMAIL, "test", app.clock.now(), 1)
    app.environment.people.save(replace(leased, ours=False))
    app.environment.people.release(leased)


def is_known_as_another(app: App) -> None:
    """The address has another contact by now."""
    leased = app.environment.people.lease("local-workspace", EMAIL, "test", app.clock.now(), 1)
    app.environment.people.save(replace(leased, contact_id=user_of(app)))
    app.environment.people.release(leased)


def becomes_a_user(app: App) -> None:
    """Not by the API, which refuses a second user with the address."""
    contacts = app.intercom.workspace.contacts
    contacts[lead_of(app)] = replace(contacts[lead_of(app)], role="user")


CHANGES_SINCE_THE_SEARCH: dict[str, Callable[[App], object]] = {
    "the user has another address": lambda app: app.intercom.contacts.update(user_of(app), {"email": OTHER}),
    "the lead has another address": lambda app: app.intercom.contacts.update(lead_of(app), {"email": OTHER}),
    "the user is archived": lambda app: app.intercom.contacts.archive(user_of(app)),
    "the lead is archived": lambda app: app.intercom.contacts.archive(lead_of(app)),
    "the lead became a user": becomes_a_user,
    "the user is deleted": lambda app: app.intercom.contacts.delete(user_of(app)),
    "the contact is not known as ours": is_known_as_not_ours,
    "the address has another contact": is_known_as_another,
}


@pytest.mark.parametrize("change", CHANGES_SINCE_THE_SEARCH.values(), ids=CHANGES_SINCE_THE_SEARCH)
def test_what_changed_since_the_search_is_not_merged(change: Callable[[App], object]) -> None:
    app = signed_up(merges=True)
    app.wire.interrupt("POST /contacts/search", lambda: change(app))
    assert "possibly doubled" in [event.what for event in later(app).history], "the change itself happened"
    assert merges(app) == []


@pytest.mark.parametrize(("value", "watched"), [("Connected", True), ("New", False), (None, False)])
def test_changes_are_watched_only_where_the_user_stands_at_a_qualified_value(value: str | None, watched: bool) -> None:
    app = App(search_lag=300)
    app.configure(person_invited={"merge_leads": True})
    app.intercom.contacts.create({"role": "user", "email": EMAIL, "custom_attributes": {"referral_status": value}})
    app.wait(60)
    app.sign_up()

    later(app)

    assert len(merges(app)) == 1
    assert app.environment.campaigns.get(1).watches_departures is watched


@pytest.mark.parametrize("age", [60.0, 900_000.0])
def test_with_a_third_contact_nobody_is_merged_in_whichever_order_search_shows_them(age: float) -> None:
    app = signed_up(merges=True)
    app.given("lead", age=age, name="A third")
    assert later(app).possibly_doubled
    assert (merges(app), len(app.contacts())) == ([], 3)


def test_our_own_merge_pays_for_nobody_who_becomes_a_user() -> None:
    app = signed_up(merges=True, qualification={"trigger": {"kind": "became_user"}})
    later(app)
    [user] = app.contacts()

    for _ in range(4):
        later(app, 300)
        app.reconcile(full=True)

    assert app.row().contact_id == user.id
    assert "qualifies" not in [event.what for event in app.row().history]


def test_a_user_at_a_qualified_value_qualifies_only_by_a_later_change() -> None:
    app = App(search_lag=300)
    app.configure(person_invited={"merge_leads": True})
    app.intercom.contacts.create({"role": "user", "email": EMAIL, "custom_attributes": {"referral_status": "Connected"}})
    app.wait(60)
    app.sign_up()

    later(app)

    assert len(app.contacts()) == 1

    for _ in range(4):
        later(app, 300)
        app.reconcile(full=True)

    assert "qualifies" not in [event.what for event in app.row().history]
