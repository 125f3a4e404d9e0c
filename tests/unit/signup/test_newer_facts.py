"""What is reported of a person while the contact is being written, or bit by bit."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.signup.state import State
from shared.messages import DeliverContact
from tests.support.builders import CUSTOM, EMAIL, App, webhook_fields
from tests.support.documents import mapping

LINK = "referral_link"


def reported_meanwhile(app: App, **changes: Any) -> None:
    """Another worker gets a second webhook of the same person, 0.1 s later."""
    app.wait(0.1)
    fields = webhook_fields(**changes)
    app.environment.delivery_queue.send(DeliverContact(1, None, "joined", app.clock.now(), fields, id="second"))
    app.work(app.new_environment())


def settle(app: App) -> None:
    for _ in range(4):
        app.wait(30)
        app.work()
        app.sweep()


def test_facts_that_come_while_the_contact_is_created_reach_it(app: App) -> None:
    app.wire.interrupt("POST /contacts", lambda: reported_meanwhile(app))
    app.sign_up(url=None)
    settle(app)

    assert app.contact().custom_attributes.get(LINK) == webhook_fields()["url"]
    assert app.row().state is State.DELIVERED


def test_facts_that_come_during_a_delivery_are_written_within_seconds_and_not_by_the_sweep(app: App) -> None:
    app.wire.interrupt("POST /contacts", lambda: reported_meanwhile(app))
    app.sign_up(url=None)
    app.work()
    assert app.contact().custom_attributes.get(LINK) == webhook_fields()["url"]


@pytest.mark.parametrize(("action", "role"), [("user", "user"), ("lead", "lead")])
def test_who_turns_out_to_be_invited_becomes_what_the_campaign_makes_of_people_invited(action: str, role: str) -> None:
    """The same attributes go to both; only what the contact is to be differs."""
    app, rows = App(), mapping(("code", f"{CUSTOM}referral_code"))
    app.configure(person_invited={"action": action, "mapping": rows}, person_referring={"action": "lead", "mapping": rows})
    nobody = {"referrer_id": None, "referrer_code": None, "referrer_first_name": None, "referrer_email": None}

    app.sign_up(source="Direct", **nobody)

    assert app.contact().role == "lead"

    app.wait(60)
    app.sign_up()

    assert (app.contact().role, app.row().state) == (role, State.DELIVERED)


@pytest.mark.parametrize("brought", ["first_name", "email", None])
def test_a_referrers_facts_are_completed_one_by_one(brought: str | None) -> None:
    """The webhook names the referrer, as docs/deploy.md recommends, but never the referrer's link."""
    app = App()
    app.configure(person_invited={"action": "lead", "mapping": mapping(("referrer.url", f"{CUSTOM}referral_link"))})
    account = app.referral_factory.account
    rita = account.join(account.campaigns[1], first_name="Rita", email="rita@example.com", source="Direct", ip="192.0.2.1")
    ivo = account.join(account.campaigns[1], first_name="Ivo", email=EMAIL, source="Referred", ip="192.0.2.2", referrer=rita)
    left_out = {f"referrer_{name}": None for name in ("first_name", "email", "code") if name != brought}

    app.sign_up(id=ivo.id, referrer_id=rita.id, **left_out)
    app.reconcile()
    app.sweep()

    assert app.contact().custom_attributes.get(LINK) == account.url(rita.code)

    app.forget_calls()
    app.reconcile()

    assert not [call for call in app.calls("referral_factory") if call.startswith(f"GET /api/v2/users/{rita.id}")]


def filled_thinly(name: str | None = None) -> App:
    """A customer's contact; a thin webhook brings no last name, and the empty name is filled with the first one."""
    app = App()
    app.configure(person_invited={"action": "lead", "duplicates": "fill"})
    account = app.referral_factory.account
    rita = account.join(account.campaigns[1], first_name="Rita", email="rita@example.com", source="Direct")
    meta = {"Last Name": "Holm"}
    account.join(account.campaigns[1], first_name="Ivo", email=EMAIL, source="Referred", referrer=rita, meta=meta)
    app.given("lead", name=name)
    ivo = account.people.everywhere_with_email(EMAIL)[0]
    app.sign_up(id=ivo.id, referrer_id=rita.id, **{"Last Name": None})
    settle(app)
    return app


def test_what_fill_wrote_is_completed_by_later_facts() -> None:
    app = filled_thinly()
    app.reconcile()
    settle(app)
    assert app.contact().name == "Ivo Holm"


def test_what_somebody_wrote_since_over_what_fill_wrote_stays() -> None:
    app = filled_thinly()
    app.intercom.contacts.update(app.contact().id, {"name": "Ivar"}, by_api=False)
    app.reconcile()

    settle(app)

    assert app.contact().name == "Ivar"


def test_a_name_that_was_there_before_fill_stays_though_it_is_the_same_as_the_first_facts() -> None:
    app = filled_thinly(name="Ivo")
    app.reconcile()
    settle(app)
    assert app.contact().name == "Ivo"
