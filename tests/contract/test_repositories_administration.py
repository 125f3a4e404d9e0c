"""What the console's API keeps and finds, on each engine that plays AWS."""

from __future__ import annotations

from datetime import datetime

import pytest

from shared.adapters.dynamodb.connection.oauth_states import DynamoOAuthStates
from shared.adapters.dynamodb.items import to_item
from shared.adapters.dynamodb.operations.audit import DynamoAudit
from shared.adapters.dynamodb.operations.figures import DynamoFigures
from shared.adapters.dynamodb.signup.counted_referrals import CountedReferrals
from shared.adapters.dynamodb.signup.quarantine import DynamoQuarantine
from shared.adapters.dynamodb.signup.referral_search import DynamoReferralSearch
from shared.adapters.dynamodb.vendor.vendor_notes import DynamoVendorNotes
from shared.domain.connection.connection import Vendor
from shared.domain.person import Person
from shared.domain.signup.referral import Referral
from shared.domain.signup.referral_filter import ReferralFilter
from shared.domain.signup.state import State
from shared.errors import MalformedPayloadError
from shared.ports.connection import OAuthState
from shared.ports.operations import Actor, Change, Result
from shared.ports.signup import Quarantined
from tests.contract.repository_tables import Tables, engine, tables
from tests.support.clock import NOW

__all__ = ["engine", "tables"]


def test_a_filter_reads_its_index_page_by_page(tables: Tables) -> None:
    figures = DynamoFigures(tables.table)
    referrals = CountedReferrals(tables.table, tables.clock, figures)
    search = DynamoReferralSearch(tables.table, referrals)
    for user_id in range(1, 13):
        state = State.FAILED if user_id % 2 else State.DELIVERED
        person = Person(user_id, email="Same@Example.com" if user_id > 10 else None)
        referrals.add(Referral(1 + user_id % 3, user_id, state, person, NOW + user_id))
    wanted = ReferralFilter(state=State.FAILED)
    first = search.search(wanted, 4)

    rest = search.search(wanted, 4, first.cursor)

    assert [row.user_id for row in (*first.items, *rest.items)] == [11, 9, 7, 5, 3, 1]
    assert rest.cursor is None
    assert [row.user_id for row in search.search(ReferralFilter(campaign_id=2), 10).items] == [10, 7, 4, 1]
    assert [row.user_id for row in search.search(ReferralFilter(email="same@example.com"), 10).items] == [12, 11]
    assert search.count_attention(3) == 3

    referrals.update(2, 1, lambda row: row.done(State.DELIVERED))

    assert search.count_attention(10) == 5

    with pytest.raises(MalformedPayloadError):
        search.search(ReferralFilter(campaign_id=2), 10, first.cursor)


def test_figures_add_up(tables: Tables) -> None:
    for _ in range(2):
        figures = DynamoFigures(tables.table)
        figures.count(7, "signups", NOW)
        figures.count(7, "signups", NOW + 86_400)
        figures.delivered_in(7, 4.0, NOW)
        figures.received(Vendor.INTERCOM, "contact.merged", NOW)
        figures.waited(NOW - 50, NOW)
        figures.flush()

    figures.waited(None, NOW + 60)
    figures.flush()

    days = {(day.day, day.campaign_id): day for day in figures.days("2026-11-22", "2026-11-23")}
    assert days["2026-11-22", 7].counts == {"signups": 2}
    assert days["2026-11-22", 7].times == {3: 2}
    assert days["2026-11-23", 7].counts == {"signups": 2}
    assert days["2026-11-22", 0].counts == {"longest_wait": 50}
    assert figures.totals("2026-11-23")[7]["signups"] == 4
    assert figures.waiting() == {"measured_at": NOW + 60}
    assert figures.last_received(Vendor.INTERCOM) == {"contact.merged": NOW}
    assert figures.days("2026-10-01", "2026-10-31") == []


def counted(tables: Tables, *days: str) -> DynamoFigures:
    """One signup of campaign 7 on each of these days."""
    figures = DynamoFigures(tables.table)
    for day in days:
        figures.count(7, "signups", datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp())
    figures.flush()
    return figures


def test_figures_are_read_over_the_turn_of_a_year(tables: Tables) -> None:
    figures = counted(tables, "2025-11-29", "2025-11-30", "2025-12-31", "2026-01-01", "2026-01-02", "2026-01-03")

    days = [day.day for day in figures.days("2025-11-30", "2026-01-02")]

    assert days == ["2025-11-30", "2025-12-31", "2026-01-01", "2026-01-02"]
    assert figures.totals("2026-01-03")[7]["signups"] == 6


