"""The proof that nobody is lost is true after bad days, and says so when somebody is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import pytest

from shared.use_cases.signup.compare_people import PeopleComparison
from tests.simulation.aws.boundary import NoFaults, RandomFaults
from tests.simulation.conftest import MakeWorld
from tests.simulation.judge.completeness import judge_proof, prove
from tests.simulation.play import sabotage
from tests.simulation.play.sabotage import Patch
from tests.simulation.world import World

PEOPLE = 24


def bad_day(make_world: MakeWorld, seed: int) -> World:
    """People sign up while calls fail and workers die; every fourth webhook never comes, every sixth person is known."""
    world: World = make_world(seed=seed, settings={"invited": "lead", "referring": "user"})
    random = Random(f"completeness {seed}")
    for number in range(PEOPLE):
        if random.random() < 1 / 6:
            world.add_contact(f"person{number}@example.com")
    world.crossing.faults = RandomFaults(seed, vendors=0.2, aws=0.02, kills=0.02)
    world.drop_webhook = lambda _: random.random() < 0.25
    for number in range(PEOPLE):
        world.sign_up(f"person{number}@example.com", f"Person {number}", referrer=1 if number % 2 else None)
        world.run(random.choice((1, 5, 60)))
    world.crossing.faults = NoFaults()
    world.run(3_600)
    return world


@pytest.mark.parametrize("seed", range(1, 4))
def test_after_a_bad_day_everybody_is_accounted_for(make_world: MakeWorld, seed: int) -> None:
    world = bad_day(make_world, seed)
    proof = prove(world)
    assert judge_proof(world, proof) == []
    assert proof.accounted_for == proof.people >= PEOPLE


def one_is_overlooked(patch: Patch) -> None:
    """By reconcile, and the webhook never came."""
    compare = PeopleComparison.compare

    def overlooking(self: PeopleComparison, page: Iterable[Any]) -> None:
        compare(self, [one for one in page if one[1].email != "person7@example.com"])

    patch.setattr(PeopleComparison, "compare", overlooking)


def a_lost_webhook_and_an_outage(make_world: MakeWorld) -> World:
    """Nine people sign up on a good day but for one webhook, and one while no call of a vendor succeeds."""
    world: World = make_world(settings={"invited": "lead", "referring": "user"})
    world.drop_webhook = lambda webhook: b"person7@" in webhook.body
    for number in range(9):
        world.sign_up(f"person{number}@example.com")
    world.run(60)
    world.crossing.faults = RandomFaults(1, vendors=1.0)
    world.sign_up("late@example.com")
    world.run(600)
    world.crossing.faults = NoFaults()
    world.run(3_600)
    return world


@pytest.mark.parametrize("how", [one_is_overlooked, sabotage.waiting_rows_are_never_due])
def test_whoever_is_lost_turns_the_proof_red(make_world: MakeWorld, how: Callable[[Patch], None]) -> None:
    with sabotage.sabotaged(how):
        world = a_lost_webhook_and_an_outage(make_world)
        proof = prove(world)
    assert proof.gaps
    assert judge_proof(world, proof) != []


def test_the_same_day_with_every_line_in_place_is_proved(make_world: MakeWorld) -> None:
    world = a_lost_webhook_and_an_outage(make_world)
    assert judge_proof(world, prove(world)) == []


def test_the_oracle_sees_a_proof_that_is_not_true(make_world: MakeWorld) -> None:
    world = a_lost_webhook_and_an_outage(make_world)
    proof = prove(world)
    world.intercom.contacts.delete(world.contacts("person3@example.com")[0].id)

    assert judge_proof(world, proof) == ["10 in Intercom and 0 skipped, and there are 9"]

    world.signups.popitem()

    assert "13 people, and there are 12" in judge_proof(world, proof)
