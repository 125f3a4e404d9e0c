"""People whose contacts are written, one invocation after the other."""

from __future__ import annotations

from typing import Any

from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.messages import QualifyReferral
from tests.support.builders import App

SEARCH, CREATE, PUT, GET, UNARCHIVE = (
    "POST /contacts/search",
    "POST /contacts",
    "PUT /contacts/<id>",
    "GET /contacts/<id>",
    "POST /contacts/<id>/unarchive",
)
INVITED = "person_invited"
STATUS = "custom_attributes.referral_status"


def app_for(action: str = "lead", search_lag: float = 0.0, **section: Any) -> App:
    """An active campaign whose people invited become leads or users."""
    app = App(search_lag)
    app.configure(person_invited={"action": action, **section})
    return app


def known(app: App, **changes: Any) -> Referral:
    """A person who was delivered; the calls until then are forgotten."""
    row = app.sign_up(**changes)
    assert row.state is State.DELIVERED
    app.forget_calls()
    return row


def deleted(app: App, row: Referral) -> None:
    """Somebody deletes the contact, and Intercom's notification comes."""
    app.intercom.contacts.delete(str(row.contact_id))
    app.environment.qualification_queue.send(
        QualifyReferral(topic="contact.deleted", received_at=app.clock.now(), contact_id=row.contact_id)
    )
    app.qualify()


def lose_answer(app: App, call: str = r"^/contacts$", **order: Any) -> None:
    app.wire.faults.add({"kind": "lost_answer", "method": "POST", "path": call, "times": 1, **order})


def in_doubt(app: App, **changes: Any) -> Referral:
    """A person whose create happened without an answer. Its row waits."""
    lose_answer(app)
    row = app.sign_up(**changes)
    assert row.state is State.PENDING
    app.forget_calls()
    return row
