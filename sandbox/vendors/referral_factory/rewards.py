"""Rewards: earned by a referral, due until issued or canceled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sandbox.vendors.referral_factory.api.refusals import invalid, not_found
from sandbox.vendors.referral_factory.records import Person, Reward, RewardRule

if TYPE_CHECKING:
    from sandbox.vendors.referral_factory.account import Account


class Rewards:
    """All rewards of an account, by id."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._by_id: dict[int, Reward] = {}
        self._by_cause: dict[int, list[Reward]] = {}
        self._due: dict[tuple[int, int], Reward] = {}

    def all(self) -> list[Reward]:
        """In order of their ids."""
        return list(self._by_id.values())

    def with_id(self, reward_id: int) -> Reward:
        """RefusedError (404) when there is none."""
        if (reward := self._by_id.get(reward_id)) is None:
            raise not_found()
        return reward

    def earn(self, moment: Literal["joined", "qualified"], referral: Person) -> None:
        """Give the referrer what their campaign promises for this; issued at once or due, as the reward says."""
        if referral.referrer_id is None or self._account.people.with_id(referral.referrer_id) is None:
            return
        for rule in self._account.campaigns[referral.campaign_id].rewards:
            if rule.when_referral == moment:
                reward = self._earned(rule, referral, referral.referrer_id)
                override = self._account.settings.auto_issue
                if rule.auto_issue if override is None else override:
                    self.issue(reward)

    def take_back(self, referral: Person) -> None:
        """Cancel what is still due for a qualification; what is issued stays issued."""
        for reward in self._by_cause.pop(referral.id, []):
            if reward.status != "Due" or reward.rule.when_referral != "qualified":
                continue
            if len(reward.causes) > 1:
                reward.causes.remove(referral.id)
            else:
                self.cancel(reward)

    def issue(self, reward: Reward) -> None:
        """Issue a due reward and tell the campaign's ``rewarded`` webhooks. RefusedError (422) when it is not due."""
        if reward.status != "Due" or not self._account.settings.can_be_issued:
            raise invalid("identifier", "The reward can not be issued.")
        reward.status = self._account.settings.issue_status
        reward.issued_at = self._account.clock()
        self._due.pop((reward.rule.id, reward.recipient_id), None)
        if recipient := self._account.people.with_id(reward.recipient_id):
            self._account.outbox.announce("rewarded", recipient, reward)

    def cancel(self, reward: Reward) -> None:
        """RefusedError (422) when it is not due."""
        if reward.status != "Due":
            raise invalid("identifier", "The reward can not be canceled.")
        reward.status = "Canceled"
        self._due.pop((reward.rule.id, reward.recipient_id), None)

    def _earned(self, rule: RewardRule, referral: Person, recipient_id: int) -> Reward:
        due = self._due.get((rule.id, recipient_id))
        if due and self._account.settings.due_rewards_aggregated:
            due.causes.append(referral.id)
            reward = due
        else:
            reward = Reward(self._account.next_id(), referral.campaign_id, recipient_id, rule, [referral.id])
            self._by_id[reward.id] = reward
            self._due[rule.id, recipient_id] = reward
        self._by_cause.setdefault(referral.id, []).append(reward)
        return reward
