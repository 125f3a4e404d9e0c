"""Senders that lose a plus, and bodies that are read only when the campaign's aliases are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.signup.state import State
from shared.messages import DeliverContact, ReconcileCampaigns
from tests.support.builders import App
from tests.unit.signup.bodies import FORM

ALIASES = {"Kontakt": "email", "Freund": "referrer.email"}
BOTH = "id=42&first_name=Nora&source=Referred&referrer_id=41&Kontakt=nora+autumn@example.com&Freund=rolf+crm@example.com"


@pytest.fixture
def app() -> App:
    app = App()
    app.configure(aliases=ALIASES)
    return app


@pytest.mark.parametrize(
    "webhook",
    [
        {"body": BOTH, "content_type": FORM},
        {"query": BOTH, "method": "GET"},
        {"body": BOTH.encode("utf-16"), "content_type": FORM},
        {"body": BOTH.replace("+", "%2B"), "content_type": FORM},
    ],
    ids=["form", "query", "UTF-16", "encoded"],
)
def test_a_plus_comes_back_whatever_the_field_is_called(app: App, webhook: dict[str, Any]) -> None:
    app.post(**webhook)
    app.work()
    assert app.row().state is State.DELIVERED
    assert app.contact("nora+autumn@example.com").custom_attributes["referrer_email"] == "rolf+crm@example.com"


def test_a_blank_in_json_is_no_plus(app: App) -> None:
    app.post({"id": 42, "first_name": "Nora", "source": "Referred", "Kontakt": "nora autumn@example.com"})
    app.work()
    assert (app.row().state, app.row().reason) == (State.FAILED, "No mail system takes this e-mail address.")


def test_a_text_beside_the_address_keeps_its_blanks(app: App) -> None:
    app.post(f"{BOTH}&Note=write+to+nora@example.com", content_type=FORM)
    app.work()
    assert app.row().person.meta["Note"] == "write to nora@example.com"


def test_a_plus_comes_back_after_the_inbox(app: App) -> None:
    app.sqs.refuse("send_message", 2)

    app.post(BOTH, content_type=FORM)
    app.wait(120)
    app.sweep()

    assert app.row().person.email == "nora+autumn@example.com"


def test_a_webhook_of_an_older_receiver_is_read_as_before(app: App) -> None:
    app.deliver(DeliverContact(1, None, "joined", app.clock.now(), {"id": 42, "Kontakt": "nora@example.com"}))
    assert app.row().person.email == "nora@example.com"


# -- what only the delivery finds unreadable --------------------------------------------------------------------------


def test_two_addresses_under_two_names_are_quarantined_and_call_reconcile() -> None:
    app = App()
    app.configure(aliases={"mails": "email"})
    app.post({"id": 42, "source": "Referred", "mails": ["a@example.com", "b@example.com"]})

    assert not app.queued("reconcile")

    app.work()

    (kept,) = app.environment.quarantine.list(10).items
    assert "several e-mail addresses" in kept.reason
    assert [type(message) for message in app.queued("reconcile")] == [ReconcileCampaigns]


def test_a_queue_that_refuses_the_message_costs_nothing() -> None:
    app = App()
    app.configure()
    app.post({"id": 42, "source": "Referred", "email": ["a@example.com", "b@example.com"]})

    app.sqs.refuse("send_message", 5)

    assert app.work() == []
    assert len(app.environment.quarantine.list(10).items) == 1


# -- what was stored before the plus was mended -----------------------------------------------------------------------


@pytest.mark.parametrize("verified", [False, True], ids=["not in the list yet", "in the list"])
def test_reconcile_mends_a_referrers_address_that_was_stored_with_a_blank(*, verified: bool) -> None:
    app = App()
    app.configure()
    account = app.referral_factory.account
    given = {"source": "Referred", "ip": "192.0.2.1"}
    rolf = account.join(account.campaigns[1], first_name="Rolf", email="rolf+crm@example.com", **given)
    nora = account.join(account.campaigns[1], first_name="Nora", email="nora@example.com", referrer=rolf, **given)
    app.reconcile()
    at = app.clock.now()

    app.environment.referrals.update(
        1,
        nora.id,
        lambda row: replace(
            row,
            verified_at=at if verified else None,
            person=replace(row.person, referrer=replace(row.person.referrer, email="rolf crm@example.com")),
        ),
    )
    app.reconcile(full=True)

    assert app.row(nora.id).person.referrer.email == "rolf+crm@example.com"
    assert app.contact("nora@example.com").custom_attributes["referrer_email"] == "rolf+crm@example.com"
