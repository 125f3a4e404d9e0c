"""What joins us to a vendor's account, and whether calls may be made at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Vendor(StrEnum):
    INTERCOM = "intercom"
    REFERRAL_FACTORY = "referral_factory"


CAME_WITH_NEXT = "next_secret"
"""Under this name stands when a webhook of Referral Factory last came with the next secret."""


class Rotation(StrEnum):
    """What a person does with the secret of Referral Factory's webhooks."""

    MAKE_NEXT = "make_next"
    PROMOTE = "promote"
    DROP_NEXT = "drop_next"


@dataclass(frozen=True, slots=True)
class Connection:
    """An Intercom workspace. ``epoch`` grows with each connect and disconnect; work begun under another one stops.

    ``doubted_at`` (epoch seconds): a signed uninstall call came, and Intercom has not been asked yet whether it was meant;
    ``replayed_at``: asked last, Intercom still took our token. ``before_id`` and ``before_name``: the workspace that was
    connected before this one, empty for none.
    """

    workspace_id: str
    region: str
    timezone: str
    name: str = ""
    epoch: int = 1
    connected: bool = True
    doubted_at: float | None = None
    replayed_at: float | None = None
    before_id: str = ""
    before_name: str = ""

    def after(self, before: Connection) -> Connection:
        """Connected after that one; the same workspace again keeps what was before it."""
        same = before.workspace_id == self.workspace_id
        return replace(
            self,
            epoch=before.epoch + 1,
            before_id=before.before_id if same else before.workspace_id,
            before_name=before.before_name if same else before.name or before.workspace_id,
        )

    def confirmed(self, at: float) -> Connection:
        """Intercom was asked, and still takes our token."""
        return replace(self, doubted_at=None, replayed_at=at)


class BreakerKind(StrEnum):
    """Why calls are stopped."""

    FAILING = "failing"
    REFUSED = "refused"
    STRIKE = "strike"
    CONNECTION_LOST = "connection_lost"
    BLOCKED = "blocked"
    DISCONNECTED = "disconnected"


FOREVER = 1e11
"""``open_until`` of a vendor that a person disconnected: only connecting again closes that breaker."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """Calls stop until ``open_until`` (epoch seconds); after it one at a time may try (``probing``, with ``open_until`` the
    end of its time), and its success closes the breaker. ``words``: what the vendor said to it."""

    kind: BreakerKind
    open_until: float
    opened_at: float
    openings: int = 1
    probing: bool = False
    words: str = ""

    def is_open(self, now: float) -> bool:
        return now < self.open_until

    def closes_on_success(self, now: float) -> bool:
        """Whether any call that went well closes it. A strike or a block only by the try after the pause: a neighbour's
        call that was under way says nothing."""
        return self.kind in {BreakerKind.FAILING, BreakerKind.CONNECTION_LOST} or self.probing or not self.is_open(now)
