"""The people of an account, found by id, code or e-mail in a campaign without looking at all of them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence

from sandbox.vendors.referral_factory.records import Person

_SPREAD = 2654435761  # Knuth's multiplier: a fixed order that has nothing to do with the ids


def fold(email: str) -> str:
    """The form in which two e-mail addresses are the same."""
    return email.strip().casefold()


class People:
    """All people, and per campaign, in order of their ids."""

    def __init__(self) -> None:
        self._by_id: dict[int, Person] = {}
        self._by_code: dict[str, Person] = {}
        self._by_email: dict[tuple[int, str], Person] = {}
        self._by_campaign: dict[int, list[int]] = {}
        self._ids: list[int] = []
        self._shuffled: list[tuple[int, int]] = []
        self.deleted_ids: set[int] = set()
        self.deleted_codes: set[str] = set()

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, person: Person) -> None:
        """Keep a new person; their id is above all earlier ones."""
        self._by_id[person.id] = person
        self._by_code[person.code] = person
        self._by_email[person.campaign_id, fold(person.email)] = person
        self._by_campaign.setdefault(person.campaign_id, []).append(person.id)
        self._ids.append(person.id)
        insort(self._shuffled, _shuffled(person.id))

    def remove(self, person: Person) -> None:
        del self._by_id[person.id], self._by_code[person.code]
        del self._by_email[person.campaign_id, fold(person.email)]
        for ids in (self._ids, self._by_campaign[person.campaign_id]):
            del ids[bisect_left(ids, person.id)]
        del self._shuffled[bisect_left(self._shuffled, _shuffled(person.id))]
        self.deleted_ids.add(person.id)
        self.deleted_codes.add(person.code)

    def change_email(self, person: Person, email: str) -> None:
        del self._by_email[person.campaign_id, fold(person.email)]
        person.email = email
        self._by_email[person.campaign_id, fold(email)] = person

    def with_id(self, person_id: int) -> Person | None:
        return self._by_id.get(person_id)

    def with_code(self, code: str) -> Person | None:
        return self._by_code.get(code)

    def with_email(self, campaign_id: int, email: str) -> Person | None:
        return self._by_email.get((campaign_id, fold(email)))

    def everywhere_with_email(self, email: str) -> list[Person]:
        """The person in each campaign, by id."""
        found = [self._by_email.get((campaign_id, fold(email))) for campaign_id in self._by_campaign]
        return sorted((person for person in found if person), key=lambda person: person.id)

    def ids(self, campaign_id: int | None = None) -> Sequence[int]:
        """The ids, ascending; None: of all campaigns."""
        return self._ids if campaign_id is None else self._by_campaign.get(campaign_id, ())

    def shuffled_ids(self) -> Sequence[tuple[int, int]]:
        """Pairs that end in an id, in an order that stays and is not that of the ids."""
        return self._shuffled

    def __getitem__(self, person_id: int) -> Person:
        return self._by_id[person_id]


def _shuffled(person_id: int) -> tuple[int, int]:
    return person_id * _SPREAD % 2**32, person_id
