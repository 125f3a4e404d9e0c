"""Two campaigns that treat contacts alike, edits of a contact in Intercom, and minutes that pass."""

from __future__ import annotations

from typing import Any

from tests.support.builders import App


def app_for(action: str = "lead", search_lag: float = 0.0, **section: Any) -> App:
    app = App(search_lag)
    app.configure(person_invited={"action": action, **section})
    app.configure(campaign_id=2, name="Partners", person_invited={"action": action, **section})
    return app


def corrected(app: App, contact_id: str | None, **fields: Any) -> None:
    """Somebody edits the contact in Intercom."""
    app.intercom.contacts.update(str(contact_id), fields)


def settle(app: App, minutes: int = 15) -> None:
    for _ in range(minutes):
        app.wait(60)
        app.work()
        app.sweep()
