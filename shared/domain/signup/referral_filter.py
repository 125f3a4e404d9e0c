"""Which referrals somebody wants to see, and in which part of the list to look for them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.person import Audience, fold_email
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State


class Group(StrEnum):
    """The parts of the list by what they ask of a person; each row is in one."""

    ATTENTION = "attention"
    WAITING = "waiting"
    DONE = "done"
    QUIET = "quiet"
    CLOSED = "closed"
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
    with. ``reason``: the row's own or that of a refusal, word for word. ``not_in``: only rows whose contact is in
    another workspace than that one. ``text``: a part of the name or address of the
    person or the referrer. ``since`` and ``until``: of the signup, epoch seconds, ``until`` excluded. ``people``: campaign
    and user ids."""

    campaign_id: int | None = None
    state: State | None = None
    audience: Audience | None = None
    email: str | None = None
    flag: Flag | None = None
    attention: bool = False
    reason: str | None = None
    not_in: str | None = None
    group: Group | None = None
    converted: bool = False
    text: str | None = None
    since: float | None = None
    until: float | None = None
    people: frozenset[tuple[int, int]] | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether it names whom it wants, so that an act on all that match is not an act on everybody."""
        narrowing = (self.state, self.group, self.flag, self.reason, self.email, self.text, self.people)
        return self.attention or self.converted or self.not_in is not None or any(narrowing)

    @property
    def groups(self) -> tuple[Group, ...]:
        """Where the wanted rows are."""
        if self.group:
            return (self.group,)
        if self.flag or self.attention:
            return (Group.ATTENTION,)
        if self.state is None:
            return tuple(Group)
        usual = {_GROUPS[self.state]} if self.state in _GROUPS else set()
        return (*usual, Group.ATTENTION, Group.CLOSED)

    def takes_key(self, campaign_id: int) -> bool:
        """What can be decided before the row is read."""
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
            and self.group in {None, group_of(row)}
            and (not self.converted or row.converted)
            and (self.since is None or row.accepted_at >= self.since)
            and (self.until is None or row.accepted_at < self.until)
            and (self.people is None or (row.campaign_id, row.user_id) in self.people)
            and (self.text is None or _holds(row, self.text))
        )


def may_hold(facts: str, text: str) -> bool:
    """Whether a person's facts, as JSON, can hold the text: quicker than to take them apart. What is escaped may be it."""
    return "\\" in facts or _folded(text) in _folded(facts)


def _holds(row: Referral, text: str) -> bool:
    person, referrer = row.person, row.person.referrer
    shown = (person.first_name, person.email, referrer.first_name, referrer.email, *_last_names(row))
    wanted = _folded(text)
    return any(wanted in _folded(one) for one in shown if one)


def _last_names(row: Referral) -> list[str]:
    return [value for label, value in row.person.meta.items() if "name" in label.casefold()]


def _folded(text: str) -> str:
    """As people compare names: without letter case and accents."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return " ".join(plain.casefold().split())
