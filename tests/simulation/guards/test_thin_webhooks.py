"""Webhooks that bring an id and an address alone: who was invited becomes a lead, who refers a user, on bad days too."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sandbox.vendors.wire import OutgoingWebhook
from tests.simulation.aws.boundary import NoFaults, RandomFaults
from tests.simulation.aws.transport import Outage
from tests.simulation.conftest import MakeWorld
from tests.simulation.judge.oracle import assert_kept
from tests.simulation.play import sabotage
from tests.simulation.world import World

KEPT = ("id", "email", "campaign_id", "url")
BOTH = {"invited": "lead", "referring": "user"}


def thin(world: World) -> None:
    """From now on Referral Factory's webhooks tell no more than that."""

    def instead(webhook: OutgoingWebhook) -> bool:
        if not webhook.body.startswith(b"{"):
            return False
        facts = json.loads(webhook.body)
        body = json.dumps({name: facts[name] for name in KEPT if name in facts}).encode()
        world.post(replace(webhook, body=body), lambda status: world._answered(webhook, status))
        return True

    world.drop_webhook = instead


def join(world: World, many: int, within: float = 600.0) -> None:
    for number in range(many):
        referrer = 1 if number % 2 else None
        at = world.now() + number * within / many
        world.at(at, lambda number=number, referrer=referrer: world.sign_up(f"p{number}@example.com", referrer=referrer))


def wrong_roles(world: World) -> list[str]:
    wanted = {one.person.email: "user" if one.person.referrer_id is None else "lead" for one in world.signups.values()}
    return [one.email for one in world.contacts() if one.email in wanted and one.role != wanted[one.email]]


def everybody_is_what_they_are(make: MakeWorld) -> None:
    world = make(settings=BOTH)
    thin(world)
    join(world, 40)
    world.run(2_400)
    assert_kept(world)
    assert wrong_roles(world) == []


def test_everybody_is_what_they_are(make_world: MakeWorld) -> None:
    everybody_is_what_they_are(make_world)


@pytest.mark.parametrize("seed", range(2))
def test_on_a_bad_day_nobody_is_lost_doubled_or_taken_for_another(make_world: MakeWorld, seed: int) -> None:
    world = make_world(seed=seed, settings=BOTH)
    world.crossing.faults = RandomFaults(seed, vendors=0.2, aws=0.02, kills=0.01)
    thin(world)
    join(world, 30)
    world.run(3_600)
    world.crossing.faults = NoFaults()
    world.run(1_800)

    assert_kept(world)

    assert wrong_roles(world) == []


def test_while_referral_factory_is_down_they_are_guessed_within_the_promise(make_world: MakeWorld) -> None:
    world = make_world(settings=BOTH)
    thin(world)
    world.transport.outages.append(Outage("referral_factory", world.now(), world.now() + 3_600))

    join(world, 10, within=60.0)
    world.run(900)

    assert len([one for one in world.contacts() if one.email and one.email.startswith("p")]) == 10


def test_a_broken_guard_is_seen(make_world: MakeWorld) -> None:
    with sabotage.sabotaged(sabotage.whoever_did_not_say_refers), pytest.raises(AssertionError):
        everybody_is_what_they_are(make_world)
