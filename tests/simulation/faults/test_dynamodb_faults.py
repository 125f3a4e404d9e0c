"""The catalogue's section "DynamoDB", played in the world. Each name begins with its number."""

from __future__ import annotations

import pytest

from tests.fakes import dynamodb_reads
from tests.simulation.aws.boundary import Call, Flavour, RandomFaults, When
from tests.simulation.conftest import MakeWorld
from tests.simulation.judge.oracle import assert_kept
from tests.simulation.settings import build_settings
from tests.simulation.world import World

EMAIL = "ivo@example.com"


def _is_worker_write(call: Call) -> bool:
    return call.function == "deliver_contact" and call.what in {"put_item", "update_item"}


@pytest.mark.parametrize("role", ["lead", "user"])
def test_67_a_record_that_is_refused_after_a_create_doubles_nobody(make_world: MakeWorld, role: str) -> None:
    world = make_world(settings={"invited": role})
    created = world.intercom.workspace.contacts
    world.crossing.faults = When(lambda call: bool(created) and _is_worker_write(call), Flavour.BEFORE, times=6)
    world.sign_up(EMAIL)
    world.run(2_400)
    assert_kept(world)


@pytest.mark.parametrize("role", ["lead", "user"])
def test_68_our_own_write_that_the_sdk_sends_again_is_a_success(make_world: MakeWorld, role: str) -> None:
    world = make_world(settings={"invited": role})
    world.crossing.faults = When(lambda call: _is_worker_write(call) and call.attempt == 1, Flavour.AFTER)
    signup = world.sign_up(EMAIL)
    world.run(60)

    assert_kept(world)

    row = world.stored(signup)
    assert row.delivered_at is not None
    assert row.delivered_at - signup.at < 60
    assert [event.what for event in row.history].count("created") == 1


def test_69_an_index_that_is_a_minute_behind_sends_too_often_and_harmlessly(make_world: MakeWorld) -> None:
    world = make_world(index_lag=90.0)
    world.crossing.faults = RandomFaults(3, vendors=0.5)
    for number in range(10):
        world.sign_up(f"p{number}@example.com")
    world.run(1_200)
    world.crossing.faults = RandomFaults(3)
    world.run(2_400)
    assert_kept(world)


def test_70_more_rows_than_a_page_holds_are_all_released(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of 8 kB instead of 1 MB, so that each of the four partitions of held rows fills several: one sweep sends all."""
    monkeypatch.setattr(dynamodb_reads, "PAGE_BYTES", 8_192)
    world = make_world(settings={"status": "paused"})

    for number in range(60):
        world.sign_up(f"p{number}@example.com", "N" * 200)
    world.run(60)

    assert not world.contacts()

    world.configure(build_settings())
    world.paused |= {"sweep", "reconcile"}
    world.fire("sweep")
    world.run(90)
    assert_kept(world)

    assert len(world.contacts()) == 60


def test_71_facts_of_any_size_and_kind_find_their_row(world: World) -> None:
    world.sign_up(EMAIL, "N" * 5_000, last_name="")
    world.sign_up("other@example.com", "", last_name="")
    world.run(60)
    assert len(world.contacts()) == 2


def test_71_facts_too_large_for_an_item_are_cut_whoever_tells_them(world: World) -> None:
    """The webhook of the first is too large to be taken at all; of the second everything comes by polling."""
    first, second = world.sign_up(EMAIL, last_name="L" * 420_000), world.sign_up("other@example.com")

    second.person.meta.update({f"Field {number}": "x" * 3_000 for number in range(150)})
    world.run(1_200)

    rows = [world.row_of(signup) for signup in (first, second)]
    assert [row and (str(row.state), row.reason) for row in rows] == [
        ("partial", "name takes at most 255 characters, this has 2004"),
        ("delivered", ""),
    ]
    assert len(world.contacts()) == 2


def test_72_no_item_is_written_by_all(make_world: MakeWorld) -> None:
    """Of the writes of 40 deliveries no item gets more than a share: leases and rows are one a person."""
    world = make_world()
    world.run(30)
    world.crossing.log = []
    for number in range(40):
        world.sign_up(f"p{number}@example.com")
    world.run(60)
    writes = [call for call in world.crossing.log if _is_worker_write(call)]

    busiest = max((sum(call.key == key for call in writes) for key in {call.key for call in writes}), default=0)

    assert busiest < len(writes) / 5


def test_73_what_should_have_expired_counts_as_gone_and_the_ledger_stays(world: World) -> None:
    world.crossing.faults = When(
        lambda call: call.function == "signup_webhook" and call.what == "send_message", Flavour.BEFORE, times=4
    )
    signup = world.sign_up(EMAIL)
    world.run(60)
    world.crossing.faults = When(lambda _: False, Flavour.BEFORE)
    world.paused |= {"sweep", "reconcile"}
    world.run(31 * 86_400)
    world.cloud.dynamodb.expire(world.now())
    world.paused.clear()
    world.run(600)

    assert_kept(world)

    assert signup.accepted_at is not None


def test_74_two_writers_of_one_row_lose_nothing(make_world: MakeWorld) -> None:
    """The webhook and reconcile report the same person in the same second."""
    world = make_world()

    world.at(world.now() + 300.0, lambda: world.sign_up(EMAIL))
    world.run(900)

    signup = world.signups[5]
    row = world.stored(signup)
    assert row.verified_at is not None

    assert_kept(world)


@pytest.mark.parametrize("role", ["lead", "user"])
def test_75_a_ledger_restored_to_six_hours_ago_doubles_nobody(make_world: MakeWorld, role: str) -> None:
    world = make_world(settings={"invited": role, "duplicates": "update"}, journal=True)
    before = world.now()
    world.run(3_600)
    for number in range(10):
        world.sign_up(f"p{number}@example.com")
    world.run(5 * 3_600)

    world.cloud.dynamodb.rewind("ReferralsTable", before + 60)
    world.run(2 * 3_600)

    assert len(world.contacts()) == 10
