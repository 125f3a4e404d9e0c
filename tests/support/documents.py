"""The settings of a campaign, as the console sends them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CAMPAIGN_1 = Path(__file__).parents[2] / "campaigns" / "1.json"


def example() -> dict[str, Any]:
    """Campaign 1 as it is in the repository: people invited become leads, people referring nothing."""
    document: dict[str, Any] = json.loads(CAMPAIGN_1.read_text())
    return document


def campaign_document(**changes: Any) -> dict[str, Any]:
    """Campaign 1; people referring become users. ``person_invited`` and ``person_referring`` are laid over the defaults,
    everything else replaces them."""
    document = example()
    document["person_referring"] = {
        "action": "user",
        "mapping": [{"from": "first_name", "to": "name"}, {"from": "email", "to": "email"}],
    }
    for name in ("person_invited", "person_referring"):
        document[name] = {**document[name], **changes.pop(name, {})}
    return {**document, **changes}


def mapping(*rows: tuple[str, str], required: bool = True) -> list[dict[str, str]]:
    """Rows of a mapping, by default behind those for name and e-mail."""
    first = [("first_name", "name"), ("email", "email")] if required else []
    return [{"from": source, "to": target} for source, target in (*first, *rows)]
