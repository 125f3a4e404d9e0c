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
    STRIKE = "strike"
    CONNECTION_LOST = "connection_lost"
    BLOCKED = "blocked"
    DISCONNECTED = "disconnected"


FOREVER = 1e11
"""``open_until`` of a vendor that a person disconnected: only connecting again closes that breaker."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """Calls stop until ``open_until`` (epoch seconds); after it one at a time may try (``probing``, with ``open_until`` the
    end of its time), and its success closes the breaker."""

    kind: BreakerKind
    open_until: float
    opened_at: float
    openings: int = 1
    probing: bool = False

    def is_open(self, now: float) -> bool:
        return now < self.open_until

    def closes_on_success(self, now: float) -> bool:
        """Whether any call that went well closes it. A strike or a block only by the try after the pause: a neighbour's
        call that was under way says nothing."""
        return self.kind in {BreakerKind.FAILING, BreakerKind.CONNECTION_LOST} or self.probing or not self.is_open(now)
