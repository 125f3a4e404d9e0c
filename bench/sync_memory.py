"""Enumerates contacts that are made up as they are read, among tables that keep nothing: what stays is our own memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.adapters.campaign_document import sync_of
from shared.domain.contact import Contact, Role
from shared.domain.person import Person
from shared.domain.sync.member import SyncMember
from shared.domain.sync.run import Chunk, Phase, RunState, SyncRun
from shared.domain.sync.source import ContactFilter
from shared.domain.vendor.limits import Priority
from shared.use_cases.sync.enumerate_contacts import Enumeration

PAGE, PEOPLE = 150, 250
LINK = "custom_attributes.referral_link"


@dataclass(frozen=True, slots=True)
class _Page:
    contacts: Sequence[Contact]
    cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class _People:
    people: Sequence[tuple[int, Person]]
    last_page: int


class _World:
    """The environment of an enumeration of ``count`` contacts; every other one has its link already."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.chunks = 0
        self.stored: SyncRun | None = None

    # -- environment
    @property
    def clock(self) -> _World:
        return self

    @property
    def sync_runs(self) -> Any:
        return self

    @property
    def sync_members(self) -> Any:
        return self

    def referral_factory(self, _: Priority = Priority.SYNC) -> Any:
        return self

    def now(self) -> float:
        return 1_795_305_600.0

    def time_left(self) -> float:
        return 3_600.0

    # -- Referral Factory and Intercom
    def users(self, page: int) -> _People:
        last = -(-self._count // PEOPLE)
        numbers = range((page - 1) * PEOPLE, min(page * PEOPLE, self._count))
        return _People([(1, Person(number + 1, email=_email(number), url=_link(number))) for number in numbers], last)

    def read_contacts(self, _: ContactFilter, cursor: str | None) -> _Page:
        first = int(cursor or 0)
        following = first + PAGE
        contacts = [
            Contact(
                f"{number:024x}", Role.USER, _email(number), 1, {"name": "Ada", LINK: _link(number) if number % 2 else None}, 1
            )
            for number in range(first, min(following, self._count))
        ]
        return _Page(contacts, str(following) if following < self._count else None, self._count)

    # -- tables
    def find_all(self, keys: Sequence[tuple[int, str]]) -> Mapping[tuple[int, str], SyncMember]:
        return {key: SyncMember(*key, user_id=1, url=_link(_number(key[1])), version=1) for key in keys}

    def save(self, member: SyncMember) -> SyncMember:
        return member

    def add_chunk(self, _: SyncRun, chunk: Chunk) -> None:
        self.chunks += 1

    def add_page(self, _: SyncRun, __: int, ___: Sequence[str]) -> None: ...

    def update(self, _: int, __: int, change: Callable[[SyncRun], SyncRun]) -> SyncRun:
        assert self.stored is not None
        self.stored = change(self.stored)
        return self.stored


def enumerate_made_up(count: int) -> None:
    """To the end of the pages."""
    sync = {"mode": "once", "mapping": [{"from": "name", "to": "first_name"}], "write_back": {"referral_link": LINK}}
    run = SyncRun(1, 1, RunState.ENUMERATING, 0.0, 1, sync_of(sync))
    world = _World(count)
    world.stored = run
    done = Enumeration(world, replace(run), lambda: world, lambda: None).read_on()  # type: ignore[arg-type]
    assert (done.phase, done.tally.seen, done.tally.unchanged) == (Phase.WORK, count, count // 2)
    assert done.chunks == world.chunks


def _email(number: int) -> str:
    return f"contact-{number}@example.com"


def _number(email: str) -> int:
    return int(email.partition("@")[0].rpartition("-")[2])


def _link(number: int) -> str:
    return f"https://refer.example.net/{number:08d}"
