"""Reconcile's searches among Intercom's contacts, each read to its last page, however many passes that takes.

Each search has a place of its own: since when its hits are compared, and, while it is under way, the cursor of its next page.
So one that Intercom refuses, or that a pass had no time for, makes good later what it missed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from shared.domain.campaign.rule import ROLE, Rule
from shared.domain.contact import Attribute, Contact, Value
from shared.domain.mapping import STANDARD_TYPES, coerce
from shared.domain.timing import LONGEST_INTERCOM_CALL
from shared.domain.vendor.retry import FAILURES_TO_SHRINK
from shared.errors import NotSentError, RejectedError, UnavailableError
from shared.observability import logger
from shared.use_cases.environment import Environment

MOST_VALUES = 7
"""Of one search: a text takes two of the 15 filters that a group may have."""
LOOK_BACK = 2 * 86_400.0
SEARCH_OVERLAP = 1_200.0
"""Seconds before the last reading from which contacts are compared again: search lags up to ten minutes."""
RESUMABLE = 3_600.0
"""Seconds after which a cursor is not tried any more: how long it lives is not documented."""
DONE_WITHIN = 3_600.0
"""Seconds, over however many passes, after which a search that has not come to its end is late."""
WHOLE_AGAIN_AFTER = 86_400.0
"""Seconds after which whole pages are asked for again."""
FORGOTTEN_AFTER = 30 * 86_400.0
"""Seconds after which the place of a search that nobody makes any more is forgotten."""


@dataclass(frozen=True, slots=True)
class Search:
    """``others``: contacts whose attribute has none of the values."""

    attribute: str
    values: tuple[Value, ...]
    others: bool = False

    @property
    def name(self) -> str:
        return json.dumps([self.attribute, *self.values, self.others])


@dataclass(frozen=True, slots=True)
class Place:
    """``succeeded_at``: when the last reading began that came to its end. ``cursor``: of the next page of one that is under
    way, which began at ``begun_at`` and was left at ``left_at``. ``failures``: pages that did not
    come one after the other, the last at ``failed_at``; a day later they are forgotten."""

    succeeded_at: float
    cursor: str | None = None
    begun_at: float = 0.0
    left_at: float = 0.0
    failures: int = 0
    failed_at: float = 0.0


class ContactSearches:
    """The searches of one pass that begins at ``now``; ``stored`` is what the last one kept."""

    def __init__(self, environment: Environment, stored: Mapping[str, Any], now: float) -> None:
        self._environment = environment
        self._now = now
        self._default = float(stored.get("succeeded_at", now - LOOK_BACK))
        self._places = {name: Place(**place) for name, place in stored.get("searches", {}).items()}
        self._unfinished: dict[str, float] = dict(stored.get("unfinished", {}))
        self._pages = 0
        self.seen = 0
        self.complete = True

    @property
    def failed(self) -> bool:
        """The time was up before a single page was read, or it was up again for a search that has long been under way."""
        late = any(self._now - since > DONE_WITHIN for since in self._unfinished.values())
        return not self.complete and (self._pages == 0 or late)

    def in_turn(self, searches: Sequence[Search]) -> list[Search]:
        """Those first that have waited longest for their end, so that a long one starves no other."""
        ordered = sorted(dict.fromkeys(searches), key=lambda search: self._place(search).succeeded_at)
        self._unfinished = {search.name: self._unfinished.get(search.name, self._now) for search in ordered}
        return ordered

    def read(self, search: Search) -> Iterator[Contact]:
        """What changed since the last reading, or shortly before it. ``complete`` becomes False when the time is up. Raises
        RejectedError when Intercom refuses the search itself, and whatever else the Intercom port raises."""
        place = self._begun(search)
        while True:
            if self._environment.time_left() < LONGEST_INTERCOM_CALL:
                self.complete = False
                logger.warning("contact search unfinished", attribute=search.attribute, others=search.others, seen=self.seen)
                return
            try:
                contacts, cursor = self._page(search, place)
            except RejectedError:
                if place.cursor is None:
                    raise
                place = self._keep(search, replace(place, cursor=None, begun_at=self._now))
                continue
            except UnavailableError as error:
                if not isinstance(error, NotSentError):
                    self._keep(search, replace(place, failures=place.failures + 1, failed_at=self._now))
                    logger.warning("page of a search did not come", attribute=search.attribute, failures=place.failures + 1)
                raise
            self._pages += 1
            self.seen += len(contacts)
            yield from (contact for contact in contacts if contact.updated_at >= place.succeeded_at - SEARCH_OVERLAP)
            if place.failures < FAILURES_TO_SHRINK or self._now - place.failed_at > WHOLE_AGAIN_AFTER:
                place = replace(place, failures=0)
            if cursor is None:
                self._keep(search, Place(place.begun_at, failures=place.failures, failed_at=place.failed_at))
                self._unfinished.pop(search.name, None)
                return
            place = self._keep(search, replace(place, cursor=cursor, left_at=self._now))

    def kept(self) -> Mapping[str, Any]:
        """For the next pass."""
        oldest = self._now - FORGOTTEN_AFTER
        places = {name: asdict(place) for name, place in self._places.items() if place.succeeded_at > oldest}
        return {"searches": places, "unfinished": self._unfinished}

    def _place(self, search: Search) -> Place:
        return self._places.get(search.name) or Place(self._default)

    def _begun(self, search: Search) -> Place:
        """A first look at a search is kept too: should it be refused, it is asked for from there."""
        place = self._place(search)
        if place.cursor is None or self._now - place.left_at > RESUMABLE:
            place = replace(place, cursor=None, begun_at=self._now)
        return self._keep(search, place)

    def _keep(self, search: Search, place: Place) -> Place:
        self._places[search.name] = place
        return place

    def _page(self, search: Search, place: Place) -> tuple[Sequence[Contact], str | None]:
        ask = self._environment.intercom().search_changed
        since = int(place.succeeded_at - LOOK_BACK)
        smaller = place.failures // FAILURES_TO_SHRINK
        return ask(search.attribute, search.values, since, place.cursor, others=search.others, smaller=smaller)


def asks_for_fewer(stored: Mapping[str, Any], now: float) -> bool:
    """Whether a search is read in smaller pages; ``stored`` is what the last pass kept."""
    places = [Place(**place) for place in stored.get("searches", {}).values()]
    return any(one.failures >= FAILURES_TO_SHRINK and now - one.failed_at < WHOLE_AGAIN_AFTER for one in places)


def searches_of(rule: Rule, attributes: Mapping[str, Attribute], *, others: bool = False) -> Iterator[Search]:
    """For the contacts at a qualified value; ``others``: and for those that have left it."""
    attribute = attributes.get(rule.attribute) or Attribute(rule.attribute, STANDARD_TYPES.get(rule.attribute, "string"))
    values = tuple(dict.fromkeys(_searchable(value, attribute) for value in rule.values))
    for start in range(0, len(values), MOST_VALUES):
        yield Search(rule.attribute, values[start : start + MOST_VALUES])
    if rule.attribute != ROLE and others:
        yield Search(rule.attribute, values[:MOST_VALUES], others=True)


def value_of(contact: Contact, rule: Rule) -> Value:
    return str(contact.role) if rule.attribute == ROLE else contact.value(rule.attribute)


def _searchable(value: Value, attribute: Attribute) -> Value:
    """As the attribute's type, for Intercom refuses a search for 1 among texts; what cannot be that stays as it is."""
    try:
        return coerce(value, attribute)
    except ValueError:
        return value
