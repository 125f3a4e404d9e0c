"""Signups that only a webhook knows, and Referral Factory, which is asked about them."""

from __future__ import annotations

from typing import Any

from sandbox.vendors.referral_factory.records import Person
from shared.domain.signup.referral import Referral
from shared.messages import ReconcileCampaigns
from tests.support.builders import EMAIL, App

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


def minutes(app: App, count: int) -> None:
    for _ in range(count):
        app.wait(60)
        answered(app)
        app.sweep()
