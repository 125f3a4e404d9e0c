"""The ledger, the people, the inbox and the quarantine keep their promises on every engine."""

from dataclasses import replace

import pytest

from shared.adapters.dynamodb.contact.people import DynamoPeople
from shared.adapters.dynamodb.signup.inbox import DynamoInbox
from shared.adapters.dynamodb.signup.quarantine import DynamoQuarantine
from shared.adapters.dynamodb.signup.referrals import DynamoReferrals
from shared.domain.mapping import Dropped
from shared.domain.person import Audience, Person, Referrer
from shared.domain.signup.person_record import Reservation
from shared.domain.signup.referral import Event, Referral
from shared.domain.signup.state import Origin, State
from shared.errors import BusyError, MalformedPayloadError, NotFoundError, TransientError
from shared.messages import DeliverContact
from shared.ports.signup import DUE_SHARDS, HELD_SHARDS, DueRow, Quarantined
from tests.contract.repository_tables import Tables, engine, tables
from tests.support.clock import NOW

__all__ = ["engine", "tables"]

FULL_PERSON = Person(
    user_id=5,
    audience=Audience.PERSON_INVITED,
    first_name="Zoë\ud800 \U0001f600",
    email="zoe+tag@example.com",
    referrals_count=3,
    meta={"Last Name": "Smith"},
    referrer=Referrer(user_id=4, email="jess@example.com"),
)


def referral(user_id: int = 5, **changes: object) -> Referral:
    pending = Referral(1, user_id, State.PENDING, Person(user_id), accepted_at=NOW, due_at=NOW + 60)
    return replace(pending, **changes)


def ledger(tables: Tables) -> DynamoReferrals:
    return DynamoReferrals(tables.table, tables.clock)


def due_rows(rows: DynamoReferrals, until: float = NOW + 3_600) -> list[DueRow]:
    return [row for shard in range(DUE_SHARDS) for row in rows.due(shard, until, 100)]


def test_a_referral_comes_back_as_it_was_written(tables: Tables) -> None:
    rows = ledger(tables)
    full = referral(
        person=FULL_PERSON,
        origin=Origin.RECONCILE,
        due_at=NOW + 0.1,
        contact_id="c1",
        reason="wartet",
        dropped=(Dropped("custom_attributes.x", "gone"),),
        notes=("n",),
        attempts=2,
        settings_version=3,
        delivered_at=NOW + 1.25,
        written={"name": "Zoë", "custom_attributes.n": 1.5, "custom_attributes.b": True},
        baseline="New",
        settle_since=NOW,
        possibly_doubled=True,
        history=(Event(NOW, "accepted", "webhook"),),
    )

    assert rows.add(full)

    expected = replace(full, person=replace(FULL_PERSON, first_name="Zoë? \U0001f600"))
    assert rows.get(1, 5) == expected
    assert rows.find_all([(1, 5), (1, 6), (1, 5)]) == {(1, 5): expected}


def test_a_row_is_added_once_and_a_missing_one_is_reported(tables: Tables) -> None:
    rows = ledger(tables)

    assert rows.add(referral())
    assert not rows.add(referral(reason="second"))
    assert rows.get(1, 5).reason == ""
    assert rows.find(1, 6) is None

    with pytest.raises(NotFoundError):
        rows.get(1, 6)
    with pytest.raises(NotFoundError):
        rows.update(1, 6, lambda row: row)


def test_an_update_is_applied_again_when_somebody_was_faster(tables: Tables) -> None:
    rows = ledger(tables)
    rows.add(referral())
    calls: list[int] = []

    def change(row: Referral) -> Referral:
        calls.append(row.version)
        if len(calls) == 1:
            rows.update(1, 5, lambda other: replace(other, reason="theirs"))
        return replace(row, attempts=row.attempts + 1)

    after = rows.update(1, 5, change)

    assert calls == [0, 1]
    assert after.reason == "theirs"
    assert after.attempts == 1
    assert after.version == 2
    assert rows.get(1, 5) == after


