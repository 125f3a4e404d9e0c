"""Which referrals somebody wants to see, and in which part of the list to look for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.person import Audience, fold_email
from shared.domain.signup.referral import Referral, State


class Group(StrEnum):
    """The parts of the list by what they ask of a person; each row is in one."""

    ATTENTION = "ATTENTION"
    WAITING = "WAITING"
    DONE = "DONE"
    QUIET = "QUIET"


class Flag(StrEnum):
    """What is wrong with a row beside its state."""

    POSSIBLY_DOUBLED = "possibly_doubled"
    UNVERIFIED = "unverified"


_GROUPS = {
    State.PENDING: Group.WAITING,
    State.HELD: Group.WAITING,
    State.DELIVERED: Group.DONE,
    State.PARTIAL: Group.ATTENTION,
    State.FAILED: Group.ATTENTION,
    State.SKIPPED: Group.QUIET,
    State.NOT_WANTED: Group.QUIET,
    State.KNOWN: Group.QUIET,
    State.ERASED: Group.QUIET,
}


def group_of(referral: Referral) -> Group:
    """A flagged row needs attention whatever its state."""
    return Group.ATTENTION if referral.possibly_doubled or referral.unverified else _GROUPS[referral.state]


@dataclass(frozen=True, slots=True)
class ReferralFilter:
    """None takes all. ``attention``: only what a person should look at."""

    campaign_id: int | None = None
    state: State | None = None
    audience: Audience | None = None
    email: str | None = None
    flag: Flag | None = None
    attention: bool = False

    @property
    def groups(self) -> tuple[Group, ...]:
        """Where the wanted rows are."""
        if self.flag or self.attention:
            return (Group.ATTENTION,)
        if self.state is None:
            return tuple(Group)
        return tuple(dict.fromkeys((_GROUPS[self.state], Group.ATTENTION)))

    def takes_key(self, campaign_id: int) -> bool:
        """What can be told before the row is read."""
        return self.campaign_id in {None, campaign_id}

    def takes(self, row: Referral) -> bool:
        """The index may be seconds behind, so the row itself decides."""
        return (
            self.takes_key(row.campaign_id)
            and self.state in {None, row.state}
            and self.audience in {None, row.audience}
            and (self.email is None or fold_email(self.email) == fold_email(row.person.email or ""))
            and (self.flag is None or bool(getattr(row, self.flag)))
            and (not self.attention or group_of(row) is Group.ATTENTION)
        )
