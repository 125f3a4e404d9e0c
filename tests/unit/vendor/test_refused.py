"""One contract for what a vendor refuses beside a delivery: counts, a reward and a qualification. Somebody sees it with its
reason, a person need not wait for the pause, and an outage is no refusal. How the pauses grow is each one's own test."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.builders import App
from tests.support.console_api import Console
from tests.support.qualifying import Friendship
from tests.support.referring import RITA, Story

DIRECT = {"referrer_id": None, "referrer_email": None, "referrer_code": None, "source": "Direct"}
HOUR = 3_600.0


class Kind(ABC):
    """Something of ``user_id`` that a vendor is asked for by ``call``; not yet asked for."""

    method: str
    path: str
    story: Story
    user_id: int

    def fault(self, status: int) -> None:
        self.app.wire.faults.add(
            {"kind": "status", "status": status, "method": self.method, "path": self.path, "id": str(status)}
        )

    @property
    def app(self) -> App:
        return self.story.app

    @property
    def tries(self) -> int:
        """Since the calls were last forgotten."""
        return sum(
            call.method == self.method and call.path.startswith(self.path.removeprefix("^")) for call in self.app.wire.calls
        )

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def passes(self, hours: float) -> None: ...

    @abstractmethod
    def is_done(self) -> bool: ...


class Counts(Kind):
    method, path = "PUT", "^/contacts"

    def __init__(self) -> None:
        self.story = Story()
        self.user_id = self.story.rita.id
        self.app.sign_up(id=self.user_id, email=RITA, first_name="Rita", **DIRECT)

    def begin(self) -> None:
        self.story.invites()
        self.story.passes(120, step=30)

    def passes(self, hours: float) -> None:
        self.story.passes(hours * HOUR, step=300)

    def is_done(self) -> bool:
        return self.story.counts()[0] == 1


class Reward(Kind):
    method, path = "POST", "^/api/v2/rewards/issue/"

    def __init__(self) -> None:
        self.story = Story(rewards={"issue_due": True}, auto_issue=False)
        self.user_id = self.story.rita.id
        self.app.sign_up(id=self.user_id, email=RITA, first_name="Rita", **DIRECT)
        self.app.poll_rewards()

    def begin(self) -> None:
        self.story.qualifies(self.story.invites())
        self.app.poll_rewards()
        self.story.passes(120, step=30)

    def passes(self, hours: float) -> None:
        until = self.app.clock.at + hours * HOUR
        while self.app.clock.at < until:
            self.app.poll_rewards()
            self.story.passes(600, step=120)

    def is_done(self) -> bool:
        return any(reward.status == "Issued" for reward in self.story.account.rewards.all())


class Qualification(Kind):
    method, path = "PUT", "^/api/v2/users/qualification"

    def __init__(self) -> None:
        self.friendship = Friendship()
        self.story = self.friendship
        self.friend = self.friendship.invited()
        self.user_id = self.friend.id

    def begin(self) -> None:
        self.friendship.changes(self.friend, "Connected")
        self.friendship.settles(5)

    def passes(self, hours: float) -> None:
        for _ in range(int(hours * 6)):
            self.app.wait(600)
            self.app.sweep(work=False)
            self.app.qualify()

    def is_done(self) -> bool:
        return self.friend.qualified_times == 1


KINDS: dict[str, Callable[[], Kind]] = {"counts": Counts, "a reward": Reward, "a qualification": Qualification}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    made: Kind = request.param()
    return made


def asking(kind: Kind) -> list[Any]:
    """Whom the console shows under *Needs attention*."""
    shown: list[Any] = Console(kind.app).get("/api/referrals", "attention=true")["items"]
    return [(one["user_id"], len(one["refusals"])) for one in shown]


def refused(kind: Kind, status: int = 422) -> None:
    kind.fault(status)
    kind.begin()
    kind.passes(3)


def test_what_is_taken_at_once_needs_nobody(kind: Kind) -> None:
    kind.begin()
    assert (kind.is_done(), asking(kind)) == (True, [])


def test_what_is_refused_is_shown_with_its_reason_and_is_not_done(kind: Kind) -> None:
    refused(kind)
    assert (kind.is_done(), asking(kind)) == (False, [(kind.user_id, 1)])
    (reason,) = kind.app.row(kind.user_id).refusals.values()
    assert reason


def test_a_person_need_not_wait(kind: Kind) -> None:
    refused(kind)
    kind.app.wire.faults.remove("422")

    Console(kind.app).post(f"/api/referrals/1/{kind.user_id}/replay")
    kind.passes(0.5)

    assert (kind.is_done(), asking(kind)) == (True, [])


def test_a_person_who_asks_while_it_is_still_refused_sees_it_go_on_being_refused(kind: Kind) -> None:
    refused(kind)
    kind.app.forget_calls()

    Console(kind.app).post(f"/api/referrals/1/{kind.user_id}/replay")
    kind.passes(0.5)

    assert kind.tries >= 1
    assert (kind.is_done(), asking(kind)) == (False, [(kind.user_id, 1)])


def test_an_outage_is_no_refusal(kind: Kind) -> None:
    kind.app.wire.faults.add({"kind": "status", "status": 503, "path": "^/", "id": "down"})
    kind.begin()
    kind.passes(1)

    assert (kind.is_done(), asking(kind)) == (False, [])

    kind.app.wire.faults.remove("down")
    kind.passes(4)

    assert (kind.is_done(), asking(kind)) == (True, [])
