"""One signup in one situation: what the crash points and the interleavings are tried on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.aws.boundary import Call, Faults, Flavour, NoFaults
from tests.simulation.judge.oracle import judge
from tests.simulation.play.driving import run_to_the_end
from tests.simulation.settings import build_settings
from tests.simulation.world import World

EMAIL = "ivo@example.com"
COUNTED = frozenset({"signup_webhook", "deliver_contact"})
_WRITES = frozenset({"put_item", "update_item", "send_message", "transact_write_items", "delete_item"})


@dataclass(frozen=True, slots=True)
class Situation:
    """``role`` wanted; ``duplicates`` policy; ``known``: the role of a contact with the e-mail that is there before."""

    role: str
    duplicates: str = "skip"
    known: str | None = None

    @property
    def updates(self) -> bool:
        """Whether a contact that is there before is written to."""
        return self.known is not None and self.duplicates == "update"

    def __str__(self) -> str:
        there = f"{self.known}-there-{self.duplicates}" if self.known else "new"
        return f"{self.role}-{there}"


SITUATIONS = (
    Situation("lead"),
    Situation("user"),
    Situation("lead", "skip", known="user"),
    Situation("lead", "update", known="lead"),
    Situation("user", "skip", known="lead"),
    Situation("user", "update", known="lead"),
    Situation("user", "update", known="user"),
)


@dataclass(slots=True)
class NthCalls:
    """Faults at the n-th calls, counted from 1, of the receiver and the worker. AWS calls fail past the SDK's retry, but for
    ``once``: then only the first attempt does, so that the retry finds its own effect."""

    at: dict[int, Flavour]
    once: bool = False
    count: int = 0
    played: int = 0
    calls: list[Call] = field(default_factory=list)

    def __call__(self, call: Call) -> Flavour | None:
        if call.function not in COUNTED:
            return None
        if call.attempt == 1:
            self.count += 1
            self.calls.append(call)
        elif self.once:
            return None
        flavour = self.at.get(self.count)
        self.played += flavour is not None and call.attempt == 1
        return flavour


def tell(
    situation: Situation, faults: Faults | None = None, *, seed: int = 0, prepare: Callable[[World], None] | None = None
) -> World:
    """The world after the whole story of one signup. The caller closes it."""
    world = World(seed, faults=NoFaults(), sweep=False, reconcile=False)
    if situation.known:
        world.add_contact(EMAIL, situation.known, name="Somebody Known")
    world.configure(build_settings(invited=situation.role, duplicates=situation.duplicates))
    if prepare:
        prepare(world)
    world.crossing.faults = faults or NoFaults()
    world.sign_up(EMAIL)
    run_to_the_end(world)
    return world


def problems(world: World, situation: Situation) -> list[str]:
    """What is wrong after the story: the conservation law, and what the situation asks for."""
    found = [f"{law}: {cases}" for law, cases in judge(world).broken().items()]
    live = world.contacts(EMAIL)
    if len(live) != 1:
        return [*found, f"{len(live)} contacts"]
    [contact] = live
    skipped = situation.known is not None and situation.duplicates == "skip"
    wanted_name = "Somebody Known" if skipped else "Ivo Holm"
    wanted_role = situation.known if skipped or (situation.known == "user") else situation.role
    if contact.name != wanted_name:
        found.append("the name is wrong")
    if contact.role != wanted_role:
        found.append(f"the contact is a {contact.role}")
    if situation.known and "lead_source" in contact.custom_attributes:
        found.append("defaults were written to a contact that was there before")
    return found


def seed_of(at: dict[int, Flavour]) -> int:
    """A seed that differs between first faults and never between runs: until the second one, two runs are the same."""
    first = min(at, default=0)
    return first * 31 + (list(Flavour).index(at[first]) * 7 if at else 0)


def has_effect(call: Call) -> bool:
    """Whether being killed after the call can leave anything behind that being killed before it does not."""
    return call.what in _WRITES or (call.is_vendor and call.what.split()[0] in {"POST", "PUT"} and "search" not in call.what)
