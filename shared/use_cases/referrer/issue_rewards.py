"""Issue the rewards that are due, once each: reserved, asked for, confirmed.

After a lost answer only the lists tell what became of it, and not before 90 s have passed: a call may be that slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from shared.domain.campaign.campaign import Campaign
from shared.domain.person import Person
from shared.domain.referrer.reward import METRICS, Kind, Reward, RewardFacts, Status, title_of
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import Origin, State
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.errors import (
    BlockedError,
    BreakerOpenError,
    ConnectionLostError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from shared.observability import logger
from shared.ports.referrer import RewardKey
from shared.ports.vendors import RewardPage
from shared.use_cases.environment import Environment
from shared.use_cases.referrer.note_reward import note_reward

IN_DOUBT = 90.0
"""Seconds from the reservation until the lists are asked."""
MOST_REWARD_PAGES = 40
ENOUGH_READINGS = 2
"""Times that neither list holds a reward before it counts as no longer due: a page may shift while the lists are read."""


class RewardIssue:
    """The due rewards of one person, under the lease on them."""

    def __init__(self, environment: Environment, campaign: Campaign) -> None:
        self._environment = environment
        self._campaign = campaign

    def run(self, rewards: Iterable[Reward]) -> None:
        """Issues what is wanted; what is in doubt waits, the others do not. Raises what the Referral Factory port raises."""
        waits: list[TransientError] = []
        for reward in rewards:
            rests = reward.rests(self._environment.clock.now())
            if rests or not reward.wants_issuing or not self._campaign.rewards.issue_due:
                continue
            try:
                self._issue(reward if reward.reserved_at is None else self._looked_up(reward, reward.reserved_at))
            except RateLimitedError:
                raise
            except TransientError as error:
                waits.append(error)
        if waits:
            raise waits[0]

    def _issue(self, reward: Reward | None) -> None:
        if reward is None:
            return
        self._need_time()
        now = self._environment.clock.now()
        reserved = self._update(reward, lambda fresh: replace(fresh, reserved_at=now))
        try:
            facts = self._environment.referral_factory().issue_reward(reward.facts.id)
        except RejectedError as error:
            if self._find(self._environment.referral_factory().due_rewards, reward):
                self._refuse(reserved, str(error))
            else:  # somebody was faster, or took it back
                self._end(reserved, note=str(error), assumed=True)
            return
        except (RateLimitedError, BreakerOpenError, BlockedError, ConnectionLostError):
            self._update(reserved, lambda fresh: replace(fresh, reserved_at=None))  # refused: nothing happened
            raise
        self._end(reserved, facts, issued=True)
        self._environment.metrics.count("RewardIssued")

    def _looked_up(self, reward: Reward, reserved_at: float) -> Reward | None:
        """The reward when it still is due, None when it came to an end."""
        left = reserved_at + IN_DOUBT - self._environment.clock.now()
        if left > 0:
            raise TransientError("An earlier request to issue a reward was not answered.", retry_after=left)
        vendor = self._environment.referral_factory()
        if self._find(vendor.due_rewards, reward):
            return reward
        issued = self._find(vendor.issued_rewards, reward)
        if issued:
            self._end(reward, issued, issued=True)
        elif reward.readings + 1 >= ENOUGH_READINGS:
            self._end(reward, note="Referral Factory no longer lists it as due.", assumed=True)
        else:
            now = self._environment.clock.now()
            self._update(reward, lambda fresh: replace(fresh, readings=fresh.readings + 1, reserved_at=now))
            raise TransientError("Referral Factory's lists do not hold the reward at the moment.", retry_after=IN_DOUBT)
        return None

    def _find(self, read: Callable[[str, int], RewardPage], reward: Reward) -> RewardFacts | None:
        for metric in (reward.facts.metric,) if reward.facts.metric else METRICS:
            for number in range(1, MOST_REWARD_PAGES + 1):
                self._need_time()
                page = read(metric, number)
                for facts in page.rewards:
                    if (facts.id, facts.recipient_id) == (reward.facts.id, reward.user_id):
                        return facts
                if number >= (page.last_page or number + bool(page.rewards)):
                    break
        return None

    def _refuse(self, reward: Reward, reason: str) -> None:
        """It stays due, rests, and a person sees it; the same refusal again is no news."""
        now, said = self._environment.clock.now(), f"“{title_of(reward.facts)}” was not issued: {reason}"
        self._update(reward, lambda fresh: replace(fresh.put_off(now, reason), reserved_at=None, changed_at=now))
        self._note_in_story(reward, lambda row: row.refused(_name_of(reward), said))
        self._environment.metrics.count("RewardRefused")
        logger.error("due reward refused", campaign_id=reward.campaign_id, reward=reward.facts.id, reason=reason)

    def _note_in_story(self, reward: Reward, change: Callable[[Referral], Referral]) -> None:
        """Somebody who joined before the campaign was set up here may have no row yet."""
        rows, now = self._environment.referrals, self._environment.clock.now()
        with suppress(NotFoundError):
            rows.update(reward.campaign_id, reward.user_id, change)
            return
        row = Referral(reward.campaign_id, reward.user_id, State.KNOWN, Person(reward.user_id), now, Origin.RECONCILE)
        rows.add(change(row))

    def _end(
        self, reward: Reward, facts: RewardFacts | None = None, *, issued: bool = False, note: str = "", assumed: bool = False
    ) -> None:
        now = self._environment.clock.now()

        def change(fresh: Reward) -> Reward:
            facts_now = replace(fresh.facts, status=Status.ISSUED) if issued else fresh.facts
            return replace(fresh, facts=facts_now, ended_at=now, changed_at=now, note=note, assumed=assumed, again_at=None)

        if facts is not None:
            answered = replace(facts, kind=Kind.ISSUED, recipient_id=reward.user_id)
            note_reward(self._environment, self._campaign, _named(answered, reward.facts), listed=False)
        self._update(reward, change)
        if reward.note:  # it was refused before
            self._note_in_story(reward, lambda row: row.accepted(_name_of(reward)))
        logger.info("due reward ended", campaign_id=reward.campaign_id, reward=reward.facts.id, issued=issued, note=note)

    def _update(self, reward: Reward, change: Callable[[Reward], Reward]) -> Reward:
        return self._environment.rewards.update(RewardKey(reward.campaign_id, reward.user_id, *reward.key), change)

    def _need_time(self) -> None:
        if self._environment.time_left() < LONGEST_REFERRAL_FACTORY_CALL:
            raise TransientError("Not enough time left for a call to Referral Factory.", retry_after=1.0)


def _name_of(reward: Reward) -> str:
    return f"reward {reward.facts.id}"


def _named(facts: RewardFacts, due: RewardFacts) -> RewardFacts:
    """The answer tells no name; the due reward's is its own."""
    return replace(facts, name=facts.name or due.name, metric=facts.metric or due.metric)
