"""What a Referral Factory account holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Metric = Literal["amount", "commission", "coupon", "custom"]
METRICS: tuple[Metric, ...] = ("amount", "commission", "coupon", "custom")


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a campaign's sign-up form; its label is what ``meta[].field`` calls it."""

    id: int
    type: Literal["input", "select"]
    label: str
    required: bool = False
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RewardRule:
    """A reward that a campaign promises to the person referring. ``value`` is money, or a code for the coupon metric."""

    id: int
    name: str
    metric: Metric
    value: str
    when_referral: Literal["joined", "qualified"] = "qualified"
    auto_issue: bool = True


@dataclass(slots=True)
class Campaign:
    """One campaign, with the totals that ``with=campaign.analytics`` shows."""

    id: int
    name: str
    code: str
    extra_fields: tuple[FormField, ...] = ()
    rewards: tuple[RewardRule, ...] = ()
    status: Literal["launched", "draft", "paused"] = "launched"
    lang: str = "en"
    created_at: float = 0.0
    starts_at: float | None = None
    ends_at: float | None = None
    reach: int = 0
    referrals: int = 0
    qualified_referrals: int = 0


@dataclass(slots=True)
class Person:
    """One person in one campaign. Times are seconds since 1970."""

    id: int
    campaign_id: int
    first_name: str
    email: str
    code: str
    source: str
    signed_up_at: float
    referrer_id: int | None = None
    ip: str | None = None
    meta: dict[str, str] = field(default_factory=dict)
    notify: bool = False
    promotion_code: str | None = None
    qualified_at: float | None = None
    qualified_times: int = 0
    """How often a qualification was applied; more than once on one conversion is a caller's mistake."""
    qualification_calls: int = 0
    reach: int = 0
    referrals: int = 0
    qualified_referrals: int = 0

    @property
    def type(self) -> str:
        """``person_invited`` came by a referrer, ``person_referring`` did not."""
        return "person_referring" if self.referrer_id is None else "person_invited"


@dataclass(slots=True)
class Reward:
    """One reward somebody has earned. ``causes`` are the ids of the referrals that earned it."""

    id: int
    campaign_id: int
    recipient_id: int
    rule: RewardRule
    causes: list[int]
    status: Literal["Due", "Issued", "Canceled", "Sending", "Sent", "Failed"] = "Due"
    issued_at: float | None = None

    @property
    def total(self) -> float:
        """What it is worth, in the campaign's money; 0 for a value that is no number."""
        try:
            return float(self.rule.value) * len(self.causes)
        except ValueError:
            return 0.0
