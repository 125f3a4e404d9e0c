"""Rewards as Referral Factory reports them, and what they come to on a contact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from shared.domain.contact import Value
from shared.domain.referrer.money import has_digits, money_of
from shared.domain.vendor.retry import pause_after

METRICS = ("amount", "commission", "coupon", "custom")
"""The four lists of rewards: https://developers.referral-factory.com (rewards)."""


class Status(StrEnum):
    """https://developers.referral-factory.com (issued rewards). DUE: owed, not issued. UNKNOWN: an undocumented word."""

    DUE = "Due"
    ISSUED = "Issued"
    SENDING = "Sending"
    SENT = "Sent"
    FAILED = "Failed"
    CANCELED = "Canceled"
    UNKNOWN = "Unknown"


GIVEN = frozenset({Status.ISSUED, Status.SENDING, Status.SENT})
_RANK = {
    Status.UNKNOWN: -1,
    Status.DUE: 0,
    Status.ISSUED: 1,
    Status.SENDING: 2,
    Status.SENT: 3,
    Status.FAILED: 4,
    Status.CANCELED: 4,
}


class Kind(StrEnum):
    """Which list a reward's id belongs to: whether both lists count their ids together is not documented."""

    DUE = "due"
    ISSUED = "issued"


def status_of(text: str | None, default: Status) -> Status:
    """In any letter case, *cancelled* with one or two l; ``default`` where no word is."""
    word = (text or "").strip().casefold().replace("cancelled", "canceled")
    return next((status for status in Status if status.casefold() == word), Status.UNKNOWN) if word else default


@dataclass(frozen=True, slots=True)
class RewardFacts:
    """What a webhook or a list reports on one reward; None: not there. ``reward_id`` names the definition, not this one."""

    kind: Kind
    id: int
    recipient_id: int | None = None
    reward_id: int | None = None
    status: Status = Status.ISSUED
    name: str | None = None
    amount: str | None = None
    coupon: str | None = None
    count: int | None = None
    issued_at: str | None = None
    metric: str | None = None
    can_be_issued: bool = True


@dataclass(frozen=True, slots=True)
class Reward:
    """One reward of one person in one campaign. Times are epoch seconds.

    ``noted_at``: when we first heard of it; ``changed_at``: when its status last changed. ``event_at``: the second that was
    chosen for its Intercom event, ``reported_at`` when that event was taken; ``preexisting``: it was there before we looked,
    so no event reports it. ``to_issue``: the campaign wants it issued; ``reserved_at``: when we last asked Referral Factory
    to, ``ended_at`` when that came to an end, ``assumed``: nobody confirmed it, the lists just no longer hold it as due.
    ``readings``: how often neither list held it. ``tries``: how often a vendor refused it, ``again_at``: until when it rests.
    """

    facts: RewardFacts
    campaign_id: int
    user_id: int
    noted_at: float
    changed_at: float
    preexisting: bool = False
    event_at: int | None = None
    reported_at: float | None = None
    to_issue: bool = False
    reserved_at: float | None = None
    ended_at: float | None = None
    assumed: bool = False
    readings: int = 0
    note: str = ""
    version: int = 0
    tries: int = 0
    again_at: float | None = None

    @property
    def key(self) -> tuple[Kind, int]:
        return self.facts.kind, self.facts.id

    def rests(self, now: float) -> bool:
        return self.again_at is not None and now < self.again_at

    def put_off(self, now: float, note: str) -> Reward:
        """A vendor refused it: it rests, longer each time."""
        return replace(self, tries=self.tries + 1, again_at=now + pause_after(self.tries), note=note)

    @property
    def wants_event(self) -> bool:
        """Given to the person, and Intercom does not know yet."""
        issued = self.facts.kind is Kind.ISSUED and self.facts.status in GIVEN
        return issued and self.reported_at is None and not self.preexisting

    @property
    def wants_issuing(self) -> bool:
        return self.to_issue and self.ended_at is None and self.facts.kind is Kind.DUE


