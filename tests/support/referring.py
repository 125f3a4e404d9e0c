"""A campaign's story for tests: people of Referral Factory's stand-in, whose webhooks come in through the handlers."""

from __future__ import annotations

import json
from typing import Any

from sandbox.vendors.intercom.workspace import Contact, Event
from sandbox.vendors.referral_factory.outbox import EVENTS
from sandbox.vendors.referral_factory.records import Person, RewardRule
from sandbox.vendors.referral_factory.settings import WebhookRule
from shared.domain.referrer.referrer import ReferrerRecord
from shared.domain.referrer.reward import Reward
from tests.support.builders import App

COUNT = "custom_attributes.referral_count"
CONVERTED = "custom_attributes.converted_referral_count"
REWARDS = {
    "issue_due": False,
    "last_reward": "custom_attributes.last_reward",
    "rewards_total": "custom_attributes.rewards_total",
    "reward_status": "custom_attributes.reward_status",
}
RITA = "rita@example.com"
TITLE = "20.00 for inviting a friend"


class Story:
    """Rita refers in campaign 1; Intercom knows her as a user unless ``contact`` is False."""

    def __init__(self, *, contact: bool = True, rewards: dict[str, Any] | None = None, **referral_factory: Any) -> None:
        rules = tuple(WebhookRule(campaign, event, f"http://app/{campaign}/{event}") for campaign in (1, 2) for event in EVENTS)
        self.app = App(**{"webhooks": rules, **referral_factory})
        self.account = self.app.referral_factory.account
        self.rewarding("amount", "20.00")
        self.campaign = self.app.configure(rewards={**REWARDS, **(rewards or {})})
        self.before = self.app.given("user", email=RITA, name="Rita") if contact else None
        self.rita = self.refers("Rita", RITA)
        self.app.forget_calls()
        self._people = 0

    def rewarding(self, metric: Any, value: str, campaign: int = 1, **rule: Any) -> None:
        """What the campaign promises for a qualified referral."""
        made = RewardRule(campaign * 10 + 1, f"{value} for inviting a friend", metric, value, **rule)
        self.account.campaigns[campaign].rewards = (made,)

    def refers(self, name: str, email: str, campaign: int = 1) -> Person:
        with self.account.outbox.silent():
            return self.account.join(self.account.campaigns[campaign], first_name=name, email=email, source="Direct")

    def invites(self, referrer: Person | None = None, *, webhook: bool = True) -> Person:
        """A friend signs up; the webhook comes in and is worked off."""
        self._people += 1
        by = referrer or self.rita
        friend = self.account.join(
            self.account.campaigns[by.campaign_id],
            first_name=f"Friend {self._people}",
            email=f"friend{self._people}@example.com",
            source="Referred",
            referrer=by,
        )
        self.webhooks(lost=not webhook)
        return friend

    def joins_by(self, referrer: Person, friend: Person) -> None:
        """Somebody who is in one campaign signs up in that of another referrer too; the webhook comes in."""
        campaign = self.account.campaigns[referrer.campaign_id]
        self.account.join(campaign, first_name="Friend 1", email=friend.email, source="Referred", referrer=referrer)
        self.webhooks()

    def qualifies(self, friend: Person, *, webhook: bool = True, qualified: bool = True) -> None:
        """Somebody qualifies the friend at Referral Factory."""
        self.account.qualify(friend, qualified=qualified)
        self.webhooks(lost=not webhook)

    def webhooks(self, *, lost: bool = False) -> None:
        for webhook in self.app.referral_factory.take_webhooks(self.app.clock.now()):
            campaign, event = webhook.url.split("/")[-2:]
            if not lost:
                self.app.post(json.loads(webhook.body), campaign=campaign, event=event)
                self.app.work()

    def passes(self, seconds: float = 60.0, step: float = 10.0) -> None:
        """Time, with the referrers' queue worked off every ``step`` and the sweep each minute."""
        until = self.app.clock.at + seconds
        while self.app.clock.at < until:
            self.app.wait(step)
            if self.app.clock.at % 60 < step:
                self.app.sweep()
            self.app.update_referrers()

    # -- what is there then -------------------------------------------------------------------------------------------

    def contact(self, email: str = RITA) -> Contact:
        return self.app.contact(email)

    def counts(self, email: str = RITA) -> tuple[Any, Any]:
        custom = self.contact(email).custom_attributes
        return custom.get("referral_count"), custom.get("converted_referral_count")

    def shown(self, email: str = RITA) -> dict[str, Any]:
        """The reward attributes of the contact that are set."""
        custom = self.contact(email).custom_attributes
        return {
            name: custom[name] for name in ("last_reward", "rewards_total", "reward_status") if custom.get(name) is not None
        }

    def events(self, email: str = RITA) -> list[Event]:
        found = self.app.intercom.workspace.events.get(self.contact(email).id, [])
        return [event for event in found if event.name == "referral_reward_issued"]

    def writes(self) -> list[str]:
        """The contacts' PUTs, since the calls were last forgotten."""
        return [call for call in self.app.calls("intercom") if call.startswith("PUT")]

    def asked(self) -> list[str]:
        return self.app.calls("referral_factory")

    def mark(self, person: Person | None = None) -> ReferrerRecord | None:
        of = person or self.rita
        return self.app.environment.referrers.find(of.campaign_id, of.id)

    def rewards(self, person: Person | None = None) -> list[Reward]:
        of = person or self.rita
        return sorted(self.app.environment.rewards.of_person(of.campaign_id, of.id), key=lambda reward: reward.key)


def due(**settings: Any) -> Story:
    """Rewards are not issued by Referral Factory itself, but by us."""
    story = Story(rewards={"issue_due": True}, auto_issue=False, **settings)
    story.app.poll_rewards()
    story.app.forget_calls()
    return story


def issues(story: Story) -> list[str]:
    return [call for call in story.asked() if call.startswith("POST /api/v2/rewards/issue")]


def given(story: Story) -> int:
    """Rewards that Referral Factory itself has issued."""
    return sum(reward.status == "Issued" for reward in story.account.rewards.all())