def test_an_update_that_changes_nothing_writes_nothing_and_one_that_never_wins_gives_up(tables: Tables) -> None:
    rows = ledger(tables)
    rows.add(referral())

    assert rows.update(1, 5, lambda row: row).version == 0

    def always_late(row: Referral) -> Referral:
        rows.update(1, 5, lambda other: replace(other, attempts=other.attempts + 1))
        return replace(row, reason="late")

    with pytest.raises(TransientError):
        rows.update(1, 5, always_late)


def test_what_newer_code_added_to_a_row_survives_an_update(tables: Tables) -> None:
    rows = ledger(tables)
    rows.add(referral())
    key = {"pk": {"S": "REFERRAL#1#5"}, "sk": {"S": "REFERRAL"}}
    set_schema = {
        "UpdateExpression": "SET #schema = :version, added_later = :added",
        "ExpressionAttributeNames": {"#schema": "schema"},
    }
    for version in ("2", "3"):
        values = {":version": {"N": version}, ":added": {"S": "kept"}}
        tables.table.client.update_item(TableName=tables.table.name, Key=key, **set_schema, ExpressionAttributeValues=values)
        rows = ledger(tables)  # another process
        if version == "2":
            rows.update(1, 5, lambda row: replace(row, reason="changed"))
            item = tables.table.find("REFERRAL#1#5", "REFERRAL") or {}
            assert (item["added_later"], item["schema"]) == ({"S": "kept"}, {"N": "2"})
    with pytest.raises(TransientError):
        rows.get(1, 5)


def test_only_rows_that_are_due_are_taken_and_each_once(tables: Tables) -> None:
    rows = ledger(tables)
    rows.add(referral(5))
    rows.add(referral(6, due_at=NOW + 30))
    rows.add(referral(7, due_at=NOW + 7_200))

    rows.add(referral(8, state=State.DELIVERED, due_at=None))

    found = {row.user_id: row for row in due_rows(rows)}
    assert set(found) == {5, 6}
    assert found[6] == DueRow(NOW + 30, 1, 6)
    assert rows.move_due(found[5], NOW + 600)
    assert not rows.move_due(found[5], NOW + 700)
    assert rows.get(1, 5).due_at == NOW + 600
    assert not rows.move_due(DueRow(NOW, 1, 99), NOW + 600)
    assert not rows.move_due(DueRow(NOW), NOW + 600)

    rows.update(1, 5, lambda row: row.done(State.DELIVERED))

    assert {row.user_id for row in due_rows(rows)} == {6}


def test_many_rows_are_taken_together_but_for_those_somebody_else_took(tables: Tables) -> None:
    rows = ledger(tables)
    for user_id in range(5, 10):
        rows.add(referral(user_id))
    found = sorted(due_rows(rows), key=lambda row: row.user_id or 0)

    assert list(rows.move_all_due(found[:3], NOW + 600)) == found[:3]
    assert [rows.get(1, user_id).due_at for user_id in range(5, 10)] == [NOW + 600] * 3 + [referral(8).due_at] * 2
    assert list(rows.move_all_due([*found, DueRow(NOW, 1, 99), DueRow(NOW)], NOW + 700)) == found[3:]
    assert [rows.get(1, user_id).due_at for user_id in range(5, 10)] == [NOW + 600] * 3 + [NOW + 700] * 2
    assert list(rows.move_all_due([], NOW + 700)) == []


def test_due_rows_of_a_shard_come_oldest_first_and_no_more_than_asked_for(tables: Tables) -> None:
    rows = ledger(tables)
    for user_id in range(1, 60):
        rows.add(referral(user_id, due_at=NOW + (user_id * 37) % 59))

    shards = [rows.due(shard, NOW + 100, 5) for shard in range(DUE_SHARDS)]
    assert all(len(shard) <= 5 for shard in shards)
    assert all([row.due_at for row in shard] == sorted(row.due_at for row in shard) for shard in shards)
    assert sum(len(rows.due(shard, NOW + 100, 100)) for shard in range(DUE_SHARDS)) == 59