def completed(reward: Reward, newer: RewardFacts, now: float, *, listed: bool) -> Reward:
    """With what was reported later. A list is the truth; a webhook may be late, so it never takes a status back."""
    before = reward.facts
    names = [name for name in RewardFacts.__slots__ if name not in {"kind", "id", "status", "can_be_issued"}]
    later: dict[str, Any] = {name: value for name in names if (value := getattr(newer, name)) is not None}
    is_newer = listed or _RANK[newer.status] > _RANK[before.status]
    status = newer.status if is_newer and newer.status is not Status.UNKNOWN else before.status
    if listed and reward.ended_at is not None:
        status = before.status  # the list is older than our own issuing
    facts = replace(before, **later, status=status, can_be_issued=newer.can_be_issued)
    return replace(reward, facts=facts, changed_at=now if status is not before.status else reward.changed_at)


def amount_of(facts: RewardFacts) -> float | None:
    """What it is worth, None when that is no number (a coupon's code)."""
    money = money_of(facts.amount) if facts.coupon is None else None
    return money[0] if money else None


def last_of(rewards: Iterable[Reward]) -> Reward | None:
    """The one that was given last."""
    given = [reward for reward in rewards if reward.facts.kind is Kind.ISSUED and reward.facts.status in GIVEN]
    return max(given, key=lambda reward: (reward.facts.issued_at or "", reward.noted_at, reward.facts.id), default=None)


def total_of(rewards: Iterable[Reward]) -> Value:
    """What the given rewards are worth together; of several currencies a text with each; where none has an amount (coupons),
    how many they are. None: one of them has an amount that nobody can read."""
    given = [reward.facts for reward in rewards if reward.facts.kind is Kind.ISSUED and reward.facts.status in GIVEN]
    money = [(facts, money_of(facts.amount)) for facts in given if facts.coupon is None and facts.amount]
    if any(found is None and has_digits(facts.amount) for facts, found in money):
        return None
    sums: dict[str, float] = {}
    for _, found in money:
        if found:
            sums[found[1]] = sums.get(found[1], 0.0) + found[0]
    if len(sums) == 2 and "" in sums:  # Referral Factory writes one campaign's amounts with and without it
        sums = {"": sum(sums.values())}
    if len(sums) > 1:
        return ", ".join(f"{_plain(amount)} {currency}".strip() for currency, amount in sorted(sums.items()))
    return _plain(next(iter(sums.values()), float(len(given))))


def _plain(amount: float) -> int | float:
    amount = round(amount, 2)
    return int(amount) if amount == int(amount) else amount


def attributes_of_rewards(rewards: Iterable[Reward], attributes: Mapping[str, str]) -> dict[str, Value]:
    """Values by attribute (``attributes``: the campaign's, by fact); none while there is no reward. An empty text where no
    reward is left to name."""
    every = list(rewards)
    shown = [reward for reward in every if reward.facts.kind is Kind.ISSUED or reward.ended_at is None]
    if not shown:
        return {}
    last = last_of(every)
    newest = max(shown, key=lambda reward: (reward.changed_at, reward.noted_at, reward.facts.kind, reward.facts.id))
    values: dict[str, Value] = {
        "last_reward": title_of(last.facts) if last else "",
        "rewards_total": total_of(every),
        "reward_status": str(newest.facts.status),
    }
    return {attributes[name]: value for name, value in values.items() if name in attributes and value is not None}


def title_of(facts: RewardFacts) -> str:
    """The reward's name; without one its coupon, its amount or its number."""
    return facts.name or facts.coupon or facts.amount or f"Reward {facts.reward_id or facts.id}"


def metadata_of(reward: Reward, campaign_name: str) -> dict[str, str | int | float]:
    """The event's metadata: nine keys at most, of Intercom's ten. https://developers.intercom.com/docs/references/rest-api/
    api.intercom.io/data-events"""
    facts = reward.facts
    amount = amount_of(facts)
    found: dict[str, str | int | float | None] = {
        "reward": title_of(facts)[:255],
        "amount": amount,
        "coupon": (facts.coupon or (facts.amount if amount is None else None) or "")[:255] or None,
        "status": str(facts.status),
        "campaign": campaign_name[:255] or None,
        "campaign_id": reward.campaign_id,
        "issued_reward_id": facts.id,
        "reward_id": facts.reward_id,
        "issued_at": facts.issued_at,
    }
    return {name: value for name, value in found.items() if value is not None}
