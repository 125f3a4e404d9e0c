"""Every single crash point of one qualification and of one reversal: notified, judged, told."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.vendors.wire import OutgoingWebhook
from tests.simulation.boundary import Call, Flavour, NoFaults
from tests.simulation.settings import build_settings
from tests.simulation.world import OF_A_SIGNUP, World

FRIEND = "friend@example.com"
LONGEST = 1_800.0
"""A refused connection counts as a block, for which Referral Factory is left alone for five minutes first."""
COUNTED = frozenset({"intercom_webhook", "qualify_referral"})
URL = "https://app.example.net/webhooks/intercom"


@dataclass(slots=True)
class NthCall:
    """A fault at the n-th call of the receiver and the worker, counted from 1, past the SDK's retry."""

    at: int = 0
    flavour: Flavour = Flavour.KILLED
    count: int = 0
    calls: list[Call] = field(default_factory=list)

    def __call__(self, call: Call) -> Flavour | None:
        if call.function not in COUNTED:
            return None
        if call.attempt == 1:
            self.count += 1
            self.calls.append(call)
        return self.flavour if self.count == self.at else None


def notify(world: World) -> None:
    """Sends what Intercom has to send; it repeats once what was not answered with 200."""
    for webhook in world.intercom.take_webhooks(world.now()):

        def then(answer: Any, ended: BaseException | None, webhook: OutgoingWebhook = webhook) -> None:
            world.intercom.webhook_answered(webhook, answer["statusCode"] if ended is None else None)

        world.functions["intercom_webhook"].invoke(_event(webhook), then)


def _event(webhook: OutgoingWebhook) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": "/webhooks/intercom",
        "headers": {name.lower(): value for name, value in webhook.headers.items()},
        "requestContext": {"http": {"method": webhook.method, "path": "/webhooks/intercom"}},
        "body": base64.b64encode(webhook.body).decode(),
        "isBase64Encoded": True,
    }


def tell(faults: NthCall, *, reversal: bool) -> World:
    """A friend's contact reaches the qualified value; with ``reversal`` it did before, and leaves it. Until nothing is left to
    do."""
    functions = (*OF_A_SIGNUP, "intercom_webhook", "qualify_referral", "update_referrer")
    world = World(5, sweep=False, reconcile=False, functions=functions)
    document = build_settings()
    document["qualification"]["unqualify_on_reversal"] = reversal
    world.configure(document)
    friend = world.sign_up(FRIEND)
    world.run(90)
    world.intercom.change_settings({"webhook_url": URL})
    world.intercom.take_webhooks(world.now())
    [contact] = world.contacts(FRIEND)
    values = ("Connected", "New") if reversal else ("Connected",)
    for value in values:
        world.crossing.faults = faults if value == values[-1] else NoFaults()
        world.intercom.contacts.update(contact.id, {"custom_attributes": {"referral_status": value}}, by_api=False)
        began = world.now()
        while world.now() < began + LONGEST and (problems(world, wanted=value == "Connected") or waits(world)):
            notify(world)
            world.run(30)
            notify(world)
            world.run(40 if world.now() - began < 1_200 else 900)
            world.fire("sweep")
            if world.now() - began > 280:
                world.fire("reconcile")
    assert friend.person.email == FRIEND
    world.crossing.faults = NoFaults()
    return world


def waits(world: World) -> bool:
    items = world.cloud.dynamodb.items("ReferralsTable")
    return any(item["sk"]["S"] == "QUALIFICATION" and "due_at" in item for item in items)


def problems(world: World, *, wanted: bool) -> list[str]:
    """What is not as it must be."""
    friend = next(signup.person for signup in world.signups.values())
    item = world.environment("qualify_referral").qualifications.find(friend.campaign_id, friend.id)
    found = []
    if (friend.qualified_at is not None) is not wanted:
        found.append(f"qualified at {friend.qualified_at}")
    if friend.qualified_times != 1:
        found.append(f"qualified {friend.qualified_times} times")
    if item is None or item.told is not wanted:
        found.append(f"the ledger holds {item.told if item else None}")
    return found


def _flavours(point: Call) -> tuple[Flavour, ...]:
    """A read that fails has left nothing behind, nor has one whose answer is lost."""
    if point.is_vendor:
        return tuple(Flavour)
    return (Flavour.KILLED,) if point.is_read else (Flavour.KILLED, Flavour.AFTER)


@pytest.mark.parametrize("reversal", [False, True], ids=["qualification", "reversal"])
def test_single_crash_points(reversal: bool) -> None:
    faults = NthCall()
    with tell(faults, reversal=reversal) as world:
        assert problems(world, wanted=not reversal) == []
    points = list(faults.calls)
    assert len(points) > 12
    wrong: list[str] = []
    for number, point in enumerate(points, start=1):
        for flavour in _flavours(point):
            with tell(NthCall(number, flavour), reversal=reversal) as world:
                left = [*problems(world, wanted=not reversal), *(["still waits"] if waits(world) else [])]
                if left:
                    wrong.append(f"{flavour} {point}: {left}\n{world.crossing.trace}")
    assert not wrong, "\n".join(wrong)
