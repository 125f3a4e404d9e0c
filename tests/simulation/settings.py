"""The campaigns of the simulated world."""

from __future__ import annotations

from typing import Any

CAMPAIGN = 1
NAME = "Friends of ours"


def build_settings(
    campaign_id: int = CAMPAIGN,
    *,
    invited: str = "lead",
    referring: str = "none",
    duplicates: str = "skip",
    archived: str = "unarchive",
    status: str = "active",
    backfill: bool = False,
    name: str = NAME,
    **more: Any,
) -> dict[str, Any]:
    """A campaign's document. ``invited`` and ``referring``: none, lead or user."""
    return {
        "campaign_id": campaign_id,
        "name": name,
        "status": status,
        "backfill": backfill,
        "person_invited": _audience(invited, duplicates, archived, invited_too=True),
        "person_referring": _audience(referring, duplicates, archived, invited_too=False),
        "qualification": {
            "trigger": {
                "kind": "attribute",
                "attribute": "custom_attributes.referral_status",
                "initial_value": "New",
                "qualified_values": ["Connected"],
            },
            "unqualify_on_reversal": False,
            "qualify_skipped": False,
        },
        **more,
    }


def _audience(action: str, duplicates: str, archived: str, *, invited_too: bool) -> dict[str, Any]:
    if action == "none":
        return {"action": "none"}
    mapping = [
        ("first_name", "name"),
        ("meta.Last Name", "name"),
        ("email", "email"),
        ("url", "custom_attributes.referral_link"),
        ("campaign.name", "custom_attributes.referral_campaign"),
    ]
    if invited_too:
        mapping += [
            ("referrer.first_name", "custom_attributes.referrer_first_name"),
            ("referrer.email", "custom_attributes.referrer_email"),
        ]
    return {
        "action": action,
        "duplicates": duplicates,
        "archived": archived,
        "mapping": [{"from": source, "to": target} for source, target in mapping],
        "defaults": {"custom_attributes.lead_source": "referral"},
    }
