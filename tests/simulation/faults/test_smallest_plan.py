"""Intercom's smallest plan allows 1,000 calls a minute: a burst uses four fifths of them, and passes no window's limit."""

from __future__ import annotations

from tests.simulation.conftest import MakeWorld
from tests.simulation.judge.oracle import assert_kept

SIGNUPS = 500
BUSY = 50
"""Seconds in which there is more to do than the plan allows."""
FOUR_FIFTHS = 0.8 * 1_000 / 60


def test_a_burst_on_the_smallest_plan_is_worked_off_at_four_fifths_of_its_calls(make_world: MakeWorld) -> None:
    world = make_world(intercom={"limit_per_window": 167}, parameters={"DeliveryConcurrency": "200"}, reconcile=False)
    signups = [world.sign_up(f"person{number}@example.com") for number in range(SIGNUPS)]
    world.run(BUSY)

    assert len(world.transport.calls["intercom"]) >= BUSY * FOUR_FIFTHS

    world.run(600)

    assert {row.state for signup in signups if (row := world.row_of(signup))} == {"delivered"}

    world.run(1_200)
    assert_kept(world)
