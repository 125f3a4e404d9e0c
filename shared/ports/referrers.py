"""Tables of referrers and rewards. As in ``repositories``: ``find`` answers None, every method may raise TransientError."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared.domain.referrer.referrer import KnownReferrer
    from shared.domain.referrer.reward import Kind, Reward


@dataclass(frozen=True, slots=True)
class RewardKey:
    """One reward of one person in one campaign; ``id`` counts within its kind."""

    campaign_id: int
    user_id: int
    kind: Kind
    id: int


class Referrers(Protocol):
    """People who refer. ``save`` and ``finish`` need the lease."""

    def find(self, campaign_id: int, user_id: int) -> KnownReferrer | None: ...

    def mark(self, campaign_id: int, user_id: int, now: float, email: str | None = None) -> float | None:
        """Notes that something happened to their counts or rewards. Answers in how many seconds to ring, None when somebody
        will ring already."""

    def lease(self, campaign_id: int, user_id: int, owner: str, now: float, seconds: float) -> KnownReferrer | None:
        """Takes the lease; None when nobody ever marked them. Raises BusyError(retry_after) while another holds it."""

    def save(self, referrer: KnownReferrer) -> None:
        """Writes what their contact holds. Raises BusyError when the lease was lost."""

    def finish(self, referrer: KnownReferrer, again_at: float) -> bool:
        """``save``, and gives the lease back. True when no mark came since ``referrer`` was read: nothing is due any more;
        else it is due at ``again_at``."""

    def wait(self, campaign_id: int, user_id: int, until: float, reason: str, owner: str) -> bool:
        """Due at ``until``; gives ``owner``'s lease back. False when nothing is marked."""


class Rewards(Protocol):
    def find(self, key: RewardKey) -> Reward | None: ...

    def find_all(self, keys: Sequence[RewardKey]) -> Mapping[RewardKey, Reward]:
        """Those that exist."""

    def of_person(self, campaign_id: int, user_id: int) -> Sequence[Reward]: ...

    def add(self, reward: Reward) -> bool:
        """False when it is there already."""

    def update(self, key: RewardKey, change: Callable[[Reward], Reward]) -> Reward:
        """As ``Referrals.update``."""


class Claims(Protocol):
    """What a campaign has of a contact before others."""

    def attributes(
        self, workspace_id: str, email: str, campaign_id: int, names: Iterable[str], given_up: Mapping[str, int]
    ) -> Mapping[str, int]:
        """Claims the attributes that nobody has, or that the campaign in ``given_up`` has; answers whose each is."""

    def second(self, workspace_id: str, email: str, not_before: int) -> int:
        """A Unix second from ``not_before`` on that no other event of that person has."""
