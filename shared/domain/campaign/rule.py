"""When a referral of a campaign qualifies: the tracked attribute and its qualified values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.campaign.campaign import Campaign
from shared.domain.contact import Role, Value

ROLE = "role"
"""The attribute that stands for a contact's role where a campaign's trigger is that a lead became a user."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a referral of a campaign qualifies. ``since``: when each value, folded, became a qualified one, in epoch seconds;
    a value that is not there always was."""

    attribute: str
    values: tuple[Value, ...]
    reversible: bool = False
    since: Mapping[str, float] = field(default_factory=dict, hash=False)

    def matches(self, value: Value) -> bool:
        return value is not None and any(folded(value) == folded(one) for one in self.values)

    def since_of(self, value: Value) -> float:
        return self.since.get(folded(value), 0.0)

    def is_exact(self, value: Value) -> bool:
        return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in self.values)


def rule_of(campaign: Campaign) -> Rule | None:
    """None: the campaign's referrals are not qualified by Intercom."""
    if campaign.became_user:
        return Rule(ROLE, (str(Role.USER),), since=campaign.rule_since)
    if campaign.trigger is None or not campaign.trigger.qualified_values:
        return None
    trigger = campaign.trigger
    return Rule(trigger.attribute, trigger.qualified_values, campaign.unqualify_on_reversal, campaign.rule_since)


def since_when(campaign: Campaign, before: Campaign | None, at: float) -> Mapping[str, float]:
    """``Rule.since`` of settings that are saved at that time over ``before``."""
    rule, old = rule_of(campaign), rule_of(before) if before else None
    if rule is None:
        return {}
    since = {folded(value): old.since_of(value) for value in old.values} if old and old.attribute == rule.attribute else {}
    times = {folded(value): since.get(folded(value), at) for value in rule.values}
    return {value: since for value, since in times.items() if since}


def uncounted(campaign: Campaign, before: Campaign | None) -> tuple[Value, ...]:
    """The qualified values at which somebody may stand who is not known to: those that are new, and of those before them."""
    rule, old = rule_of(campaign), rule_of(before) if before else None
    if rule is None or before is None:
        return ()
    counted = (
        [] if old is None or old.attribute != rule.attribute else [one for one in old.values if one not in before.uncounted]
    )
    return tuple(value for value in rule.values if not any(folded(value) == folded(one) for one in counted))


def folded(value: Value) -> str:
    """How a person would compare: letter case and blanks aside, ``true`` and "true", 1, 1.0 and "1" alike."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().casefold()
