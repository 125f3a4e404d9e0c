"""When a referral of a campaign qualifies: the tracked attribute and its qualified values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.campaign.campaign import Campaign
from shared.domain.contact import Role, Value

ROLE = "role"
"""The attribute that stands for a contact's role where a campaign's trigger is that a lead became a user."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a referral of a campaign qualifies."""

    attribute: str
    values: tuple[Value, ...]
    reversible: bool = False

    def matches(self, value: Value) -> bool:
        return value is not None and any(folded(value) == folded(one) for one in self.values)

    def is_exact(self, value: Value) -> bool:
        return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in self.values)


def rule_of(campaign: Campaign) -> Rule | None:
    """None: the campaign's referrals are not qualified by Intercom."""
    if campaign.became_user:
        return Rule(ROLE, (str(Role.USER),))
    if campaign.trigger is None or not campaign.trigger.qualified_values:
        return None
    return Rule(campaign.trigger.attribute, campaign.trigger.qualified_values, campaign.unqualify_on_reversal)


def folded(value: Value) -> str:
    """How a person would compare: letter case and blanks aside, ``true`` and "true", 1, 1.0 and "1" alike."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().casefold()


def tracked_of(campaigns: Sequence[Campaign]) -> Mapping[int, Rule]:
    """The rules of those campaigns that have one, by campaign id."""
    return {campaign.campaign_id: rule for campaign in campaigns if (rule := rule_of(campaign)) is not None}
