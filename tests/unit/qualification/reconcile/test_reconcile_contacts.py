"""What no notification reported is found by looking, five minutes later at most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.qualification.qualification import Stage
from tests.support.builders import App
from tests.support.clock import NOW
from tests.support.qualifying import STATUS, Friendship, rules

LEAD_SOURCE = "custom_attributes.lead_source"
"""A text, where ``referral_status`` has options."""


def test_a_lost_notification_is_made_good(story: Friendship) -> None:
    friend = story.invited()
    story.changes(friend, "Connected")
    story.looks_through()

    assert friend.qualified_times == 1

    story.app.forget_calls()
    story.app.wait(300)
    story.app.reconcile()

    assert story.app.queued("qualification") == []
    assert story.reported() == []


def test_a_change_that_was_compared_hides_no_later_one(story: Friendship) -> None:
    friend = story.invited()
    story.changes(friend, "Lost")
    for _ in range(3):
        story.taken()
        story.app.reconcile()
        story.app.wait(300)

    story.changes(friend, "Connected")
    story.looks_through()

    assert friend.qualified_times == 1


def test_what_showed_nothing_new_is_remembered_for_a_quarter_of_an_hour() -> None:
    app = App()
    hits = app.environment.unchanged_hits
    assert not hits.has("6762f0", "New")

    hits.note("6762f0", "New")

    assert hits.has("6762f0", "New")
    assert not hits.has("6762f0", "Connected")

    app.wait(901)

    assert not hits.has("6762f0", "New")


@pytest.mark.parametrize("written", ["connected", " Connected ", "CONNECTED"])
def test_a_value_that_is_written_differently_is_found_too(written: str) -> None:
    story = Friendship(rules(attribute=LEAD_SOURCE))
    friend, other = story.invited(), story.invited()
    story.changes(friend, written, "lead_source")

    story.changes(other, "Not Connected", "lead_source")
    story.taken()
    story.app.reconcile()

    assert len(story.app.queued("qualification")) == 1

    story.app.qualify()

    assert (friend.qualified_times, other.qualified_times) == (1, 0)


def test_a_number_or_truth_is_looked_for_as_the_attributes_type_has_it() -> None:
    """Intercom refuses a search for 1 among texts."""
    story = Friendship(rules(attribute=LEAD_SOURCE, qualified_values=[1, True]))
    friend = story.invited()

    story.changes(friend, "1", "lead_source")
    story.looks_through()

    assert (friend.qualified_times, story.app.metrics.counts["ContactReconcileFailed"]) == (1, 0)


def test_a_lost_reversal_too() -> None:
    story = Friendship(rules(unqualify_on_reversal=True))
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(1)

    story.changes(friend, "New")
    story.looks_through()

    assert story.reported() == [True, False]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Europe/Berlin", "Pacific/Niue"])
@pytest.mark.parametrize("hour", range(0, 24, 5))
def test_search_by_whole_days_loses_nothing_in_any_zone(story: Friendship, zone: str, hour: int) -> None:
    story.app.intercom.change_settings({"timezone": zone})
    friend = story.invited()
    story.app.wait(hour * 3600)
    story.app.reconcile()  # so that the next one asks from now on

    story.changes(friend, "Connected")
    story.looks_through()

    assert friend.qualified_times == 1


def test_silence_rings_only_when_nothing_is_heard_any_more(story: Friendship) -> None:
    first, second = story.invited(), story.invited()

    story.changes(first, "Connected")
    story.taken()
    story.app.wait(400)
    story.app.reconcile()

    assert story.app.metrics.counts["NotificationsSilent"] == 1

    story.app.qualify()
    story.changes(second, "Connected")
    story.settles(1)
    story.app.wait(300)
    story.app.reconcile()

    assert story.app.metrics.counts["NotificationsSilent"] == 1


@pytest.mark.parametrize("heard", [False, True])
def test_a_change_that_is_found_before_its_notification_is_overdue_is_judged_by_the_next_pass(heard: bool) -> None:
    story = Friendship()
    story.changes(story.invited(), "Connected")

    late = story.taken()
    story.app.wait(100)
    story.app.reconcile()
    story.app.qualify()

    assert story.app.metrics.counts["NotificationsSilent"] == 0, "it may still come"

    if heard:
        story.notified(*late)
        story.app.qualify()
    for _ in range(3):
        story.app.wait(300)
        story.app.reconcile()

    assert story.app.metrics.counts["NotificationsSilent"] == (0 if heard else 1)


def test_people_who_cannot_qualify_are_no_news(story: Friendship) -> None:
    story.app.given("user", email="friend1@example.com", custom_attributes={"referral_status": "Connected"})
    story.invited()
    story.app.wait(400)
    story.app.reconcile()

    assert story.app.queued("qualification") == []
    assert story.app.metrics.counts["NotificationMissed"] == 0


def test_what_a_notification_reported_and_did_not_count_is_no_news() -> None:
    story = Friendship(person_invited={"duplicates": "update"})
    story.app.given("user", email="friend1@example.com", custom_attributes={"referral_status": "Connected"})
    friend = story.invited()

    story.changes(friend, "a new name", "lead_source")
    story.settles(1)
    story.app.wait(400)
    story.app.reconcile()

    assert story.app.queued("qualification") == []
    assert story.app.metrics.counts["NotificationMissed"] == 0


def test_a_value_that_was_seen_before_the_delivery_hides_no_later_one() -> None:
    story = Friendship(person_invited={"duplicates": "update"})
    contact = story.app.given("lead", email="friend1@example.com", custom_attributes={"referral_status": "New"})
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts", "id": "down"})

    friend = story.invites()

    assert not story.row(friend).finished

    story.changes(contact.id, "Connected")
    story.notified()
    story.app.qualify()
    story.changes(contact.id, "New")
    story.taken()
    story.app.wire.faults.remove("down")
    story.settles(15)
    story.taken()

    assert story.row(friend).finished
    assert story.reported() == []

    story.changes(contact.id, "Connected")
    story.taken()
    story.app.wait(400)
    story.app.reconcile()
    story.app.qualify()

    assert story.reported() == [True]


def test_a_tracked_attribute_that_is_gone_marks_its_campaign_and_stops_nothing_else(story: Friendship) -> None:
    friend = story.invited()
    story.app.configure(campaign_id=2, qualification=rules(attribute="custom_attributes.lead_source"))
    attribute = next(one for one in story.app.intercom.workspace.attributes.values() if one.name == "lead_source")

    answer = story.app.wire.send(
        "PUT", f"http://intercom.test/data_attributes/{attribute.id}",
        {"Authorization": "Bearer local-intercom-token", "Accept": "application/json", "Content-Type": "application/json"},
        b'{"archived": true}', 10,
    )  # fmt: skip

    assert answer.status == 200

    story.changes(friend, "Connected")
    story.taken()
    story.app.wait(700)
    story.app.reconcile()
    story.app.qualify()

    assert friend.qualified_times == 1
    assert story.app.metrics.counts["TrackedAttributeMissing"] == 1
    assert "lead_source" in story.app.campaign(2).problems[0]
    assert story.app.campaign().problems == ()
    assert story.app.metrics.counts["ContactsReconciled"] == 1

    story.app.dynamodb.cut_off("update_item", "CAMPAIGNS")
    story.app.wait(700)
    story.app.reconcile()

    assert story.app.metrics.counts["ContactsReconciled"] == 2, "what is noted already is not written again"


def test_what_happened_while_disconnected_is_caught_up(story: Friendship) -> None:
    friend, late = story.invited(), story.invited()

    assert story.app.clock.now() > NOW

    connection = story.app.connection()
    story.app.environment.connections.save(replace(connection, connected=False, epoch=2))
    story.changes(friend, "Connected")
    story.taken()
    story.app.wait(6 * 3600)
    story.app.reconcile()

    assert friend.qualified_times == 0

    story.app.environment.connections.save(replace(connection, connected=True, epoch=3))
    story.app.wait(61)
    story.app.reconcile()
    story.app.qualify()

    assert friend.qualified_times == 1
    assert story.item(late) is None
    assert story.stored(friend).stage is Stage.CONFIRMED


@pytest.mark.parametrize("reversal", [False, True])
def test_a_lost_departure_from_where_an_adopted_contact_stood_is_made_good(reversal: bool) -> None:
    story = Friendship(rules(unqualify_on_reversal=reversal), person_invited={"duplicates": "update"})
    story.invited()
    story.app.given("user", email="friend2@example.com", custom_attributes={STATUS: "Connected"})
    friend = story.invites()
    story.settles(2)

    story.changes(friend, "New")
    story.looks_through()
    story.app.wait(300)
    story.app.forget_calls()
    story.app.reconcile()

    assert story.app.queued("qualification") == [], "reported once"

    story.changes(friend, "Connected")
    story.settles(2)

    assert friend.qualified_times == 1


@pytest.mark.parametrize("duplicates", ["skip", "update"])
def test_a_contact_that_stood_there_when_adopted_is_no_news(duplicates: str) -> None:
    """Although it came there shortly before, when nobody could tell a referral from it."""
    story = Friendship(rules(qualify_skipped=True), person_invited={"duplicates": duplicates})
    story.invited()
    contact = story.app.given("user", email="friend2@example.com", custom_attributes={STATUS: "Lost"})
    story.changes(contact.id, "Connected")
    story.settles(1)
    story.app.wait(300)

    friend = story.invites()
    story.settles(1)
    for _ in range(3):
        story.app.wait(300)
        story.app.reconcile()

    assert story.app.queued("qualification") == []
    assert (story.app.metrics.counts["NotificationMissed"], friend.qualified_times) == (0, 0)


@pytest.mark.parametrize("was_there", [False, True])
def test_a_user_that_was_one_from_the_start_is_no_news_where_becoming_one_is_the_trigger(was_there: bool) -> None:
    story = Friendship({"trigger": {"kind": "became_user"}}, person_invited={"action": "user", "duplicates": "update"})
    story.invited()
    if was_there:
        story.app.given("user", email="friend2@example.com")
    friend = story.invites()
    story.taken()

    for _ in range(3):
        story.app.wait(300)
        story.app.reconcile()
        assert story.app.queued("qualification") == []

    assert (story.app.metrics.counts["NotificationMissed"], friend.qualified_times) == (0, 0)
