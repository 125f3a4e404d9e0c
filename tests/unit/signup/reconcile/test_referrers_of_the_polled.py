"""A list names the referrer by id alone: their facts are asked for once, and cost nobody a delay."""

from __future__ import annotations

from tests.support.builders import App
from tests.support.documents import mapping
from tests.unit.signup.reconcile.passes import newest


def join_through(app: App, name: str, referrer_id: int) -> int:
    account = app.referral_factory.account
    person = account.join(
        account.campaigns[1],
        first_name=name,
        email=f"{name}@example.com",
        source="Referred",
        ip="192.0.2.1",
        referrer=account.people[referrer_id],
    )
    return int(person.id)


def app_of_five_pages() -> tuple[App, int]:
    """And a referrer who stands on a page that a pass does not read."""
    app = App(seed_people=1_200, order="ascending")
    app.configure(newest(app))
    app.reconcile()
    app.forget_calls()
    return app, int(app.referral_factory.account.people.ids()[600])


def asked_for(app: App, user_id: int) -> int:
    return sum(call.partition("?")[0].endswith(f"/users/{user_id}") for call in app.calls("referral_factory"))


def test_a_polled_signup_gets_its_referrers_facts_and_each_referrer_is_asked_for_once() -> None:
    app, referrer = app_of_five_pages()
    for name in ("ivo", "jana"):
        join_through(app, name, referrer)
    app.reconcile()

    for name in ("ivo", "jana"):
        shown = app.contact(f"{name}@example.com").custom_attributes["referrer_first_name"]
        assert shown == app.referral_factory.account.people[referrer].first_name

    assert asked_for(app, referrer) == 1

    app.reconcile()

    assert asked_for(app, referrer) == 1


def test_a_referrer_who_cannot_be_asked_for_delays_nobody_and_is_added_by_a_later_pass() -> None:
    app, referrer = app_of_five_pages()
    app.wire.faults.add({"kind": "status", "status": 503, "path": f"/users/{referrer}$", "times": 1})

    join_through(app, "ivo", referrer)
    app.reconcile()

    assert "referrer_first_name" not in app.contact("ivo@example.com").custom_attributes

    app.reconcile()

    assert app.contact("ivo@example.com").custom_attributes["referrer_first_name"]


def test_a_referrer_who_was_deleted_is_asked_for_once_and_leaves_the_look_ups_to_others() -> None:
    app, deleted = app_of_five_pages()
    names = [f"friend{number}" for number in range(60)]
    for name in names:
        join_through(app, name, deleted)
    other = next(one for one in app.referral_factory.account.people.ids() if one not in (deleted, 1) and one > deleted)
    join_through(app, "jana", other)

    app.referral_factory.account.remove(app.referral_factory.account.people[deleted])
    app.reconcile()

    assert asked_for(app, deleted) == 1
    assert app.contact("jana@example.com").custom_attributes["referrer_first_name"]

    app.wait(300)
    app.reconcile()

    assert asked_for(app, deleted) == 1, "what Referral Factory said is remembered"
    assert app.contact("friend59@example.com")


def test_a_referrer_who_cannot_be_asked_for_is_asked_for_once_a_pass() -> None:
    app, referrer = app_of_five_pages()
    for name in ("ivo", "jana", "kim"):
        join_through(app, name, referrer)

    app.wire.faults.add({"kind": "status", "status": 503, "path": f"/users/{referrer}$"})
    app.reconcile()

    assert asked_for(app, referrer) == 1


def test_a_referrer_is_not_asked_for_when_no_mapping_needs_one() -> None:
    app, referrer = app_of_five_pages()
    app.configure(newest(app), person_invited={"action": "lead", "mapping": mapping()})

    join_through(app, "ivo", referrer)
    app.reconcile()

    assert app.contact("ivo@example.com")
    assert asked_for(app, referrer) == 0
