"""Each alarm rings on the day it is there for, and on no other. Two stacks in one account never hear each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.domain.connection.connection import FOREVER, Breaker, BreakerKind, Connection, Vendor
from shared.observability import SHOWN_TO_A_PERSON
from tests.simulation.aws.alarms import evaluate, fired, mails
from tests.simulation.aws.blueprint import read_blueprint
from tests.simulation.conftest import MakeWorld
from tests.simulation.faults.test_intercom_receiver import INTERCOM_WEBHOOK
from tests.simulation.play.alarm_days import Day, make, play
from tests.simulation.play.alarm_troubles import DAYS, ORDINARY
from tests.simulation.play.referral_stories import ADA, FRIEND, REWARDS, WRITE_BACK, notify
from tests.simulation.settings import build_settings
from tests.simulation.world import INTERCOM_TOKEN, OF_A_SIGNUP, World

EMAIL = "ivo@example.com"
ALL = (*OF_A_SIGNUP, "intercom_webhook", "qualify_referral", "update_referrer")


def everything(make_world: MakeWorld) -> World:
    """All functions run, and Ada, who refers, is in Intercom."""
    world = make_world(functions=ALL, sync=True, configured=False)
    world.add_contact(ADA, "user", name="Ada")
    world.configure(build_settings(rewards=REWARDS, sync={"mode": "off", "write_back": WRITE_BACK}))
    world.intercom.change_settings({"webhook_url": INTERCOM_WEBHOOK})
    world.intercom.take_webhooks(world.now())
    world.start_schedule("update_referrer")
    return world


@pytest.fixture(scope="module")
def neighbour() -> Iterator[World]:
    """Another stack in the same account, on an ordinary day."""
    with make(ORDINARY, stack="referrals-beside") as world:
        play(world, ORDINARY)
        yield world


def test_an_ordinary_day_is_quiet(neighbour: World) -> None:
    assert neighbour.counted("ReferralQualified")
    assert neighbour.counted("RewardEventCreated")
    assert neighbour.counted("SyncDone")
    assert fired(neighbour) == {}


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_a_days_trouble_rings_its_alarms_and_no_other_one_mail_each_and_in_its_own_stack(day: Day, neighbour: World) -> None:
    with make(day) as world:
        rang = play(world, day)
        assert rang.keys() == day.rings.keys()
        assert bool(day.shown) == ("NeedsAttentionAlarm" in rang)
        assert {name for name in SHOWN_TO_A_PERSON if world.counted(name)} == ({day.shown} if day.shown else set())
        assert {name: at for name, at in rang.items() if at > day.rings[name]} == {}
        names = [name for _, name in mails(world)]
        assert sorted(names) == sorted(set(names)), "the trouble goes on: nothing new is to be said of it"
        assert fired(neighbour, world) == {}


def test_each_alarm_of_the_template_rings_on_some_day() -> None:
    blueprint = read_blueprint()
    assert {name for day in DAYS for name in day.rings} == {one.name for one in (*blueprint.alarms, *blueprint.composites)}


@pytest.mark.parametrize(
    ("function", "alarm"),
    [
        ("signup_webhook", "WebhookServerErrorAlarm"),
        ("deliver_contact", "ThrottledAlarm"),
        ("intercom_webhook", "NotificationServerErrorAlarm"),
        ("qualify_referral", "QualificationQueueAgeAlarm"),
        ("update_referrer", "ReferrerQueueAgeAlarm"),
        ("reconcile", "ReconcileSilentAlarm"),
        ("sweep", "ThrottledAlarm"),
        ("start_sync", "StartSyncSilentAlarm"),
    ],
)
def test_a_function_that_alone_is_throttled_is_heard_of(make_world: MakeWorld, function: str, alarm: str) -> None:
    """Not sync_page, which has no reservation, so that it is never throttled alone."""
    world = everything(make_world)
    world.sign_up(FRIEND)
    world.run(120)
    world.throttled = {function}
    world.sign_up(EMAIL)
    [contact] = world.contacts(FRIEND)
    world.intercom.contacts.update(contact.id, {"custom_attributes": {"referral_status": "Connected"}}, by_api=False)

    notify(world)
    world.run(30 * 60)

    assert fired(world)[alarm] <= 120 + 1_500


def test_a_throttle_of_a_moment_is_worked_off_and_wakes_nobody(world: World) -> None:
    world.concurrency = 3

    for number in range(30):
        world.sign_up(f"p{number}@example.com")
    world.run(30)

    world.concurrency = 1_000
    assert world.throttles

    world.run(1_200)

    assert "ThrottledAlarm" not in fired(world)


def test_one_stranger_among_many_signups_wakes_nobody(world: World) -> None:
    for number in range(30):
        world.sign_up(f"p{number}@example.com")
    world.run(30)
    world.cloud.put_secret("WebhookSecret", current="another", next="")
    world.run(300)

    for number in range(4):
        world.sign_up(f"q{number}@example.com")
    world.run(900)

    assert world.counted("WebhookRefused") == 4
    assert "WebhookRefusedAlarm" not in fired(world)


def test_a_single_lost_webhook_among_others_wakes_nobody(make_world: MakeWorld) -> None:
    world = make_world(sync=True)
    world.sign_up(EMAIL)
    world.run(60)
    world.drop_webhook = lambda _: True
    world.sign_up("p1@example.com")
    world.run(60)

    world.drop_webhook = lambda _: False
    world.run(6 * 3_600)

    assert len(world.contacts()) == 2
    assert fired(world) == {}


def test_a_lost_connection_rings_until_somebody_reconnects(make_world: MakeWorld) -> None:
    world = make_world(settings={"invited": "user"})
    world.intercom.settings.tokens = ["another-token"]

    world.sign_up(EMAIL)
    world.run(1_800)

    assert world.metrics["Disconnected"][-1][1] == 1

    world.intercom.settings.tokens = [INTERCOM_TOKEN]
    world.run(600)

    assert world.metrics["Disconnected"][-1][1] == 0


def test_what_a_person_disconnected_rings_nothing(make_world: MakeWorld) -> None:
    world = everything(make_world)
    workspace = world.intercom.settings.workspace_id
    world.environment("deliver_contact").connections.save(Connection(workspace, "US", "UTC", connected=False))
    breakers = world.environment("sweep").breakers

    breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.DISCONNECTED, FOREVER, world.now()))
    world.run(600)

    assert "ConnectionLostAlarm" not in fired(world)


@pytest.mark.parametrize(
    ("kind", "alarm"),
    [(BreakerKind.STRIKE, "CallsStoppedAlarm"), (BreakerKind.BLOCKED, "CallsStoppedAlarm")],
)
def test_stopped_calls_ring_until_a_person_lifts_the_stop(world: World, kind: BreakerKind, alarm: str) -> None:
    breakers = world.environment("sweep").breakers
    breakers.open(Vendor.REFERRAL_FACTORY, Breaker(kind, world.now() + 86_400, world.now()))
    world.run(180)

    assert fired(world)[alarm] <= 120

    breakers.close(Vendor.REFERRAL_FACTORY)
    world.run(120)

    assert world.metrics["CallsStopped"][-1][1] == 0


def test_each_line_carries_the_ids_that_join_it_to_the_access_log_and_the_message(make_world: MakeWorld) -> None:
    world = make_world()

    world.sign_up(EMAIL)
    world.run(30)

    lines: list[dict[str, Any]] = [json.loads(line) for line in world.logs.lines]
    [answered] = [line for line in lines if line["message"] == "webhook answered"]
    assert answered["request_id"]
    assert answered["function_request_id"].startswith("invocation-")

    about = [line for line in lines if line.get("message_id")]
    assert about
    assert all(line["function_request_id"] for line in lines)
    assert all("message_id" not in line for line in lines if line["message"] in ("batch processed", "sweep finished"))


def test_one_persons_own_bad_data_rings_nothing(make_world: MakeWorld) -> None:
    world = make_world(sync=True)
    world.referral_factory.account.people[1].first_name = "A" * 400
    for number in range(12):
        world.sign_up(f"p{number}@example.com")

    world.sign_up("not an address")
    world.run(1_000)

    assert fired(world) == {}


def test_metric_math_is_read_as_cloudwatch_does() -> None:
    share = "IF(refused >= 3 AND refused >= 0.2 * calls, 1, 0)"
    assert evaluate(share, {"refused": 3, "calls": 10}) == 1
    assert evaluate(share, {"refused": 3, "calls": 100}) == 0
    assert evaluate(share, {"refused": None, "calls": 100}) is None
    assert evaluate("FILL(a, 0) + FILL(b, 0)", {"a": None, "b": 2}) == 2
