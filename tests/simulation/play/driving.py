"""Takes one signup through trouble to its end, looking only when something can happen."""

from __future__ import annotations

from tests.simulation.world import World

LONGEST = 6 * 3_600.0


def next_due(world: World) -> float | None:
    """When the sweep next has something to send; settle checks do not count."""
    due = [
        float(item["due_at"]["N"])
        for item in world.cloud.dynamodb.items("ReferralsTable")
        if item.get("due_partition", {}).get("S", "").startswith("DUE#")
        and ("inbox_id" in item or item.get("state", {}).get("S") == "pending")
    ]
    return min(due, default=None)


def run_to_the_end(world: World, *, reconcile: bool = True) -> None:
    """Until nothing waits: queues are empty and no row is due. The sweep fires when a row is due, and reconcile
    when a signup has no row at the end.

    For worlds whose schedules are off.
    """
    _drain(world)
    if reconcile and any(world.row_of(signup) is None for signup in world.signups.values()):
        world.fire("reconcile")
        world.run(30)
        _drain(world)


def _drain(world: World) -> None:
    ends_at = world.now() + LONGEST
    queues = [poller.url for poller in world.pollers]
    while world.now() < ends_at:
        visible = [at for url in queues if (at := world.cloud.sqs.next_visible_at(url)) is not None]
        if world.loop.queue or visible:
            next_at = world.loop.queue[0][0] if world.loop.queue else min(visible)
            world.run(until=max(next_at, world.now()) + 0.5)
            continue
        due = next_due(world)
        if due is None:
            return
        world.run(until=max(due, world.now()) + 1.0)
        world.fire("sweep")
        world.run(10)
    raise AssertionError(f"something still waits after {LONGEST} s; seed {world.seed}, faults:\n{world.crossing.trace}")