@pytest.mark.parametrize(("today", "signups"), [("2026-02-28", 3), ("2026-03-01", 0)])
def test_two_months_without_a_figure_are_gone_over_and_three_are_the_beginning(
    tables: Tables, today: str, signups: int
) -> None:
    figures = counted(tables, "2025-04-30", "2025-08-31", "2025-11-30", "2025-12-01")

    assert figures.totals(today).get(7, {}).get("signups", 0) == signups


def test_the_longest_wait_of_a_day_is_kept_and_the_last_look_at_who_waits(tables: Tables) -> None:
    figures = DynamoFigures(tables.table)
    for waited, later in ((50, 0), (700, 60), (20, 120)):
        figures.waited(NOW + later - waited, NOW + later)
        figures.flush()

    [day] = figures.days("2026-11-22", "2026-11-22")

    assert day.counts == {"longest_wait": 700}
    assert figures.waiting() == {"measured_at": NOW + 120, "oldest_at": NOW + 100}


def test_a_storm_of_one_webhook_is_noted_once_a_minute_and_its_newest_time_counts(tables: Tables) -> None:
    figures = DynamoFigures(tables.table)

    def noted(*at: float) -> float:
        for one in at:
            figures.received(Vendor.INTERCOM, "contact.merged", one)
        figures.flush()
        return figures.last_received(Vendor.INTERCOM)["contact.merged"]

    assert noted(NOW, NOW + 5, NOW + 3) == NOW + 5
    assert noted(NOW + 64) == NOW + 5
    assert noted(NOW + 65) == NOW + 65
    assert DynamoFigures(tables.table).last_received(Vendor.REFERRAL_FACTORY) == {}


def test_a_late_worker_does_not_take_back_when_a_webhook_last_came(tables: Tables) -> None:
    for at in (NOW + 5, NOW):
        figures = DynamoFigures(tables.table)
        figures.received(Vendor.INTERCOM, "contact.merged", at)
        figures.flush()

    assert figures.last_received(Vendor.INTERCOM) == {"contact.merged": NOW + 5}


@pytest.mark.parametrize(("seconds", "late"), [(1_800.0, 0), (1_800.5, 1)])
def test_a_delivery_of_more_than_half_an_hour_is_late(tables: Tables, seconds: float, late: int) -> None:
    figures = DynamoFigures(tables.table)
    figures.delivered_in(7, seconds, NOW)
    figures.flush()

    [day] = figures.days("2026-11-22", "2026-11-22")

    assert day.counts.get("late", 0) == late
    assert sum(day.times.values()) == 1


def test_what_was_written_is_not_written_again(tables: Tables) -> None:
    figures = counted(tables, "2026-11-22")
    figures.flush()

    assert figures.totals("2026-11-22")[7]["signups"] == 1


def test_changes_come_newest_first(tables: Tables) -> None:
    audit = DynamoAudit(tables.table)
    for number in range(3):
        audit.add(Change(NOW + number, "mara", f"change {number}"))

    first = audit.list(2)
    assert [change.what for change in first.items] == ["change 2", "change 1"]

    rest = audit.list(2, first.cursor)
    assert [change.what for change in rest.items] == ["change 0"]
    assert rest.cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "1" * 15, f"{'1' * 15}-{'g' * 32}", f"{'1' * 15}-{'a' * 32}\n"])
def test_a_cursor_of_changes_that_nobody_gave_out_is_refused(tables: Tables, cursor: str) -> None:
    with pytest.raises(MalformedPayloadError):
        DynamoAudit(tables.table).list(2, cursor)


def test_a_page_of_changes_that_is_just_full_is_the_last(tables: Tables) -> None:
    audit = DynamoAudit(tables.table)
    for number in range(2):
        audit.add(Change(NOW + number, "mara", f"change {number}"))

    assert audit.list(2).cursor is None
    assert audit.list(1).cursor is not None


def test_what_an_act_says_of_itself_stands_in_its_own_row(tables: Tables) -> None:
    audit = DynamoAudit(tables.table)
    audit.begin(Change(NOW, "mara", "An act", "sub", "issuer", email_verified=True, result=None))
    begun = audit.list(5).items
    audit.add(Change(NOW, "mara", "First."))
    audit.add(Change(NOW, "mara", "Second."))
    audit.complete(Result.DONE)
    audit.complete(Result.FAILED)
    audit.add(Change(NOW + 1, "mara", "Another, outside of it."))

    assert [(change.what, change.result) for change in begun] == [("An act", None)]

    another, done = audit.list(5).items
    assert (another.what, another.result) == ("Another, outside of it.", Result.DONE)
    assert done == Change(NOW, "mara", "First. Second.", "sub", "issuer", email_verified=True, result=Result.DONE)


