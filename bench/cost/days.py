"""The days that are counted: one at rest, and beside it the same day with signups, notifications or a sync."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.cost.meter import Meter
from tests.simulation.faults.test_intercom_receiver import INTERCOM_WEBHOOK
from tests.simulation.play.referral_stories import ADA, REWARDS, WRITE_BACK, notify
from tests.simulation.play.syncing import add_contacts, begin, run_to_the_end, sync_settings
from tests.simulation.settings import build_settings
from tests.simulation.world import OF_A_SIGNUP, World

HOURS = 2.0
NOTIFIED_EVERY = 10.0
A_SIGNUP_EVERY = 730 * 3_600 / 1_000_000
"""Seconds: a million a month, so that what workers share is shared as it would be then."""
PRODUCTION = {"Stage": "prod"}


Act = Callable[[World], None]


def play(act: Act, settings: dict[str, Any] | None = None, hours: float = HOURS) -> tuple[Meter, Meter]:
    """``hours`` of a world in which everything runs, and in which ``act`` does something at the beginning; and as long a time
    after it, in which nobody does anything and the same people are in the lists."""
    busy, after = Meter(), Meter()
    with World(
        7, functions=(*OF_A_SIGNUP, "intercom_webhook", "qualify_referral", "update_referrer"), sync=True, parameters=PRODUCTION
    ) as world:
        world.add_contact(ADA, "user", name="Ada")
        world.configure(settings or build_settings())
        world.intercom.change_settings({"webhook_url": INTERCOM_WEBHOOK})
        world.start_schedule("update_referrer")
        world.run(900)  # warm: what is learnt once is not what a day costs
        for meter in (busy, after):
            began = world.now()
            with meter.running():
                if meter is busy:
                    act(world)
                world.run(until=began + hours * 3_600)
    return busy, after


def signups(count: int) -> Act:
    """So many friends of Ada sign up."""

    def act(world: World) -> None:
        for number in range(count):
            world.at(world.now() + A_SIGNUP_EVERY * number, lambda number=number: world.sign_up(f"p{number}@example.com"))  # type: ignore[misc]

    return act


def signups_that_qualify(count: int) -> Act:
    """They sign up, and half an hour later Intercom reports that the attribute of each says so."""

    def act(world: World) -> None:
        signups(count)(world)
        for _ in range(int((A_SIGNUP_EVERY * count + 1_800) / NOTIFIED_EVERY)):
            world.run(NOTIFIED_EVERY)
            notify(world)
        for number in range(count):
            for contact in world.contacts(f"p{number}@example.com"):
                changed = {"custom_attributes": {"referral_status": "Connected"}}
                world.intercom.contacts.update(contact.id, changed, by_api=False)
            notify(world)
            world.run(A_SIGNUP_EVERY)

    return act


def with_counts() -> dict[str, Any]:
    return build_settings(rewards=REWARDS, sync={"mode": "off", "write_back": WRITE_BACK})


def sync(count: int) -> Act:
    """One run over so many contacts that have no link yet."""

    def act(world: World) -> None:
        add_contacts(world, count)
        run_to_the_end(world, begin(world))

    return act


def with_sync() -> dict[str, Any]:
    return sync_settings(mode="once")
