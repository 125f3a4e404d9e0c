"""The oracle sees what it is for: a world in which all is well is spoilt by hand, one law at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.observability import logger
from tests.simulation.conftest import MakeWorld
from tests.simulation.judge.oracle import INTERCOM_SHARE, INTERCOM_WINDOW, REFERRAL_FACTORY_CAP, judge
from tests.simulation.world import World

EMAIL = "ivo@example.com"


def lose(world: World) -> None:
    world.intercom.contacts.delete(world.contacts(EMAIL)[0].id)


def lose_before_there_is_a_row(world: World) -> None:
    world.drop_webhook = lambda _: True
    world.paused.add("reconcile")
    world.sign_up("silent@example.com")


def double(world: World) -> None:
    world.intercom.contacts.create({"role": "lead", "email": EMAIL.upper()})


def double_beside_one_that_was_there(world: World) -> None:
    world.add_contact(EMAIL, "user")


def invent(world: World) -> None:
    world.intercom.contacts.create({"role": "lead", "email": "nobody@example.com"})


def change_a_value(world: World) -> None:
    world.contacts(EMAIL)[0].custom_attributes["referrer_first_name"] = "Somebody"


def lose_the_link(world: World) -> None:
    del world.contacts(EMAIL)[0].custom_attributes["referral_link"]


def forget_a_default(world: World) -> None:
    del world.contacts(EMAIL)[0].custom_attributes["lead_source"]


def tell_an_address(world: World) -> None:
    with world.looking():
        logger.info("delivered", email=EMAIL)


def tell_an_address_as_a_metric(world: World) -> None:
    world.metrics[f"Delivered {EMAIL}"] = [(world.now(), 1.0)]


def call_referral_factory_too_often(world: World) -> None:
    """Half of them before a full minute of the clock, half after it."""
    begins = world.now() // 60 * 60 + 45
    world.transport.calls["referral_factory"] = [begins + number * 0.1 for number in range(REFERRAL_FACTORY_CAP + 1)]


def call_intercom_too_often(world: World) -> None:
    window = world.now() // INTERCOM_WINDOW * INTERCOM_WINDOW
    share = int(world.intercom.settings.limit_per_window * INTERCOM_SHARE)
    world.transport.calls["intercom"] = [window + number * 0.001 for number in range(share + 1)]


CASES: dict[Callable[[World], None], str] = {
    lose: "lost",
    lose_before_there_is_a_row: "lost",
    double: "doubled",
    double_beside_one_that_was_there: "doubled",
    invent: "invented",
    change_a_value: "wrong",
    lose_the_link: "wrong",
    forget_a_default: "wrong",
    tell_an_address: "leaked",
    tell_an_address_as_a_metric: "leaked",
    call_referral_factory_too_often: "over_cap",
    call_intercom_too_often: "over_cap",
}


@pytest.mark.parametrize("spoil", CASES, ids=lambda spoil: spoil.__name__)
def test_a_broken_law_is_seen(make_world: MakeWorld, spoil: Callable[[World], None]) -> None:
    world = make_world()
    world.sign_up(EMAIL)
    world.run(60)

    assert judge(world).broken() == {}

    spoil(world)
    world.run(1)

    assert list(judge(world).broken()) == [CASES[spoil]]


def test_as_many_calls_as_are_allowed_break_no_law(make_world: MakeWorld) -> None:
    world = make_world()
    world.transport.calls["referral_factory"] = [world.now() + number * 0.201 for number in range(2 * REFERRAL_FACTORY_CAP)]
    window = world.now() // INTERCOM_WINDOW * INTERCOM_WINDOW

    share = int(world.intercom.settings.limit_per_window * INTERCOM_SHARE)

    world.transport.calls["intercom"] = [window + ten * INTERCOM_WINDOW for ten in range(3) for _ in range(share)]
    assert judge(world).broken() == {}
