"""Look through Referral Factory's lists of rewards for what no webhook reported: issued, canceled, failed, due.

The lists name no campaign, only a recipient and a definition; a definition belongs to one campaign, so each is asked about
once. A pass is bounded in calls and time and goes on where the last one stopped. https://developers.referral-factory.com
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.referrer.reward import METRICS, Kind, Reward, RewardFacts
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.domain.vendor.retry import FAILURES_TO_SHRINK, asks_for_fewer
from shared.errors import NotSentError, UnavailableError
from shared.observability import logger
from shared.ports.referrer import RewardKey
from shared.use_cases.environment import Environment
from shared.use_cases.referrer.note_reward import note_reward

Answer = TypeVar("Answer")
POLL_PROGRESS = "rewards"
MOST_CALLS = 40
"""Calls of one pass, of about 1,400 that five minutes allow."""
LISTS = tuple((kind, metric) for kind in (Kind.DUE, Kind.ISSUED) for metric in METRICS)


class RewardPoll:
    """One pass. Raises what the Referral Factory port raises; what was found until then is kept."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._campaigns: Mapping[int, Campaign] = {}
        self._progress: dict[str, Any] = {}
        self._calls = 0
        self._noted = 0
        self._named: set[str] = set()

    def run(self) -> int:
        """How many rewards were new or had changed."""
        environment = self._environment
        campaigns = [campaign for campaign in environment.campaigns.list() if campaign.status is Status.ACTIVE]
        self._campaigns = {campaign.campaign_id: campaign for campaign in campaigns}
        if not self._campaigns:
            return 0
        self._progress = {"list": 0, "page": 1, "last_pages": {}, "definitions": {}, "known": [], "scanning": None}
        self._progress |= {"page_failures": 0, "failed_at": 0.0}
        self._progress |= dict(environment.progresses.find(POLL_PROGRESS) or {})
        try:
            self._read_newest()
            self._scan()
        finally:
            environment.progresses.save(POLL_PROGRESS, self._progress)
        environment.metrics.count("RewardPollSucceeded")
        environment.metrics.count("RewardFoundByPoll", self._noted)
        logger.info("rewards polled", calls=self._calls, noted=self._noted, list=self._progress["list"])
        return self._noted

    def _may_go_on(self) -> bool:
        return self._calls < MOST_CALLS and self._environment.time_left() >= LONGEST_REFERRAL_FACTORY_CALL

    def _read_newest(self) -> None:
        """The last page of each long list of issued rewards, where new ones appear if it is in the order of their ids."""
        for metric in METRICS:
            last = self._progress["last_pages"].get(f"{Kind.ISSUED}/{metric}", 1)
            if last > 1 and self._may_go_on():
                self._read(Kind.ISSUED, metric, last)

    def _scan(self) -> None:
        """All lists once at most, from where the last pass stopped; a scan that came to its end makes what it saw known."""
        if self._progress["scanning"] is None:
            self._progress["scanning"] = sorted(self._campaigns)
        while self._may_go_on():
            kind, metric = LISTS[self._progress["list"]]
            last = self._read(kind, metric, self._progress["page"])
            if self._progress["page"] < last:
                self._progress["page"] += 1
                continue
            self._progress |= {"list": (self._progress["list"] + 1) % len(LISTS), "page": 1}
            if self._progress["list"] == 0:
                scanned = sorted({*self._progress["known"], *self._progress["scanning"]})
                self._progress |= {"known": scanned, "scanning": None}
                return

    def _read(self, kind: Kind, metric: str, number: int) -> int:
        """One page; answers how many there are."""
        vendor = self._environment.referral_factory()
        read = vendor.due_rewards if kind is Kind.DUE else vendor.issued_rewards
        before = int(self._progress["page_failures"])
        page = self._paged(lambda smaller: read(metric, number, smaller))
        if page.smaller > self._smaller:
            failures = max(FAILURES_TO_SHRINK, before + 1)
            self._progress |= {"page_failures": failures, "failed_at": self._environment.clock.now()}
        last = page.last_page or (number + 1 if page.rewards else number)
        self._progress["last_pages"][f"{kind}/{metric}"] = last
        self._compare(metric, page.rewards)
        return last

    @property
    def _smaller(self) -> int:
        """Whether lists are read in smaller parts (1), once two pages did not come."""
        failures, failed_at = int(self._progress["page_failures"]), float(self._progress["failed_at"])
        return int(asks_for_fewer(failures, failed_at, self._environment.clock.now()))

    def _paged(self, read: Callable[[int], Answer]) -> Answer:
        """Counts whole pages that do not come; what does not come in smaller parts either is no matter of size."""
        self._calls += 1
        try:
            answer = read(self._smaller)
        except UnavailableError as error:
            if not isinstance(error, NotSentError):
                failures = 0 if self._smaller else int(self._progress["page_failures"]) + 1
                self._progress |= {"page_failures": failures, "failed_at": self._environment.clock.now()}
            raise
        if not self._smaller:
            self._progress["page_failures"] = 0
        return answer

    def _compare(self, metric: str, rewards: Sequence[RewardFacts]) -> None:
        """Against what is remembered: what is new or has changed is noted."""
        found = [(campaign, self._with_name(facts)) for facts in rewards if (campaign := self._campaign_of(metric, facts))]
        keys = {facts: RewardKey(c.campaign_id, facts.recipient_id or 0, facts.kind, facts.id) for c, facts in found}
        stored = self._environment.rewards.find_all(list(keys.values()))
        for campaign, facts in found:
            before: Reward | None = stored.get(keys[facts])
            old = campaign.campaign_id not in self._progress["known"]
            note_reward(
                self._environment, campaign, facts, listed=True, preexisting=old and facts.kind is Kind.ISSUED, before=before
            )
            self._noted += before is None or before.facts.status is not facts.status

    # -- whose is it --------------------------------------------------------------------------------------------------

    def _campaign_of(self, metric: str, facts: RewardFacts) -> Campaign | None:
        """The active campaign it belongs to; None for others, and while nobody could say."""
        definition = str(facts.reward_id)
        if definition not in self._progress["definitions"] or self._progress["definitions"][definition][1] is None:
            self._learn(metric, facts)
        return self._campaigns.get(self._progress["definitions"][definition][1])

    def _learn(self, metric: str, facts: RewardFacts) -> None:
        """Name and campaign of a definition: from the list of definitions, else from its recipient."""
        definitions: dict[str, Any] = self._progress["definitions"]
        if metric not in self._named and self._may_go_on():
            self._named.add(metric)
            vendor = self._environment.referral_factory()
            found = self._paged(lambda smaller: vendor.reward_definitions(metric, smaller))
            for number, (name, campaign_id) in found.items():
                before = definitions.get(str(number), [None, None])
                definitions[str(number)] = [name or before[0], campaign_id or before[1]]
        name, campaign_id = definitions.get(str(facts.reward_id), [None, None])
        if campaign_id is None:
            campaign_id = self._campaign_of_recipient(facts.recipient_id or 0)
        definitions[str(facts.reward_id)] = [name, campaign_id]

    def _campaign_of_recipient(self, user_id: int) -> int | None:
        rows = self._environment.referrals.find_all([(campaign_id, user_id) for campaign_id in self._campaigns])
        if rows:
            return next(iter(rows))[0]
        if not self._may_go_on():
            return None
        self._calls += 1
        found = self._environment.referral_factory().user(user_id)
        return found[0] if found else None

    def _with_name(self, facts: RewardFacts) -> RewardFacts:
        name = self._progress["definitions"].get(str(facts.reward_id), [None])[0]
        return replace(facts, name=facts.name or name)
