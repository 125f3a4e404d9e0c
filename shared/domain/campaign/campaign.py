"""A Referral Factory campaign plus our settings for it (DESIGN section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.domain.contact import Role, Value
from shared.domain.mapping import FieldMapping
from shared.domain.person import Audience
from shared.domain.sync.source import Mode, SyncSettings

Document = Mapping[str, Any]
"""Settings as the API, a file and the table hold them (DESIGN section 6). Only ``shared.adapters`` looks into one."""


MARKED_AGAIN_AFTER = 1_800.0


class Status(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"


class Action(StrEnum):
    """What happens in Intercom when a person joins."""

    NONE = "none"
    LEAD = "lead"
    USER = "user"

    @property
    def role(self) -> Role:
        """The contact role to create; ValueError for ``none``."""
        return Role(self.value)


class DuplicatePolicy(StrEnum):
    """What happens to a contact that was there before: nothing, only its empty attributes are written, or all are."""

    SKIP = "skip"
    FILL = "fill"
    UPDATE = "update"


class ArchivedPolicy(StrEnum):
    """What a new signup does to an archived contact: bring it back, or fail."""

    UNARCHIVE = "unarchive"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class AudienceSettings:
    """What happens to one audience. ``merge_leads``: a lead of ours beside a user that turns out to have been there is merged
    into it."""

    action: Action = Action.NONE
    mapping: tuple[FieldMapping, ...] = ()
    defaults: Mapping[str, Value] = field(default_factory=dict)
    duplicates: DuplicatePolicy = DuplicatePolicy.SKIP
    archived: ArchivedPolicy = ArchivedPolicy.UNARCHIVE
    merge_leads: bool = False


@dataclass(frozen=True, slots=True)
class AttributeTrigger:
    """The attribute to track. ``initial_value`` goes into a create only. ``risk_accepted``: the attribute's own name, where the
    marketer accepts that visitors may set it."""

    attribute: str
    initial_value: Value = None
    qualified_values: tuple[Value, ...] = ()
    risk_accepted: str | None = None


@dataclass(frozen=True, slots=True)
class Rewards:
    """Whether due rewards are issued, and the recipient's attributes that hold them."""

    issue_due: bool = False
    last_reward: str | None = None
    rewards_total: str | None = None
    reward_status: str | None = None

    @property
    def attributes(self) -> Mapping[str, str]:
        """The chosen attributes by what goes there."""
        chosen = {
            "last_reward": self.last_reward,
            "rewards_total": self.rewards_total,
            "reward_status": self.reward_status,
        }
        return {fact: attribute for fact, attribute in chosen.items() if attribute}


@dataclass(frozen=True, slots=True)
class Campaign:
    """The newest settings.

    ``activation_mark``: people with this user id or a lower one joined before activation and are not delivered.
    ``watches_departures``: a contact that stood at a qualified value was adopted, so that any value of it can matter; last
    marked at ``departures_at``.
    ``rule_since``: when each qualified value became one. ``uncounted``: those that became one after somebody may have stood at
    them, and who did is not known yet.
    ``creates_wait_until``: until then contacts are created only for signups that Referral Factory confirmed, for many were
    unknown there. ``document``: the settings as they were saved, for whoever reads or compares them.
    ``noted_problems``: why the campaign does not work as it was set up, in plain words, by the part of it.
    """

    campaign_id: int
    name: str
    status: Status
    version: int
    document: Document
    audiences: Mapping[Audience, AudienceSettings]
    rewards: Rewards = Rewards()
    sync: SyncSettings = field(default_factory=SyncSettings)
    trigger: AttributeTrigger | None = None
    backfill: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)
    activation_mark: int | None = None
    became_user: bool = False
    unqualify_on_reversal: bool = False
    qualify_skipped: bool = False
    take_back_accepted: tuple[Value, ...] = ()
    watches_departures: bool = False
    noted_problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rule_since: Mapping[str, float] = field(default_factory=dict)
    uncounted: tuple[Value, ...] = ()
    creates_wait_until: float = 0.0
    departures_at: float = 0.0
    saved_at: float = field(default=0.0, compare=False)

    def watches_since_lately(self, now: float) -> bool:
        """Whether it need not be marked again that departures are watched: nobody ends that so soon after a mark."""
        return self.watches_departures and now - self.departures_at < MARKED_AGAIN_AFTER

    @property
    def problems(self) -> tuple[str, ...]:
        """All that was noted, in plain words."""
        return tuple(text for part in sorted(self.noted_problems) for text in self.noted_problems[part])

    @property
    def treats_alike(self) -> bool:
        """Whether it makes no difference to a contact if its person was invited or refers."""
        invited, referring = self.audience(Audience.PERSON_INVITED), self.audience(Audience.PERSON_REFERRING)
        if invited.action is Action.NONE and referring.action is Action.NONE:
            return True
        return invited == referring and self.creation_values(Audience.PERSON_INVITED) == dict(referring.defaults)

    def audience(self, audience: Audience) -> AudienceSettings:
        return self.audiences.get(audience, AudienceSettings())

    @property
    def count_attributes(self) -> Mapping[str, str]:
        """The referrer's attributes by the count that goes there (a ``Person``'s field)."""
        written = dict(self.sync.write_back)
        return {count: written[count] for count in ("referrals_count", "converted_referrals_count") if count in written}

    @property
    def written_to_referrers(self) -> frozenset[str]:
        """The attributes that this campaign writes to the contacts of people who refer, sync's link and code among them."""
        linked = () if self.sync.mode is Mode.OFF else (attribute for _, attribute in self.sync.write_back)
        return frozenset({*self.count_attributes.values(), *self.rewards.attributes.values(), *linked})

    def creation_values(self, audience: Audience) -> dict[str, Value]:
        """What only a create carries: the defaults, and for a person invited the tracked attribute's first value."""
        values = dict(self.audience(audience).defaults)
        if self.trigger and audience is Audience.PERSON_INVITED and self.trigger.initial_value is not None:
            values[self.trigger.attribute] = self.trigger.initial_value
        return values
