"""Where reconcile stands, and what its last whole pass proved, as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.signup.completeness import Completeness, completeness_of, tally_of
from shared.domain.signup.reconcile import Order, Progress

NAME = "users"
"""The one list that is reconciled: all the people of the Referral Factory account."""
PROOFS = "completeness"


def progress_of(stored: Mapping[str, Any] | None) -> Progress:
    """What was stored; unknown fields of a newer version are ignored."""
    known = {name: value for name, value in (stored or {}).items() if name in Progress.__slots__}
    if "order" in known:
        known["order"] = Order(str(known["order"]))
    for name in ("high_water", "last_page", "scan_page", "page_failures"):
        if name in known:
            known[name] = int(known[name])
    if known.get("tally") is not None:
        known["tally"] = tally_of(known["tally"])
    return Progress(**known)


def proofs_of(stored: Mapping[str, Any] | None) -> dict[int, Completeness]:
    """Of each campaign whose people were counted, by its id."""
    return {int(campaign_id): completeness_of(one) for campaign_id, one in (stored or {}).items()}
