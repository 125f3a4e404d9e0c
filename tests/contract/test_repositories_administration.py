"""What the console's API keeps and finds, on each engine that plays AWS."""

from __future__ import annotations

import pytest

from shared.adapters.dynamodb.connection.oauth_states import DynamoOAuthStates
from shared.adapters.dynamodb.operations.audit import DynamoAudit
from shared.adapters.dynamodb.operations.figures import DynamoFigures
from shared.adapters.dynamodb.signup.counted_referrals import CountedReferrals
from shared.adapters.dynamodb.signup.quarantine import DynamoQuarantine
from shared.adapters.dynamodb.signup.referral_search import DynamoReferralSearch
from shared.adapters.dynamodb.vendor.vendor_notes import DynamoVendorNotes
from shared.domain.connection.connection import Vendor
from shared.domain.person import Person
from shared.domain.signup.referral import Referral, State
from shared.domain.signup.referral_filter import ReferralFilter
from shared.errors import MalformedPayloadError
from shared.ports.connection import OAuthState
from shared.ports.operations import Actor, Change
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


def test_changes_come_newest_first(tables: Tables) -> None:
    audit = DynamoAudit(tables.table)
    for number in range(3):
        audit.add(Change(NOW + number, "mara", f"change {number}"))

    first = audit.list(2)
    assert [change.what for change in first.items] == ["change 2", "change 1"]
    assert [change.what for change in audit.list(2, first.cursor).items] == ["change 0"]


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
