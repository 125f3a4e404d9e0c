"""People referring and their rewards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # a receiver needs a few names of here and none of the domain
    from shared.domain.referrer.referrer import ReferrerRecord
    from shared.domain.referrer.reward import Kind, Reward, RewardFacts


class RewardReader(Protocol):
    def __call__(self, fields: Mapping[str, Any]) -> RewardFacts | None:
        """The reward that a webhook's fields describe, None when they name none."""


@dataclass(frozen=True, slots=True)
class RewardKey:
    """One reward of one person in one campaign; ``id`` counts within its kind."""

    campaign_id: int
    user_id: int
    kind: Kind
    id: int


class Referrers(Protocol):
    """People who refer. ``save`` and ``finish`` need the lease."""

    def find(self, campaign_id: int, user_id: int) -> ReferrerRecord | None: ...

    def mark(self, campaign_id: int, user_id: int, now: float, email: str | None = None) -> float | None:
        """Notes that something happened to their counts or rewards. Answers in how many seconds to enqueue, None when somebody
        will enqueue already."""

    def lease(self, campaign_id: int, user_id: int, owner: str, now: float, seconds: float) -> ReferrerRecord | None:
        """Takes the lease; None when nobody ever marked them. Raises BusyError(retry_after) while another holds it."""

    def save(self, referrer: ReferrerRecord) -> None:
        """Writes what their contact holds. Raises BusyError when the lease was lost."""

    def finish(self, referrer: ReferrerRecord, again_at: float) -> bool:
        """``save``, and gives the lease back. True when no mark came since ``referrer`` was read: nothing is due any more;
        else it is due at ``again_at``."""

    def wait(self, campaign_id: int, user_id: int, until: float, reason: str, owner: str) -> bool:
        """Due at ``until``; gives ``owner``'s lease back. False when nothing is marked."""

    def tried(self, campaign_id: int, user_id: int, *, alone: bool) -> int:
        """One more try that ended in trouble of this person alone: how many by now. Not ``alone``: the count starts over, as
        it does with ``finish``."""

    def release(self, campaign_id: int, user_id: int, owner: str) -> None:
        """Lets another take the lease; until one does, ``owner`` may still ``save`` and ``finish``."""


class Rewards(Protocol):
    def find(self, key: RewardKey) -> Reward | None: ...

    def find_all(self, keys: Sequence[RewardKey]) -> Mapping[RewardKey, Reward]:
        """Those that exist."""

    def of_person(self, campaign_id: int, user_id: int) -> Sequence[Reward]: ...

    def add(self, reward: Reward) -> bool:
        """False when it is there already."""

    def update(self, key: RewardKey, change: Callable[[Reward], Reward]) -> Reward:
        """As ``Referrals.update``."""
