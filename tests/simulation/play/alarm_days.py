"""The same day again and again, each time with another trouble, and the alarms that ring on it. An alarm is silent on every
day on which it is not named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.simulation.aws.alarms import fired
from tests.simulation.play.referral_stories import ADA, INTERCOM_WEBHOOK, REWARDS, WRITE_BACK, notify
from tests.simulation.play.syncing import connect
from tests.simulation.settings import build_settings
from tests.simulation.world import BEGINNING, OF_A_SIGNUP, World

FUNCTIONS = (*OF_A_SIGNUP, "intercom_webhook", "qualify_referral", "update_referrer")
CALM = 900.0
"""Seconds before the trouble begins, unless the day says otherwise."""
BURST, PACE, PAUSE = 4, 200.0, 2_100.0
"""People who sign up one after the other, seconds between two of them, and from one burst to the next."""


@dataclass(frozen=True, slots=True)
class Day:
    """``rings``: alarm → minutes of trouble within which it rings. ``trouble`` gets the world after ``calm`` seconds.
    ``lasts``: hours of trouble. ``synthetic``: our own signup of each day is on."""

    name: str
    trouble: Callable[[World], None]
    rings: Mapping[str, float]
    lasts: float = 1.0
    calm: float = CALM
    synthetic: bool = False
    shown: str = ""
    """The metric that says what a person is to look at."""

    def __str__(self) -> str:
        return self.name


def make(day: Day, stack: str = "referral-factory-intercom") -> World:
    return World(functions=FUNCTIONS, sync=True, stack=stack, synthetic="synthetic@example.com" if day.synthetic else "")


def play(world: World, day: Day) -> dict[str, float]:
    """Alarm → minutes of trouble after which it rang."""
    ends_at = BEGINNING + day.calm + day.lasts * 3_600
    _live(world, ends_at)
    world.run(until=BEGINNING + day.calm)
    day.trouble(world)
    world.run(until=ends_at)
    return {name: (at - day.calm) / 60 for name, at in fired(world).items()}


def _live(world: World, until: float) -> None:
    """People sign up, and minutes later their contacts reach the qualified value. Ada, who refers, is in Intercom, and a sync
    gives everybody a link."""
    world.add_contact(ADA, "user", name="Ada")
    connect(world)
    sync = {
        "mode": "ongoing",
        "interval_minutes": 15,
        "source": {"kind": "all"},
        "mapping": [{"from": "name", "to": "first_name"}, {"from": "email", "to": "email"}],
        "write_back": WRITE_BACK,
        "notify": False,
    }
    world.configure(build_settings(referring="user" if world.synthetic else "none", rewards=REWARDS, sync=sync))
    world.intercom.change_settings({"webhook_url": INTERCOM_WEBHOOK})
    world.intercom.take_webhooks(world.now())
    world.start_schedule("update_referrer")
    for number, at in enumerate(_arrivals(until)):
        email = f"p{number}@example.com"
        world.at(at, lambda email=email: world.sign_up(email))
        world.at(at + PACE, lambda email=email: _reach_the_value(world, email))


def _arrivals(until: float) -> Iterator[float]:
    """The first burst is over when the trouble begins, the second begins with it."""
    for begins_at in (BEGINNING + 60.0, *range(int(BEGINNING + CALM), int(until), int(PAUSE))):
        yield from (begins_at + number * PACE for number in range(BURST))


def _reach_the_value(world: World, email: str) -> None:
    """As a colleague does in Intercom, where nobody sees an attribute that was archived."""
    tracked = world.intercom.workspace.attributes["contact", "referral_status"]
    for contact in world.contacts(email) if not tracked.archived else ():
        world.intercom.contacts.update(contact.id, {"custom_attributes": {"referral_status": "Connected"}}, by_api=False)
    notify(world)
