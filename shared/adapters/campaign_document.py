"""A campaign's settings between the document that is saved (DESIGN section 6) and what the application works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from shared.domain.campaign.campaign import (
    Action,
    ArchivedPolicy,
    AttributeTrigger,
    AudienceSettings,
    Campaign,
    Document,
    DuplicatePolicy,
    Rewards,
    Status,
)
from shared.domain.mapping import FieldMapping
from shared.domain.person import Audience
from shared.domain.sync.source import WRITE_BACK_FACTS, Mode, SourceKind, SyncSettings

NO_AUDIENCE, NO_REWARDS, NO_SYNC = AudienceSettings(), Rewards(), SyncSettings()
"""What a section that is left out means."""
_REWARD_NAMES = tuple(field.name for field in fields(Rewards))


def campaign_of(document: Document, version: int = 0, **stored: Any) -> Campaign:
    """The settings of a document whose shape is right. ``stored``: what the table holds beside them. KeyError or ValueError
    when the shape is wrong (saving validates, so this is a bug)."""
    qualification = document.get("qualification") or {}
    trigger = qualification.get("trigger") or {}
    return Campaign(
        campaign_id=int(document["campaign_id"]),
        name=document.get("name") or "",
        status=Status(document.get("status", Status.DRAFT)),
        version=version,
        document=document,
        audiences={audience: _audience(document.get(audience) or {}) for audience in Audience},
        rewards=_rewards(document.get("rewards") or {}),
        sync=sync_of(document.get("sync")),
        trigger=_trigger(trigger) if trigger.get("kind") == "attribute" else None,
        backfill=bool(document.get("backfill", False)),
        aliases=dict(document.get("aliases") or {}),
        became_user=trigger.get("kind") == "became_user",
        unqualify_on_reversal=bool(qualification.get("unqualify_on_reversal", False)),
        qualify_skipped=bool(qualification.get("qualify_skipped", False)),
        take_back_accepted=tuple(qualification.get("take_back_accepted") or ()),
        **stored,
    )


def document_of(campaign: Campaign) -> Document:
    """The document to save: as it was sent, but for the tracked attribute's values, stored as a contact holds them."""
    if campaign.trigger is None:
        return campaign.document
    qualification = campaign.document["qualification"]
    held = {
        "initial_value": campaign.trigger.initial_value,
        "qualified_values": list(campaign.trigger.qualified_values),
    }
    changed = {key: value for key, value in held.items() if (qualification["trigger"].get(key) or None) != (value or None)}
    return {**campaign.document, "qualification": {**qualification, "trigger": {**qualification["trigger"], **changed}}}


def sync_of(section: Mapping[str, Any] | None) -> SyncSettings:
    """The settings of a document's section ``sync``; None is ``off``."""
    section = section or {}
    source, write_back = section.get("source") or {}, section.get("write_back") or {}
    interval = section.get("interval_minutes")
    return SyncSettings(
        mode=Mode(section.get("mode", NO_SYNC.mode)),
        interval=NO_SYNC.interval if interval is None else int(interval) * 60,
        kind=SourceKind(source.get("kind", NO_SYNC.kind)),
        ids=tuple(source.get("ids") or ()),
        mapping=tuple((row["from"], row["to"]) for row in section.get("mapping") or ()),
        write_back=tuple((fact, write_back[name]) for name, fact in WRITE_BACK_FACTS.items() if write_back.get(name)),
        notify=bool(section.get("notify", NO_SYNC.notify)),
    )


def section_of(settings: SyncSettings) -> dict[str, Any]:
    """The section ``sync`` that ``sync_of`` reads."""
    names = {fact: name for name, fact in WRITE_BACK_FACTS.items()}
    return {
        "mode": str(settings.mode),
        "interval_minutes": settings.interval // 60,
        "source": {"kind": str(settings.kind), "ids": list(settings.ids)},
        "mapping": [{"from": source, "to": target} for source, target in settings.mapping],
        "write_back": {names[fact]: attribute for fact, attribute in settings.write_back},
        "notify": settings.notify,
    }


def _trigger(trigger: Document) -> AttributeTrigger:
    return AttributeTrigger(
        trigger["attribute"],
        trigger.get("initial_value"),
        tuple(trigger.get("qualified_values") or ()),
        trigger.get("messenger_risk_accepted"),
    )


def _rewards(section: Document) -> Rewards:
    return Rewards(**{name: section[name] for name in _REWARD_NAMES if section.get(name) is not None})


def _audience(section: Document) -> AudienceSettings:
    return AudienceSettings(
        action=Action(section.get("action", NO_AUDIENCE.action)),
        mapping=tuple(FieldMapping(row.get("from", ""), row["to"], row.get("value")) for row in section.get("mapping") or ()),
        defaults=dict(section.get("defaults") or {}),
        duplicates=DuplicatePolicy(section.get("duplicates", NO_AUDIENCE.duplicates)),
        archived=ArchivedPolicy(section.get("archived", NO_AUDIENCE.archived)),
        merge_leads=bool(section.get("merge_leads", NO_AUDIENCE.merge_leads)),
    )
