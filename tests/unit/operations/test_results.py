"""What the campaigns bring, counted from the ledger: nobody twice, nobody lost, by the workspace's days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.person import Audience, Person, Referrer
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.use_cases.operations import read_results
from tests.support.builders import App
from tests.support.clock import NOW
from tests.support.console_api import Console

DAY = 86_400.0
RITA = Referrer(41, "Rita", "rita@example.com")


@pytest.fixture
def console(console: Console) -> Console:
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
    connection = console.app.connection()
    console.app.environment.connections.save(replace(connection, timezone="Pacific/Auckland"))
    return console


def join(app: App, user_id: int, state: State = State.DELIVERED, at: float = NOW - 60, **more: Any) -> None:
    by = more.pop("by", RITA)
    audience = Audience.PERSON_INVITED if by else Audience.PERSON_REFERRING
    person = Person(
        user_id, audience=audience, first_name=f"P{user_id}", email=f"p{user_id}@example.com", referrer=by or Referrer()
    )
    app.environment.referrals.add(Referral(more.pop("campaign_id", 1), user_id, state, person, at, **more))


def happened(app: App, user_id: int, *what: Happened) -> None:
    def change(row: Referral) -> Referral:
        for one in what:
            row = row.with_event(NOW, one)
        return row

    app.environment.referrals.update(1, user_id, change)


def test_each_friend_counts_once_whatever_became_of_them(app: App, console: Console) -> None:
    states = (State.DELIVERED, State.PARTIAL, State.SKIPPED, State.FAILED, State.PENDING, State.NOT_WANTED, State.ERASED)
    for user_id, state in enumerate(states, 1):
        join(app, user_id, state)
    join(app, 20, State.KNOWN)  # joined before the campaign was active
    join(app, 21, by=None)  # came without a friend's link
    join(app, 22, synthetic=True)  # our own test
    join(app, 23, by=None)
    happened(app, 23, Happened.FROM_SYNC)
    happened(app, 1, Happened.QUALIFIED)

    happened(app, 2, Happened.QUALIFIED, Happened.UNQUALIFIED)

    shown = console.get("/api/results")
    assert shown["total"] == {"invited": 7, "in_intercom": 3, "converted": 1, "rewarded": 0}
    assert shown["campaigns"][0]["rewarded"] == 0
    assert shown["themselves"] == 1
    assert shown["synced"] == 1
    assert shown["whole"] is True
    assert shown["referrers"] == [
        {"name": "Rita", "email": "rita@example.com", "campaign_id": 1, "user_id": 41, "invited": 7, "converted": 1}
    ]


def test_a_worker_that_dies_before_it_counts_costs_no_count(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(console.app.environment.figures, "count", lambda *_: None)  # what a killed worker had in memory
        console.app.sign_up()
    console.app.environment.figures.count(1, "signups", NOW)  # that of another one
    console.app.environment.flush()

    assert console.get("/api/results")["total"]["in_intercom"] == 1
    assert console.get("/api/overview")["total"]["delivered"] == 0, "what the workers counted"


def test_days_are_those_of_the_workspace(console: Console) -> None:
    """At NOW it is 13:00 in Auckland, so a signup of 13 hours and a minute before is yesterday's."""
    join(console.app, 1, at=NOW - 13 * 3_600 + 60)
    join(console.app, 2, at=NOW - 13 * 3_600 - 60)

    shown = console.get("/api/results", "days=2")
    assert shown["zone"] == "Pacific/Auckland"
    assert [(day["day"], day["invited"]) for day in shown["days"]] == [("2026-11-21", 1), ("2026-11-22", 1)]
    assert [campaign["days"] for campaign in shown["campaigns"]] == [[1, 1]]


def test_the_period_is_compared_with_the_one_before(console: Console) -> None:
    for user_id, days in enumerate((0, 1, 6, 8, 9, 20), 1):
        join(console.app, user_id, at=NOW - days * DAY - 60)
    shown = console.get("/api/results", "days=7")
    assert (shown["total"]["invited"], shown["before"]["invited"]) == (3, 2)
    assert len(shown["days"]) == 7
    assert sum(day["invited"] for day in shown["days"]) == 3


def test_campaigns_and_referrers_come_by_what_they_brought(app: App, console: Console) -> None:
    app.configure(campaign_id=2, name="Partners")
    for user_id in (1, 2, 3):
        join(app, user_id, campaign_id=2, by=Referrer(50, "Sam", "SAM@example.com" if user_id == 1 else "sam@example.com"))

    join(app, 4)

    shown = console.get("/api/results")
    assert [(one["name"], one["invited"]) for one in shown["campaigns"]] == [("Partners", 3), ("Friends of ours", 1)]
    assert [(one["name"], one["invited"]) for one in shown["referrers"]] == [("Sam", 3), ("Rita", 1)]


