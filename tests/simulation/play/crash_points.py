"""Trying the crash points of one signup."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import NamedTuple

from tests.simulation.aws.boundary import Call, Flavour
from tests.simulation.play.stories import NthCalls, Situation, has_effect, problems, seed_of, tell


class Trial(NamedTuple):
    """A story with its faults: what is wrong at its end, each with the faults that led to it; how many of them were played;
    and the calls, which are the points where a fault may come."""

    wrong: list[str]
    played: int
    calls: list[Call]


def try_faults(situation: Situation, at: dict[int, Flavour], *, once: bool = False) -> Trial:
    faults = NthCalls(dict(at), once=once)
    with tell(situation, faults, seed=seed_of(at)) as world:
        wrong = [f"{at} {problem}\n{world.crossing.trace}" for problem in problems(world, situation)]
        return Trial(wrong, faults.played, faults.calls)


@cache
def try_first(situation: Situation, number: int = 0, flavour: Flavour | None = None) -> Trial:
    """One fault or none. Played once a process: these are tried for themselves, and show where a second fault may come."""
    return try_faults(situation, {number: flavour} if flavour else {})


def try_singles(situation: Situation) -> list[str]:
    """What is wrong: every flavour at every call, and a lost answer that the SDK's retry meets."""
    wrong: list[str] = []
    points = try_first(situation).calls
    assert len(points) > 12
    for number, flavour in product(range(1, len(points) + 1), Flavour):
        trial = try_first(situation, number, flavour)
        assert trial.played == 1
        wrong += trial.wrong
    for number, point in enumerate(points, start=1):
        if not point.is_vendor:
            wrong += try_faults(situation, {number: Flavour.AFTER}, once=True).wrong
    return wrong


def try_doubles(
    situation: Situation, flavours: tuple[Flavour, Flavour], *, every: bool = False, one_in: int = 1, begin: int = 0
) -> list[str]:
    """What is wrong. The second fault meets every later state that a kill can leave behind, in this attempt or a later one. Of
    the pairs one in ``one_in`` is played, from the ``begin``-th on.

    A kill at a read leaves what a kill at the effect before it left, or at the invocation's first call: those are all there
    are, unless ``every`` call is wanted. In the same way only effects come first.
    """
    wrong: list[str] = []
    pairs = 0
    for first, point in enumerate(try_first(situation).calls, start=1):
        if not (every or has_effect(point)):
            continue
        calls = try_first(situation, first, flavours[0]).calls
        for second, call in enumerate(calls[first:], start=first + 1):
            begins = call.invocation != calls[second - 2].invocation
            if not (every or begins or has_effect(call)):
                continue
            pairs += 1
            if pairs % one_in == begin % one_in:
                trial = try_faults(situation, {first: flavours[0], second: flavours[1]})
                assert trial.played == 2
                wrong += trial.wrong
    return wrong
