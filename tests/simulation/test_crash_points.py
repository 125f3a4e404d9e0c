"""Every single and double crash point of one signup: as user and as lead, new and known."""

from __future__ import annotations

from itertools import product

import pytest

from tests.simulation.boundary import Flavour
from tests.simulation.stories import SITUATIONS, NthCalls, Situation, has_effect, points_of, problems, tell


def _try(situation: Situation, at: dict[int, Flavour], *, once: bool = False) -> tuple[list[str], int]:
    """What is wrong, each with the faults that led to it; and how many faults were played."""
    faults = NthCalls(dict(at), once=once)
    with tell(situation, faults, seed=hash_of(at)) as world:
        return [f"{at} {problem}\n{world.crossing.trace}" for problem in problems(world, situation)], faults.played


def hash_of(at: dict[int, Flavour]) -> int:
    """A seed that differs between the cases and never between runs."""
    return sum(number * 31 + list(Flavour).index(flavour) * 7 for number, flavour in at.items())


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
@pytest.mark.parametrize("situation", SITUATIONS[:2], ids=str)
def test_double_crash_points(situation: Situation, flavours: tuple[Flavour, Flavour]) -> None:
    """The second fault meets every call that follows, those of later attempts included. Only calls with an effect come
    first: after any other the world is as it was."""
    wrong: list[str] = []
    for first, point in enumerate(points_of(situation), start=1):
        if not has_effect(point):
            continue
        for second in range(first + 1, first + 60):
            found, played = _try(situation, {first: flavours[0], second: flavours[1]})
            if played < 2:
                break
            wrong += found
    assert not wrong, "\n".join(wrong)
