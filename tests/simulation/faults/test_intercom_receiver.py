"""The receiver of Intercom's notifications answers whatever its tables do: in less than the 5 s after which an answer counts as
failed (https://developers.intercom.com/docs/webhooks), and what can matter is queued."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.vendors.wire import OutgoingWebhook
from shared.runtime import bootstrap
from tests.simulation.aws.boundary import Call, Flavour, When
from tests.simulation.play.referral_stories import FRIEND, INTERCOM_WEBHOOK, as_event
from tests.simulation.settings import build_settings
from tests.simulation.world import OF_A_SIGNUP, World

FAILED_AFTER = 5.0
ON_ORDER = 0.5
"""Seconds of an answer that waited for nobody."""
FLAVOURS = [Flavour.BEFORE, Flavour.AFTER, Flavour.HANG]


class Receiving:
    """A friend is in Intercom, and the receiver is warm."""

    def __init__(self) -> None:
        self.world = World(5, functions=(*OF_A_SIGNUP, "intercom_webhook", "qualify_referral", "update_referrer"))
        self.world.configure(build_settings())
        self.world.sign_up(FRIEND)
        self.world.run(90)
        self.world.intercom.change_settings({"webhook_url": INTERCOM_WEBHOOK})
        self.world.intercom.take_webhooks(self.world.now())
        [self.contact] = self.world.contacts(FRIEND)
        self.answers: list[tuple[int | None, float]] = []
        self.changes("New")

    def changes(self, value: str) -> None:
        """Somebody changes the contact, and its notification comes in."""
        self.world.intercom.contacts.update(self.contact.id, {"custom_attributes": {"referral_status": value}}, by_api=False)
        for webhook in self.world.intercom.take_webhooks(self.world.now()):
            self.comes(webhook)
        self.world.run(20)

    def comes(self, webhook: OutgoingWebhook) -> None:
        began = self.world.now()

        def then(answer: Any, ended: BaseException | None) -> None:
            self.answers.append((answer["statusCode"] if ended is None else None, self.world.now() - began))

        self.world.functions["intercom_webhook"].invoke(as_event(webhook), then)

    def hurt(self, flavour: Flavour, *operations: str, key: str = "") -> None:
        def met(call: Call) -> bool:
            return call.function == "intercom_webhook" and call.what in operations and call.key.startswith(key)

        self.world.crossing.faults = When(met, flavour)

    @property
    def qualified(self) -> bool:
        return any(person.person.qualified_at is not None for person in self.world.signups.values())


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_light_of_the_last_notification_never_costs_its_answer(flavour: Flavour) -> None:
    story = Receiving()
    story.world.run(60)
    story.hurt(flavour, "update_item", key="FIGURES#")
    story.changes("Connected")

    story.changes("New")

    assert story.world.crossing.trace.count >= 2, "the fault was met"
    assert [status for status, _ in story.answers] == [200] * len(story.answers)
    assert max(seconds for _, seconds in story.answers) < FAILED_AFTER

    story.world.run(60)

    assert story.qualified


def test_a_light_that_failed_is_not_tried_again_at_once() -> None:
    """A storm, while the table hangs, is not slowed down by each of its notifications."""
    story = Receiving()
    story.world.run(60)
    story.hurt(Flavour.HANG, "update_item", key="FIGURES#")
    story.world.intercom.contacts.update(story.contact.id, {"custom_attributes": {"referral_status": "Lost"}}, by_api=False)
    (webhook,) = story.world.intercom.take_webhooks(story.world.now())
    story.answers.clear()

    for _ in range(3):
        story.comes(webhook)
        story.world.run(4)

    assert [status for status, _ in story.answers] == [200, 200, 200]
    assert [seconds < ON_ORDER for _, seconds in story.answers] == [False, True, True]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_while_the_rules_cannot_be_read_the_last_known_ones_hold(flavour: Flavour) -> None:
    story = Receiving()
    story.world.run(70)
    story.hurt(flavour, "get_item", "query", "update_item")  # the whole table

    story.changes("Connected")

    assert story.world.crossing.trace.count >= 2, "the fault was met"
    assert [status for status, _ in story.answers] == [200] * len(story.answers)
    assert max(seconds for _, seconds in story.answers) < FAILED_AFTER

    story.world.run(60)

    assert story.qualified


def test_the_sdk_is_as_brief_as_the_world_believes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    made = {name: bootstrap._boto3_client(name, "dynamodb").meta.config for name in ("intercom_webhook", "deliver_contact")}
    assert {name: (one.connect_timeout, one.read_timeout) for name, one in made.items()} == {
        "intercom_webhook": bootstrap.BRIEF,
        "deliver_contact": bootstrap.USUAL,
    }
    assert {one.retries["total_max_attempts"] for one in made.values()} == {bootstrap.AWS_ATTEMPTS}
