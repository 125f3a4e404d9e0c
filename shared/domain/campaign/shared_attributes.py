"""Attributes that several campaigns write to the contacts of people who refer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.domain.campaign.campaign import REWARD_ATTRIBUTES, Document, Status
from shared.domain.campaign.settings_check import Problem

COUNTS = ("referral_count", "converted_referral_count")
LINKS = ("referral_link", "referral_code")
"""What only a sync writes."""


def find_shared(document: Document, others: Iterable[Document]) -> list[Problem]:
    """A warning for each attribute that another campaign writes too. On a contact in both, whoever wrote first keeps it."""
    theirs: dict[str, Document] = {}
    for other in others:
        if int(other["campaign_id"]) != int(document["campaign_id"]) and other.get("status") != Status.DRAFT:
            for _, name in _written(other):
                theirs.setdefault(name, other)
    return [(place, _sentence(name, theirs[name])) for place, name in _written(document) if name in theirs]


def _written(document: Document) -> Iterator[tuple[str, str]]:
    """Place and attribute."""
    sync = document.get("sync") or {}
    write_back = sync.get("write_back") or {}
    written = COUNTS if sync.get("mode", "off") == "off" else (*LINKS, *COUNTS)
    rewards = document.get("rewards") or {}
    yield from ((f"sync.write_back.{key}", str(write_back[key])) for key in written if write_back.get(key))
    yield from ((f"rewards.{key}", str(rewards[key])) for key in REWARD_ATTRIBUTES if rewards.get(key))


def _sentence(name: str, other: Document) -> str:
    title = other.get("name") or f"campaign {other['campaign_id']}"
    return (
        f"{name} is also written by “{title}”. On a contact that is in both campaigns, the one that wrote first keeps it. "
        "Choose an attribute of its own for each campaign to see both."
    )
