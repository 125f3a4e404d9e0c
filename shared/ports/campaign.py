"""Settings of campaigns and their versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a receiver needs a few names of here and none of the domain
    from shared.domain.campaign.campaign import Campaign, Document


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """``saved_at`` in epoch seconds."""

    version: int
    saved_at: float
    saved_by: str
    document: Document


class Campaigns(Protocol):
    def get(self, campaign_id: int) -> Campaign: ...

    def find(self, campaign_id: int) -> Campaign | None: ...

    def list(self) -> Sequence[Campaign]: ...

    def save(self, settings: Campaign, expected_version: int | None, author: str, at: float) -> Campaign:
        """Writes the next version. ``expected_version`` None: there must be none yet. Qualified values that are new are
        *uncounted* from now on, unless nobody can have stood at them: the settings are the first. Raises ConflictError."""

    def delete(self, campaign_id: int, expected_version: int) -> None:
        """Nobody has saved settings then; the versions stay, and the next save goes on counting. Raises ConflictError."""

    def versions(self, campaign_id: int) -> Sequence[SavedVersion]:
        """Newest first."""

    def set_activation_mark(self, campaign_id: int, highest_user_id: int) -> None:
        """Stores the activation mark, once; a later call changes nothing."""

    def counted(self, campaign_id: int, version: int) -> None:
        """Who stood at that version's new qualified values is known; nothing happens when there is a newer version."""

    def watch_departures(self, campaign_id: int, at: float) -> None:
        """Any value of the tracked attribute can matter from now on."""

    def end_watch(self, campaign_id: int, marked_at: float) -> None:
        """No longer; nothing happens when somebody has marked it since ``marked_at``."""

    def note_unknown(self, campaign_id: int, at: float, most: int) -> bool:
        """Referral Factory did not know a signup. Once ``most`` were unknown within an hour, creates wait until that is no
        longer so; True when that begins now."""

    def note_problems(self, campaign_id: int, about: str, problems: Sequence[str]) -> None:
        """What keeps that part of the campaign (``qualification``, ``sync``) from working, in plain words, instead of what
        was noted about it before; none: it works. Nothing happens when there is no such campaign."""