def test_held_rows_wait_apart_and_are_released_one_by_one(tables: Tables) -> None:
    rows = ledger(tables)
    rows.add(referral(5).held("paused"))

    rows.add(replace(referral(6).held("paused"), campaign_id=2))

    held = [row for shard in range(HELD_SHARDS) for row in rows.held(1, shard, 10)]
    assert [(row.campaign_id, row.user_id, row.due_at) for row in held] == [(1, 5, NOW)]
    assert due_rows(rows) == []
    assert rows.get(1, 5).due_at is None

    rows.add(replace(referral(7).held("nobody configured the campaign"), expires_at=NOW + 10))

    assert [row.user_id for row in rows.held(1, None, 10)] == [7]
    assert [row.user_id for shard in range(HELD_SHARDS) for row in rows.held(1, shard, 10)] == [5]

    rows.update(1, 5, lambda row: row.waiting(NOW, "released"))

    assert [row for shard in range(HELD_SHARDS) for row in rows.held(1, shard, 10)] == []
    assert [row.user_id for row in due_rows(rows)] == [5]


def test_the_oldest_undelivered_is_the_one_accepted_first(tables: Tables) -> None:
    rows = ledger(tables)

    assert rows.oldest_undelivered() is None

    rows.add(referral(5, accepted_at=NOW - 10, due_at=NOW + 500))
    rows.add(referral(6, accepted_at=NOW - 5, due_at=NOW + 1))
    rows.add(referral(7, accepted_at=NOW - 900, state=State.DELIVERED, due_at=NOW + 2))
    rows.add(referral(8, accepted_at=NOW - 800).held("paused"))

    assert rows.oldest_undelivered() == NOW - 10

    DynamoInbox(tables.table, tables.clock).add(DeliverContact(1, 9, "joined", NOW - 60, id="m"), NOW)

    assert rows.oldest_undelivered() == NOW - 60
    assert [(one.since, one.key) for one in rows.longest_waiting(2)] == [(NOW - 60, None), (NOW - 10, (1, 5))]


def test_an_expired_row_is_not_there_and_may_be_added_again(tables: Tables) -> None:
    rows = ledger(tables)
    rows.add(replace(referral().held("nobody configured the campaign"), expires_at=NOW + 10))

    tables.clock.at = NOW + 10
    assert rows.find(1, 5) is None
    assert rows.find_all([(1, 5)]) == {}
    assert [row for shard in range(HELD_SHARDS) for row in rows.held(1, shard, 10)] == []
    assert rows.add(referral(reason="again"))
    assert rows.get(1, 5).reason == "again"


