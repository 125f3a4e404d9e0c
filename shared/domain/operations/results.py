"""What the campaigns bring: friends invited, and what became of them. Each person counts once, on the day they joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from shared.domain.person import Audience, fold_email
from shared.domain.signup.state import State

ARRIVED = frozenset({State.DELIVERED, State.PARTIAL, State.SKIPPED})
"""The person is a contact in Intercom, whether or not this application created it."""
TOP_REFERRERS = 10


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody in the ledger, as far as it counts. ``synced``: the sync added them from a contact in Intercom."""

    campaign_id: int
    user_id: int
    at: float
    audience: Audience
    state: State
    converted: bool = False
    synced: bool = False
    referrer_id: int | None = None
    referrer_name: str | None = None
    referrer_email: str | None = None

    @property
    def is_friend(self) -> bool:
        return self.audience is Audience.PERSON_INVITED and not self.synced

    @property
    def referrer(self) -> str:
        """What tells one referrer from another in a campaign."""
        return fold_email(self.referrer_email or "") or str(self.referrer_id or "")


@dataclass(slots=True)
class Referring:
    """Somebody who referred others in the period."""

    name: str | None
    email: str | None
    user_id: int | None
    campaign_id: int
    invited: int = 0
    converted: int = 0


@dataclass(slots=True)
class Results:
    """``counts`` and ``days`` hold *invited*, *in_intercom* and *converted*; ``days`` by campaign id and day, such as
    ``2026-11-22``. ``before``: of as many days before."""

    counts: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    themselves: int = 0
    synced: int = 0
    campaigns: dict[int, Counter[str]] = field(default_factory=dict)
    days: dict[tuple[int, str], Counter[str]] = field(default_factory=dict)
    referrers: Sequence[Referring] = ()


def first_moment(now: float, days: int, zone: tzinfo) -> float:
    """When the first of so many days began, today included."""
    today = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=days - 1)).timestamp()


def day_in(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d")


def results_of(people: Iterable[Joined], since: float, zone: tzinfo) -> Results:
    """Who joined before ``since`` counts as before. Who had joined before a campaign was activated counts for no day."""
    results = Results()
    referrers: dict[tuple[int, str], Referring] = {}
    for one in people:
        if one.state is State.KNOWN:
            continue
        if one.at < since:
            results.before.update(_steps(one))
            continue
        results.synced += one.synced
        results.themselves += one.audience is Audience.PERSON_REFERRING and not one.synced
        steps = _steps(one)
        if not steps:
            continue
        results.counts.update(steps)
        results.campaigns.setdefault(one.campaign_id, Counter()).update(steps)
        results.days.setdefault((one.campaign_id, day_in(one.at, zone)), Counter()).update(steps)
        if one.referrer:
            _credit(referrers, one)
    ranked = sorted(referrers.values(), key=lambda each: (-each.invited, -each.converted, each.name or each.email or ""))
    results.referrers = ranked[:TOP_REFERRERS]
    return results


def _steps(one: Joined) -> list[str]:
    if not one.is_friend:
        return []
    arrived = ["in_intercom"] if one.state in ARRIVED else []
    return ["invited", *arrived, *(["converted"] if one.converted else [])]


def _credit(referrers: dict[tuple[int, str], Referring], one: Joined) -> None:
    credited = referrers.setdefault(
        (one.campaign_id, one.referrer), Referring(one.referrer_name, one.referrer_email, one.referrer_id, one.campaign_id)
    )
    credited.name = credited.name or one.referrer_name
    credited.user_id = credited.user_id or one.referrer_id
    credited.invited += 1
    credited.converted += one.converted