def test_a_referrer_is_shown_with_what_any_of_their_friends_signups_said_of_them(app: App, console: Console) -> None:
    join(app, 1, by=Referrer(None, None, "rita@example.com"))
    join(app, 2, by=RITA)
    join(app, 3, by=Referrer(None, None, "rita@example.com"))

    shown = console.get("/api/results")["referrers"]

    assert [(one["name"], one["user_id"]) for one in shown] == [("Rita", 41)]
    assert shown[0]["invited"] == 3


def test_two_referrers_without_an_address_are_two(app: App, console: Console) -> None:
    join(app, 1, by=Referrer(50, "Sam"))
    join(app, 2, by=Referrer(51, "Tom"))
    join(app, 3, by=Referrer(51, "Tom"))

    shown = console.get("/api/results")["referrers"]

    assert [(one["name"], one["invited"]) for one in shown] == [("Tom", 2), ("Sam", 1)]


def test_nobody_is_credited_with_a_contact_that_a_sync_brought(app: App, console: Console) -> None:
    join(app, 1)
    happened(app, 1, Happened.FROM_SYNC)

    shown = console.get("/api/results")

    assert shown["total"]["invited"] == 0
    assert shown["synced"] == 1
    assert shown["referrers"] == []


def test_rewards_count_when_they_are_given(console: Console) -> None:
    for days, by in ((0, 2), (3, 1), (40, 5)):
        console.app.environment.figures.count(1, "rewarded", NOW - days * DAY, by)
    console.app.environment.flush()

    shown = console.get("/api/results")
    assert shown["total"]["rewarded"] == 3
    assert shown["before"]["rewarded"] == 5
    assert shown["campaigns"][0]["rewarded"] == 3


