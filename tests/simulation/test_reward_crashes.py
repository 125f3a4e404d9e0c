"""Every single crash point of one reward: found due, issued, told, shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulation.boundary import Call, Flavour, NoFaults
from tests.simulation.settings import build_settings
from tests.simulation.world import OF_A_SIGNUP, World

ADA = "ada@example.com"
REWARDS = {
    "issue_due": True,
    "last_reward": "custom_attributes.last_reward",
    "rewards_total": "custom_attributes.rewards_total",
    "reward_status": "custom_attributes.reward_status",
}
WRITE_BACK = {
    "referral_count": "custom_attributes.referral_count",
    "converted_referral_count": "custom_attributes.converted_referral_count",
}
LONGEST = 3_600.0


@dataclass(slots=True)
class NthCall:
    """A fault at the n-th call of update_referrer, counted from 1, past the SDK's retry. HANG only at vendors, where it is
    something else than a lost answer."""

    at: int = 0
    flavour: Flavour = Flavour.KILLED
    count: int = 0
    calls: list[Call] = field(default_factory=list)

    def __call__(self, call: Call) -> Flavour | None:
        if call.function != "update_referrer":
            return None
        if call.attempt == 1:
            self.count += 1
            self.calls.append(call)
        return self.flavour if self.count == self.at else None


def tell(faults: NthCall) -> World:
    """Ada's friend qualifies; her reward is due. Until nothing is left to do, or for an hour."""
    world = World(3, sweep=False, reconcile=False, functions=(*OF_A_SIGNUP, "update_referrer"), referral_factory=FACTORY)
    world.add_contact(ADA, "user", name="Ada")
    world.configure(build_settings(rewards=REWARDS, sync={"mode": "off", "write_back": WRITE_BACK}))
    friend = world.sign_up("friend@example.com")
    world.run(90)
    world.fire("update_referrer")
    world.run(30)
    world.crossing.faults = faults
    world.referral_factory.account.qualify(friend.person, qualified=True)
    world._post_webhooks()
    began = world.now()
    while world.now() < began + LONGEST and (problems(world) or marked(world)):
        world.fire("update_referrer")
        for _ in range(5):
            world.run(60)
            world._post_webhooks()
            world.fire("sweep")
    world.crossing.faults = NoFaults()
    return world


FACTORY = {"auto_issue": False}


def marked(world: World) -> bool:
    items = world.cloud.dynamodb.items("ReferralsTable")
    return any(item["sk"]["S"] == "REFERRER" and "due_at" in item for item in items)


def problems(world: World) -> list[str]:
    """What is not as it must be."""
    rewards = world.referral_factory.account.rewards.all()
    [contact] = world.contacts(ADA)
    events = world.intercom.workspace.events.get(contact.id, [])
    custom = contact.custom_attributes
    wanted = {
        "referral_count": 1,
        "converted_referral_count": 1,
        "rewards_total": 20.0,
        "reward_status": "Issued",
        "last_reward": "20 for the friend who told",
    }
    found = [f"{name} is {custom.get(name)}" for name, value in wanted.items() if custom.get(name) != value]
    if [reward.status for reward in rewards] != ["Issued"]:
        found.append(f"rewards {[reward.status for reward in rewards]}")
    if len(events) != 1:
        found.append(f"{len(events)} events")
    return found


def _flavours(point: Call) -> tuple[Flavour, ...]:
    """A read that fails has left nothing behind, nor has one whose answer is lost."""
    if point.is_vendor:
        return tuple(Flavour)
    return (Flavour.KILLED,) if point.is_read else (Flavour.KILLED, Flavour.AFTER)


def test_single_crash_points_of_a_reward() -> None:
    faults = NthCall()
    with tell(faults) as world:
        assert problems(world) == []
    points = list(faults.calls)
    assert len(points) > 30
    wrong: list[str] = []
    for number, point in enumerate(points, start=1):
        for flavour in _flavours(point):
            faults = NthCall(number, flavour)
            with tell(faults) as world:
                issued = sum(call.what.startswith("POST /api/v2/rewards/issue") for call in faults.calls)
                left = [*problems(world), *(["still marked"] if marked(world) else [])]
                if left:
                    wrong.append(f"{flavour} {point}: {left}, {issued} requests to issue\n{world.crossing.trace}")
    assert not wrong, "\n".join(wrong)
