"""Our Referral Factory client against the stand-in over sockets."""

import random
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sandbox.vendors.referral_factory import ReferralFactory, ReferralFactorySettings
from sandbox.vendors.server import RunningServer, serve
from shared.adapters.http.transport import RequestsTransport
from shared.adapters.referral_factory.client import ReferralFactoryClient
from shared.domain.vendor.limits import Priority
from shared.errors import (
    BlockedError,
    ConnectionLostError,
    FailureError,
    PermanentError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)


class CountingLimiter:
    """Notes what it is asked and sent; refuses on demand."""

    def __init__(self) -> None:
        self.acquired = 0
        self.observed: list[int | None] = []
        self.refuses = False

    def acquire(self, priority: Priority = Priority.RECONCILE) -> str:
        if self.refuses:
            raise RateLimitedError("our own limit", retry_after=3)
        self.acquired += 1
        return str(self.acquired)

    def finish(self, permit: str, status: int | None, headers: Mapping[str, str]) -> None:
        assert permit == str(self.acquired)
        self.observed.append(status)

    def report(self, error: FailureError | None) -> None:
        """Not looked at here."""


class World:
    def __init__(self, server: RunningServer, vendor: ReferralFactory) -> None:
        self.server = server
        self.vendor = vendor
        self.limiter = CountingLimiter()
        self.keys = ["local-referral-factory-key"]
        self.transport = RequestsTransport([server.url])
        self.client = ReferralFactoryClient(self.transport, self.key, f"{server.url}/api/v2", self.limiter)

    def key(self, *, fresh: bool = False) -> str:
        return self.keys.pop(0) if len(self.keys) > 1 else self.keys[0]

    def fault(self, kind: str, **order: Any) -> None:
        self.server.faults.add({"kind": kind, "times": 1, **order})


@pytest.fixture
def world() -> Iterator[World]:
    settings = ReferralFactorySettings(seed_people=300)
    vendor = ReferralFactory(clock=time.time, chance=random.Random(5), settings=settings)
    with serve(vendor, 0, chance=random.Random(5)) as running:
        vendor.start_at(running.url)
        world = World(running, vendor)
        yield world
        world.transport.close()


def test_all_people_come_page_by_page_with_their_counts(world: World) -> None:
    first = world.client.users(1)
    second = world.client.users(2)

    assert len(first.people) == 250
    assert (first.last_page, second.last_page) == (2, 2)

    ids = [person.user_id for page in (first, second) for _, person in page.people]
    assert len(set(ids)) == len(ids) > 300

    campaign_id, person = first.people[0]
    assert campaign_id > 0
    assert person.email
    assert person.referrals_count is not None
    assert world.client.users(3).people == []
    assert (world.limiter.acquired, world.limiter.observed) == (3, [200] * 3)


def test_no_call_is_made_that_the_limiter_refuses(world: World) -> None:
    world.limiter.refuses = True
    with pytest.raises(RateLimitedError):
        world.client.users(1)
    assert world.limiter.observed == []


def test_a_replaced_key_is_read_again_once(world: World) -> None:
    world.keys = ["old", "local-referral-factory-key"]
    assert world.client.users(1).people
    assert (world.limiter.acquired, world.limiter.observed) == (2, [401, 200])

    world.keys = ["revoked"]
    with pytest.raises(ConnectionLostError):
        world.client.users(1)
    world.keys = [""]
    with pytest.raises(ConnectionLostError):
        world.client.users(1)
    assert world.limiter.acquired == 4


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "status", "status": 403}, BlockedError),
        ({"kind": "status", "status": 405}, PermanentError),
        ({"kind": "status", "status": 422}, RejectedError),
        ({"kind": "status", "status": 429, "headers": {"Retry-After": "7"}}, RateLimitedError),
        ({"kind": "status", "status": 500}, UnavailableError),
        ({"kind": "status", "status": 302}, UnavailableError),
        ({"kind": "html", "status": 200}, UnavailableError),
        ({"kind": "error_list_200"}, UnavailableError),
        ({"kind": "truncated"}, UnavailableError),
        ({"kind": "reset"}, UnavailableError),
    ],
    ids=lambda value: str(value),
)
def test_each_failure_has_its_error_and_is_not_repeated(world: World, fault: dict[str, Any], expected: type[Exception]) -> None:
    world.fault(**fault)
    with pytest.raises(expected) as failure:
        world.client.users(1)
    assert type(failure.value) is expected
    assert failure.value.vendor == "referral_factory"  # type: ignore[attr-defined]
    assert world.limiter.acquired == 1

    if isinstance(failure.value, RateLimitedError):
        assert failure.value.retry_after == 7


def test_a_refused_connection_means_blocked(world: World) -> None:
    world.server.stop()
    with pytest.raises(BlockedError):
        world.client.users(1)


@pytest.mark.parametrize(
    "answer", ['{"data": {"id": 999999, "first_name": "Somebody else"}}', '{"data": {"status": "busy"}}', '{"data": "?"}']
)
def test_an_answer_about_somebody_else_is_no_word_that_a_person_is_unknown(world: World, answer: str) -> None:
    world.fault("status", status=200, path="/users/1", body=answer)
    with pytest.raises(UnavailableError):
        world.client.user(1)


@pytest.mark.parametrize("answer", ['{"data": null}', '{"data": []}', "{}"])
def test_an_empty_answer_says_that_a_person_is_unknown(world: World, answer: str) -> None:
    world.fault("status", status=200, path="/users/1", body=answer)
    assert world.client.user(1) is None
