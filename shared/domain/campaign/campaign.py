"""A Referral Factory campaign plus our settings for it (DESIGN section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.domain.contact import Role, Value
from shared.domain.mapping import FieldMapping
from shared.domain.person import Audience

Document = Mapping[str, Any]
REWARD_ATTRIBUTES = ("last_reward", "rewards_total", "reward_status")


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
    """What happens to one audience."""

    action: Action = Action.NONE
    mapping: tuple[FieldMapping, ...] = ()
    defaults: Mapping[str, Value] = field(default_factory=dict)
    duplicates: DuplicatePolicy = DuplicatePolicy.SKIP
    archived: ArchivedPolicy = ArchivedPolicy.UNARCHIVE


@dataclass(frozen=True, slots=True)
class AttributeTrigger:
    """The attribute to track. ``initial_value`` goes into a create only."""

    attribute: str
    initial_value: Value
    qualified_values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Campaign:
    """The newest settings.

    ``known_up_to``: people with this user id or a lower one joined before activation and are not delivered.
    ``watches_departures``: a contact that stood at a qualified value was adopted, so that any value of it can matter.
    ``rule_since``: when each qualified value became one. ``uncounted``: those that became one after somebody may have stood at
    them, and who did is not known yet.
    ``creates_wait_until``: until then contacts are created only for signups that Referral Factory confirmed, for many were
    unknown there. ``noted_problems``: why the campaign does not work as it was set up, in plain words, by the part of it.
    """

    campaign_id: int
    name: str
    status: Status
    version: int
    document: Document
    audiences: Mapping[Audience, AudienceSettings]
    trigger: AttributeTrigger | None = None
    backfill: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)
    known_up_to: int | None = None
    became_user: bool = False
    unqualify_on_reversal: bool = False
    qualify_skipped: bool = False
    watches_departures: bool = False
    noted_problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rule_since: Mapping[str, float] = field(default_factory=dict)
    uncounted: tuple[Value, ...] = ()
    creates_wait_until: float = 0.0

    @property
    def problems(self) -> tuple[str, ...]:
        """All that was noted, in plain words."""
        return tuple(text for part in sorted(self.noted_problems) for text in self.noted_problems[part])

    def audience(self, audience: Audience) -> AudienceSettings:
        return self.audiences.get(audience, AudienceSettings())

    @property
    def rewards(self) -> Document:
        """The section ``rewards``: whether due ones are issued, and the attributes that tell of them."""
        return self.document.get("rewards") or {}

    @property
    def count_attributes(self) -> Mapping[str, str]:
        """The referrer's attributes by the count that goes there (a ``Person``'s field)."""
        write_back = (self.document.get("sync") or {}).get("write_back") or {}
        wanted = {
            "referrals_count": write_back.get("referral_count"),
            "converted_referrals_count": write_back.get("converted_referral_count"),
        }
        return {count: str(attribute) for count, attribute in wanted.items() if attribute}

    @property
    def written_to_referrers(self) -> frozenset[str]:
        """The attributes that this campaign writes to the contacts of people who refer, sync's link and code among them."""
        sync = self.document.get("sync") or {}
        linked = (sync.get("write_back") or {}) if sync.get("mode", "off") != "off" else {}
        names = (*(self.rewards.get(name) for name in REWARD_ATTRIBUTES), *linked.values())
        return frozenset({*self.count_attributes.values(), *(str(name) for name in names if name)})

    def creation_values(self, audience: Audience) -> dict[str, Value]:
        """What only a create carries: the defaults, and for a person invited the tracked attribute's first value."""
        values = dict(self.audience(audience).defaults)
        if self.trigger and audience is Audience.PERSON_INVITED and self.trigger.initial_value is not None:
            values[self.trigger.attribute] = self.trigger.initial_value
        return values


def campaign_of(
    document: Document,
    version: int,
    known_up_to: int | None = None,
    watches_departures: bool = False,
    noted_problems: Mapping[str, tuple[str, ...]] | None = None,
    rule_since: Mapping[str, float] | None = None,
    uncounted: tuple[Value, ...] = (),
    creates_wait_until: float = 0.0,
) -> Campaign:
    """The settings of a saved document. KeyError or ValueError when it is none (saving validates, so this is a bug)."""
    qualification = document.get("qualification") or {}
    trigger = qualification.get("trigger") or {}
    return Campaign(
        campaign_id=int(document["campaign_id"]),
        name=document.get("name") or "",
        status=Status(document.get("status", Status.DRAFT)),
        version=version,
        document=document,
        audiences={audience: _audience(document.get(audience) or {}) for audience in Audience},
        trigger=AttributeTrigger(trigger["attribute"], trigger.get("initial_value"), tuple(trigger.get("qualified_values", ())))
        if trigger.get("kind") == "attribute"
        else None,
        backfill=bool(document.get("backfill", False)),
        aliases=dict(document.get("aliases") or {}),
        known_up_to=known_up_to,
        became_user=trigger.get("kind") == "became_user",
        unqualify_on_reversal=bool(qualification.get("unqualify_on_reversal", False)),
        qualify_skipped=bool(qualification.get("qualify_skipped", False)),
        watches_departures=watches_departures,
        noted_problems=noted_problems or {},
        rule_since=rule_since or {},
        uncounted=uncounted,
        creates_wait_until=creates_wait_until,
    )


def _audience(section: Document) -> AudienceSettings:
    return AudienceSettings(
        action=Action(section.get("action", Action.NONE)),
        mapping=tuple(FieldMapping(row["from"], row["to"]) for row in section.get("mapping", ())),
        defaults=dict(section.get("defaults") or {}),
        duplicates=DuplicatePolicy(section.get("duplicates", DuplicatePolicy.SKIP)),
        archived=ArchivedPolicy(section.get("archived", ArchivedPolicy.UNARCHIVE)),
    )
