"""Which contacts a sync reads, and when: settings, slots and windows. Pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.contact import Role

LIST_WHOLE_UP_TO = 10_000
"""Contacts of a list that is read whole at every run: entering a list need not touch ``updated_at``."""
WHOLE_EVERY = 86_400.0
LOOK_BACK = 2 * 86_400.0
"""Intercom compares dates by whole days of the workspace's zone, and ``>`` begins with the *next* day, so the question goes
two days back. No zone's day is longer than 26 h, also when clocks change, so the answer holds all of the last 22 h before the
watermark, whatever the zone: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts"""
OVERLAP = 3_600.0
"""Seconds before the watermark that are looked at again: search shows a change up to 10 minutes late, clocks differ."""
MOST_FILTERS = 15
"""Filters in one group of a search."""
WRITE_BACK_FACTS: Mapping[str, str] = {
    "referral_link": "url",
    "referral_code": "code",
    "referral_count": "referrals_count",
    "converted_referral_count": "converted_referrals_count",
}
"""What may be written back, and the fact of the person that it holds."""


class Mode(StrEnum):
    OFF = "off"
    ONCE = "once"
    ONGOING = "ongoing"


class SourceKind(StrEnum):
    """Whose contacts are synced. Segments are Intercom's active lists, tags its static ones."""

    ALL = "all"
    LEADS = "leads"
    USERS = "users"
    SEGMENTS = "segments"
    TAGS = "tags"

    @property
    def is_list(self) -> bool:
        return self in {SourceKind.SEGMENTS, SourceKind.TAGS}


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """The section ``sync`` of a campaign (DESIGN section 6).

    ``interval`` in seconds. ``mapping``: pairs of a contact's attribute and what it becomes in Referral Factory;
    ``write_back``: pairs of a fact of the person and the attribute that holds it.
    """

    mode: Mode = Mode.OFF
    interval: int = 900
    kind: SourceKind = SourceKind.ALL
    ids: tuple[str, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    write_back: tuple[tuple[str, str], ...] = ()
    notify: bool = False

    @property
    def attributes(self) -> Mapping[str, str]:
        """The attributes of the write-back by their names in the settings."""
        written = dict(self.write_back)
        return {name: written[fact] for name, fact in WRITE_BACK_FACTS.items() if fact in written}

    @property
    def source_key(self) -> str:
        """Changes when the selection of contacts or what is written to them does: then the next run is a whole one."""
        text = json.dumps([self.kind, sorted(self.ids), sorted(self.mapping), sorted(self.write_back)])
        return f"{zlib.crc32(text.encode()):08x}"


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Which contacts are asked for. Nothing set: all. ``changed_after`` in Unix seconds, cut to the day by Intercom."""

    role: Role | None = None
    list_field: str = ""
    list_ids: tuple[str, ...] = ()
    changed_after: int | None = None


def slot_of(now: float, interval: int) -> int:
    """The slot that ``now`` is in: its begin in epoch seconds, UTC, so that no clock change makes two of one."""
    return int(now // interval) * interval


def is_whole(settings: SyncSettings, *, now: float, whole_at: float, list_total: int | None, same_source: bool) -> bool:
    """Whether a run reads everybody. ``whole_at``: when the last such run began; ``list_total``: contacts it saw. The run
    after this one comes an interval later: were that too late, this one is it."""
    if not same_source or now - whole_at + settings.interval > WHOLE_EVERY:
        return True
    return settings.kind.is_list and (list_total is None or list_total <= LIST_WHOLE_UP_TO)


def groups_of(ids: Sequence[str]) -> list[tuple[str, ...]]:
    """The lists in groups that one search can take."""
    return [tuple(ids[start : start + MOST_FILTERS]) for start in range(0, len(ids), MOST_FILTERS)] or [()]


def filter_of(settings: SyncSettings, group: int, changed_since: float | None) -> ContactFilter:
    """What to ask for. ``changed_since``: the watermark, None for everybody."""
    roles = {SourceKind.LEADS: Role.LEAD, SourceKind.USERS: Role.USER}
    fields = {SourceKind.SEGMENTS: "segment_id", SourceKind.TAGS: "tag_id"}
    return ContactFilter(
        role=roles.get(settings.kind),
        list_field=fields.get(settings.kind, ""),
        list_ids=groups_of(settings.ids)[group] if settings.kind.is_list else (),
        changed_after=None if changed_since is None else int(changed_since - LOOK_BACK),
    )


def is_within(updated_at: int, changed_since: float | None) -> bool:
    """Whether a contact belongs to the run. One that does not say when it changed always does."""
    return changed_since is None or not updated_at or updated_at >= changed_since - OVERLAP