def test_a_campaigns_referrals_are_listed_newest_first_page_by_page(tables: Tables) -> None:
    rows = ledger(tables)
    for user_id in range(1, 24):
        rows.add(referral(user_id, accepted_at=NOW + user_id // 2))
    seen: list[int] = []
    stamps: list[float] = []
    cursor: str | None = None

    for _ in range(10):
        page = rows.of_campaign(1, 7, cursor)
        seen += [row.user_id for row in page.items]
        stamps += [row.accepted_at for row in page.items]
        cursor = page.cursor
        if cursor is None:
            break

    assert sorted(seen) == list(range(1, 24))
    assert stamps == sorted(stamps, reverse=True)
    assert rows.of_campaign(2, 7).items == []

    for odd in ("nonsense", "W10=", "WzEsMl0=", "é"):
        with pytest.raises(MalformedPayloadError):
            rows.of_campaign(1, 7, odd)


def test_a_lease_belongs_to_one_until_it_ends_or_is_given_back(tables: Tables) -> None:
    people = DynamoPeople(tables.table)
    mine = people.lease("w", " Ann@Example.com", "me", NOW, 60)

    assert mine.email == "ann@example.com"
    assert mine.fence == 1
    assert mine.lease_owner == "me"
    assert mine.contact_id is None

    with pytest.raises(BusyError) as busy:
        people.lease("w", "ann@example.com", "you", NOW + 20, 60)
    assert busy.value.retry_after == 40
    assert people.lease("v", "ann@example.com", "you", NOW, 60).fence == 1

    again = people.lease("w", "ann@example.com", "me", NOW + 20, 60)
    assert again.fence == 2

    people.release(again)

    assert people.lease("w", "ann@example.com", "you", NOW + 21, 60).fence == 3
    assert people.lease("w", "ann@example.com", "her", NOW + 81, 60).fence == 4


def test_only_the_holder_of_the_lease_writes(tables: Tables) -> None:
    people = DynamoPeople(tables.table)
    mine = people.lease("w", "ann@example.com", "me", NOW, 60)
    reserved = replace(mine, reservation=Reservation(NOW, NOW + 1, "lead"), erased_at=NOW)

    people.save(reserved)

    assert people.find("w", "Ann@example.com") == reserved

    known = replace(mine, contact_id="c1", ours=True, role="lead")
    people.save(known)

    assert people.find("w", "ann@example.com") == known

    theirs = people.lease("w", "ann@example.com", "you", NOW + 61, 60)
    assert theirs.contact_id == "c1"
    assert theirs.ours is True
    assert theirs.reservation is None

    with pytest.raises(BusyError):
        people.save(replace(mine, contact_id="c2"))
    people.release(mine)
    people.save(theirs)

    assert people.find("w", "nobody@example.com") is None


def test_a_person_that_is_confirmed_is_free_for_others(tables: Tables) -> None:
    people = DynamoPeople(tables.table)
    mine = people.lease("w", "ann@example.com", "me", NOW, 60)
    known = replace(mine, contact_id="c1", role="lead", ours=True, created_for="1#2")
    people.confirm(known)

    theirs = people.lease("w", "ann@example.com", "you", NOW + 1, 60)

    assert (theirs.contact_id, theirs.fence) == ("c1", mine.fence + 1)

    people.release(known)  # was done with the confirmation, and takes nobody else's
    with pytest.raises(BusyError):
        people.lease("w", "ann@example.com", "her", NOW + 2, 60)
    with pytest.raises(BusyError):
        people.confirm(known)


def test_a_confirmation_whose_answer_was_lost_finds_its_own_effect(tables: Tables) -> None:
    people = DynamoPeople(tables.table)
    known = replace(people.lease("w", "ann@example.com", "me", NOW, 60), contact_id="c1", role="lead")
    people.confirm(known)
    people.confirm(known)
    with pytest.raises(BusyError):
        people.confirm(replace(known, contact_id="c2"))


def test_a_refused_message_waits_in_the_inbox_until_it_is_due(tables: Tables) -> None:
    inbox, rows = DynamoInbox(tables.table, tables.clock), ledger(tables)
    message = DeliverContact(1, None, "joined", NOW, {"first_name": "\ud800"}, id="abc")
    inbox.add(message, NOW + 30)
    inbox.add(replace(message, event="rewarded"), NOW + 90)

    [row] = due_rows(rows)

    assert (row.inbox_id, row.due_at) == ("abc", NOW + 30)
    assert inbox.find("abc") == message
    assert rows.move_due(row, NOW + 600)
    assert not rows.move_due(row, NOW + 600)

    inbox.remove("abc")
    inbox.remove("abc")

    assert inbox.find("abc") is None
    assert due_rows(rows) == []

    inbox.add(message, NOW)

    tables.clock.at = NOW + 30 * 86_400
    assert inbox.find("abc") is None


def test_quarantined_bodies_are_listed_newest_first_for_30_days(tables: Tables) -> None:
    quarantine = DynamoQuarantine(tables.table, tables.clock)
    bodies = [Quarantined(f"q{n}", "7", "joined", "not JSON", "text/plain", "e30=", NOW + n) for n in range(5)]

    for body in bodies:
        quarantine.add(body)

    first = quarantine.list(3)
    assert [*first.items, *quarantine.list(3, first.cursor).items] == bodies[::-1]

    tables.clock.at = NOW + 30 * 86_400
    assert quarantine.list(3).items == []
