"""Every single crash point of one qualification, one reversal and one reward; of the double ones a sample (``make
thorough-test``), or all (``make simulate``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from random import Random

import pytest

from tests.simulation.aws.boundary import Call, Flavour
from tests.simulation.play.referral_stories import STORIES, ReferralStory
from tests.simulation.play.stories import has_effect

DOUBLES = 12
"""Of each story and pair of flavours."""
At = dict[int, Flavour]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_single_crash_points(story: ReferralStory) -> None:
    """Where a fault leaves another state behind than the one before it: at each effect, at the first call of each
    invocation, and in every flavour at a vendor's answer."""
    points = _points(story)
    assert sum(has_effect(call) for call in points) >= 10
    cases = [{number: flavour} for number, call in _telling(points) for flavour in _flavours(call)]
    assert not (wrong := _try_all(story, cases)), "\n".join(wrong)


@pytest.mark.thorough
@pytest.mark.parametrize("first", [Flavour.KILLED, Flavour.AFTER])
@pytest.mark.parametrize("story", STORIES, ids=str)
def test_some_double_crash_points(story: ReferralStory, first: Flavour) -> None:
    """A kill that follows a kill or a lost answer, in the same attempt or a later one: always the same sample."""
    effects = [number for number, call in _telling(_points(story)) if has_effect(call)]
    chance = Random(f"{story} {first}")

    chosen = sorted(chance.choices(effects, k=DOUBLES))

    cases = [case for number in dict.fromkeys(chosen) for case in _some(story, number, first, chosen.count(number), chance)]
    assert len(cases) > DOUBLES // 2
    assert not (wrong := _try_all(story, cases)), "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES, ids=str)
def test_single_faults_of_every_flavour_at_every_call(story: ReferralStory) -> None:
    cases = [{number: flavour} for number, flavour in product(range(1, len(_points(story)) + 1), Flavour)]
    assert not (wrong := _try_all(story, cases)), "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("first", [Flavour.KILLED, Flavour.AFTER])
@pytest.mark.parametrize("story", STORIES, ids=str)
def test_double_crash_points(story: ReferralStory, first: Flavour) -> None:
    effects = [number for number, call in _telling(_points(story)) if has_effect(call)]
    cases = [{number: first, second: Flavour.KILLED} for number in effects for second in _seconds(story, number, first)]
    assert len(cases) > 4 * DOUBLES
    assert not (wrong := _try_all(story, cases)), "\n".join(wrong)


def _some(story: ReferralStory, number: int, first: Flavour, count: int, chance: Random) -> list[At]:
    seconds = _seconds(story, number, first)
    return [{number: first, second: Flavour.KILLED} for second in chance.sample(seconds, min(count, len(seconds)))]


def _seconds(story: ReferralStory, number: int, first: Flavour) -> list[int]:
    """The calls after a first fault at which a kill leaves a state of its own."""
    return [second for second, _ in _telling(_points(story, {number: first})) if second > number]


def _points(story: ReferralStory, at: At | None = None) -> list[Call]:
    """The fault points of the story when nothing goes wrong but ``at``."""
    faults = story.faults(at)
    with story.tell(faults):
        return faults.calls


def _telling(points: Sequence[Call]) -> Iterator[tuple[int, Call]]:
    """Calls with their numbers, without those where a kill leaves what a kill before them left: our own reads after the first
    call of an invocation; and all but the first of an invocation's lists of rewards, and of its bookkeeping of limits."""
    seen: set[tuple[int, str]] = set()
    for number, call in enumerate(points, start=1):
        begins = number == 1 or call.invocation != points[number - 2].invocation
        if not (begins or call.is_vendor or has_effect(call)):
            continue
        kind = "limit" if call.key.startswith("VENDOR#") else "list" if "/rewards/" in call.what and call.is_read else ""
        if begins or not kind or (call.invocation, kind) not in seen:
            yield number, call
        seen.add((call.invocation, kind))


def _flavours(call: Call) -> tuple[Flavour, ...]:
    """What a read's lost answer leaves is what its absence leaves."""
    if call.is_vendor:
        return (Flavour.BEFORE, Flavour.KILLED) if call.is_read else tuple(Flavour)
    return (Flavour.AFTER, Flavour.KILLED) if has_effect(call) else (Flavour.BEFORE, Flavour.KILLED)


def _try_all(story: ReferralStory, cases: Sequence[At]) -> list[str]:
    """What is wrong, each with the faults that led to it."""
    wrong: list[str] = []
    for at in cases:
        faults = story.faults(at)
        with story.tell(faults) as world:
            assert faults.played == len(at)
            wrong += [f"{at} {problem}\n{world.crossing.trace}" for problem in story.problems(world)]
    return wrong
