"""Alarms of qualifications and rewards, each fired by what it is for, and silent without it."""

from __future__ import annotations

from sandbox.vendors.wire import Request, Response
from tests.simulation.aws.alarms import fired
from tests.simulation.aws.transport import Outage
from tests.simulation.conftest import MakeWorld
from tests.simulation.play.referral_stories import ADA, FRIEND, REWARDS, WRITE_BACK
from tests.simulation.settings import build_settings
from tests.simulation.world import OF_A_SIGNUP, World

ALL = (*OF_A_SIGNUP, "intercom_webhook", "qualify_referral", "update_referrer")
OURS = {
    "NeedsAttentionAlarm",
    "RewardPollFailedAlarm",
    "UpdateReferrerErrorAlarm",
    "ContactReconcileFailedAlarm",
    "NotificationsSilentAlarm",
    "TrackedAttributeMissingAlarm",
}


def earning(make_world: MakeWorld) -> World:
    """Ada refers and is in Intercom; a friend has signed up. All schedules run."""
    world = make_world(functions=ALL, configured=False)
    world.add_contact(ADA, "user", name="Ada")
    world.configure(build_settings(rewards=REWARDS, sync={"mode": "off", "write_back": WRITE_BACK}))
    world.start_schedule("update_referrer")
    world.sign_up(FRIEND)
    world.run(90)
    return world


def qualify(world: World) -> None:
    """Somebody qualifies the friend at Referral Factory, which issues Ada's reward."""
    friend = next(signup.person for signup in world.signups.values())
    world.referral_factory.account.qualify(friend, qualified=True)
    world._post_webhooks()


def refuse(world: World, method: str, path: str, status: int) -> None:
    """Intercom answers such calls with that status from now on."""
    answer = world.intercom.answer

    def refusing(request: Request) -> Response:
        asked = request.method == method and request.path.startswith(path)
        return world.intercom.refuse(status) if asked else answer(request)

    world.intercom.answer = refusing  # type: ignore[method-assign]


def test_a_refused_event_of_a_reward_fires(make_world: MakeWorld) -> None:
    world = earning(make_world)
    refuse(world, "POST", "/events", 403)

    qualify(world)
    world.run(900)

    assert world.contacts(ADA)[0].custom_attributes["reward_status"] == "Issued"
    assert OURS & set(fired(world)) == {"NeedsAttentionAlarm"}
    assert world.counted("RewardEventRefused")


def test_lists_of_rewards_that_nobody_can_read_fire_within_20_minutes(make_world: MakeWorld) -> None:
    world = earning(make_world)
    began = world.now()

    world.transport.outages.append(Outage("referral_factory", began, began + 1_500))
    world.run(1_500)

    assert "RewardPollFailedAlarm" in fired(world)

    world.run(1_500)

    assert world.metrics["RewardPollSucceeded"][-1][0] > began + 1_500


def test_one_pass_over_the_rewards_that_was_not_answered_fires_nothing(make_world: MakeWorld) -> None:
    world = earning(make_world)
    world.transport.outages.append(Outage("referral_factory", world.now(), world.now() + 320))
    world.run(1_500)

    assert world.counted("RewardPollFailed")
    assert not OURS & set(fired(world))


def test_a_change_that_no_notification_reported_fires_and_counts(make_world: MakeWorld) -> None:
    world = earning(make_world)
    [contact] = world.contacts(FRIEND)

    world.intercom.contacts.update(contact.id, {"custom_attributes": {"referral_status": "Connected"}}, by_api=False)
    world.run(1_200)

    assert next(iter(world.signups.values())).person.qualified_times == 1
    assert OURS & set(fired(world)) == {"NotificationsSilentAlarm"}
