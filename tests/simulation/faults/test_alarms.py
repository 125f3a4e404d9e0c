"""Each alarm rings for what it is there for, and an ordinary day is quiet. Two stacks in one account never hear each other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.domain.connection.connection import FOREVER, Breaker, BreakerKind, Connection, Vendor
from tests.simulation.aws.alarms import evaluate, fired, mails
from tests.simulation.aws.boundary import Flavour, When
from tests.simulation.aws.transport import Outage
from tests.simulation.conftest import MakeWorld
from tests.simulation.faults.test_intercom_receiver import INTERCOM_WEBHOOK
from tests.simulation.play.referral_stories import ADA, FRIEND, REWARDS, WRITE_BACK, notify, uninstall
from tests.simulation.settings import build_settings
from tests.simulation.world import INTERCOM_TOKEN, OF_A_SIGNUP, World

EMAIL = "ivo@example.com"
ALL = (*OF_A_SIGNUP, "intercom_webhook", "qualify_referral", "update_referrer")
WORKERS = {
    "deliver_contact": "DeliveryQueueAgeAlarm",
    "qualify_referral": "QualificationQueueAgeAlarm",
    "update_referrer": "ReferrerQueueAgeAlarm",
}


def everything(make_world: MakeWorld) -> World:
    """All functions run, and Ada, who refers, is in Intercom."""
    world = make_world(functions=ALL, sync=True, configured=False)
    world.add_contact(ADA, "user", name="Ada")
    world.configure(build_settings(rewards=REWARDS, sync={"mode": "off", "write_back": WRITE_BACK}))
    world.intercom.change_settings({"webhook_url": INTERCOM_WEBHOOK})
    world.intercom.take_webhooks(world.now())
    world.start_schedule("update_referrer")
    return world


def import_error(world: World, function: str) -> None:
    def broken(_event: object, _context: object) -> None:
        raise ImportError("Runtime.ImportModuleError")

    world.functions[function].handler = broken


def test_an_ordinary_day_with_signups_and_a_qualification_is_quiet(make_world: MakeWorld) -> None:
    world = everything(make_world)
    for number in range(24):
        world.at(world.now() + number * 600, lambda number=number: world.sign_up(f"p{number}@example.com"))
    world.sign_up(FRIEND)
    world.run(120)
    [contact] = world.contacts(FRIEND)
    world.intercom.contacts.update(contact.id, {"custom_attributes": {"referral_status": "Connected"}}, by_api=False)
    notify(world)
    world.run(4 * 3_600)
    assert fired(world) == {}


def test_two_stacks_in_one_account_each_ring_for_themselves(make_world: MakeWorld) -> None:
    broken, whole = make_world(stack="referrals-dev", sync=True), make_world(stack="referrals", sync=True)
    broken.intercom.settings.tokens = ["another-token"]
    broken.paused |= {"reconcile"}
    for world in (broken, whole):
        world.sign_up(EMAIL)
        world.run(1_200)
    assert {"ConnectionLostAlarm", "ReconcileSilentAlarm"} <= fired(broken, whole).keys()
    assert fired(whole, broken) == {}


@pytest.mark.parametrize("name", WORKERS)
def test_a_disabled_event_source_mapping_is_heard_of_within_a_quarter_of_an_hour(make_world: MakeWorld, name: str) -> None:
    world = everything(make_world)
    world.sign_up(FRIEND)
    world.run(120)
    for poller in world.pollers:
        poller.stopped = poller.function.made.name == name
    world.sign_up(EMAIL)
    [contact] = world.contacts(FRIEND)
    world.intercom.contacts.update(contact.id, {"custom_attributes": {"referral_status": "Connected"}}, by_api=False)
    notify(world)
    world.run(30 * 60)
    assert fired(world)[WORKERS[name]] <= 120 + 900


@pytest.mark.parametrize("name", ["reconcile", "sync_page"])
def test_a_queue_of_pieces_that_nobody_takes_rings(make_world: MakeWorld, name: str) -> None:
    world = everything(make_world)
    queue = {"reconcile": "ReconcileQueue", "sync_page": "SyncQueue"}[name]
    for poller in world.pollers:
        poller.stopped = poller.function.made.name == name
    world.cloud.sqs.send_message(QueueUrl=world.cloud.queue_url(queue), MessageBody="{}", MessageGroupId="1")
    world.run(1_200)
    assert fired(world)[f"{queue}AgeAlarm"] <= 1_020


@pytest.mark.parametrize(
    ("function", "alarm"),
    [
        ("deliver_contact", "DeliverContactErrorAlarm"),
        ("qualify_referral", "QualifyReferralErrorAlarm"),
        ("update_referrer", "UpdateReferrerErrorAlarm"),
        ("reconcile", "ReconcileErrorAlarm"),
        ("sweep", "SweepErrorAlarm"),
        ("start_sync", "StartSyncErrorAlarm"),
        ("sync_page", "SyncPageErrorAlarm"),
    ],
)
def test_a_worker_that_cannot_be_imported_is_heard_of_within_minutes(make_world: MakeWorld, function: str, alarm: str) -> None:
    world = everything(make_world)
    world.sign_up(FRIEND)
    world.run(120)
    import_error(world, function)
    world.sign_up(EMAIL)
    [contact] = world.contacts(FRIEND)
    world.intercom.contacts.update(contact.id, {"custom_attributes": {"referral_status": "Connected"}}, by_api=False)
    notify(world)
    world.cloud.sqs.send_message(QueueUrl=world.cloud.queue_url("SyncQueue"), MessageBody="{}", MessageGroupId="1")
    world.run(600)
    assert fired(world)[alarm] <= 600


def test_a_receiver_that_cannot_be_imported_rings_for_its_own_route(make_world: MakeWorld) -> None:
    world = everything(make_world)
    import_error(world, "signup_webhook")
    world.sign_up(EMAIL)
    world.run(120)
    assert {"WebhookServerErrorAlarm"} == set(fired(world))


def test_a_notification_that_cannot_be_stored_rings_for_its_own_route(make_world: MakeWorld) -> None:
    world = everything(make_world)
    world.sign_up(FRIEND)
    world.run(120)
    world.crossing.faults = When(
        lambda call: call.function == "intercom_webhook" and call.service != "secretsmanager", Flavour.BEFORE
    )
    [contact] = world.contacts(FRIEND)
    world.intercom.contacts.update(contact.id, {"custom_attributes": {"referral_status": "Connected"}}, by_api=False)
    notify(world)
    world.run(120)
    assert {"NotificationServerErrorAlarm"} == set(fired(world))


def test_an_account_without_concurrency_is_heard_of(make_world: MakeWorld) -> None:
    world = everything(make_world)
    world.concurrency = 0
    world.run(600)
    assert fired(world)["ThrottledAlarm"] <= 360
    world.concurrency = 1_000
    world.run(600)
    assert "ThrottledAlarm" not in {name for at, name in mails(world) if at > 900}


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
    """Not sync_page: Lambda's poller repeats what is throttled, which the world's does not, and its own metric tells."""
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


def test_a_webhook_secret_that_differs_is_heard_of(world: World) -> None:
    world.cloud.put_secret("WebhookSecret", current="another", next="")
    for number in range(4):
        world.sign_up(f"p{number}@example.com")
    world.run(960)
    assert world.counted("WebhookRefused") == 4
    assert "WebhookRefusedAlarm" in fired(world)


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


def test_a_client_secret_that_differs_is_heard_of(make_world: MakeWorld) -> None:
    world = everything(make_world)
    world.cloud.put_secret("IntercomAppSecret", client_id="canary-id", client_secret="another")
    world.sign_up(FRIEND)
    world.run(120)
    [contact] = world.contacts(FRIEND)
    for value in ("Connected", "New", "Connected", "New"):
        world.intercom.contacts.update(contact.id, {"custom_attributes": {"referral_status": value}}, by_api=False)
        notify(world)
    world.run(960)
    assert world.counted("NotificationRefused") >= 3
    assert "NotificationRefusedAlarm" in fired(world)


def test_webhooks_that_nobody_posts_while_reconcile_finds_people_are_heard_of(make_world: MakeWorld) -> None:
    world = make_world(sync=True)
    world.drop_webhook = lambda _: True
    for number in range(3):
        world.at(world.now() + number * 3_600, lambda number=number: world.sign_up(f"p{number}@example.com"))
    world.run(6 * 3_600 + 60)
    assert len(world.contacts()) == 3
    assert set(fired(world)) == {"WebhooksSilentAlarm"}


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


def test_an_outage_of_intercom_is_one_mail(make_world: MakeWorld) -> None:
    world = make_world(settings={"invited": "user"}, sync=True)
    world.transport.outages.append(Outage("intercom", world.now(), world.now() + 2_400, 503))
    for number in range(30):
        world.at(world.now() + number * 60, lambda number=number: world.sign_up(f"p{number}@example.com"))
    world.run(2 * 3_600)
    assert {"BreakerOpenAlarm", "OldestUndeliveredAlarm"} <= fired(world).keys()
    assert [name for _, name in mails(world)] == ["OutageAlarm"]


def test_a_lost_connection_rings_until_somebody_reconnects(make_world: MakeWorld) -> None:
    world = make_world(settings={"invited": "user"})
    world.intercom.settings.tokens = ["another-token"]
    world.sign_up(EMAIL)
    world.run(1_800)
    assert world.metrics["Disconnected"][-1][1] == 1
    world.intercom.settings.tokens = [INTERCOM_TOKEN]
    world.run(600)
    assert world.metrics["Disconnected"][-1][1] == 0


def test_a_workspace_that_was_uninstalled_rings_though_no_call_was_refused(make_world: MakeWorld) -> None:
    world = everything(make_world)
    workspace = world.intercom.settings.workspace_id
    world.environment("deliver_contact").connections.save(Connection(workspace, "US", "UTC"))
    uninstall(world)
    world.run(300)
    assert fired(world).keys() == {"ConnectionLostAlarm", "OutageAlarm"}


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


def test_metric_math_is_read_as_cloudwatch_does() -> None:
    share = "IF(refused >= 3 AND refused >= 0.2 * calls, 1, 0)"
    assert evaluate(share, {"refused": 3, "calls": 10}) == 1
    assert evaluate(share, {"refused": 3, "calls": 100}) == 0
    assert evaluate(share, {"refused": None, "calls": 100}) is None
    assert evaluate("FILL(a, 0) + FILL(b, 0)", {"a": None, "b": 2}) == 2
