"""A delivery whose answer was lost, and what Intercom reports about its contact meanwhile, in whichever order all that comes:
through the handlers, the same ledger as in order."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.vendors.wire import OutgoingWebhook
from shared.domain.qualification.qualification import Stage
from shared.domain.signup.state import State
from tests.support.builders import CLIENT_SECRET
from tests.support.qualifying import Friendship, rules

IN_ORDER = ("delivery", "to New", "to Connected", "back", "merge")
STRANGERS = ("another workspace", "another topic", "nobody's contact", "no JSON", "no signature")


class Killed(BaseException):
    """The worker is gone between the create and its confirmation."""


@dataclass(frozen=True)
class Ledger:
    """What must not depend on the order. ``contact``: whether the row's is the one that is left."""

    state: State
    contact: bool
    wanted: bool
    reported: bool
    stage: Stage
    waits: bool
    qualified: bool


class Disorder(Friendship):
    """The friend's lead is created and the worker killed; its life goes on in Intercom; then all of it is heard."""

    def __init__(self, *, reversal: bool) -> None:
        super().__init__(rules(unqualify_on_reversal=reversal))
        self.invited()
        self.app.wire.interrupt("POST /contacts", self._kill)
        with pytest.raises(Killed):
            self.invites()
        (self.friend,) = self.account.people.everywhere_with_email("friend2@example.com")
        lead = self.contact(self.friend.email)
        self.app.wait(660)  # from now on search shows the lead
        self.taken()
        self.survivor = self.app.given("user", email=self.friend.email, age=0.0)
        self.heard: dict[str, list[OutgoingWebhook]] = {}
        for name, value in (("to New", "Lost"), ("to Connected", "Connected"), ("back", "New")):
            self.changes(lead.id, value)
            self.heard[name] = self.taken()
        self.app.wait(10)
        self.app.intercom.contacts.merge({"from": lead.id, "into": self.survivor.id}, by_api=False)
        self.heard["merge"] = self.taken()

    @staticmethod
    def _kill() -> None:
        raise Killed

    def hears(self, what: str, *, seconds: float = 3.0) -> None:
        """The delivery's message comes again, or a notification does, and is worked off."""
        if what == "delivery":
            self.app.move_due(self.friend.id)
        elif what in STRANGERS:
            self._stranger(what)
        else:
            assert self.heard[what]
            assert set(self.notified(*self.heard[what])) == {200}
        self.app.qualify()
        self.app.wait(seconds)

    def _stranger(self, what: str) -> None:
        (webhook,) = self.heard["to Connected"]
        document = json.loads(webhook.body)
        if what == "another workspace":
            document["app_id"] = "another"
        elif what == "another topic":
            document["topic"] = "contact.user.tag.created"
        elif what == "nobody's contact":
            document["data"]["item"] |= {"id": "0" * 24, "email": "nobody@example.com", "created_at": 1_600_000_000}
        body = b"<html>" if what == "no JSON" else json.dumps(document).encode()
        signature = "sha1=" + hmac.new(CLIENT_SECRET.encode(), body, hashlib.sha1).hexdigest()
        headers = {} if what == "no signature" else {"x-hub-signature": signature}
        assert self.app.notify(body, headers)["statusCode"] == (401 if what == "no signature" else 200)

    def is_quiet(self) -> bool:
        """Whether nothing waits, neither in the ledger nor in a queue."""
        item = self.item(self.friend)
        waits = item is None or item.due_at is not None or not self.row(self.friend).finished
        return not (waits or self.app.queued("qualification") or self.app.queued())

    def ledger(self) -> Ledger:
        """After everything that waits had its turn."""
        for _ in range(20):
            if self.is_quiet():
                break
            self.settles(1)
        self.settles(1)
        assert self.friend.qualified_times <= 1
        assert self.friend.qualification_calls <= 2, "reported once, and taken back once at most"
        assert len(self.app.contacts(self.friend.email)) == 1, "nobody was made twice"
        row, item = self.row(self.friend), self.item(self.friend)
        assert item is not None
        return Ledger(
            row.state,
            row.contact_id == self.survivor.id,
            item.wanted,
            bool(item.reported),
            item.stage,
            item.due_at is not None,
            self.friend.qualified_at is not None,
        )


@cache
def orderly(*, reversal: bool) -> Ledger:
    return play(IN_ORDER, reversal=reversal)


def play(order: Sequence[str], *, reversal: bool, seconds: float = 3.0) -> Ledger:
    story = Disorder(reversal=reversal)
    for what in order:
        story.hears(what, seconds=seconds)
    return story.ledger()


@pytest.mark.parametrize("reversal", [False, True])
def test_heard_in_order_it_qualifies_and_where_reversals_count_it_no_longer_does(reversal: bool) -> None:
    ledger = orderly(reversal=reversal)

    assert ledger.state == State.DELIVERED
    assert ledger.contact is True
    assert ledger.waits is False
    assert ledger.qualified is ledger.wanted is ledger.reported is not reversal


@pytest.mark.parametrize("reversal", [False, True])
@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in range(1, 5))])
def test_every_order_leaves_the_same_ledger(part: int, reversal: bool) -> None:
    """Of the 120 orders the default suite plays 24, in which each of the five comes first and last."""
    orders = list(permutations(IN_ORDER))[part::5]
    assert {order[0] for order in orders} == {order[-1] for order in orders} == set(IN_ORDER)
    ends = {order: play(order, reversal=reversal) for order in orders}
    assert {order: end for order, end in ends.items() if end != orderly(reversal=reversal)} == {}


@given(
    order=st.permutations([*IN_ORDER, *IN_ORDER, *STRANGERS]),
    left_out=st.sets(st.integers(0, 14), max_size=5),
    seconds=st.sampled_from([0.0, 3.0, 45.0, 400.0]),
    reversal=st.booleans(),
)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_doubled_late_and_unknown_notifications_leave_the_same_ledger(
    order: list[str], left_out: set[int], seconds: float, reversal: bool
) -> None:
    """Each comes once or twice, strangers between them."""
    kept = [what for index, what in enumerate(order) if index not in left_out]
    missing = [what for what in IN_ORDER if what not in kept]
    assert play([*kept, *missing], reversal=reversal, seconds=seconds) == orderly(reversal=reversal)
