"""Intercom refuses events: all of them, for the app lacks the permission, or those of one contact alone."""

from __future__ import annotations

import json

import pytest

from shared.domain.connection.connection import Vendor
from shared.domain.signup.state import State
from tests.support.referring import RITA, Story

DENIED = json.dumps(
    {"type": "error.list", "errors": [{"code": "unauthorized", "message": "Not authorized to access resource"}]}
)


@pytest.mark.parametrize("status", [401, 403])
def test_a_permission_for_events_that_is_missing_delays_no_signup_and_is_named(story: Story, status: int) -> None:
    story.app.sign_up(id=story.rita.id, email=RITA, referrer_id=None, referrer_email=None, referrer_code=None, source="Direct")
    story.app.wire.faults.add({"kind": "status", "status": status, "body": DENIED, "path": "^/events", "id": "denied"})
    story.qualifies(story.invites())
    story.passes(60)
    story.app.poll_rewards()

    for _ in range(30):
        began = story.app.clock.now()
        friend = story.invites()
        row = story.app.row(friend.id)
        assert row.state is State.DELIVERED
        assert row.delivered_at is not None
        assert row.delivered_at - began < 5
        story.passes(60)
        story.app.poll_rewards()

    assert story.app.environment.breakers.find(Vendor.INTERCOM) is None
    assert story.app.metrics.counts["ConnectionLost"] == 0
    assert story.app.metrics.counts["PermissionMissing"] >= 1

    (reward,) = [one for one in story.rewards() if one.wants_event]
    assert "Write events" in reward.note
    assert len([call for call in story.app.calls() if call == "POST /events"]) <= 12

    story.app.wire.faults.remove("denied")
    story.app.wait(24 * 3_600)
    story.app.poll_rewards()
    story.passes(120)

    assert len(story.events()) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_events_that_are_refused_for_one_contact_alone_are_no_missing_permission(story: Story, status: int) -> None:
    rolf = story.refers("Rolf", "rolf@example.com")
    story.app.given("user", email="rolf@example.com", name="Rolf")
    fault = {"kind": "status", "status": status, "body": DENIED, "path": "^/events", "sent": story.contact().id, "id": "hers"}
    story.app.wire.faults.add(fault)
    for referrer in (story.rita, rolf):
        story.qualifies(story.invites(referrer))

    for _ in range(30):
        story.passes(60)
        story.app.poll_rewards()

    assert len(story.events("rolf@example.com")) == 1
    assert story.app.metrics.counts["PermissionMissing"] == 0
    assert story.app.metrics.counts["ConnectionLost"] == 0
    assert story.app.environment.breakers.find(Vendor.INTERCOM) is None

    (reward,) = [one for one in story.rewards() if one.wants_event]
    assert reward.note == f"Intercom refuses this call ({status}): unauthorized Not authorized to access resource"

    story.app.wire.faults.remove("hers")
    story.app.wait(24 * 3_600)
    story.app.poll_rewards()
    story.passes(120)

    assert len(story.events()) == 1
