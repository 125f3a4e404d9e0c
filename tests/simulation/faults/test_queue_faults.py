"""The catalogue's section "Queue", played in the world. Each name begins with its number."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from sandbox.vendors.wire import Request, Response
from shared.messages import ENQUEUED, DeliverContact, body_of
from shared.use_cases.signup.deliver_contact import DeliveryAttempt
from tests.simulation.aws.alarms import fired
from tests.simulation.aws.boundary import Flavour, When
from tests.simulation.aws.transport import Outage
from tests.simulation.conftest import MakeWorld
from tests.simulation.judge.oracle import assert_kept
from tests.simulation.play.interleaving import hold_messages, let_go
from tests.simulation.settings import build_settings
from tests.simulation.world import World

EMAIL = "ivo@example.com"


def send(world: World, body: str) -> None:
    """Puts a message into the queue as some other version of our code would."""
    url = world.cloud.queue_url("DeliveryQueue")
    world.cloud.sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="1")


def _received(world: World, url: str) -> list[dict[str, Any]]:
    answer = world.cloud.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
    return list(answer.get("Messages", []))


def groups_of(world: World) -> list[str]:
    """The message groups in the queue; whoever looks leaves the messages as they were."""
    url, groups = world.cloud.queue_url("DeliveryQueue"), []
    while messages := _received(world, url):
        groups += [(message["Attributes"]["MessageGroupId"], message["ReceiptHandle"]) for message in messages]
    for _, handle in groups:
        world.cloud.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    return [group for group, _ in groups]


def break_handler(world: World, is_bad: Any) -> None:
    """The worker gets a bug: an unexpected exception for some records."""
    function = world.functions["deliver_contact"]
    whole = function.handler

    def broken(event: Any, context: Any) -> Any:
        if any(is_bad(record) for record in event["Records"]):
            raise RuntimeError("a bug")
        return whole(event, context)

    function.handler = broken


@pytest.mark.parametrize("role", ["lead", "user"])
def test_19_messages_delivered_twice_make_one_contact_each(make_world: MakeWorld, role: str) -> None:
    world = make_world(settings={"invited": role}, duplicates=0.8)
    for number in range(20):
        world.sign_up(f"p{number}@example.com")
    world.run(1_800)
    assert_kept(world)


@pytest.mark.parametrize("role", ["lead", "user"])
def test_20_a_worker_that_hangs_until_it_is_ended_is_taken_over(make_world: MakeWorld, role: str) -> None:
    world = make_world(settings={"invited": role})
    world.crossing.faults = When(lambda call: call.what == "POST /contacts", Flavour.HANG, times=2)
    world.sign_up(EMAIL)
    world.run(3_600)
    assert_kept(world)


@pytest.mark.parametrize("role", ["lead", "user"])
def test_20_a_worker_that_freezes_until_the_platform_ends_it_is_taken_over(make_world: MakeWorld, role: str) -> None:
    """Its create has happened when it freezes; the message is seen again while the ledger still holds its lease."""
    world = make_world(settings={"invited": role})
    answer = world.intercom.answer

    def freeze_once(request: Request) -> Response:
        response = answer(request)
        if (request.method, request.path) == ("POST", "/contacts") and not world.functions["deliver_contact"].kills:
            world.sleep(100.0)
        return response

    world.intercom.answer = freeze_once  # type: ignore[method-assign]
    world.sign_up(EMAIL)
    world.run(3_600)

    assert world.functions["deliver_contact"].kills == 1
    assert len(world.contacts(EMAIL)) == 1

    assert_kept(world)


def test_21_one_record_that_throws_does_not_touch_its_neighbours(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in one delivery, and a message that cannot be read: both stay in the queue, and nobody else is delivered twice."""
    run = DeliveryAttempt.run
    tried: Counter[int] = Counter()

    def runs(delivery: DeliveryAttempt) -> None:
        assert delivery._row is not None
        tried[delivery._row.user_id] += 1
        if delivery._row.user_id == poisoned.person.id:
            raise ZeroDivisionError
        run(delivery)

    hold_messages(world)
    poisoned = world.sign_up(EMAIL)
    others = [world.sign_up(f"p{number}@example.com").person.id for number in range(4)]
    send(world, "this is no message")
    world.run(5)
    monkeypatch.setattr(DeliveryAttempt, "run", runs)
    let_go(world)
    world.run(20)

    assert len(world.contacts()) == 4
    assert world.cloud.depth("DeliveryQueue") == 2
    assert [tried[user_id] for user_id in others] == [1, 1, 1, 1]

    monkeypatch.setattr(DeliveryAttempt, "run", run)
    world.run(600)
    assert_kept(world)

    assert len(world.contacts()) == 5


def test_22_one_poisoned_signup_among_many_fails_alone_with_its_reason(world: World) -> None:
    poisoned = world.sign_up("not an address")

    for number in range(30):
        world.sign_up(f"p{number}@example.com")
    world.run(120)

    row = world.stored(poisoned)
    assert (row.state, bool(row.reason)) == ("failed", True)
    assert len(world.contacts()) == 30


