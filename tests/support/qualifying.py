"""A referral's story for tests: a friend signs up, somebody changes their contact in Intercom, and its notifications come in
through the handlers, in whichever order."""

from __future__ import annotations

from typing import Any

from sandbox.vendors.intercom.workspace import Contact
from sandbox.vendors.referral_factory.records import Person
from sandbox.vendors.wire import OutgoingWebhook
from shared.domain.qualification.qualification import Qualification
from shared.domain.signup.referral import Referral
from shared.errors import TransientError
from tests.support.referring import Story

STATUS = "referral_status"
TRIGGER = {
    "kind": "attribute",
    "attribute": f"custom_attributes.{STATUS}",
    "initial_value": "New",
    "qualified_values": ["Connected"],
}


def rules(**changes: Any) -> dict[str, Any]:
    """A campaign's ``qualification``; what the trigger has replaces that of the trigger."""
    trigger = {**TRIGGER, **{name: changes.pop(name) for name in tuple(changes) if name in TRIGGER}}
    return {"trigger": trigger, "unqualify_on_reversal": False, "qualify_skipped": False, **changes}


class Friendship(Story):
    """Rita brings friends; Intercom notifies. ``qualification`` as the campaign's settings say it."""

    def __init__(self, qualification: dict[str, Any] | None = None, *, search_lag: float = 0.0, **campaign: Any) -> None:
        super().__init__(contact=False)
        self.app.intercom.change_settings(
            {
                "webhook_url": "http://app/webhooks/intercom",
                "search_lag_seconds": search_lag,
                "merged_webhook_names_source": True,
            }
        )
        self.app.intercom.take_webhooks(self.app.clock.now())
        self.campaign = self.app.configure(qualification=qualification or rules(), **campaign)

    def invited(self, *, deliver: bool = True) -> Person:
        """A friend who signed up and, unless told otherwise, is in Intercom; its own notifications are lost."""
        friend = self.invites()
        if deliver:
            self.app.wait(5)
            self.taken()
        return friend

    # -- in Intercom --------------------------------------------------------------------------------------------------

    def changes(self, friend: Person | str, value: Any, name: str = STATUS, wait: float = 10.0) -> Contact:
        """A person changes an attribute of the contact, ``wait`` seconds later."""
        self.app.wait(wait)
        contact_id = friend if isinstance(friend, str) else self.contact(friend.email).id
        return self.app.intercom.contacts.update(contact_id, {"custom_attributes": {name: value}}, by_api=False)

    def taken(self) -> list[OutgoingWebhook]:
        """The notifications that Intercom has sent meanwhile."""
        return self.app.intercom.take_webhooks(self.app.clock.now())

    def notified(self, *webhooks: OutgoingWebhook) -> list[int]:
        """They come in: those, or what Intercom has sent; the answers' status."""
        return [self.app.notify(one.body, one.headers, method=one.method)["statusCode"] for one in webhooks or self.taken()]

    def looks_through(self) -> None:
        """The notifications are lost; reconcile looks through the contacts itself, and what it finds is worked off."""
        self.taken()
        self.app.reconcile()
        self.app.qualify()

    def settles(self, minutes: int = 15) -> None:
        """Notifications, queues and the sweep, until everything that waits had its turn."""
        self.notified()
        for _ in range(minutes * 2):
            self.app.work()
            self.app.qualify()
            self.app.wait(30)
            try:
                self.app.sweep(work=False)
            except TransientError:
                continue

    # -- what is there then -------------------------------------------------------------------------------------------

    def item(self, friend: Person) -> Qualification | None:
        return self.app.environment.qualifications.find(friend.campaign_id, friend.id)

    def stored(self, friend: Person) -> Qualification:
        """The item of somebody about whom the ledger has heard."""
        found = self.item(friend)
        assert found is not None
        return found

    def row(self, friend: Person) -> Referral:
        return self.app.row(friend.id, friend.campaign_id)

    def reported(self) -> list[Any]:
        """What was reported to Referral Factory since the calls were last forgotten."""
        return [body["qualified"] for body in self.app.bodies("PUT", "/api/v2/users/qualification")]

    def story_of(self, friend: Person) -> list[str]:
        return [event.what for event in self.row(friend).history]
