"""Every single and double crash point of one signup: as user and as lead, new and known."""

from __future__ import annotations

from itertools import product

import pytest

from tests.simulation.boundary import Flavour
from tests.simulation.stories import SITUATIONS, NthCalls, Situation, has_effect, points_of, problems, seed_of, tell


def _try(situation: Situation, at: dict[int, Flavour], *, once: bool = False) -> tuple[list[str], int]:
    """What is wrong, each with the faults that led to it; and how many faults were played."""
    faults = NthCalls(dict(at), once=once)
    with tell(situation, faults, seed=seed_of(at)) as world:
        return [f"{at} {problem}\n{world.crossing.trace}" for problem in problems(world, situation)], faults.played


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_single_crash_points(situation: Situation) -> None:
    points = points_of(situation)
    assert len(points) > 12
    wrong: list[str] = []
    for number, flavour in product(range(1, len(points) + 1), Flavour):
        found, played = _try(situation, {number: flavour})
        assert played == 1
        wrong += found
    for number, point in enumerate(points, start=1):
        if not point.is_vendor:
            wrong += _try(situation, {number: Flavour.AFTER}, once=True)[0]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("flavours", [(Flavour.KILLED, Flavour.KILLED), (Flavour.AFTER, Flavour.KILLED)], ids="-then-".join)
@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_double_crash_points(situation: Situation, flavours: tuple[Flavour, Flavour]) -> None:
    """The second kill meets every later state that a kill can leave behind, in this attempt or a later one.

    A kill at a read leaves what a kill at the effect before it left, or at the invocation's first call: those are all there
    are. In the same way only effects come first.
    """
    assert not (wrong := _doubles(situation, flavours, every=False)), "\n".join(wrong)


@pytest.mark.parametrize("situation", SITUATIONS[:2], ids=str)
def test_crash_points_of_a_signup_whose_webhook_was_lost(situation: Situation) -> None:
    """The receiver dies at its first call, which leaves nothing; polling finds the person, and then a worker is killed."""
    wrong: list[str] = []
    for second in range(2, len(points_of(situation, {1: Flavour.KILLED})) + 1):
        found, played = _try(situation, {1: Flavour.KILLED, second: Flavour.KILLED})
        assert played == 2
        wrong += found
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("flavours", list(product(Flavour, Flavour)), ids="-then-".join)
@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_double_faults_of_every_flavour(situation: Situation, flavours: tuple[Flavour, Flavour]) -> None:
    assert not (wrong := _doubles(situation, flavours, every=True)), "\n".join(wrong)


def _doubles(situation: Situation, flavours: tuple[Flavour, Flavour], *, every: bool) -> list[str]:
    wrong: list[str] = []
    for first, point in enumerate(points_of(situation), start=1):
        if not (every or has_effect(point)):
            continue
        calls = points_of(situation, {first: flavours[0]})
        for second, call in enumerate(calls[first:], start=first + 1):
            begins = call.invocation != calls[second - 2].invocation
            if every or begins or has_effect(call):
                found, played = _try(situation, {first: flavours[0], second: flavours[1]})
                assert played == 2
                wrong += found
    return wrong
