"""The catalogue's section "Receiver", played in the world. Each name begins with its number."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sandbox.vendors.wire import OutgoingWebhook
from shared.adapters.http import transport
from shared.adapters.secrets import ASK_AGAIN, SECRETS_KEPT_SECONDS
from tests.simulation.aws.alarms import fired
from tests.simulation.aws.boundary import Call, Flavour, When
from tests.simulation.conftest import MakeWorld
from tests.simulation.judge.oracle import assert_kept
from tests.simulation.play.interleaving import hold_messages, let_go
from tests.simulation.settings import build_settings
from tests.simulation.world import APP_URL, World


def _is_send(call: Call) -> bool:
    return call.function == "signup_webhook" and call.what == "send_message"


def test_01_a_webhook_that_is_never_sent_is_found_by_polling(make_world: MakeWorld) -> None:
    world = make_world(settings={"invited": "none", "referring": "user"}, referral_factory={"webhook_loss": 0.1})
    for number in range(40):
        world.at(world.now() + number * 15, lambda number=number: world.sign_up(f"p{number}@example.com", referrer=None))
    world.run(600 + 600)

    verdict = assert_kept(world)

    assert len(verdict.arrived) == 40
    assert world.counted("SignupFoundByReconcile") > 0
    assert max(verdict.delays["user"]) < 330


def test_02_a_signup_that_sqs_refuses_waits_in_the_inbox(world: World) -> None:
    world.crossing.faults = When(_is_send, Flavour.BEFORE, times=4)
    signup = world.sign_up("ivo@example.com")
    world.run(120)

    assert signup.answered[0][1] == 202
    assert world.counted("SignupStoredInInbox") == 1

    assert_kept(world)


@pytest.mark.parametrize("flavour", [Flavour.BEFORE, Flavour.HANG])
def test_02_a_signup_while_sqs_gives_no_answer_waits_in_the_inbox(world: World, flavour: Flavour) -> None:
    """The sender is answered before the platform would end the receiver, so that nothing depends on polling."""
    world.crossing.faults = When(_is_send, flavour)
    signup = world.sign_up("ivo@example.com")
    world.run(20)

    assert [status for _, status in signup.answered] == [202]
    assert world.counted("SignupStoredInInbox") == 1

    world.crossing.faults = When(lambda _: False, Flavour.BEFORE)
    world.run(120)
    assert_kept(world)


def test_02_when_nothing_can_store_it_the_sender_gets_an_error_and_an_alarm_fires(world: World) -> None:
    world.crossing.faults = When(
        lambda call: call.function == "signup_webhook" and call.service != "secretsmanager", Flavour.BEFORE
    )
    signup = world.sign_up("ivo@example.com")
    world.run(30)

    assert [status for _, status in signup.answered] == [503]

    world.crossing.faults = When(lambda _: False, Flavour.BEFORE)
    world.run(420)
    assert_kept(world)

    assert "WebhookServerErrorAlarm" in fired(world)


def test_03_a_send_whose_answer_is_lost_makes_two_messages_and_one_contact(world: World) -> None:
    world.crossing.faults = When(lambda call: _is_send(call) and call.attempt == 1, Flavour.AFTER, times=1)
    hold_messages(world)

    world.sign_up("ivo@example.com")
    world.run(10)

    assert world.cloud.depth("DeliveryQueue") == 2

    let_go(world)
    world.run(1_200)

    assert len(world.contacts()) == 1

    assert_kept(world)


@pytest.mark.parametrize("after", ["get_secret_value", "send_message"])
def test_04_a_receiver_that_dies_on_the_way_and_a_sender_that_repeats(world: World, after: str) -> None:
    seen: list[OutgoingWebhook] = []
    world.drop_webhook = lambda webhook: bool(seen.append(webhook))
    world.crossing.faults = When(lambda call: call.function == "signup_webhook" and call.what == after, Flavour.KILLED, times=1)
    world.sign_up("ivo@example.com")
    world.run(1)

    world.post(seen[0])
    world.run(60)

    assert len(world.contacts("ivo@example.com")) == 1

    assert_kept(world)


def test_05_a_sender_that_repeats_makes_no_second_contact(make_world: MakeWorld) -> None:
    world = make_world(referral_factory={"webhook_double": 1.0})
    for number in range(10):
        world.sign_up(f"p{number}@example.com")
    world.run(1_200)

    assert_kept(world)

    assert world.functions["signup_webhook"].invocations == 20


def test_10_a_name_of_strange_characters_arrives(world: World) -> None:
    world.sign_up("ivo@example.com", "I\u0000v\u202eo 🎈 \u0301", last_name="")
    world.run(30)

    [contact] = world.contacts("ivo@example.com")
    assert contact.name is not None
    assert "🎈" in contact.name


@pytest.mark.parametrize("secret", [None, "", "wrong", "canary-webhook-secret-7d1", "ü"])
def test_12_a_stranger_gets_401_and_leaves_nothing(world: World, secret: str | None) -> None:
    headers = {"Content-Type": "application/json"} | ({} if secret is None else {"X-Webhook-Secret": secret})
    statuses: list[int] = []
    url = f"{APP_URL}/webhooks/referral-factory/1/joined"

    world.post(OutgoingWebhook("stranger", "POST", url, headers, b'{"id": 999, "email": "x@example.com"}'), statuses.append)
    world.run(60)

    assert statuses == [401]
    assert not world.cloud.dynamodb.items("ReferralsTable")
    assert world.cloud.depth("DeliveryQueue") == 0


def test_14_a_storm_is_all_accepted_and_all_delivered(world: World) -> None:
    for number in range(150):
        world.at(world.now() + number * 0.006, lambda number=number: world.sign_up(f"p{number}@example.com"))
    world.run(120)
    assert all(signup.accepted_at for signup in world.signups.values())
    assert_kept(world)


def test_15_the_same_event_in_another_order_and_with_changed_fields_is_the_same_signup(world: World) -> None:
    seen: list[OutgoingWebhook] = []
    world.drop_webhook = lambda webhook: bool(seen.append(webhook))
    signup = world.sign_up("ivo@example.com")
    world.run(10)
    body = f'{{"campaign_id": "1", "first_name": "Ivo", "extra": 1, "email": "IVO@example.com", "id": "{signup.person.id}"}}'

    world.post(replace(seen[0], body=body.encode()))
    world.run(60)

    rows = [item["pk"]["S"] for item in world.cloud.dynamodb.items("ReferralsTable") if item["sk"]["S"] == "REFERRAL"]
    assert rows == [f"REFERRAL#1#{signup.person.id}"]
    assert len(world.contacts("ivo@example.com")) == 1
    assert len(world.contacts()) == 1


def test_16_a_campaign_nobody_configured_is_held_and_delivered_once_it_is(make_world: MakeWorld) -> None:
    world = make_world(configured=False)

    signup = world.sign_up("ivo@example.com")
    world.run(600)

    row = world.stored(signup)
    assert row.state == "held"
    assert not world.contacts()

    world.configure(build_settings(), activation_mark=4)
    world.run(300)
    assert_kept(world)

    assert len(world.contacts("ivo@example.com")) == 1


def test_16_an_authenticated_body_nobody_can_read_is_kept_with_an_alarm(world: World) -> None:
    headers = {"X-Webhook-Secret": "canary-webhook-secret-7d1f", "Content-Type": "application/json"}
    statuses: list[int] = []
    url = f"{APP_URL}/webhooks/referral-factory/1/joined"

    world.post(OutgoingWebhook("referral_factory", "POST", url, headers, b"[" * 5_000), statuses.append)
    world.run(180)

    assert statuses == [202]
    assert len(world.quarantined()) == 1
    assert world.counted("SignupQuarantined") == 1
    assert "NeedsAttentionAlarm" in fired(world)


def test_87_a_receiver_that_knows_the_secret_answers_while_secrets_manager_hangs(world: World) -> None:
    world.sign_up("first@example.com")
    world.run(SECRETS_KEPT_SECONDS + 1)
    world.crossing.faults = When(lambda call: call.service == "secretsmanager", Flavour.HANG)
    signups = []

    for number in range(10):
        signups.append(world.sign_up(f"p{number}@example.com"))
        world.run(10)

    assert [[status for _, status in signup.answered] for signup in signups] == [[202]] * 10

    slow = [signup for signup in signups for at, _ in signup.answered if at - signup.at > 1]
    assert len(slow) <= 10 * 10 / ASK_AGAIN + 1, "a store that hangs is not asked for each webhook"

    world.crossing.faults = When(lambda _: False, Flavour.BEFORE)
    world.run(900)
    assert_kept(world)


def test_15_two_webhooks_a_tenth_of_a_second_apart_with_different_fields_are_one_whole_contact(world: World) -> None:
    seen: list[OutgoingWebhook] = []
    world.drop_webhook = lambda webhook: bool(seen.append(webhook))
    world.sign_up("ivo@example.com", "Ivo")
    world.run(10)
    whole = json.loads(seen[0].body)

    for left_out, seconds in (("first_name", 0.0), ("url", 0.1)):
        body = json.dumps({name: value for name, value in whole.items() if name != left_out}).encode()
        world.at(world.now() + seconds, lambda body=body: world.post(replace(seen[0], body=body)))
    world.run(120)

    [contact] = world.contacts("ivo@example.com")
    assert contact.name is not None
    assert "Ivo" in contact.name
    assert contact.custom_attributes["referral_link"] == whole["url"]

    assert_kept(world)


def test_15_a_webhook_that_holds_nothing_but_an_id_is_completed_by_polling(world: World) -> None:
    seen: list[OutgoingWebhook] = []
    world.drop_webhook = lambda webhook: bool(seen.append(webhook))
    signup = world.sign_up("ivo@example.com")
    world.run(10)

    world.post(replace(seen[0], body=json.dumps({"id": signup.person.id, "campaign_id": 1}).encode()))
    world.run(700)

    assert len(world.contacts("ivo@example.com")) == 1

    assert_kept(world)


@pytest.mark.parametrize("missing", [("last_page_missing",), ("links_missing",), ("last_page_missing", "links_missing")])
def test_01_people_of_later_pages_are_found_whatever_the_list_does_not_say(
    make_world: MakeWorld, missing: tuple[str, ...]
) -> None:
    world = make_world(referral_factory={"webhook_loss": 1.0, "seed_people": 600, **dict.fromkeys(missing, True)})
    for number in range(5):
        world.sign_up(f"p{number}@example.com")
    world.run(900)
    assert len(assert_kept(world).arrived) == 5


def test_01_people_on_pages_that_are_too_large_are_found(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "BODY_LIMIT", 60_000)
    world = make_world(referral_factory={"webhook_loss": 1.0, "seed_people": 600})

    for number in range(5):
        world.sign_up(f"p{number}@example.com")
    world.run(900)

    assert len(assert_kept(world).arrived) == 5
    assert world.counted("BreakerOpened") == 0