def test_23_a_worker_killed_in_the_middle_of_a_batch_leaves_nothing_half_done(world: World) -> None:
    for poller in world.pollers:
        poller.stopped = True
    for number in range(5):
        world.sign_up(f"p{number}@example.com")
    world.run(5)
    world.crossing.faults = When(lambda call: call.what == "POST /contacts", Flavour.KILLED, times=1)

    let_go(world)
    world.run(1_200)

    assert world.functions["deliver_contact"].kills == 1

    assert_kept(world)


def test_23_a_worker_stops_taking_records_while_there_is_time(make_world: MakeWorld) -> None:
    world = make_world(settings={"invited": "user"})
    world.transport.slowness["intercom"] = 8.0

    for number in range(30):
        world.sign_up(f"p{number}@example.com")
    world.run(900)

    assert world.functions["deliver_contact"].kills == 0

    assert_kept(world)


def test_24_an_outage_does_not_use_up_the_receives(world: World) -> None:
    world.transport.outages.append(Outage("intercom", world.now(), world.now() + 1_500))
    for number in range(20):
        world.sign_up(f"p{number}@example.com")
    world.run(1_500 + 600)

    assert world.cloud.depth("DeliveryDeadLetterQueue") == 0

    assert_kept(world)


def test_26_a_poisoned_signup_shows_in_our_own_age_and_fires_the_alarm_at_ten_minutes(world: World) -> None:
    world.crossing.faults = When(lambda call: call.what == "POST /contacts/search", Flavour.BEFORE)
    world.sign_up(EMAIL)
    world.run(900)
    assert 600 <= fired(world)["OldestUndeliveredAlarm"] <= 720


def test_27_dead_letters_fire_an_alarm_and_a_redrive_delivers_them(world: World) -> None:
    broken = world.functions["deliver_contact"].handler
    break_handler(world, lambda _: True)
    world.sign_up(EMAIL)
    world.paused |= {"sweep", "reconcile"}
    world.run(22 * world.blueprint.queues["DeliveryQueue"]["VisibilityTimeout"])

    world.paused.clear()
    world.run(120)

    assert world.cloud.depth("DeliveryDeadLetterQueue") == 1
    assert "DeliveryDeadLetterAlarm" in fired(world)

    world.functions["deliver_contact"].handler = broken
    world.cloud.redrive("DeliveryDeadLetterQueue")
    world.run(60)
    assert_kept(world)


def test_28_what_the_ledger_holds_outlives_its_message(world: World) -> None:
    world.crossing.faults = When(lambda call: call.what == "POST /contacts/search", Flavour.BEFORE)
    world.sign_up(EMAIL)
    world.run(120)
    world.cloud.sqs.purge_queue(QueueUrl=world.cloud.queue_url("DeliveryQueue"))
    world.crossing.faults = When(lambda _: False, Flavour.BEFORE)
    world.run(900)
    assert_kept(world)


def test_29_a_redrive_of_old_messages_changes_nothing(world: World) -> None:
    signup = world.sign_up(EMAIL)
    world.run(1_200)
    before = world.row_of(signup)
    person = signup.person
    fields = {"id": person.id, "first_name": "Old", "email": EMAIL}
    send(world, body_of(DeliverContact(1, person.id, ENQUEUED, world.now() - 86_400)))
    send(world, body_of(DeliverContact(1, None, "joined", signup.at - 86_400, fields)))
    world.run(60)

    after = world.row_of(signup)

    assert before is not None
    assert after is not None
    assert after.state == before.state
    assert after.contact_id == before.contact_id
    assert after.person == before.person

    assert_kept(world)


def test_32_messages_of_other_versions_wait_or_are_understood(world: World) -> None:
    signup = world.sign_up(EMAIL)
    world.run(10)
    document = json.loads(body_of(DeliverContact(1, signup.person.id, ENQUEUED, world.now())))
    send(world, json.dumps({**document, "version": 2, "a_new_field": True}))

    send(world, json.dumps({**document, "version": 9}))
    world.run(60)

    assert world.cloud.depth("DeliveryQueue") == 1

    assert_kept(world)


def test_31_a_storm_of_one_campaign_leaves_the_other_alive(make_world: MakeWorld) -> None:
    """Fair queues are SQS's own and go by the group of a message, its campaign; here a storm of 120 is over in a minute."""
    world = make_world()
    world.configure(build_settings(2, name="Partner programme"))
    hold_messages(world)
    for number in range(120):
        world.sign_up(f"p{number}@example.com")

    late = world.sign_up(EMAIL, campaign=2, referrer=4)
    world.run(1)

    assert sorted(Counter(groups_of(world)).items()) == [("1", 120), ("2", 1)]

    let_go(world)
    world.run(120)

    row = world.stored(late)
    assert row.delivered_at is not None
    assert row.delivered_at - late.at < 60
