"""Somebody has the webhook secret: what they invent may be created, flagged, but overwrites nobody; and not for long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulation.aws.boundary import RandomFaults
from tests.simulation.aws.transport import Outage
from tests.simulation.conftest import MakeWorld
from tests.simulation.judge.oracle import assert_kept, judge
from tests.simulation.play import sabotage
from tests.simulation.world import World

UPDATES = {"invited": "lead", "duplicates": "update"}
REAL = "ivo@example.com"


def attacked(make: MakeWorld, *, victims: int = 10, strangers: int = 0) -> World:
    """Customers whose addresses are posted, a real signup of a customer's among them, and then ``strangers``, one a second."""
    world = make(settings=UPDATES)
    world.add_contact(REAL, "lead", name="Ivo the customer")
    for number in range(victims):
        email = f"victim{number}@example.com"
        world.add_contact(email, "user", name=f"Customer {number}")
        world.at(world.now() + number, lambda number=number, email=email: world.invent(900_000 + number, email))
    world.at(world.now() + 5, lambda: world.sign_up(REAL))
    for number in range(strangers):
        at = world.now() + 300 + number
        world.at(at, lambda number=number: world.invent(910_000 + number, f"stranger{number}@example.com"))
    return world


def invented_contacts(world: World) -> int:
    return sum(1 for one in world.contacts() if one.email and one.email.startswith("stranger"))


def overwrite_nobody(make: MakeWorld) -> None:
    world = attacked(make)
    world.run(1_800)
    assert_kept(world)
    assert [one.name for one in world.contacts(REAL)] == ["Ivo Holm"]


def end_when_they_are_many(make: MakeWorld) -> None:
    world = attacked(make, victims=20, strangers=100)
    world.run(3_000)
    assert_kept(world)
    assert invented_contacts(world) == 0


def test_invented_signups_overwrite_nobody_and_a_real_one_beside_them_is_written(make_world: MakeWorld) -> None:
    overwrite_nobody(make_world)


def test_many_of_them_end_the_creating(make_world: MakeWorld) -> None:
    end_when_they_are_many(make_world)


def test_fewer_are_created_and_flagged(make_world: MakeWorld) -> None:
    world = attacked(make_world, victims=5, strangers=10)
    world.run(2 * 3_600)
    assert_kept(world)
    assert (invented_contacts(world), world.counted("SignupUnverified")) == (10, 15)


@pytest.mark.parametrize("seed", range(3))
def test_they_overwrite_nobody_on_a_bad_day_either(make_world: MakeWorld, seed: int) -> None:
    world = attacked(lambda **options: make_world(seed=seed, **options))
    world.crossing.faults = RandomFaults(seed, vendors=0.2, aws=0.02, kills=0.02)
    world.run(3 * 3_600)

    verdict = judge(world)

    assert verdict.overwritten == []
    assert verdict.lost == []
    assert verdict.doubled == []
    assert verdict.failed == []
    assert [one.name for one in world.contacts(REAL)] == ["Ivo Holm"]


def test_a_real_customers_signup_keeps_the_promise_while_referral_factory_is_down(make_world: MakeWorld) -> None:
    world = make_world(settings=UPDATES)
    world.add_contact(REAL, "lead", name="Ivo the customer")
    world.transport.outages.append(Outage("referral_factory", world.now(), world.now() + 3_600))

    world.sign_up(REAL)
    world.run(900)

    assert [one.name for one in world.contacts(REAL)] == ["Ivo Holm"]

    world.run(2 * 3_600)
    [signup] = world.signups.values()

    row = world.stored(signup)
    assert not row.unverified

    assert_kept(world)


@pytest.mark.parametrize(
    ("how", "detect"),
    [(sabotage.webhooks_are_believed, overwrite_nobody), (sabotage.creates_never_wait, end_when_they_are_many)],
    ids=lambda one: one.__name__,
)
def test_a_broken_guard_is_seen(
    make_world: MakeWorld, how: Callable[[sabotage.Patch], None], detect: Callable[[MakeWorld], None]
) -> None:
    with sabotage.sabotaged(how), pytest.raises(AssertionError):
        detect(make_world)
