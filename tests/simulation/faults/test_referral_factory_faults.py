"""The catalogue's section "Referral Factory", played in the world. Each name begins with its number."""

from __future__ import annotations

from typing import Any

import pytest

from shared.use_cases.vendor.lift_stop import lift_stop
from tests.simulation.aws.alarms import fired
from tests.simulation.aws.boundary import Flavour, When
from tests.simulation.aws.transport import Outage
from tests.simulation.conftest import MakeWorld
from tests.simulation.judge.oracle import assert_kept, judge
from tests.simulation.world import APP_URL, WEBHOOK_SECRET, World, webhook_rules

EMAIL = "ivo@example.com"


def lose_webhooks(world: World) -> None:
    world.drop_webhook = lambda _: True


def test_57_many_workers_at_once_stay_under_the_cap(world: World) -> None:
    """400 passes are asked for within a minute; not more than 300 calls are made in any sliding one."""
    for number in range(400):
        world.at(world.now() + number * 0.15, lambda: world.fire("reconcile"))
    world.run(240)

    assert world.calls("referral_factory") > 200
    assert not judge(world).over_cap
    assert world.transport.most_in_flight["referral_factory"] <= 10
    assert world.counted("Strike") == 0


@pytest.mark.parametrize("how", [503, "hang"])
def test_57_a_referral_factory_that_is_down_is_asked_once_a_minute(make_world: MakeWorld, how: str | int) -> None:
    """Less often than it may be asked while it works, and often enough to notice at once that it is back."""
    world = make_world()
    asked: list[float] = []
    send = world.transport.send

    def counted(method: str, url: str, *rest: Any) -> Any:
        if "referral-factory" in url:
            asked.append(world.now())
        return send(method, url, *rest)

    world.transport.send = counted  # type: ignore[method-assign]
    back_at = world.now() + 3_600.0
    world.transport.outages.append(Outage("referral_factory", world.now(), back_at, how))
    world.run(3_900)

    assert max(sum(0 <= other - at < 60.0 for other in asked) for at in asked) <= 10
    assert sum(at < back_at for at in asked) <= 70
    assert min(at for at in asked if at >= back_at) <= back_at + 90.0


def test_58_the_first_strike_pauses_and_the_second_stops_until_a_person_lifts_it(make_world: MakeWorld) -> None:
    world = make_world(referral_factory={"calls_per_minute": 1, "seed_people": 600})
    world.run(3_600)

    assert world.counted("Strike") == 2
    assert {"StrikeAlarm", "ReconcileSilentAlarm"} <= fired(world).keys()

    calls = world.calls("referral_factory")
    world.sign_up(EMAIL)
    world.run(3_600)

    assert world.calls("referral_factory") == calls

    assert_kept(world)  # webhooks still flow
    world.referral_factory.change_settings({"calls_per_minute": 600})
    with world.looking():
        lift_stop(world.environment("reconcile"), "a test")
    world.run(600)

    assert world.calls("referral_factory") > calls


@pytest.mark.parametrize("answer", ["403", "refused"])
def test_59_60_a_block_is_not_called_against_and_signups_still_arrive(make_world: MakeWorld, answer: str) -> None:
    """A neighbour behind our address caused it, or we did: the same."""
    world = make_world(referral_factory={"blocked_answer": answer})
    world.referral_factory.account.limit.block("127.0.0.1", world.now() + 7 * 86_400)
    for quarter in range(12):
        world.at(world.now() + quarter * 900, lambda quarter=quarter: world.sign_up(f"p{quarter}@example.com"))
    world.run(3 * 3_600)

    assert_kept(world)

    assert len(world.contacts()) == 12
    assert world.calls("referral_factory") <= 6
    assert {"CallsStoppedAlarm", "ReconcileSilentAlarm"} <= fired(world).keys()


@pytest.mark.parametrize("order", ["ascending", "random", "shuffled"])
def test_61_pages_that_shift_while_they_are_read_hide_nobody(make_world: MakeWorld, order: str) -> None:
    world = make_world(settings={"invited": "none", "referring": "user"}, referral_factory={"seed_people": 700, "order": order})
    lose_webhooks(world)
    for number in range(30):
        world.at(world.now() + 300 + number * 0.3, lambda number=number: world.sign_up(f"p{number}@example.com", referrer=None))
    people = world.referral_factory.account.people
    for number in range(30):
        world.at(world.now() + 300 + number * 0.25, lambda number=number: people.remove(people[10 + number]))
    world.run(1_500 if order != "random" else 4_500)
    assert_kept(world)


def test_62_a_pass_that_dies_on_a_page_goes_on_with_the_next(make_world: MakeWorld) -> None:
    world = make_world(settings={"invited": "none", "referring": "user"}, referral_factory={"seed_people": 1_200})
    lose_webhooks(world)
    world.crossing.faults = When(lambda call: call.service == "referral_factory", Flavour.KILLED, times=3)

    for number in range(5):
        world.sign_up(f"p{number}@example.com", referrer=None)
    world.run(2_400)

    assert world.functions["reconcile"].kills == 3

    assert_kept(world)


@pytest.mark.parametrize("link", ["other_host", "same_page", "missing"])
def test_63_links_to_the_next_page_are_not_trusted(make_world: MakeWorld, link: str) -> None:
    world = make_world(
        settings={"invited": "none", "referring": "user"}, referral_factory={"seed_people": 600, "next_link": link}
    )
    lose_webhooks(world)
    world.sign_up(EMAIL, referrer=None)
    world.run(700)
    assert_kept(world)


@pytest.mark.parametrize(
    "settings",
    [
        {"ids_as_strings": True, "analytics_as_strings": True, "reach_as_string": True},
        {"dates": "iso", "extra_fields": True, "qualified_boolean": True},
        {"dates": "epoch", "webhook_meta": "list"},
        {"webhook_meta": "nested"},
    ],
)
def test_65_other_shapes_of_the_same_facts_are_read(make_world: MakeWorld, settings: dict[str, object]) -> None:
    world = make_world(referral_factory=settings)
    world.sign_up(EMAIL)
    world.run(700)
    assert_kept(world)


@pytest.mark.parametrize("form", ["form", "query"])
def test_65_webhooks_in_other_forms_are_read(make_world: MakeWorld, form: str) -> None:
    rules = [
        {
            "campaign_id": 1,
            "event": "joined",
            "url": webhook_rules()[0].url,
            "format": form,
            "headers": {"X-Webhook-Secret": WEBHOOK_SECRET},
        }
    ]
    world = make_world(referral_factory={"webhooks": rules})

    world.sign_up(EMAIL)
    world.run(30)

    assert APP_URL in webhook_rules()[0].url

    assert_kept(world)


def test_66_a_person_deleted_at_referral_factory_stays_in_intercom(world: World) -> None:
    signup = world.sign_up(EMAIL)
    world.run(30)

    world.referral_factory.account.remove(signup.person)
    world.run(5_400)

    assert len(world.contacts(EMAIL)) == 1


def test_66_13_an_invented_signup_is_flagged_within_the_hour(world: World) -> None:
    """Somebody has the secret: the ledger's row is one that Referral Factory does not know."""
    signup = world.sign_up(EMAIL)
    world.referral_factory.account.remove(signup.person)
    world.run(5_400)
    assert "SignupUnverifiedAlarm" in fired(world)


def test_01_what_polling_finds_has_the_referrers_facts(world: World) -> None:
    lose_webhooks(world)
    world.sign_up(EMAIL)
    world.run(1_200)
    assert not assert_kept(world).incomplete
