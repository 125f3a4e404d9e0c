"""One qualification, one reversal and one reward: what the crash points of referrals are tried on."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.vendors.wire import OutgoingWebhook
from tests.simulation.aws.boundary import Call, Faults, Flavour, NoFaults
from tests.simulation.judge.oracle import judge
from tests.simulation.settings import build_settings
from tests.simulation.world import OF_A_SIGNUP, World

FRIEND, ADA = "friend@example.com", "ada@example.com"
INTERCOM_WEBHOOK = "https://app.example.net/webhooks/intercom"
REWARDS = {
    "issue_due": True,
    "last_reward": "custom_attributes.last_reward",
    "rewards_total": "custom_attributes.rewards_total",
    "reward_status": "custom_attributes.reward_status",
}
WRITE_BACK = {
    "referral_count": "custom_attributes.referral_count",
    "converted_referral_count": "custom_attributes.converted_referral_count",
}
LONGEST = 3_600.0
"""Seconds for which a story goes on: a refused connection counts as a block, and for five minutes nobody calls."""


@dataclass(slots=True)
class NthCalls:
    """Faults at the n-th calls, counted from 1, of the functions of a story; AWS calls fail past the SDK's retry."""

    functions: frozenset[str]
    at: dict[int, Flavour] = field(default_factory=dict)
    played: int = 0
    calls: list[Call] = field(default_factory=list)

    def __call__(self, call: Call) -> Flavour | None:
        if call.function not in self.functions:
            return None
        if call.attempt == 1:
            self.calls.append(call)
        flavour = self.at.get(len(self.calls))
        self.played += flavour is not None and call.attempt == 1
        return flavour


@dataclass(frozen=True, slots=True)
class ReferralStory:
    """``functions``: those whose calls are fault points. ``tell`` answers the world at the end, ``problems`` what is not as it
    must be."""

    name: str
    functions: frozenset[str]
    tell: Callable[[Faults], World]
    problems: Callable[[World], list[str]]

    def __str__(self) -> str:
        return self.name

    def faults(self, at: dict[int, Flavour] | None = None) -> NthCalls:
        return NthCalls(self.functions, dict(at or {}))


# -- a contact reaches the qualified value, or leaves it ----------------------------------------------------------------


def _qualify(faults: Faults, *, reversal: bool) -> World:
    """With ``reversal`` the faults come when the value is left again."""
    functions = (*OF_A_SIGNUP, "intercom_webhook", "qualify_referral", "update_referrer")
    world = World(5, sweep=False, reconcile=False, functions=functions)
    document = build_settings()
    document["qualification"]["unqualify_on_reversal"] = reversal
    world.configure(document)
    world.sign_up(FRIEND)
    world.run(90)
    world.intercom.change_settings({"webhook_url": INTERCOM_WEBHOOK})
    world.intercom.take_webhooks(world.now())
    [contact] = world.contacts(FRIEND)
    for value in ("Connected", "New") if reversal else ("Connected",):
        world.crossing.faults = NoFaults() if reversal and value == "Connected" else faults
        world.intercom.contacts.update(contact.id, {"custom_attributes": {"referral_status": value}}, by_api=False)
        began = world.now()
        while world.now() < began + LONGEST and (
            _reported_wrong(world, wanted=value == "Connected") or _waits(world, "QUALIF")
        ):
            notify(world)
            world.run(30)
            notify(world)
            world.run(40 if world.now() - began < 1_200 else 900)
            world.fire("sweep")
            if world.now() - began > 280:
                world.fire("reconcile")
    world.crossing.faults = NoFaults()
    return world


def notify(world: World) -> None:
    """Sends what Intercom has to send; it repeats once what was not answered with 200."""
    for webhook in world.intercom.take_webhooks(world.now()):

        def then(answer: Any, ended: BaseException | None, webhook: OutgoingWebhook = webhook) -> None:
            world.intercom.webhook_answered(webhook, answer["statusCode"] if ended is None else None)

        world.functions["intercom_webhook"].invoke(as_event(webhook), then)


def uninstall(world: World) -> None:
    """Intercom's call that the app was uninstalled, always the same bytes; it says nothing of our token."""
    world.intercom.change_settings({"uninstall_url": f"{INTERCOM_WEBHOOK}/uninstall"})
    world.intercom.notifier.uninstalled()
    notify(world)


