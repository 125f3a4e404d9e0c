"""Runs, chunks and members of a sync, on each engine that plays DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.dynamodb.sync.members import DynamoSyncMembers
from shared.adapters.dynamodb.sync.runs import DynamoSyncRuns
from shared.domain.person import Person
from shared.domain.sync.member import Candidate, SyncMember
from shared.domain.sync.run import Chunk, Phase, RunState, SyncRun
from shared.domain.sync.source import Mode, SyncSettings
from shared.domain.sync.tally import Tally
from shared.errors import BusyError, ConflictError, MalformedPayloadError, NotFoundError
from tests.contract.repository_tables import Tables, engine, tables
from tests.support.clock import NOW, SeededChance

__all__ = ["engine", "tables"]
SLOT = int(NOW)


@pytest.fixture
def runs(tables: Tables) -> DynamoSyncRuns:
    return DynamoSyncRuns(tables.table, tables.table, SeededChance(), tables.clock)


@pytest.fixture
def members(tables: Tables) -> DynamoSyncMembers:
    return DynamoSyncMembers(tables.table)


def run_of(slot: int = SLOT, **changes: object) -> SyncRun:
    made = SyncRun(1, slot, RunState.QUEUED, NOW, 3, SyncSettings(Mode.ONGOING, ids=("a",)), touched_at=NOW)
    return replace(made, **changes)


def chunk_of(number: int = 0, *names: str, **changes: object) -> Chunk:
    contacts = tuple(
        Candidate(name, f"{name}@example.com", "Ada", {"Last Name": "Söderström"}, {"a": 1, "b": None}) for name in names
    )
    return replace(Chunk(number, contacts or (Candidate("c", "c@example.com"),)), **changes)


# -- runs -------------------------------------------------------------------------------------------------------------


def test_a_run_is_kept_whole(runs: DynamoSyncRuns) -> None:
    tally = Tally(seen=3, finished=2, linked=1, skipped={"no e-mail address": 1}, examples=(("c1", "no e-mail address"),))
    rest = {"required": ("Company",), "leavers": ("x",), "left": 1}
    run = run_of(changed_since=NOW - 1.5, tally=tally, cursor="WzE=", announced=7, **rest)

    assert runs.start(run, scheduled=True)
    assert runs.find(1, SLOT) == replace(run, version=1)
    assert runs.head(1).open_slot == runs.head(1).last_slot == SLOT


def test_of_two_starts_one_wins(runs: DynamoSyncRuns) -> None:
    assert runs.start(run_of(), scheduled=True)
    assert not runs.start(run_of(), scheduled=True)
    assert not runs.start(run_of(SLOT + 900), scheduled=True), "one is open"
    assert not runs.start(run_of(SLOT + 7), scheduled=False)


def test_a_slot_is_used_once_and_never_an_earlier_one(runs: DynamoSyncRuns) -> None:
    runs.start(run_of(), scheduled=True)
    runs.update(1, SLOT, lambda run: run.ended(RunState.FAILED, NOW + 1, "because"))

    assert not runs.start(run_of(), scheduled=True)
    assert not runs.start(run_of(SLOT - 900), scheduled=True)
    assert runs.start(run_of(SLOT + 5), scheduled=False), "by hand at any time"


def test_a_run_that_is_done_moves_the_watermark_and_one_that_failed_does_not(runs: DynamoSyncRuns) -> None:
    runs.start(run_of(), scheduled=True)
    runs.update(
        1, SLOT, lambda run: replace(run, started_at=NOW + 2, page=4, tally=Tally(seen=9)).ended(RunState.DONE, NOW + 3)
    )
    head = runs.head(1)

    assert head.open_slot is None
    assert head.watermark == NOW + 2
    assert head.whole_at == NOW + 2
    assert head.whole_slot == SLOT
    assert (head.whole_pages, head.list_total) == (4, 9)

    runs.start(run_of(SLOT + 900), scheduled=True)
    runs.update(1, SLOT + 900, lambda run: run.ended(RunState.CANCELLED, NOW + 903))

    assert runs.head(1) == replace(head, last_slot=SLOT + 900)


def test_a_change_that_changes_nothing_writes_nothing(runs: DynamoSyncRuns) -> None:
    runs.start(run_of(), scheduled=True)
    assert runs.update(1, SLOT, lambda run: run).version == 1
    assert runs.update(1, SLOT, lambda run: replace(run, waits=1)).version == 2
    with pytest.raises(NotFoundError):
        runs.update(1, 5, lambda run: run)


def test_the_readers_lease_is_one_at_a_time_and_ends(runs: DynamoSyncRuns) -> None:
    runs.start(run_of(), scheduled=True)
    first = runs.lease(1, SLOT, "a", NOW, 90)
    with pytest.raises(BusyError) as busy:
        runs.lease(1, SLOT, "b", NOW + 30, 90)
    assert busy.value.retry_after == pytest.approx(60)

    changed = runs.update(1, SLOT, lambda run: replace(run, cursor="x"))
    assert changed.fence == first.fence

    with pytest.raises(BusyError):
        runs.lease(1, SLOT, "b", NOW + 30, 90)
    second = runs.lease(1, SLOT, "b", NOW + 90, 90)

    assert second.fence == first.fence + 1

    runs.release(first)  # lost already
    with pytest.raises(BusyError):
        runs.lease(1, SLOT, "c", NOW + 91, 90)
    runs.release(second)

    assert runs.lease(1, SLOT, "c", NOW + 92, 90).cursor == "x"

    with pytest.raises(NotFoundError):
        runs.lease(1, 5, "c", NOW, 90)


def test_runs_are_listed_newest_first(runs: DynamoSyncRuns) -> None:
    for number in range(5):
        runs.start(run_of(SLOT + number), scheduled=True)
        runs.update(1, SLOT + number, lambda run: run.ended(RunState.DONE, NOW))
    first = runs.list(1, 3)
    second = runs.list(1, 3, first.cursor)
    assert [run.slot - SLOT for run in (*first.items, *second.items)] == [4, 3, 2, 1, 0]
    assert second.cursor is None

    with pytest.raises(MalformedPayloadError):
        runs.list(1, 3, "x")


def test_a_head_is_closed_for_its_own_slot_only(runs: DynamoSyncRuns) -> None:
    runs.start(run_of(), scheduled=True)
    runs.close(1, SLOT + 1)

    assert runs.head(1).open_slot == SLOT

    runs.close(1, SLOT)

    assert runs.head(1).open_slot is None


# -- pages and chunks -------------------------------------------------------------------------------------------------


def test_pages_keep_who_was_on_them_however_often_they_are_read(runs: DynamoSyncRuns) -> None:
    for number in (0, 1, 1):
        runs.add_page(run_of(), number, [f"contact-{number}-{index}" for index in range(3)])
    assert [len(page) for page in runs.pages(1, SLOT)] == [3, 3]


def test_a_chunk_is_leased_to_one_and_comes_back_as_it_was(runs: DynamoSyncRuns) -> None:
    run = run_of(chunks=2, phase=Phase.WORK)
    runs.start(run, scheduled=True)
    for number in range(3):  # the third was left by a page that was read again
        runs.add_chunk(run, chunk_of(number, "a", "b"))
    first, _ = runs.claim_chunk(run, "one", NOW, 90)

    second, _ = runs.claim_chunk(run, "two", NOW, 90)

    assert first is not None
    assert second is not None
    assert first.number == 0
    assert second.number == 1
    assert first.lease_owner == "one"
    assert first.contacts == chunk_of(0, "a", "b").contacts
    assert runs.claim_chunk(run, "three", NOW + 10, 90) == (None, NOW + 90)

    again, _ = runs.claim_chunk(run, "three", NOW + 90, 90)
    assert again is not None
    assert again.number == 0


def test_of_two_workers_that_see_the_same_free_chunk_one_gets_it(runs: DynamoSyncRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(chunks=1)
    runs.add_chunk(run, chunk_of(0))
    query = runs._work.query

    def with_another_worker(*arguments: Any, **more: Any) -> Iterator[Any]:
        seen = list(query(*arguments, **more))
        monkeypatch.undo()
        assert runs.claim_chunk(run, "first", NOW, 90)[0] is not None
        return iter(seen)

    monkeypatch.setattr(runs._work, "query", with_another_worker)

    assert runs.claim_chunk(run, "second", NOW, 90) == (None, NOW + 90)


def test_a_chunk_is_not_taken_before_its_time(runs: DynamoSyncRuns) -> None:
    run = run_of(chunks=1)
    runs.add_chunk(run, chunk_of(0, due_at=NOW + 60))

    assert runs.claim_chunk(run, "one", NOW, 90) == (None, NOW + 60)

    chunk, _ = runs.claim_chunk(run, "one", NOW + 60, 90)
    assert chunk is not None


def test_a_finished_chunk_is_gone_and_counted_once(runs: DynamoSyncRuns) -> None:
    run = run_of(chunks=1, phase=Phase.WORK)
    runs.start(run, scheduled=True)
    runs.add_chunk(run, chunk_of())

    chunk, _ = runs.claim_chunk(run, "one", NOW, 90)

    assert chunk is not None

    done = runs.finish_chunk(run, chunk, None, Tally(finished=1, linked=1), NOW + 1)
    assert done.chunks_done == 1
    assert done.tally.linked == 1
    assert done.touched_at == NOW + 1

    with pytest.raises(BusyError):
        runs.finish_chunk(run, chunk, None, Tally(finished=1, linked=1), NOW + 2)
    assert runs.find(1, SLOT) == done
    assert runs.claim_chunk(run, "two", NOW + 999, 90) == (None, None)


def test_what_is_left_of_a_chunk_is_free_again(runs: DynamoSyncRuns) -> None:
    run = run_of(chunks=1, phase=Phase.WORK)
    runs.start(run, scheduled=True)
    runs.add_chunk(run, chunk_of(0, "a", "b"))

    chunk, _ = runs.claim_chunk(run, "one", NOW, 90)

    assert chunk is not None

    rest = replace(chunk, contacts=chunk.contacts[1:], tries=1, due_at=NOW + 5)
    assert runs.finish_chunk(run, chunk, rest, Tally(finished=1), NOW + 1).chunks_done == 0

    again, _ = runs.claim_chunk(run, "two", NOW + 5, 90)
    assert again == replace(rest, lease_owner="two")


def test_a_worker_whose_lease_was_lost_counts_nothing(runs: DynamoSyncRuns) -> None:
    run = run_of(chunks=1, phase=Phase.WORK)
    runs.start(run, scheduled=True)
    runs.add_chunk(run, chunk_of())
    late, _ = runs.claim_chunk(run, "one", NOW, 90)

    runs.claim_chunk(run, "two", NOW + 91, 90)

    assert late is not None

    with pytest.raises(BusyError):
        runs.finish_chunk(run, late, None, Tally(finished=1), NOW + 92)
    found = runs.find(1, SLOT)
    assert found is not None
    assert found.tally.finished == 0


def test_a_chunk_of_a_run_that_was_cancelled_counts_nothing(runs: DynamoSyncRuns) -> None:
    run = run_of(chunks=1, phase=Phase.WORK)
    runs.start(run, scheduled=True)
    runs.add_chunk(run, chunk_of())
    chunk, _ = runs.claim_chunk(run, "one", NOW, 90)

    runs.update(1, SLOT, lambda fresh: fresh.ended(RunState.CANCELLED, NOW))

    assert chunk is not None

    with pytest.raises(NotFoundError):
        runs.finish_chunk(run, chunk, None, Tally(finished=1), NOW + 1)


# -- members ----------------------------------------------------------------------------------------------------------


def test_a_member_is_kept_whole_and_found_however_its_e_mail_is_written(members: DynamoSyncMembers) -> None:
    member = SyncMember(1, "ann@example.com", reserved_at=NOW + 0.5, slot=SLOT, contact_id="c1")
    saved = members.save(member)

    assert saved == replace(member, version=1)

    known = members.save(
        saved.knowing(Person(7, url="https://r.co/x", code="x", referrals_count=0)).having("c1", {"a": 0}, NOW)
    )
    assert members.find(1, " Ann@Example.com ") == known
    assert known.user_id == 7
    assert known.created is True
    assert known.referrals_count == 0
    assert known.written_at == NOW
    assert members.find(2, "ann@example.com") is None


def test_of_two_reservations_one_wins(members: DynamoSyncMembers) -> None:
    member = SyncMember(1, "ann@example.com", reserved_at=NOW)
    saved = members.save(member)
    with pytest.raises(ConflictError):
        members.save(member)
    members.save(replace(saved, reserved_at=None))
    with pytest.raises(ConflictError):
        members.save(replace(saved, user_id=7))


def test_members_are_found_together(members: DynamoSyncMembers) -> None:
    for number in range(130):
        members.save(SyncMember(1, f"m{number}@example.com"))
    keys = [(1, f"m{number}@example.com") for number in range(0, 260, 2)]
    assert set(members.find_all([*keys, *keys[:3]])) == {key for key in keys if int(key[1][1:].partition("@")[0]) < 130}
    assert members.find_all([]) == {}
