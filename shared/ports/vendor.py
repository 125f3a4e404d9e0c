"""Whether and how fast a vendor may be called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # a receiver needs a few names of here and none of the domain
    from shared.domain.connection.connection import Breaker, Vendor
    from shared.domain.vendor.call import VendorCall
    from shared.domain.vendor.limits import Priority, Strikes
    from shared.errors import FailureError


class Breakers(Protocol):
    def find(self, vendor: Vendor) -> Breaker | None: ...

    def open(self, vendor: Vendor, breaker: Breaker) -> bool:
        """True when this call opened it, False when it was open already."""

    def probe(self, vendor: Vendor, breaker: Breaker, until: float) -> bool:
        """Takes the one try after the pause of ``breaker``, until ``until``; False when somebody else was faster."""

    def close(self, vendor: Vendor) -> bool:
        """True when it was open."""


class Calls(Protocol):
    """What was said between us and the vendors about one referral, for developers."""

    def keep(self, campaign_id: int, user_id: int, calls: Sequence[VendorCall]) -> None:
        """The calls of one try, at least one."""

    def of_person(self, campaign_id: int, user_id: int, most: int) -> Sequence[VendorCall]:
        """The newest first."""


class StrikeBook(Protocol):
    """What a vendor holds against us."""

    def find(self, vendor: Vendor) -> Strikes:
        """No strikes when nothing is stored."""

    def update(self, vendor: Vendor, change: Callable[[Strikes], Strikes]) -> tuple[Strikes, Strikes]:
        """Applies ``change`` to what is stored; answers before and after. A ``change`` that changes nothing writes nothing."""


class Limiter(Protocol):
    """How fast, and whether at all, a vendor may be called."""

    def acquire(self, priority: Priority = ...) -> str:
        """Before each call: its permit, to be used at once. Raises RateLimitedError(retry_after) when it may not be made
        now, BreakerOpenError, BlockedError, ConnectionLostError; and TransientError when nobody can tell."""

    def finish(self, permit: str, status: int | None, headers: Mapping[str, str]) -> None:
        """After each call: the answer's status and headers (names in lower case), None when no whole answer came."""

    def report(self, error: FailureError | None) -> None:
        """What the vendor's answer came to, the token having been read again after a 401; None when it was a success."""


class VendorNotes(Protocol):
    """What a check of a vendor's account found, kept so that it can be shown while the vendor is down."""

    def find(self, vendor: Vendor) -> Mapping[str, Any]: ...

    def save(self, vendor: Vendor, notes: Mapping[str, Any]) -> None: ...