def as_event(webhook: OutgoingWebhook) -> dict[str, Any]:
    path = urlsplit(webhook.url).path
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {name.lower(): value for name, value in webhook.headers.items()},
        "requestContext": {"http": {"method": webhook.method, "path": path}},
        "body": base64.b64encode(webhook.body).decode(),
        "isBase64Encoded": True,
    }


def _reported_wrong(world: World, *, wanted: bool) -> list[str]:
    friend = next(signup.person for signup in world.signups.values())
    item = world.environment("qualify_referral").qualifications.find(friend.campaign_id, friend.id)
    found = []
    if (friend.qualified_at is not None) is not wanted:
        found.append(f"qualified at {friend.qualified_at}")
    if friend.qualified_times != 1:
        found.append(f"qualified {friend.qualified_times} times")
    if item is None or item.reported is not wanted:
        found.append(f"the ledger holds {item.reported if item else None}")
    return found


def _waits(world: World, kind: str) -> list[str]:
    items = world.cloud.dynamodb.items("ReferralsTable")
    return [f"{kind} still waits" for item in items if item["sk"]["S"].startswith(kind) and "due_at" in item]


def _after_qualifying(world: World, *, wanted: bool) -> list[str]:
    return [*_reported_wrong(world, wanted=wanted), *_waits(world, "QUALIF"), *over_caps(world)]


# -- a reward is found due, issued, reported and shown ---------------------------------------------------------------------


def _reward(faults: Faults) -> World:
    """Ada's friend qualifies; her reward is due, and Referral Factory leaves it to us to issue it."""
    world = World(
        3, sweep=False, reconcile=False, functions=(*OF_A_SIGNUP, "update_referrer"), referral_factory={"auto_issue": False}
    )
    world.add_contact(ADA, "user", name="Ada")
    world.configure(build_settings(rewards=REWARDS, sync={"mode": "off", "write_back": WRITE_BACK}))
    friend = world.sign_up(FRIEND)
    world.run(90)
    world.fire("update_referrer")
    world.run(30)
    world.crossing.faults = faults
    world.referral_factory.account.qualify(friend.person, qualified=True)
    world._post_webhooks()
    began = world.now()
    while world.now() < began + LONGEST and (_shown_wrong(world) or _waits(world, "REFERRER")):
        world.fire("update_referrer")
        for _ in range(5):
            world.run(60)
            if not (_shown_wrong(world) or _waits(world, "REFERRER")):
                break
            world._post_webhooks()
            world.fire("sweep")
    world.crossing.faults = NoFaults()
    return world


def _shown_wrong(world: World) -> list[str]:
    rewards = world.referral_factory.account.rewards.all()
    [contact] = world.contacts(ADA)
    events = world.intercom.workspace.events.get(contact.id, [])
    custom = contact.custom_attributes
    wanted = {
        "referral_count": 1,
        "converted_referral_count": 1,
        "rewards_total": 20.0,
        "reward_status": "Issued",
        "last_reward": "20 for inviting a friend",
    }
    found = [f"{name} is {custom.get(name)}" for name, value in wanted.items() if custom.get(name) != value]
    if [reward.status for reward in rewards] != ["Issued"]:
        found.append(f"rewards {[reward.status for reward in rewards]}")
    if len(events) != 1:
        found.append(f"{len(events)} events")
    return found


def _after_rewarding(world: World) -> list[str]:
    return [*_shown_wrong(world), *_waits(world, "REFERRER"), *over_caps(world)]


def over_caps(world: World) -> list[str]:
    """Vendors' limits that were passed, and secrets or addresses that were logged."""
    verdict = judge(world)
    return [*verdict.over_cap, *verdict.leaked]


QUALIFICATION = ReferralStory(
    "qualification",
    frozenset({"intercom_webhook", "qualify_referral"}),
    lambda faults: _qualify(faults, reversal=False),
    lambda world: _after_qualifying(world, wanted=True),
)
REVERSAL = ReferralStory(
    "reversal",
    frozenset({"intercom_webhook", "qualify_referral"}),
    lambda faults: _qualify(faults, reversal=True),
    lambda world: _after_qualifying(world, wanted=False),
)
REWARD = ReferralStory("reward", frozenset({"update_referrer"}), _reward, _after_rewarding)
STORIES = (QUALIFICATION, REVERSAL, REWARD)
