"""Trying the crash points of one signup."""

from __future__ import annotations

from tests.simulation.boundary import Flavour
from tests.simulation.stories import NthCalls, Situation, has_effect, points_of, problems, seed_of, tell


def try_faults(situation: Situation, at: dict[int, Flavour], *, once: bool = False) -> tuple[list[str], int]:
    """What is wrong, each with the faults that led to it; and how many faults were played."""
    faults = NthCalls(dict(at), once=once)
    with tell(situation, faults, seed=seed_of(at)) as world:
        return [f"{at} {problem}\n{world.crossing.trace}" for problem in problems(world, situation)], faults.played


def try_doubles(situation: Situation, flavours: tuple[Flavour, Flavour], *, every: bool = False) -> list[str]:
    """What is wrong. The second fault meets every later state that a kill can leave behind, in this attempt or a later one.

    A kill at a read leaves what a kill at the effect before it left, or at the invocation's first call: those are all there
    are, unless ``every`` call is wanted. In the same way only effects come first.
    """
    wrong: list[str] = []
    for first, point in enumerate(points_of(situation), start=1):
        if not (every or has_effect(point)):
            continue
        calls = points_of(situation, {first: flavours[0]})
        for second, call in enumerate(calls[first:], start=first + 1):
            begins = call.invocation != calls[second - 2].invocation
            if every or begins or has_effect(call):
                found, played = try_faults(situation, {first: flavours[0], second: flavours[1]})
                assert played == 2
                wrong += found
    return wrong
