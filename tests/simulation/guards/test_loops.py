"""Lambda stops a function that calls itself for the 16th time, unless the template allows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.messages import ReconcileCampaigns
from shared.runtime import bootstrap
from tests.simulation.conftest import MakeWorld
from tests.simulation.world import World

ROUNDS = 40


def ring_itself(world: World) -> list[int]:
    """Reconcile wakes itself so many times; the rounds that were done."""
    done: list[int] = []

    def move_due(_event: object, _context: object) -> dict[str, list[str]]:
        done.append(len(done))
        if len(done) < ROUNDS:
            environment = bootstrap.environment("reconcile")
            environment.reconcile_queue.send(ReconcileCampaigns(environment.clock.now()), delay=1)
        return {"batchItemFailures": []}

    world.functions["reconcile"].handler = move_due
    world.fire("reconcile")
    world.run(600)
    return done


@pytest.mark.parametrize("allowed", [True, False])
def test_a_chain_of_messages_goes_on_only_where_the_template_allows_it(make_world: MakeWorld, *, allowed: bool) -> None:
    world = make_world(sweep=False, reconcile=False)
    function = world.functions["reconcile"]
    assert function.made.rings_itself

    function.made = replace(function.made, rings_itself=allowed)
    done = ring_itself(world)

    assert len(done) == (ROUNDS if allowed else 16)
    assert world.cloud.depth("ReconcileDeadLetterQueue") == (0 if allowed else 1)


def test_whoever_may_send_to_the_queue_that_invokes_it_is_allowed(make_world: MakeWorld) -> None:
    world = make_world(sync=True, functions=("reconcile", "qualify_referral", "update_referrer", "deliver_contact", "sweep"))
    loops = {name for name, function in world.functions.items() if function.made.rings_itself}
    assert loops == {"reconcile", "qualify_referral", "update_referrer", "sync_page"}
