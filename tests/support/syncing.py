"""The application with a sync: contacts in Intercom, a campaign that syncs them, and the workers of its queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from functions.start_sync import handler as start_sync
from functions.sync_page import handler as sync_page
from sandbox.vendors.intercom.lists import add_segment
from sandbox.vendors.intercom.seed import add_contact
from sandbox.vendors.intercom.workspace import Contact
from sandbox.vendors.referral_factory.records import Person
from shared.domain.sync.member import SyncMember
from shared.domain.sync.run import SyncRun
from shared.use_cases.sync.start_sync import start_once
from tests.support.builders import App, Context, record_of

PER_PAGE = 6
"""Of ``small_pages``; the real ones are in ``tests/contract/test_sync_clients.py``."""
LINK = "custom_attributes.referral_link"
COUNT = "custom_attributes.referral_count"
CONVERTED = "custom_attributes.converted_referral_count"
WRITE_BACK = {"referral_link": LINK, "referral_count": COUNT, "converted_referral_count": CONVERTED}
NAME_AND_EMAIL = [{"from": "name", "to": "first_name"}, {"from": "email", "to": "email"}]


def sync_section(**changes: Any) -> dict[str, Any]:
    """Ongoing, every contact, every 15 minutes."""
    section = {
        "mode": "ongoing",
        "interval_minutes": 15,
        "source": {"kind": "all"},
        "mapping": NAME_AND_EMAIL,
        "write_back": WRITE_BACK,
        "notify": False,
    }
    return {**section, **changes}


def change(app: App, contact_id: str, **changes: Any) -> None:
    """Somebody changes a contact in Intercom."""
    workspace = app.intercom.workspace
    workspace.save(replace(workspace.contacts[contact_id], **changes))


class SyncApp(App):
    """Campaign 1 syncs ``section`` of the contacts that were put in by ``add``."""

    def __init__(self, **referral_factory: Any) -> None:
        super().__init__(**referral_factory)
        self.context = Context(60.0)
        self.settings = replace(self.settings, stage="prod")  # the full pace
        self.environment = self.new_environment()
        self.environment.connections.save(self.environment.intercom().identify())
        self.forget_calls()

    def choose(self, campaign_id: int = 1, status: str = "active", **section: Any) -> None:
        """The form of campaign 2 requires a company, which is the name here."""
        if campaign_id == 2:
            section.setdefault("mapping", [*NAME_AND_EMAIL, {"from": "name", "to": "meta.Company"}])
        self.configure(campaign_id=campaign_id, status=status, sync=sync_section(**section))

    def add(self, *emails: str, role: str = "user", name: str = "Ada Stone", **fields: Any) -> list[Contact]:
        """Contacts of yesterday."""
        workspace = self.intercom.workspace
        return [
            add_contact(workspace, {"role": role, "email": email, "name": name, **fields}, age=86_400.0) for email in emails
        ]

    def add_many(self, count: int, start: int = 0) -> list[Contact]:
        return self.add(*(f"contact-{number}@example.com" for number in range(start, start + count)))

    def joined(self, email: str, campaign_id: int = 1, **fields: Any) -> Person:
        """Somebody who is in the campaign already."""
        account = self.referral_factory.account
        facts = {"first_name": "Ada", "source": "Direct", **fields}
        return account.join(account.campaigns[campaign_id], email=email, **facts)

    # -- what happens -------------------------------------------------------------------------------------------------

    def start(self, campaign_id: int = 1) -> SyncRun:
        """A run that a person asked for."""
        return start_once(self.environment, campaign_id, "mara@example.com")

    def tick(self, **event: Any) -> dict[str, int]:
        answer: dict[str, int] = self.invoke(start_sync, event)
        return answer

    def step(self) -> list[str] | None:
        """One message of the queue; the failures, or None when nothing is visible."""
        url = self.settings.sync_queue_url
        answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, MessageSystemAttributeNames=["All"])
        for message in answer.get("Messages", []):
            failed = self.invoke(sync_page, {"Records": [record_of(message)]})["batchItemFailures"]
            if not failed:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return [one["itemIdentifier"] for one in failed]
        return None

    def drain(self, longest: float = 7_200.0) -> None:
        """The workers go on until the queue is empty, for so many seconds at most; the schedule ticks each minute."""
        ends_at, ticked_at = self.clock.at + longest, self.clock.at
        while self.clock.at < ends_at:
            if self.step() is not None:
                continue
            if all(run.finished for run in self.runs(1)):
                return
            visible_at = self.sqs.real.next_visible_at(self.settings.sync_queue_url)
            self.clock.at = max(self.clock.at, min(visible_at or ends_at, ticked_at + 60.0)) + 0.01
            if self.clock.at >= ticked_at + 60.0:
                ticked_at = self.clock.at
                self.tick()

    def sync(self, campaign_id: int = 1) -> SyncRun:
        """A whole run that was asked for, to its end."""
        run = self.start(campaign_id)
        self.drain()
        return self.run(run.slot, campaign_id)

    # -- what is there then -------------------------------------------------------------------------------------------

    def run(self, slot: int, campaign_id: int = 1) -> SyncRun:
        found = self.environment.sync_runs.find(campaign_id, slot)
        assert found is not None
        return found

    def runs(self, limit: int, campaign_id: int = 1) -> Sequence[SyncRun]:
        """Newest first."""
        return self.environment.sync_runs.list(campaign_id, limit).items

    def latest(self) -> SyncRun:
        [run] = self.runs(1)
        return run

    def member(self, email: str, campaign_id: int = 1) -> SyncMember | None:
        return self.environment.sync_members.find(campaign_id, email)

    def people(self, email: str) -> list[Person]:
        return self.referral_factory.account.people.everywhere_with_email(email)

    def link_of(self, contact: Contact) -> Any:
        return self.intercom.workspace.contacts[contact.id].custom_attributes.get("referral_link")

    def assert_linked(self, *contacts: Contact, campaign_id: int = 1) -> None:
        """Each has the link of the one person with its e-mail."""
        account = self.referral_factory.account
        for contact in contacts:
            person = account.people.with_email(campaign_id, contact.email)
            assert person is not None, contact.email
            assert self.link_of(contact) == account.url(person.code), contact.email

    def writes(self) -> list[str]:
        """Calls that change something."""
        return [
            call
            for call in self.calls("intercom", "referral_factory")
            if call.startswith(("POST", "PUT")) and "search" not in call
        ]


class KilledError(BaseException):
    """The process ends here."""


def die() -> None:
    raise KilledError


def drain_past_deaths(app: SyncApp, deaths: Callable[[], None] = lambda: None) -> int:
    """Drains the queue, with ``deaths`` ordered before each invocation; how many workers died."""
    died = 0
    while True:
        deaths()
        try:
            app.drain()
        except KilledError:
            died += 1
            continue
        return died


def fault(app: SyncApp, kind: str, **order: Any) -> None:
    """The next such calls go wrong."""
    app.wire.faults.add({"kind": kind, **order})


def posted(app: SyncApp) -> Counter[str]:
    """How often each e-mail was added by us."""
    calls = app.wire.calls
    return Counter(
        call.body["email"] for call in calls if (call.method, call.path) == ("POST", "/api/v2/users") and call.status == 201
    )


def segment(app: SyncApp, field: str, value: str) -> str:
    query = {"field": field, "operator": "=", "value": value}
    return add_segment(app.intercom.workspace, f"{field} {value}", "contact", query).id
