"""The catalogue's section "Schedule, time, deploy, people", played in the world. Each name begins with its number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zlib import crc32

import pytest

from shared.domain.signup.synthetic import SYNTHETIC_IDS_FROM
from tests.simulation.aws.alarms import fired
from tests.simulation.aws.boundary import Call, Flavour, RandomFaults, When
from tests.simulation.aws.transport import Outage
from tests.simulation.conftest import MakeWorld
from tests.simulation.faults.test_queue_faults import break_handler
from tests.simulation.judge.oracle import assert_kept
from tests.simulation.play.interleaving import let_go
from tests.simulation.settings import build_settings
from tests.simulation.world import BEGINNING, World

EMAIL = "ivo@example.com"
SYNTHETIC = "synthetic@example.com"


def test_76_ticks_that_come_twice_or_late_send_each_row_once(world: World) -> None:
    world.crossing.faults = When(lambda call: call.what == "POST /contacts/search", Flavour.BEFORE, times=8)
    for _ in range(3):
        world.at(world.now() + 60.0, lambda: world.fire("sweep"))
        world.at(world.now() + 61.0, lambda: world.fire("reconcile"))
    world.sign_up(EMAIL)
    world.run(1_800)
    assert_kept(world)


def test_77_passes_that_overlap_add_nobody_twice(make_world: MakeWorld) -> None:
    world = make_world(
        settings={"invited": "none", "referring": "user"},
        referral_factory={"seed_people": 500, "slow_share": 1.0, "slow_seconds": 20.0},
    )
    world.drop_webhook = lambda _: True
    for number in range(8):
        world.sign_up(f"p{number}@example.com", referrer=None)
    for number in range(5):
        world.at(world.now() + 300 + number, lambda: world.fire("reconcile"))
    world.run(1_800)
    assert_kept(world)


def test_76_a_sweep_that_is_killed_on_the_way_leaves_nobody_waiting_for_long(make_world: MakeWorld) -> None:
    """Killed when it has moved the times of some 80 rows: those whose messages it had not sent are enqueued again within
    minutes. Counted from then on: the sweep before it only asked whether Intercom is back."""
    world = make_world(sweep=False, reconcile=False)
    world.transport.outages.append(Outage("intercom", world.now(), world.now() + 600.0))
    for number in range(100):
        world.sign_up(f"p{number}@example.com")
    world.run(800)
    moved: list[float] = []

    def is_ninth(call: Call) -> bool:
        is_move = call.function == "sweep" and call.what == "transact_write_items"
        moved.extend([world.now()] * is_move)
        return is_move and len(moved) == 9

    world.crossing.faults = When(is_ninth, Flavour.KILLED)
    world.start_schedule("sweep")
    world.run(1_800)

    assert len(moved) > 9

    last = sorted(at - moved[8] for at in assert_kept(world).arrived.values())
    assert last[80] <= 180.0, "only the batch that was under way is late"
    assert last[-1] <= 480.0


@pytest.mark.parametrize(
    ("what", "flavour"),
    [("", Flavour.KILLED), ("GET ", Flavour.KILLED), ("GET ", Flavour.BEFORE), ("put_item", Flavour.BEFORE)],
    ids=["killed at once", "killed at a page", "pages unanswered", "limiter unreachable"],
)
def test_01_a_pass_that_fails_is_made_again_soon(make_world: MakeWorld, what: str, flavour: Flavour) -> None:
    world = make_world()
    world.drop_webhook = lambda _: True
    world.crossing.faults = When(
        lambda call: call.function == "reconcile" and call.what.startswith(what) and world.now() < BEGINNING + 302.0 + 40.0,
        flavour,
        times=1 if flavour is Flavour.KILLED else 9,
    )
    world.sign_up(EMAIL)
    world.run(450)
    assert_kept(world)


def test_78_schedules_that_do_not_fire_are_noticed(world: World) -> None:
    world.paused |= {"sweep", "reconcile"}
    world.run(1_200)
    assert fired(world)["SweepSilentAlarm"] <= 360
    assert fired(world)["ReconcileSilentAlarm"] <= 900


def test_79_a_signup_around_midnight_and_a_change_of_clocks_is_an_ordinary_one(make_world: MakeWorld) -> None:
    world = make_world(intercom={"timezone": "Pacific/Auckland"}, sweep=False, reconcile=False)
    for number in range(26):
        world.at(world.now() + number * 3_600, lambda number=number: world.sign_up(f"p{number}@example.com"))
    world.run(27 * 3_600)
    assert_kept(world)


def test_81_a_bad_deploy_in_the_middle_is_rolled_back_without_a_loss(world: World) -> None:
    function = world.functions["deliver_contact"]
    whole = function.handler
    for number in range(20):
        world.at(world.now() + number * 10, lambda number=number: world.sign_up(f"p{number}@example.com"))
    world.at(world.now() + 60, lambda: break_handler(world, lambda _: True))

    def roll_back() -> None:
        function.handler = whole

    world.at(world.now() + 400, roll_back)
    world.run(1_500)
    assert_kept(world)


def test_83_a_missing_secret_stops_nothing_for_good(world: World) -> None:
    world.cloud.put_secret("IntercomSecret", access_token="")
    for number in range(5):
        world.sign_up(f"p{number}@example.com")
    world.run(600)

    assert not world.contacts()

    world.cloud.put_secret("IntercomSecret", access_token="canary-intercom-token-52ac")
    world.run(900)
    assert_kept(world)


def test_84_settings_changed_in_the_middle_hold_from_the_next_attempt_on(world: World) -> None:
    world.sign_up("before@example.com")
    world.run(30)
    world.configure(build_settings(name="Another name"))

    after = world.sign_up("after@example.com")
    world.run(30)

    [contact] = world.contacts("after@example.com")
    assert contact.custom_attributes["referral_campaign"] == "Another name"

    row = world.stored(after)
    assert row.settings_version == 2


def test_85_a_campaign_paused_with_signups_on_the_way_holds_them_and_releases_them(world: World) -> None:
    for poller in world.pollers:
        poller.stopped = True
    for number in range(6):
        world.sign_up(f"p{number}@example.com")
    world.run(5)
    world.configure(build_settings(status="paused"))

    let_go(world)
    world.run(300)

    assert not world.contacts()

    world.configure(build_settings())
    world.run(300)
    assert_kept(world)


def test_85_a_campaign_deleted_with_signups_on_the_way_holds_them_with_the_reason(world: World) -> None:
    for poller in world.pollers:
        poller.stopped = True
    signups = [world.sign_up(f"p{number}@example.com") for number in range(6)]
    world.run(5)
    for partition, key in (("CAMPAIGNS", f"{1:012d}"), ("CAMPAIGN#1", f"VERSION#{1:08d}")):
        world.cloud.dynamodb.delete_item(TableName="CampaignsTable", Key={"pk": {"S": partition}, "sk": {"S": key}})

    let_go(world)
    world.run(300)

    rows = [world.row_of(signup) for signup in signups]
    assert {row and (str(row.state), row.reason) for row in rows} == {("held", "Nobody has configured this campaign yet.")}
    assert not world.contacts()

    world.configure(build_settings())
    world.run(300)
    assert_kept(world)


def test_86_an_account_with_little_concurrency_is_slower_and_loses_nothing(world: World) -> None:
    for poller in world.pollers:
        poller.source = replace(poller.source, concurrency=1)
    for number in range(40):
        world.sign_up(f"p{number}@example.com")
    world.run(900)
    assert_kept(world)


def test_87_a_secret_rotated_at_any_time_refuses_nobody(world: World) -> None:
    new = "canary-webhook-secret-rotated"
    old = "canary-webhook-secret-7d1f"

    def use_new_at_the_sender() -> None:
        rules = [
            {"campaign_id": one.campaign_id, "event": one.event, "url": one.url, "headers": {"X-Webhook-Secret": new}}
            for one in world.referral_factory.account.settings.webhooks or ()
        ]
        world.referral_factory.change_settings({"webhooks": rules})

    world.at(world.now() + 100, lambda: world.cloud.put_secret("WebhookSecret", current=old, next=new))
    world.at(world.now() + 101, use_new_at_the_sender)
    world.at(world.now() + 900, lambda: world.cloud.put_secret("WebhookSecret", current=new, next=""))
    for number in range(40):
        world.at(world.now() + number * 40, lambda number=number: world.sign_up(f"p{number}@example.com"))
    world.run(1_800)

    assert all(signup.accepted_at for signup in world.signups.values())

    assert_kept(world)


def test_88_a_row_asked_for_twice_is_delivered_once(world: World) -> None:
    signup = world.sign_up(EMAIL)
    world.run(30)
    queue = world.environment("deliver_contact").settings.delivery_queue_url

    body = world.cloud.sqs.bodies(queue)

    assert not body

    _replay(world, signup.person.id)
    _replay(world, signup.person.id)
    world.run(1_200)
    assert_kept(world)


def _replay(world: World, user_id: int) -> None:
    from shared.messages import DeliverContact, body_of

    message: Any = DeliverContact(1, user_id, "replay", world.now(), replay=True)
    world.cloud.sqs.send_message(
        QueueUrl=world.cloud.queue_url("DeliveryQueue"), MessageBody=body_of(message), MessageGroupId="1"
    )


# -- 89: our own signup, once a day ------------------------------------------------------------------------------------


def ids_posted(world: World) -> list[int]:
    """The reserved ids that are in the ledger, in the order of their days."""
    first = SYNTHETIC_IDS_FROM + int(BEGINNING // 86_400)
    return [user for user in range(first - 1, first + 10) if world.row(1, user)]


@pytest.mark.thorough
def test_89_our_own_signup_works_silently_through_bad_days(make_world: MakeWorld) -> None:
    world = make_world(settings={"referring": "user"}, synthetic=SYNTHETIC, reconcile=False)
    world.crossing.faults = RandomFaults(2, vendors=0.20, aws=0.02, kills=0.01)
    world.run(3 * 86_400)

    assert "SyntheticSignupAlarm" not in fired(world)
    assert len(ids_posted(world)) == 3
    assert len(world.contacts(SYNTHETIC)) == 1
    assert len(world.metrics["SyntheticSignupSeconds"]) == 3

    assert_kept(world)


def _no_worker(world: World) -> None:
    for poller in world.pollers:
        poller.stopped = True


def _no_schedule(world: World) -> None:
    world.paused.add("synthetic_signup")


def _no_api(world: World) -> None:
    world.crossing.faults = When(lambda call: call.service == "api", Flavour.BEFORE)


def _no_progress(world: World) -> None:
    world.crossing.faults = When(lambda call: call.key == "RECONCILE#synthetic", Flavour.BEFORE)


def _killed(world: World) -> None:
    world.crossing.faults = When(lambda call: call.function == "synthetic_signup", Flavour.KILLED)


def _no_contact(world: World) -> None:
    """Intercom answers each create and keeps nothing."""
    world.at(world.now() + 605, lambda: [world.intercom.contacts.delete(one.id, by_api=False) for one in world.contacts()])


@pytest.mark.parametrize(
    ("breakage", "within"),
    [
        (lambda world: break_handler(world, lambda _: True), 4_200),
        (_no_worker, 4_200),
        (_no_schedule, 1_800),
        (_no_api, 4_200),
        (_no_progress, 1_800),
        (_killed, 1_800),
        (_no_contact, 4_200),
    ],
    ids=[
        "the worker has a bug",
        "the worker gets nothing",
        "the schedule does not fire",
        "our own API refuses",
        "its progress cannot be stored",
        "it is killed each time",
        "the contact is not in Intercom",
    ],
)
def test_89_with_nobody_signing_up_our_own_signup_tells(make_world: MakeWorld, breakage: Any, within: float) -> None:
    world = make_world(settings={"referring": "user"}, synthetic=SYNTHETIC, sync=True)
    breakage(world)
    world.run(4_200)

    heard = fired(world)

    assert heard.pop("SyntheticSignupAlarm") == within
    assert heard.keys() <= {"OutageAlarm", "DeliverContactErrorAlarm", "DeliveryQueueAgeAlarm"}


@pytest.mark.thorough
def test_89_a_worker_that_breaks_after_a_good_day_is_reported_with_the_next_signup(make_world: MakeWorld) -> None:
    world = make_world(settings={"referring": "user"}, synthetic=SYNTHETIC, sync=True)
    world.run(86_400)

    assert not fired(world)

    [user_id] = ids_posted(world)

    row = world.row(1, user_id)
    assert row is not None
    assert (row.unverified, row.due_at) == (False, None)
    assert len(world.contacts()) == 1

    break_handler(world, lambda _: True)
    world.run(4_200)

    assert fired(world)["SyntheticSignupAlarm"] == 86_400 + 4_200
    assert fired(world)["DeliverContactErrorAlarm"] <= 86_400 + 900


def test_90_no_secret_and_no_address_in_any_log_or_metric(world: World) -> None:
    world.crossing.faults = RandomFaults(5, vendors=0.4, aws=0.1, kills=0.05)
    for number in range(40):
        world.sign_up(f"p{number}@example.com")
    world.sign_up("no address at all @")

    break_handler(world, lambda record: crc32(record["messageId"].encode()) % 5 == 0)
    world.run(600)

    assert world.logs.count > 50
    assert not world.logs.leaks
