"""Where reconcile stands, as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.signup.reconcile import Order, Progress

NAME = "users"
"""The one list that is reconciled: all the people of the Referral Factory account."""


def progress_of(stored: Mapping[str, Any] | None) -> Progress:
    """What was stored; unknown fields of a newer version are ignored."""
    known = {name: value for name, value in (stored or {}).items() if name in Progress.__slots__}
    if "order" in known:
        known["order"] = Order(str(known["order"]))
    for name in ("high_water", "last_page", "scan_page", "page_failures"):
        if name in known:
            known[name] = int(known[name])
    return Progress(**known)
