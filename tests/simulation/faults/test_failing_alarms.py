"""Who must act hears of signups that fail, or arrive without an attribute; of one person's own bad data nobody does."""

from __future__ import annotations

import json
from dataclasses import replace

from sandbox.vendors.intercom.attributes import update_attribute
from sandbox.vendors.wire import Request, Response
from tests.simulation.aws.alarms import fired
from tests.simulation.conftest import MakeWorld
from tests.simulation.world import World

CONFLICT = json.dumps({"errors": [{"code": "conflict", "message": "Multiple existing users match this email address"}]})


def contradict(world: World, email: str) -> None:
    answer = world.intercom.answer

    def contradicting(request: Request) -> Response:
        if (request.method, request.path) == ("POST", "/contacts") and email.encode() in request.body:
            return replace(world.intercom.refuse(409), body=CONFLICT.encode())
        return answer(request)

    world.intercom.answer = contradicting  # type: ignore[method-assign]


def test_a_signup_that_intercom_contradicts_for_hours_rings(make_world: MakeWorld) -> None:
    world = make_world()
    contradict(world, "poison@example.com")
    poisoned = world.sign_up("poison@example.com")
    for number in range(60):
        world.at(world.now() + number * 300, lambda number=number: world.sign_up(f"p{number}@example.com"))
    world.run(8 * 3_600)
    row = world.row_of(poisoned)
    assert row is not None
    assert row.state == "failed"
    assert "DeliveryGivenUpAlarm" in fired(world)


def test_many_signups_without_an_attribute_ring(make_world: MakeWorld) -> None:
    world = make_world()
    gone = world.intercom.workspace.attributes["contact", "referral_link"]
    update_attribute(world.intercom.workspace, str(gone.id), {"archived": True})
    for number in range(12):
        world.sign_up(f"p{number}@example.com")
    world.run(1_000)
    assert "AttributeLeftOutAlarm" in fired(world)


def test_one_persons_own_bad_data_rings_nothing(make_world: MakeWorld) -> None:
    world = make_world()
    world.referral_factory.account.people[1].first_name = "A" * 400
    for number in range(12):
        world.sign_up(f"p{number}@example.com")
    world.sign_up("not an address")
    world.run(1_000)
    assert not {"DeliveryGivenUpAlarm", "AttributeLeftOutAlarm"} & fired(world).keys()
