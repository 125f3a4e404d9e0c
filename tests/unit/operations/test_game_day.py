"""The five incidents of the game day, played from the book alone: what it says one sees is there, what it says to press ends
it, within five minutes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from sandbox.commands import breaking
from sandbox.commands.breaking import FAULTS, PEOPLE, Fault
from sandbox.stack.errors import StackError
from sandbox.vendors.referral_factory.records import Person
from shared.domain.signup.state import State
from tests.support.builders import App, webhook_fields
from tests.support.night import Night

BOOK = (Path(__file__).parents[3] / "docs" / "game-day.md").read_text("utf-8")
INCIDENTS = re.findall(r"^## \d\. .*?(?=^## )", BOOK, re.DOTALL | re.MULTILINE)
WITHIN = 300
"""Seconds in which an incident is mended from the book."""


def fault_of(incident: str) -> str:
    return re.findall(r"make break FAULT=([a-z-]+)", incident)[0]


def pressed(incident: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in re.findall(r"^(operate .*)$", incident, re.MULTILINE)]


def seen(incident: str) -> list[str]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", incident, re.DOTALL | re.MULTILINE)
    return [line for kind, block in blocks if not kind for line in block.splitlines()]


MINUTES = {"a": 1, "one": 1, "two": 2, "five": 5}


def seconds_promised(incident: str) -> int:
    """Until all ten are there, as the book says it."""
    over = incident[incident.index("**It is over**") :]
    (word,) = re.findall(r"within (?:about )?(\w+) minutes?", over)
    return MINUTES[word] * 60


def is_shown(line: str, shown: str) -> bool:
    """``…`` and numbers are different each time."""
    pattern = re.sub(r"\d+", r"\\d+", re.escape(line)).replace("…", ".*")
    return re.search(pattern, shown) is not None


class Broken(Night):
    """The fault in memory: the same orders and settings as on a running stack, and ten people who sign up."""

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        app = self.app
        app.sign_up(id=1, email="before@example.com")
        self._reconciled_at = 0.0
        app.reconcile()
        app.wait(60)
        if fault.order:
            app.wire.faults.add({**fault.order, "path": "^/(?!api/v2)"})
        if fault.worker_off:
            self.aws.mappings["DeliverContact"] = "Disabled"
        if fault.poisoned:
            dead = app.sqs.create_queue(QueueName="delivery-dead", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
            breaking.poison(app.sqs, dead, 2_000_000, app.clock.now())
            self.ids = list(range(2_000_000, 2_000_000 + PEOPLE))
            return
        people = [sign_up(app, f"friend-{number}@example.com") for number in range(PEOPLE)]
        self.ids = [person.id for person in people]
        for person in people:
            if not fault.settings:  # else the webhook is lost
                app.post(webhook_fields(id=person.id, email=person.email, first_name=person.first_name))

    def arrived(self) -> bool:
        rows = [self.app.environment.referrals.find(1, one) for one in self.ids]
        return all(row is not None and row.state is State.DELIVERED for row in rows)

    def passes(self, seconds: int) -> bool:
        """Time, with what runs meanwhile: the worker if it is on, the sweep each minute, reconcile each five and when called.
        Whether all arrived by then."""
        app = self.app
        for second in range(0, seconds, 10):
            app.wait(10)
            app.reconcile_enqueued()
            if second % 60 == 0:
                app.sweep(work=False)
            if second % 300 == 290:
                app.reconcile(work=False)
            if self.aws.mappings["DeliverContact"] == "Enabled":
                app.work()
        return self.arrived()

    def mend(self) -> None:
        """``make break FAULT=mend``, as far as it is about vendors."""
        self.app.wire.faults.clear()


def sign_up(app: App, email: str) -> Person:
    """On Referral Factory's page, through a friend's link."""
    account = app.referral_factory.account
    return account.join(account.campaigns[1], first_name="Friend", email=email, source="Referred", ip="192.0.2.1")


def test_the_book_has_five_incidents_and_each_fault_is_in_it() -> None:
    assert [fault_of(incident) for incident in INCIDENTS] == [
        "intercom-down", "forbidden", "webhooks-lost", "worker-off", "poisoned",
    ]  # fmt: skip
    assert set(re.findall(r"make break FAULT=([a-z-]+)", BOOK)) == {*FAULTS, breaking.MEND}


@pytest.mark.parametrize("incident", INCIDENTS, ids=fault_of)
def test_an_incident_is_found_and_mended_from_the_book_alone(incident: str) -> None:
    name = fault_of(incident)
    night = Broken(FAULTS[name])

    assert not night.passes(30 if FAULTS[name].settings else 120), "nothing is wrong"

    shown = ""
    for words in pressed(incident):
        shown += night.call(*words) + "\n"
    if "FAULT=mend" in incident:
        night.mend()

    assert seconds_promised(incident) <= WITHIN
    assert night.passes(seconds_promised(incident)), "later than the book says"

    shown += night.call("referral", "1", str(night.ids[0]))

    unseen = [line for line in seen(incident) if not is_shown(line, shown)]
    assert unseen == [], f"the book shows what nobody sees:\n{shown}"

    for one in night.ids:
        assert len(night.app.contacts(night.app.row(one).person.email or "")) == 1, "each once"


def test_a_slow_intercom_needs_no_hand() -> None:
    assert Broken(FAULTS["slow"]).passes(WITHIN)


@pytest.mark.parametrize("name", ["worker-off", "poisoned"])
def test_what_somebody_did_here_does_not_end_by_itself(name: str) -> None:
    """The game would be won by waiting."""
    night = Broken(FAULTS[name])
    night.mend()
    assert not night.passes(WITHIN)


def test_nothing_is_broken_without_a_running_stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(breaking, "STATE", tmp_path)
    with pytest.raises(StackError, match="No local stack runs on port 8123"):
        breaking.main(["intercom-down", "--port", "8123"])
    with pytest.raises(SystemExit):
        breaking.main(["everything"])
