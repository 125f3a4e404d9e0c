"""The campaigns of the simulated world."""

from __future__ import annotations

from typing import Any

from tests.support.documents import example

CAMPAIGN = 1
NAME = "Friends of ours"


def build_settings(
    campaign_id: int = CAMPAIGN,
    *,
    invited: str = "lead",
    referring: str = "none",
    duplicates: str = "skip",
    archived: str = "unarchive",
    **more: Any,
) -> dict[str, Any]:
    """Campaign 1 without rewards, a sync and aliases. ``invited`` and ``referring``: none, lead or user."""

    def audience(action: str, section: dict[str, Any]) -> dict[str, Any]:
        if action == "none":
            return {"action": "none"}
        return {**section, "action": action, "duplicates": duplicates, "archived": archived}

    document = {name: part for name, part in example().items() if name not in {"rewards", "sync", "aliases"}}
    section = document["person_invited"]
    own = {**section, "mapping": [row for row in section["mapping"] if not row["from"].startswith("referrer.")]}
    audiences = {"person_invited": audience(invited, section), "person_referring": audience(referring, own)}
    return {**document, "campaign_id": campaign_id, **audiences, **more}
