"""Two workers on one person, or on one referral that qualifies, in all orders of their first twelve steps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulation.judge.money import repeated_turns
from tests.simulation.judge.oracle import judge
from tests.simulation.play.driving import run_to_the_end
from tests.simulation.play.interleaving import Explorer, Workers, hold_messages, let_go, take
from tests.simulation.play.referral_stories import INTERCOM_WEBHOOK, as_event
from tests.simulation.settings import build_settings
from tests.simulation.world import OF_A_SIGNUP, World

EMAIL = "ivo@example.com"
STEPS = 12


def _world(role: str) -> World:
    """Warm: the workspace is known, so that both workers go straight to the person."""
    world = World(0, sweep=False, reconcile=False, index_lag=0.0)
    world.configure(build_settings(1, invited=role))
    world.configure(build_settings(2, invited=role, name="Partner programme"))
    workspace = world.environment("deliver_contact")
    workspace.connections.save(workspace.intercom().identify())
    hold_messages(world)
    return world


def _one_message_twice(world: World) -> Workers:
    world.sign_up(EMAIL)
    world.run(1)
    return Workers(world, [take(world, again=True), take(world)])


def _two_campaigns(world: World) -> Workers:
    world.sign_up(EMAIL, campaign=1)
    world.sign_up(EMAIL, campaign=2, referrer=4)
    world.run(1)
    return Workers(world, [take(world), take(world)])


def assert_in_all_orders(
    make: Callable[[], World], begin: Callable[[World], Workers], problem: Callable[[World], str | None]
) -> None:
    """``problem`` looks at a world in which both workers have ended: what is wrong, or None."""
    wrong: list[str] = []
    explorer = Explorer(STEPS)
    while not explorer.finished:
        order: list[int] = []
        with make() as world:
            workers = begin(world)
            while workers.alive() and (pick := explorer.choose(workers)) is not None:
                order.append(pick)
                workers.step(pick)
            is_new = not workers.alive()
            workers.end()
            if is_new:
                let_go(world)
                found = problem(world)
                wrong += [f"{order}: {found}"] if found else []
        explorer.next_order()
    assert explorer.orders > 20
    assert not wrong, f"{len(wrong)} of {explorer.orders} orders: " + "\n".join(wrong[:5])


@pytest.mark.parametrize("role", ["lead", pytest.param("user", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("begin", [_one_message_twice, pytest.param(_two_campaigns, marks=pytest.mark.thorough)])
def test_two_workers_on_one_person_make_one_contact(begin: Callable[[World], Workers], role: str) -> None:
    def problem(world: World) -> str | None:
        run_to_the_end(world)
        broken = judge(world).broken()
        return f"{broken} {len(world.contacts(EMAIL))} contacts" if broken or len(world.contacts(EMAIL)) != 1 else None

    assert_in_all_orders(lambda: _world(role), begin, problem)


def _qualifies_twice_heard(world: World) -> Workers:
    """The contact reaches the qualified value, and Intercom notifies twice."""
    [contact] = world.contacts(EMAIL)
    world.intercom.change_settings({"webhook_url": INTERCOM_WEBHOOK})
    world.intercom.take_webhooks(world.now())
    world.intercom.contacts.update(contact.id, {"custom_attributes": {"referral_status": "Connected"}}, by_api=False)
    hold_messages(world)
    [notification] = world.intercom.take_webhooks(world.now())
    for _ in range(2):
        world.functions["intercom_webhook"].invoke(as_event(notification), lambda _answer, _ended: None)
    world.run(1)
    events = [take(world, "QualificationQueue") for _ in range(2)]
    return Workers(world, events, "qualify_referral", "QualificationQueue")


def _delivered(*, reversal: bool) -> World:
    functions = (*OF_A_SIGNUP, "intercom_webhook", "qualify_referral", "update_referrer")
    world = World(0, sweep=False, reconcile=False, index_lag=0.0, functions=functions)
    document = build_settings()
    document["qualification"]["unqualify_on_reversal"] = reversal
    world.configure(document)
    world.sign_up(EMAIL)
    world.run(90)
    return world


@pytest.mark.parametrize("reversal", [False, pytest.param(True, marks=pytest.mark.thorough)])
def test_two_workers_on_one_qualification_report_it_once(reversal: bool) -> None:
    def problem(world: World) -> str | None:
        for _ in range(4):
            world.run(60)
            world.fire("sweep")
        [person] = (signup.person for signup in world.signups.values())
        repeated = repeated_turns(world, person)
        is_right = person.qualified_times == 1 and person.qualified_at is not None and not repeated
        return None if is_right else f"reported {person.qualified_times} times, {repeated}"

    assert_in_all_orders(lambda: _delivered(reversal=reversal), _qualifies_twice_heard, problem)
