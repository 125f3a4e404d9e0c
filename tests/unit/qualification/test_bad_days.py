"""Bad days of a qualification that end well: replays, a blocked address, an app that was uninstalled."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.qualification.qualification import Stage
from shared.domain.signup.state import State
from shared.use_cases.connection.connect_intercom import connect_with_token
from shared.use_cases.vendor.guard_referral_factory import FIRST_BLOCK_PAUSE
from tests.support.builders import CLIENT_SECRET
from tests.support.qualifying import STATUS, Friendship, rules


@pytest.mark.parametrize("duplicates", ["skip", "update"])
@pytest.mark.parametrize("reversal", [False, True])
def test_a_replayed_delivery_never_writes_the_initial_value_over_connected(duplicates: str, reversal: bool) -> None:
    story = Friendship(rules(unqualify_on_reversal=reversal), person_invited={"duplicates": duplicates})
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(1)
    facts = {"id": friend.id, "email": friend.email, "source": "Referred", "campaign_id": 1}
    story.app.post({**facts, "first_name": friend.first_name})
    story.app.work()
    story.app.post({**facts, "first_name": "Another name"})  # new facts: the contact is written to
    story.app.work()

    story.app.move_due(friend.id, replay=True)
    story.settles(3)

    assert story.contact(friend.email).name == "Another name"
    assert story.contact(friend.email).custom_attributes[STATUS] == "Connected"
    assert story.reported() == [True]


def test_a_create_whose_answer_was_lost_is_found_at_connected_and_left_there(story: Friendship) -> None:
    story.invited()
    story.app.wire.faults.add({"kind": "lost_answer", "method": "POST", "path": "^/contacts$", "times": 1})
    friend = story.invites()

    story.changes(friend, "Connected")
    story.settles(20)

    assert story.contact(friend.email).custom_attributes[STATUS] == "Connected"
    assert story.reported() == [True]


def test_a_blocked_address_holds_qualifications_and_nobody_else(story: Friendship) -> None:
    first, second = story.invited(), story.invited()
    story.app.wire.faults.add({"kind": "status", "status": 403, "path": "^/api/v2/", "id": "blocked"})
    story.app.forget_calls()

    for friend in (first, second):
        story.changes(friend, "Connected")
    story.settles(2)

    assert len(story.app.calls("referral_factory")) == 1, "one call showed that we are blocked; no other follows"

    late = story.invites()
    assert story.row(late).state is State.DELIVERED
    assert [story.stored(friend).stage for friend in (first, second)] == [Stage.WAITING] * 2

    story.app.wire.faults.remove("blocked")
    story.app.wait(FIRST_BLOCK_PAUSE)
    story.settles(30)

    assert (first.qualified_times, second.qualified_times) == (1, 1)


@pytest.mark.parametrize("heard", [False, True])
def test_an_uninstalled_app_holds_everything_and_reconnecting_catches_up(story: Friendship, heard: bool) -> None:
    """``heard``: notifications come in all the time, as they do when somebody else disconnected us."""
    friend, late = story.invited(), story.invited()
    body = json.dumps({"app_id": "local-workspace"}).encode()
    signature = {"x-body-signature": hmac.new(CLIENT_SECRET.encode(), body, hashlib.sha256).hexdigest()}

    story.app.intercom.settings.tokens.clear()

    assert story.app.notify(body, signature, path="/webhooks/intercom/uninstall")["statusCode"] == 200

    story.app.reconcile(work=False)
    story.app.forget_calls()
    story.changes(friend, "Connected")
    if not heard:
        story.taken()
    new = story.invites()
    story.settles(30)
    story.app.reconcile()

    assert story.row(new).state is State.PENDING

    story.app.intercom.settings.tokens.append("local-intercom-token")
    connect_with_token(story.app.environment, "mara@example.com", "", "local-intercom-token", None, None)
    story.settles(5)
    story.app.reconcile()
    story.settles(5)

    assert story.row(new).state is State.DELIVERED
    assert friend.qualified_times == 1
    assert (late.qualified_times, story.item(late)) == (0, None)


def test_a_value_is_not_read_while_intercom_is_to_be_left_alone_and_is_afterwards() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    now = story.app.clock.now()
    story.app.environment.breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, now + 200, now))
    story.app.forget_calls()

    story.changes(friend, "Connected")
    story.settles(2)

    assert story.app.calls("intercom") == []

    story.settles(5)

    assert story.reported() == [True]


def test_another_contact_is_not_searched_for_while_intercom_is_to_be_left_alone(story: Friendship) -> None:
    friend = story.invited()
    first_id = story.row(friend).contact_id
    assert first_id is not None

    other = story.app.given("user", email=friend.email)
    now = story.app.clock.now()
    story.app.environment.breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, now + 200, now))
    story.app.forget_calls()
    story.app.intercom.contacts.delete(first_id, by_api=False)
    story.settles(2)

    assert story.app.calls("intercom") == []

    story.settles(5)

    assert story.row(friend).contact_id == other.id
