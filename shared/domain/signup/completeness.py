"""Where each of Referral Factory's people is: the proof that nobody is lost. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from shared.domain.campaign.campaign import Campaign
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State

MOST_NAMED = 100
"""People of one campaign who are named as not accounted for; more are only counted."""


class Place(StrEnum):
    """Where somebody is who is accounted for."""

    IN_INTERCOM = "in_intercom"
    SKIPPED = "skipped"
    WAITING = "waiting"
    HELD = "held"
    FAILED = "failed"
    ERASED = "erased"
    NOT_SENT = "not_sent"
    JOINED_BEFORE = "joined_before"


class Gap(StrEnum):
    """Why somebody is not."""

    NO_ROW = "Referral Factory lists this person, and nothing is known of them here."
    NEVER_DUE = "The signup waits, and nothing will take it up."
    NO_CONTACT = "The signup counts as delivered, and no contact is known."
    ELSEWHERE = "The contact is in another Intercom workspace than the one that is connected."


_PLACES = {
    State.DELIVERED: Place.IN_INTERCOM,
    State.PARTIAL: Place.IN_INTERCOM,
    State.SKIPPED: Place.SKIPPED,
    State.PENDING: Place.WAITING,
    State.HELD: Place.HELD,
    State.FAILED: Place.FAILED,
    State.ERASED: Place.ERASED,
    State.NOT_WANTED: Place.NOT_SENT,
    State.KNOWN: Place.JOINED_BEFORE,
}


def place_of(campaign: Campaign, user_id: int, row: Referral | None, workspace_id: str = "") -> Place | Gap:
    """Where somebody is whom Referral Factory lists. Who joined before the campaign was activated has no row.
    ``workspace_id``: the connected one, empty when it is not known."""
    if row is None:
        joined_before = campaign.activation_mark is None or user_id <= campaign.activation_mark
        return Place.JOINED_BEFORE if joined_before and not campaign.backfill else Gap.NO_ROW
    place = _PLACES[row.state]
    if place is Place.WAITING and row.due_at is None:
        return Gap.NEVER_DUE
    if place not in {Place.IN_INTERCOM, Place.SKIPPED}:
        return place
    if row.contact_id is None:
        return Gap.NO_CONTACT
    return Gap.ELSEWHERE if row.workspace_id and workspace_id not in {"", row.workspace_id} else place


@dataclass(frozen=True, slots=True)
class Completeness:
    """One campaign's people. ``gaps``: user id → why the person is not accounted for, of the first ``MOST_NAMED``;
    ``unaccounted``: how many there are. ``checked_at``: when the last of them was looked at, in epoch seconds."""

    counts: Mapping[str, int] = field(default_factory=dict)
    gaps: Mapping[int, str] = field(default_factory=dict)
    unaccounted: int = 0
    checked_at: float = 0.0

    @property
    def accounted_for(self) -> int:
        return sum(self.counts.values())

    @property
    def people(self) -> int:
        return self.accounted_for + self.unaccounted

    def counting(self, places: Mapping[int, Place | Gap]) -> Completeness:
        """With further people, by user id."""
        found = {user_id: str(gap) for user_id, gap in places.items() if isinstance(gap, Gap)}
        there = Counter(str(place) for place in places.values() if isinstance(place, Place))
        named = dict([*self.gaps.items(), *found.items()][:MOST_NAMED])
        return replace(
            self,
            counts={place: self.counts.get(place, 0) + there[place] for place in [*self.counts, *there]},
            gaps=named,
            unaccounted=self.unaccounted + len(found),
        )

    def without_gaps(self) -> Completeness:
        """Without those who are named as not accounted for: they are counted again."""
        return replace(self, gaps={}, unaccounted=self.unaccounted - len(self.gaps))


Rows = Mapping[tuple[int, int], Referral]


@dataclass(frozen=True, slots=True)
class Tally:
    """The count of a whole pass that is going on, by campaign id. ``lately``: the people of the page that was counted last: a
    list that shifts meanwhile shows some of them again."""

    campaigns: Mapping[int, Completeness] = field(default_factory=dict)
    lately: tuple[int, ...] = ()

    def counting(
        self, campaigns: Mapping[int, Campaign], page: Sequence[tuple[int, int]], rows: Rows, workspace_id: str
    ) -> Tally:
        """With one more page of people, each as campaign id and user id."""
        places: dict[int, dict[int, Place | Gap]] = {}
        for campaign_id, user_id in page:
            if user_id not in self.lately:
                place = place_of(campaigns[campaign_id], user_id, rows.get((campaign_id, user_id)), workspace_id)
                places.setdefault(campaign_id, {})[user_id] = place
        counted = {one: self.campaigns.get(one, Completeness()).counting(of_campaign) for one, of_campaign in places.items()}
        return Tally({**self.campaigns, **counted}, tuple(user_id for _, user_id in page))

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """Campaign id and user id of those who are named as not accounted for."""
        return [(campaign_id, user_id) for campaign_id, one in self.campaigns.items() for user_id in one.gaps]

    def without_gaps(self) -> Tally:
        """Ready to count again those who are named as not accounted for."""
        return Tally({campaign_id: one.without_gaps() for campaign_id, one in self.campaigns.items()})


def completeness_of(stored: Mapping[str, Any]) -> Completeness:
    """What was stored of one campaign."""
    return Completeness(
        {str(place): int(count) for place, count in stored["counts"].items()},
        {int(user_id): str(why) for user_id, why in stored["gaps"].items()},
        int(stored["unaccounted"]),
        float(stored["checked_at"]),
    )


def tally_of(stored: Mapping[str, Any]) -> Tally:
    """What was stored of a count."""
    campaigns = {int(campaign_id): completeness_of(one) for campaign_id, one in stored["campaigns"].items()}
    return Tally(campaigns, tuple(int(user_id) for user_id in stored["lately"]))
