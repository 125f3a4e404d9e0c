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
    CLOSED = "CLOSED"
    """Dealt with: apart, so that a search for what failed need not read all that went well."""


class Flag(StrEnum):
    """What is wrong with a row beside its state."""

    POSSIBLY_DOUBLED = "possibly_doubled"
    UNVERIFIED = "unverified"


_GROUPS = {
    State.PENDING: Group.WAITING,
    State.HELD: Group.WAITING,
    State.DELIVERED: Group.DONE,
    State.SKIPPED: Group.QUIET,
    State.NOT_WANTED: Group.QUIET,
    State.KNOWN: Group.QUIET,
    State.ERASED: Group.QUIET,
}


def group_of(referral: Referral) -> Group:
    """A row with a trouble that nobody has dealt with needs attention, whatever its state."""
    if referral.open_troubles:
        return Group.ATTENTION
    return Group.CLOSED if referral.troubles else _GROUPS[referral.state]


@dataclass(frozen=True, slots=True)
class ReferralFilter:
    """None takes all. ``attention``: only what a person should look at. ``flag``: only rows whose flag nobody has dealt
    with. ``reason``: the row's own or that of a refusal, word for word. ``not_in``: only rows whose contact is in another
    workspace than that one."""

    campaign_id: int | None = None
    state: State | None = None
    audience: Audience | None = None
    email: str | None = None
    flag: Flag | None = None
    attention: bool = False
    reason: str | None = None
    not_in: str | None = None

    @property
    def groups(self) -> tuple[Group, ...]:
        """Where the wanted rows are."""
        if self.flag or self.attention:
            return (Group.ATTENTION,)
        if self.state is None:
            return tuple(Group)
        usual = {_GROUPS[self.state]} if self.state in _GROUPS else set()
        return (*usual, Group.ATTENTION, Group.CLOSED)

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
            and (self.flag is None or self.flag in row.open_troubles)
            and (not self.attention or group_of(row) is Group.ATTENTION)
            and (self.reason is None or self.reason in {row.reason, *row.refusals.values()})
            and (self.not_in is None or row.is_elsewhere(self.not_in))
        )