def test_a_count_is_kept_for_as_long_as_it_is_dear(app: App, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    join(app, 1)
    app.environment.figures.count(1, "signups", NOW)
    app.environment.flush()
    search = app.environment.referral_search
    slow: Callable[..., Any] = search.joined

    def joined(*arguments: Any) -> Any:
        app.wait(3)
        return slow(*arguments)

    monkeypatch.setattr(search, "joined", joined)

    assert console.get("/api/results")["total"]["invited"] == 1

    join(app, 2)
    app.wait(30)

    assert console.get("/api/results")["total"]["invited"] == 1, "3 s of reading are shown for a minute"

    app.wait(31)

    assert console.get("/api/results")["total"]["invited"] == 2


def test_no_vendor_is_called(console: Console) -> None:
    console.app.wire.forbid()
    assert console.get("/api/results")["total"]["invited"] == 0


@pytest.mark.parametrize("days", ["0", "91", "x"])
def test_an_invalid_period_is_rejected(console: Console, days: str) -> None:
    assert console.call("GET", "/api/results", query=f"days={days}").status == 400


# -- where a period begins and what it holds --------------------------------------------------------------------------


MIDNIGHT = NOW - 13 * 3_600
"""At which today began in Auckland."""


@pytest.mark.parametrize(("before_midnight", "today"), [(0.0, 1), (0.001, 0)])
def test_a_day_begins_at_the_workspaces_midnight_to_the_instant(console: Console, before_midnight: float, today: int) -> None:
    join(console.app, 1, at=MIDNIGHT - before_midnight)

    shown = console.get("/api/results", "days=1")

    assert shown["since"] == MIDNIGHT
    assert (shown["total"]["invited"], shown["before"]["invited"]) == (today, 1 - today)


def test_the_period_before_is_as_long_as_the_one_that_is_shown(console: Console) -> None:
    join(console.app, 1, at=MIDNIGHT - 13 * 3_600)
    join(console.app, 2, at=MIDNIGHT - 13 * 3_600 - 1)

    assert console.get("/api/results", "days=1")["before"]["invited"] == 1


@pytest.mark.parametrize("zone", ["", "Nowhere/Land"])
def test_days_of_a_workspace_whose_zone_nobody_knows_are_those_of_utc(console: Console, zone: str) -> None:
    console.app.environment.connections.save(replace(console.app.connection(), timezone=zone))
    join(console.app, 1, at=NOW - 1)
    join(console.app, 2, at=NOW)
    console.app.wait(60)

    shown = console.get("/api/results", "days=1")

    assert shown["zone"] == "UTC"
    assert (shown["total"]["invited"], shown["before"]["invited"]) == (1, 1)


def test_before_anything_is_connected_days_are_those_of_utc() -> None:
    assert Console().get("/api/results")["zone"] == "UTC"


@pytest.mark.parametrize(("people", "counted", "whole"), [(3, 3, True), (4, 3, False)])
def test_of_more_people_than_are_counted_the_newest_count_and_the_answer_says_so(
    console: Console, monkeypatch: pytest.MonkeyPatch, people: int, counted: int, whole: bool
) -> None:
    monkeypatch.setattr(read_results, "MOST_ROWS_COUNTED", 3)
    for user_id in range(1, people + 1):
        join(console.app, user_id, campaign_id=1 + user_id % 2)
        console.app.environment.figures.count(1 + user_id % 2, "signups", NOW)
    console.app.environment.flush()

    shown = console.get("/api/results")

    assert (shown["total"]["invited"], shown["whole"]) == (counted, whole)


def test_a_campaign_whose_settings_are_gone_still_counts(console: Console) -> None:
    join(console.app, 1, campaign_id=9)
    console.app.environment.figures.count(9, "signups", NOW)
    console.app.environment.flush()

    shown = console.get("/api/results")

    assert [(one["name"], one["invited"]) for one in shown["campaigns"]] == [("Campaign 9", 1), ("Friends of ours", 0)]


def test_a_count_that_was_quick_is_shown_for_five_seconds(console: Console) -> None:
    assert console.get("/api/results")["total"]["invited"] == 0

    join(console.app, 1)
    console.app.wait(4.9)

    assert console.get("/api/results")["total"]["invited"] == 0

    console.app.wait(0.1)

    assert console.get("/api/results")["total"]["invited"] == 1


def test_of_each_period_a_count_of_its_own_is_kept(console: Console) -> None:
    join(console.app, 1, at=NOW - 3 * DAY)

    found = [console.get("/api/results", f"days={days}")["total"]["invited"] for days in (1, 7, 1, 7)]

    assert found == [0, 1, 0, 1]


def test_rewards_of_the_first_day_count_and_those_taken_back_are_no_debt(console: Console) -> None:
    figures = console.app.environment.figures
    figures.count(1, "rewarded", MIDNIGHT - 6 * DAY, 2)  # the UTC day in which the period begins
    figures.count(1, "rewarded", NOW - 9 * DAY, -1)
    console.app.environment.flush()

    shown = console.get("/api/results", "days=7")

    assert (shown["total"]["rewarded"], shown["before"]["rewarded"]) == (2, 0)


def test_referrers_who_invited_as_many_come_by_who_converted_and_then_by_name(app: App, console: Console) -> None:
    known = [Referrer(50, "Zoe", "zoe@example.com"), Referrer(51, "Yan"), Referrer(52, None, "anna@example.com"), RITA]
    for user_id, by in enumerate(known, 1):
        join(app, user_id, by=by)
    happened(app, 1, Happened.QUALIFIED)

    shown = console.get("/api/results")["referrers"]

    assert [one["name"] or one["email"] for one in shown] == ["Zoe", "Rita", "Yan", "anna@example.com"]
    assert [one["converted"] for one in shown] == [1, 0, 0, 0]


def test_the_ten_who_invited_most_are_shown(app: App, console: Console) -> None:
    for user_id in range(1, 13):
        join(app, user_id, by=Referrer(100 + user_id, f"R{user_id:02}"))

    shown = console.get("/api/results")["referrers"]

    assert [one["name"] for one in shown] == [f"R{number:02}" for number in range(1, 11)]


def test_one_referrer_of_two_campaigns_is_shown_for_each(app: App, console: Console) -> None:
    app.configure(campaign_id=2, name="Partners")
    join(app, 1)
    join(app, 2, campaign_id=2)

    assert [one["campaign_id"] for one in console.get("/api/results")["referrers"]] == [1, 2]


def test_who_came_without_a_friend_is_counted_apart_from_who_was_synced(app: App, console: Console) -> None:
    for user_id in (1, 2, 3):
        join(app, user_id, by=None)
    happened(app, 3, Happened.FROM_SYNC)

    shown = console.get("/api/results")

    assert (shown["themselves"], shown["synced"]) == (2, 1)
    assert shown["campaigns"][0]["invited"] == 0


def test_who_joined_before_a_campaign_was_active_counts_for_no_period(app: App, console: Console) -> None:
    join(app, 1, State.KNOWN, at=NOW - 40 * DAY)

    shown = console.get("/api/results")

    assert (shown["before"]["invited"], shown["total"]["invited"]) == (0, 0)
