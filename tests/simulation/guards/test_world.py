"""The world itself: one signup goes its way, and the same seed gives the same run."""

from __future__ import annotations

import pytest

from tests.simulation.aws.boundary import RandomFaults
from tests.simulation.aws.lambdas import failures_of
from tests.simulation.settings import build_settings
from tests.simulation.world import World


@pytest.mark.parametrize("role", ["lead", "user"])
def test_a_signup_becomes_a_contact_in_seconds(role: str) -> None:
    with World() as world:
        world.configure(build_settings(invited=role))
        signup = world.sign_up("ivo@example.com")
        world.run(10)

        [contact] = world.contacts("ivo@example.com")
        assert contact.role == role
        assert contact.name == "Ivo Holm"
        assert contact.custom_attributes["referrer_first_name"] == "Ada"
        row = world.stored(signup)
        assert row.contact_id == contact.id
        assert signup.answered[0][1] == 202
        assert world.logs.count > 0
        assert not world.logs.leaks


def test_the_same_seed_gives_the_same_run() -> None:
    def story(seed: int) -> tuple[list[str], list[float]]:
        with World(seed, faults=RandomFaults(seed, vendors=0.3, aws=0.1, kills=0.1)) as world:
            world.configure(build_settings())
            for number in range(10):
                world.sign_up(f"person{number}@example.com")
            world.run(900)
            return list(world.crossing.trace.faults), world.transport.calls["intercom"]

    first = story(7)

    assert first == story(7)
    assert first != story(8)
    assert len(first[0]) > 5


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, None),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, None),
        ({"batchItemFailures": [{"id": "a"}]}, None),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, None),
        ({"batchItemFailures": "a"}, None),
    ],
)
def test_partial_answers_are_read_as_strictly_as_lambda_does(answer: object, failed: set[str] | None) -> None:
    assert failures_of(answer, {"a", "b"}) == failed
