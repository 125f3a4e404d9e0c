"""Campaigns and their versions, a page at a time."""

from __future__ import annotations

from shared.domain.campaign.campaign import Campaign
from shared.errors import MalformedPayloadError
from shared.ports.campaign import Campaigns, SavedVersion
from shared.ports.listing import Page


def list_campaigns(campaigns: Campaigns, limit: int, cursor: str | None = None) -> Page[Campaign]:
    """By id. Raises MalformedPayloadError for an unknown cursor."""
    after = _number(cursor) if cursor else 0
    rows = sorted((row for row in campaigns.list() if row.campaign_id > after), key=lambda row: row.campaign_id)
    return Page(rows[:limit], str(rows[limit - 1].campaign_id) if len(rows) > limit else None)


def list_versions(campaigns: Campaigns, campaign_id: int, limit: int, cursor: str | None = None) -> Page[SavedVersion]:
    """Newest first. Raises NotFoundError, and MalformedPayloadError for an unknown cursor."""
    before = _number(cursor) if cursor else None
    rows = campaigns.versions(campaign_id)
    if not rows:
        campaigns.get(campaign_id)
    rows = [row for row in rows if before is None or row.version < before]
    return Page(rows[:limit], str(rows[limit - 1].version) if len(rows) > limit else None)


def _number(cursor: str) -> int:
    if len(cursor) > 15 or not (cursor.isascii() and cursor.isdigit()):
        raise MalformedPayloadError("This cursor is not one that the API gave out.")
    return int(cursor)
