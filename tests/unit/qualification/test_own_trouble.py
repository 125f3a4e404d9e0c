"""Trouble of one referral alone: counted, seen, with growing pauses, and with an end; an outage resets the count."""

from __future__ import annotations

import pytest

from shared.domain.connection.connection import Breaker, BreakerKind, Vendor
from shared.domain.signup.referral import QUALIFICATION
from tests.support.console_api import Console
from tests.support.qualifying import Friendship, rules


def hours(story: Friendship, count: float, minutes: int = 2) -> None:
    for _ in range(int(count * 60 / minutes)):
        story.app.wait(minutes * 60)
        story.app.sweep(work=False)
        story.app.qualify()


def reads(story: Friendship) -> list[str]:
    return [call for call in story.app.calls("intercom") if call.startswith("GET /contacts/")]


@pytest.fixture
def story() -> Friendship:
    return Friendship(rules(unqualify_on_reversal=True))


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_contact_that_cannot_be_read_is_seen_asked_less_and_less_and_ends(story: Friendship, status: int) -> None:
    friend = story.invited()
    contact = story.contact(friend.email)
    story.app.wire.faults.add(
        {"kind": "status", "status": status, "method": "GET", "path": f"^/contacts/{contact.id}$", "id": "refused"}
    )
    story.changes(friend, "Connected")
    story.notified()
    story.app.forget_calls()

    hours(story, 8)

    assert len(reads(story)) <= 30
    assert story.app.queued("qualification") == [], "it waits in the ledger alone"

    (shown,) = Console(story.app).get("/api/referrals", "attention=true")["items"]
    assert list(shown["refusals"]) == [QUALIFICATION]
    assert story.app.metrics.counts["ConnectionLost"] == 0

    hours(story, 24 * 21, minutes=60)
    story.app.forget_calls()
    hours(story, 24 * 3, minutes=60)

    assert reads(story) == []

    story.app.wire.faults.remove("refused")
    Console(story.app).post(f"/api/referrals/1/{friend.id}/replay")
    hours(story, 0.2)

    assert story.app.environment.qualifications.find(1, friend.id).reported is True  # type: ignore[union-attr]
    assert story.app.row(friend.id).refusals == {}


def test_an_outage_of_intercom_resets_the_count(story: Friendship) -> None:
    friend = story.invited()
    story.changes(friend, "Connected")
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": "^/", "method": "GET", "id": "down"})
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts", "id": "down too"})
    story.notified()

    for user_id in range(500, 510):
        story.app.sign_up(id=user_id, email=f"person{user_id}@example.com")
    for _ in range(12 * 60):
        story.app.wait(60)
        story.app.sweep()
        story.app.qualify()

    assert story.app.row(friend.id).refusals == {}

    story.app.wire.faults.clear()
    hours(story, 0.2)

    assert story.app.environment.qualifications.find(1, friend.id).reported is True  # type: ignore[union-attr]


@pytest.mark.parametrize(("method", "quiet"), [("PUT", True), ("GET", True), ("GET", False)])
def test_one_person_that_referral_factory_answers_with_errors_is_asked_about_less_and_less(
    story: Friendship, method: str, *, quiet: bool
) -> None:
    """``quiet``: nobody else is asked about meanwhile."""
    friend = story.invited()
    path = "^/api/v2/users/qualification" if method == "PUT" else f"^/api/v2/users/{friend.id}"
    story.app.wire.faults.add({"kind": "status", "status": 500, "path": path, "method": method, "id": "refused"})
    story.changes(friend, "Connected")
    story.notified()
    calls = 0

    for _ in range(12 * 24):
        story.app.forget_calls()
        hours(story, 1 / 12, minutes=1)
        calls += len(story.asked())
        if not quiet:
            story.app.poll_rewards()  # which is answered

    assert calls <= 70
    assert QUALIFICATION in story.app.row(friend.id).refusals

    story.app.wire.faults.remove("refused")
    hours(story, 25, minutes=10)

    assert story.app.environment.qualifications.find(1, friend.id).reported is True  # type: ignore[union-attr]
    assert story.reported().count(True) <= 1 + (method == "PUT") * 40
    assert story.app.row(friend.id).refusals == {}


def test_tries_at_telling_referral_factory_add_up(story: Friendship) -> None:
    friend = story.invited()
    story.app.wire.faults.add({"kind": "status", "status": 500, "path": f"^/api/v2/users/{friend.id}", "method": "GET"})
    story.changes(friend, "Connected")
    story.notified()

    hours(story, 0.5, minutes=1)

    assert story.item(friend).tries >= 3  # type: ignore[union-attr]


def test_one_person_that_referral_factory_answers_with_errors_delays_nobody_else(story: Friendship) -> None:
    poisoned, other = story.invited(), story.invited()
    story.app.wire.faults.add({"kind": "status", "status": 500, "path": f"^/api/v2/users/{poisoned.id}", "method": "GET"})
    story.changes(poisoned, "Connected")
    story.notified()

    hours(story, 1, minutes=1)

    assert story.app.metrics.counts["BreakerOpened"] == 0

    story.changes(other, "Connected")
    story.notified()
    hours(story, 0.1, minutes=1)

    assert story.app.environment.qualifications.find(1, other.id).reported is True  # type: ignore[union-attr]


def test_a_stop_of_all_calls_to_referral_factory_resets_a_persons_count(story: Friendship) -> None:
    friend = story.invited()
    story.app.wire.faults.add({"kind": "status", "status": 500, "path": f"^/api/v2/users/{friend.id}", "method": "GET"})
    story.changes(friend, "Connected")
    story.notified()

    hours(story, 0.5, minutes=1)

    assert story.stored(friend).tries >= 3

    now = story.app.clock.now()
    story.app.environment.breakers.open(Vendor.REFERRAL_FACTORY, Breaker(BreakerKind.FAILING, now + 1800, now))
    hours(story, 0.4, minutes=1)

    assert story.stored(friend).tries == 1
