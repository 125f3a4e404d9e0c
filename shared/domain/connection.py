"""What joins us to a vendor's account, and whether calls may be made at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Vendor(StrEnum):
    INTERCOM = "intercom"
    REFERRAL_FACTORY = "referral_factory"


@dataclass(frozen=True, slots=True)
class Connection:
    """An Intercom workspace. ``epoch`` grows with each connect and disconnect; work begun under another one stops."""

    workspace_id: str
    region: str
    timezone: str
    name: str = ""
    epoch: int = 1
    connected: bool = True


class BreakerKind(StrEnum):
    """Why calls are stopped."""

    FAILING = "failing"
    CONNECTION_LOST = "connection_lost"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Breaker:
    """Calls stop until ``open_until`` (epoch seconds); after it a few may try, and the first success closes it."""

    kind: BreakerKind
    open_until: float
    opened_at: float
    openings: int = 1

    def is_open(self, now: float) -> bool:
        return now < self.open_until