def test_texts_of_an_act_are_kept_up_to_their_lengths(tables: Tables) -> None:
    audit = DynamoAudit(tables.table)
    audit.begin(Change(NOW, "w" * 300, "x" * 3_000, "s" * 300, "i" * 300, result=None))
    begun = audit.list(1).items[0]
    audit.add(Change(NOW, "mara", "y" * 3_000))
    audit.complete(Result.DONE)

    assert (begun.who, begun.what) == ("w" * 254, "x" * 2_000)
    assert (begun.subject, begun.issuer) == ("s" * 254, "i" * 254)
    assert audit.list(1).items[0].what == "y" * 2_000


def test_acts_of_before_results_were_kept_are_done_and_those_that_never_ended_are_not(tables: Tables) -> None:
    before = {"pk": "AUDIT", "at": NOW, "who": "mara", "what": "An act"}
    tables.table.put(to_item({**before, "sk": "1"}))
    tables.table.put(to_item({**before, "sk": "2", "subject": "sub"}))
    tables.table.put(to_item({**before, "sk": "3", "issuer": "issuer"}))
    tables.table.put(to_item({**before, "sk": "4", "result": "failed"}))

    found = DynamoAudit(tables.table).list(10).items

    assert [change.result for change in found] == [Result.FAILED, None, None, Result.DONE]


def test_what_was_looked_at_stands_at_the_beginning_of_its_hour(tables: Tables) -> None:
    audit = DynamoAudit(tables.table)
    hour = NOW // 3_600 * 3_600
    audit.note(Change(hour + 1_800, "mara", "looked", "sub", result=Result.LOOKED))
    audit.add(Change(hour - 1, "mara", "before"))
    audit.add(Change(hour + 1, "mara", "after"))

    assert [change.what for change in audit.list(10).items] == ["after", "looked", "before"]


def test_the_next_act_says_nothing_of_the_one_before(tables: Tables) -> None:
    audit = DynamoAudit(tables.table)
    audit.begin(Change(NOW, "mara", "An act", "sub", result=None))
    audit.add(Change(NOW, "mara", "Said of it."))
    audit.begin(Change(NOW + 1, "mara", "The next", "sub", result=None))
    audit.complete(Result.DONE)

    assert [(change.what, change.result) for change in audit.list(5).items] == [("The next", Result.DONE), ("An act", None)]


def test_who_looks_is_noted_once_an_hour_and_by_person_and_thing(tables: Tables) -> None:
    hour = NOW // 3_600 * 3_600
    for at, who, what in (
        (hour, "mara", "a story"),
        (hour + 3_599, "mara", "a story"),
        (hour + 3_600, "mara", "a story"),
        (hour, "vera", "a story"),
        (hour, "mara", "another story"),
    ):
        for _ in range(2):
            DynamoAudit(tables.table).note(Change(at, who, what, who, result=Result.LOOKED))

    assert len(DynamoAudit(tables.table).list(10).items) == 4


def test_a_state_is_taken_once_and_in_time(tables: Tables) -> None:
    states = DynamoOAuthStates(tables.table, tables.clock)
    mara = Actor("mara", "sub", "https://issuer.example.com", email_verified=False)
    states.add("a", OAuthState(mara, "hash", tables.clock.now() + 600))

    assert states.take("a") == OAuthState(mara, "hash", float(int(tables.clock.now() + 600)))
    assert states.take("a") is None

    states.add("b", OAuthState(Actor("mara"), "hash", tables.clock.now() + 600))
    tables.clock.at += 601

    assert states.take("b") is None


def test_of_two_who_found_a_state_at_once_only_one_has_it(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    states = DynamoOAuthStates(tables.table, tables.clock)
    states.add("a", OAuthState(Actor("mara"), "hash", tables.clock.now() + 600))
    seen_by_both = tables.table.find("OAUTH#a", "STATE")
    monkeypatch.setattr(tables.table, "find", lambda *_: seen_by_both)

    taken = [states.take("a"), states.take("a")]

    assert taken[0] is not None
    assert taken[1] is None


def test_notes_and_the_quarantine_are_kept(tables: Tables) -> None:
    notes = DynamoVendorNotes(tables.table)

    assert notes.find(Vendor.INTERCOM) == {}

    notes.save(Vendor.INTERCOM, {"missing_permissions": ["Read tags"]})

    assert notes.find(Vendor.INTERCOM) == {"missing_permissions": ["Read tags"]}

    quarantine = DynamoQuarantine(tables.table, tables.clock)
    quarantine.add(Quarantined("q", "1", "joined", "odd", "", "e30=", tables.clock.now()))

    found = quarantine.find("q")
    assert found is not None
    assert found.reason == "odd"
    assert quarantine.remove("q")
    assert not quarantine.remove("q")
    assert quarantine.find("q") is None
