"""Attributes that several campaigns write to the contacts of people who refer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.campaign.settings_check import Problem
from shared.domain.sync.source import Mode

LINKS = frozenset({"referral_link", "referral_code"})
"""What only a sync writes."""


def find_shared(campaign: Campaign, others: Iterable[Campaign]) -> list[Problem]:
    """A warning for each attribute that another campaign writes too. On a contact in both, whoever wrote first keeps it."""
    theirs: dict[str, Campaign] = {}
    for other in others:
        if other.campaign_id != campaign.campaign_id and other.status is not Status.DRAFT:
            for _, name in _written(other):
                theirs.setdefault(name, other)
    return [(place, _sentence(name, theirs[name])) for place, name in _written(campaign) if name in theirs]


def _written(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """Place and attribute."""
    unwritten = LINKS if campaign.sync.mode is Mode.OFF else frozenset()
    yield from ((f"sync.write_back.{key}", name) for key, name in campaign.sync.attributes.items() if key not in unwritten)
    yield from ((f"rewards.{key}", name) for key, name in campaign.rewards.attributes.items())


def _sentence(name: str, other: Campaign) -> str:
    title = other.name or f"campaign {other.campaign_id}"
    return (
        f"{name} is also written by “{title}”. On a contact that is in both campaigns, the one that wrote first keeps it. "
        "Choose an attribute of its own for each campaign to see both."
    )
