"""Each change of a workspace's contacts is worked off only as long as somebody stands at a value that they have to leave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.use_cases.qualification import end_watch
from shared.use_cases.qualification.end_watch import ASKED_AGAIN_AFTER, STORED_WITHIN
from tests.support.qualifying import STATUS, Friendship, rules

DAY = 86_400.0


def standing(**campaign: Any) -> tuple[Friendship, Any]:
    """A friend whose contact stood at the qualified value before the signup."""
    story = Friendship(person_invited={"duplicates": "update"}, **campaign)
    story.app.given("user", email="friend1@example.com", custom_attributes={STATUS: "Connected"})
    friend = story.invited()
    assert watches(story)
    return story, friend


def watches(story: Friendship) -> bool:
    campaign = story.app.campaign()
    return campaign.watches_departures


def queued_by_a_stranger(story: Friendship) -> int:
    """How many messages an ordinary change of somebody who is nobody's referral makes, a minute later."""
    stranger = story.app.given("user", email="stranger@example.com", custom_attributes={STATUS: "New"})
    story.app.wait(61)
    story.taken()
    story.app.intercom.contacts.update(stranger.id, {"custom_attributes": {STATUS: "Lost"}}, by_api=False)
    story.notified()
    return len(story.app.queued("qualification"))


def days(story: Friendship, count: int) -> None:
    for _ in range(count):
        story.app.wait(DAY)
        story.app.reconcile()
        story.app.qualify()


def test_it_ends_once_the_contact_has_left_the_value() -> None:
    story, friend = standing()
    story.changes(friend, "New")
    story.settles(2)

    days(story, 1)

    assert not watches(story)
    assert queued_by_a_stranger(story) == 0

    story.changes(friend, "Connected")
    story.settles(2)

    assert friend.qualified_times == 1


def test_it_ends_once_the_contact_has_qualified() -> None:
    story, friend = standing()
    for value in ("New", "Connected"):
        story.changes(friend, value)
        story.settles(2)

    assert friend.qualified_times == 1

    days(story, 1)

    assert not watches(story)
    assert queued_by_a_stranger(story) == 0


def test_while_somebody_stands_there_it_goes_on() -> None:
    story, friend = standing()
    days(story, 3)

    assert watches(story)
    assert queued_by_a_stranger(story) == 1

    story.app.qualify()
    story.changes(friend, "New")
    story.settles(2)
    story.changes(friend, "Connected")
    story.settles(2)

    assert friend.qualified_times == 1


def test_of_two_the_one_who_still_stands_there_keeps_it() -> None:
    story, friend = standing()
    story.app.given("user", email="friend2@example.com", custom_attributes={STATUS: "Connected"})
    story.invited()
    story.changes(friend, "New")
    story.settles(2)

    days(story, 2)

    assert watches(story)


def test_it_ends_when_the_person_is_erased() -> None:
    story, friend = standing()
    story.app.environment.referrals.update(1, friend.id, lambda row: row.forgotten_at(story.app.clock.now()))
    days(story, 1)
    assert not watches(story)


def test_it_ends_when_the_campaign_tracks_nothing_any_more() -> None:
    story, _ = standing()
    story.app.configure(qualification=None, person_invited={"duplicates": "update"})
    days(story, 1)
    assert not watches(story)


def test_whose_contact_is_in_another_workspace_cannot_leave_here() -> None:
    story, friend = standing()
    story.app.environment.referrals.update(1, friend.id, lambda row: replace(row, workspace_id="another"))
    days(story, 1)
    assert not watches(story)


def test_a_watch_of_an_earlier_version_which_knows_no_time_ends_too() -> None:
    story, friend = standing()
    story.changes(friend, "New")
    story.settles(2)
    key = {"pk": {"S": "CAMPAIGNS"}, "sk": {"S": f"{1:012d}"}}

    story.app.dynamodb.update_item(TableName="campaigns", Key=key, UpdateExpression="REMOVE departures_at")

    assert story.app.campaign().departures_at == 0

    days(story, 1)

    assert not watches(story)


@pytest.mark.parametrize(("seconds", "lately"), [(0, True), (1_799, True), (1_800, False), (DAY, False)])
def test_it_is_marked_again_after_half_an_hour(seconds: float, lately: bool) -> None:
    story, _ = standing()
    marked_at = story.app.campaign().departures_at

    assert story.app.campaign().watches_since_lately(marked_at + seconds) is lately

    unwatched = replace(story.app.campaign(), watches_departures=False)
    assert unwatched.watches_since_lately(marked_at + seconds) is False


def test_a_mark_that_comes_while_it_is_looked_is_kept() -> None:
    story, friend = standing()
    story.changes(friend, "New")
    story.settles(2)
    story.app.wait(DAY)
    campaigns, ended = story.app.environment.campaigns, []
    end = campaigns.end_watch

    def marked_first(campaign_id: int, marked_at: float) -> None:
        campaigns.watch_departures(campaign_id, story.app.clock.now())
        end(campaign_id, marked_at)
        ended.append(campaign_id)

    campaigns.end_watch = marked_first  # type: ignore[method-assign]
    story.app.reconcile()

    assert (ended, watches(story)) == ([1], True)


def test_nobody_ends_it_right_after_a_mark() -> None:
    story, friend = standing()

    story.changes(friend, "New")
    story.settles(2)
    story.app.wait(STORED_WITHIN / 2)
    story.app.reconcile()

    assert watches(story)


def test_somebody_who_joins_at_the_value_later_restarts_the_watch() -> None:
    story, friend = standing()
    story.changes(friend, "New")
    story.settles(2)
    days(story, 1)
    story.app.given("user", email="friend2@example.com", custom_attributes={STATUS: "Connected"})

    second = story.invited()

    assert watches(story)

    days(story, 2)

    assert watches(story)

    story.changes(second, "New")
    story.settles(2)
    days(story, 2)

    assert not watches(story)


def test_what_a_hand_took_back_keeps_it() -> None:
    story = Friendship(rules())
    friend = story.invited()
    story.changes(friend, "Connected")
    story.settles(2)
    story.app.wait(120)

    story.qualifies(friend, qualified=False)
    story.app.reconcile(full=True)
    story.settles(4)

    assert watches(story)

    days(story, 2)

    assert watches(story)


def test_a_large_ledger_takes_several_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(end_watch, "ROWS_A_PAGE", 1)
    monkeypatch.setattr(end_watch, "PAGES_TO_END_A_WATCH", 1)
    story, friend = standing()
    for _ in range(3):
        story.invited()
    story.changes(friend, "New")
    story.settles(2)
    story.app.wait(DAY)

    for _ in range(3):
        story.app.reconcile()
        assert watches(story)
        story.app.wait(300)
    for _ in range(20):
        story.app.reconcile()
        story.app.wait(300)

    assert not watches(story)


def test_the_ledger_is_asked_once_a_day() -> None:
    story, _ = standing()

    def asked_at() -> float:
        story.app.reconcile()
        stored = story.app.environment.progresses.find("departures")
        assert stored is not None
        return float(stored["1"]["asked_at"])

    story.app.wait(STORED_WITHIN + 1)
    first = asked_at()
    story.app.wait(ASKED_AGAIN_AFTER / 4)

    assert asked_at() == first

    story.app.wait(ASKED_AGAIN_AFTER)

    assert asked_at() > first
