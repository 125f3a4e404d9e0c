"""The people of the demo and the settings of its campaign. The existing two are in every fresh stand-in of Intercom."""

from __future__ import annotations

import json
from typing import Any

from sandbox.stack.first_steps import EXAMPLE

CAMPAIGN = 1
REFERRING = {"first_name": "Rita", "last_name": "Kowalski", "email": "rita.referring@example.com"}
INVITED = {"first_name": "Ivo", "last_name": "Lindqvist", "email": "ivo.invited@example.com"}
EXISTING_SKIPPED = {"first_name": "Somebody", "last_name": "Else", "email": "ada.stone@example.com"}
EXISTING_UPDATED = {"first_name": "Dora", "last_name": "Updated", "email": "dora.hill@example.com"}


def build_settings(duplicates: str) -> dict[str, Any]:
    """Campaign 1 with that duplicate policy for people invited (``skip`` or ``update``)."""
    document: dict[str, Any] = json.loads(EXAMPLE.read_text())
    document["person_invited"]["duplicates"] = duplicates
    return {
        **document,
        "person_referring": {
            "action": "user",
            "mapping": [
                {"from": "first_name", "to": "name"},
                {"from": "email", "to": "email"},
                {"from": "url", "to": "custom_attributes.referral_link"},
            ],
        },
        "rewards": {
            "issue_due": False,
            "last_reward": "custom_attributes.last_reward",
            "rewards_total": "custom_attributes.rewards_total",
            "reward_status": "custom_attributes.reward_status",
        },
        "sync": {
            "mode": "off",
            "write_back": {
                "referral_count": "custom_attributes.referral_count",
                "converted_referral_count": "custom_attributes.converted_referral_count",
            },
        },
    }
