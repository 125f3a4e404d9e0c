"""The signups that we make ourselves: one a day, to see whether one still arrives, and those that a person tries."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.person import Person, fold_email
from shared.domain.timing import DAY

SYNTHETIC_IDS_FROM = 900_000_000_000_000
"""User ids from here on are no real person's. Below the 2^53 up to which a browser counts exactly."""
PATIENCE = 1_800.0
"""Seconds that one may take, the promise for every signup. It is not missed before."""
SYNTHETIC_NAME = "Synthetic signup"


def is_synthetic(person: Person, email: str) -> bool:
    """Whether it is ours: an id of the reserved range and the test address ``email``. Without a test address nobody is."""
    own = person.user_id >= SYNTHETIC_IDS_FROM and fold_email(person.email or "") == fold_email(email)
    return own and bool(email)


@dataclass(frozen=True, slots=True)
class SyntheticSignup:
    """The last one. Times are epoch seconds.

    ``began_at``: its first try, 0 when there was none yet. ``accepted``: our API took it. ``arrived_at``: when its contact
    was seen, None: not yet. ``trusted``: the one before had arrived, or it is the first.
    """

    began_at: float = 0.0
    accepted: bool = False
    arrived_at: float | None = None
    trusted: bool = True

    def is_due(self, now: float) -> bool:
        """Whether to post: what was refused is tried again, and a day later comes the next."""
        return not self.accepted or self._is_over(now)

    def to_post(self, now: float) -> SyntheticSignup:
        """The one to post now: this one again, or the next."""
        if not self._is_over(now):
            return self
        return SyntheticSignup(began_at=now, trusted=not self.began_at or self.arrived_at is not None)

    def works(self, now: float) -> bool:
        """Whether it arrived; as long as it may still be on its way, whether there is no reason to think otherwise."""
        return self.arrived_at is not None or (self.trusted and now - self.began_at < PATIENCE)

    def person(self, email: str) -> Person:
        """Who signs up: the id of its first try's day, for the same id again would be nothing new."""
        day = int(self.began_at // DAY)
        return Person(
            user_id=SYNTHETIC_IDS_FROM + day,
            first_name=SYNTHETIC_NAME,
            email=email,
            code=f"synthetic-{day}",
            url=f"https://example.com/synthetic-{day}",
            source="Direct",
        )

    def _is_over(self, now: float) -> bool:
        return now - self.began_at >= DAY


@dataclass(frozen=True, slots=True)
class Trial:
    """A made-up person whom somebody sent through a campaign. ``email`` is empty once the person was taken back."""

    user_id: int = 0
    email: str = ""
    began_at: float = 0.0
    begun_by: str = ""

    @classmethod
    def of(cls, person: Person, now: float, who: str) -> Trial:
        """With an id of its second: above those of the daily ones, which count days."""
        return cls(SYNTHETIC_IDS_FROM + int(now), fold_email(person.email or ""), now, who)

    def is_of(self, person: Person) -> bool:
        """By both: whoever has the webhook secret could post the id with the address of a real contact."""
        return bool(self.email) and (person.user_id, fold_email(person.email or "")) == (self.user_id, self.email)
