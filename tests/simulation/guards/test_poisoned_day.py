"""What `make simulate` plays with thousands of signups, small: people that a vendor treats badly for ever, and an application
that is refused for an hour."""

from __future__ import annotations

import pytest

from tests.simulation.judge.oracle import Verdict
from tests.simulation.judge.targets import MOST_CALLS, MOST_CALLS_WITHOUT_FAULTS, misses, most_calls, poisoned_misses
from tests.simulation.play.poisoned_day import PoisonedDay, play_poisoned
from tests.simulation.play.scenarios import SCENARIOS, play

HOUR = 3_600.0
NOTICED = 1.5
"""The p99 of 240 people is one or two of them."""


def test_people_that_a_vendor_treats_badly_cost_little_end_with_a_reason_and_nobody_else_notices() -> None:
    day = play_poisoned(1, 240, lasts=4 * HOUR)
    assert list(poisoned_misses(day)) == []
    assert day.verdict.broken() == {}
    assert day.delay < NOTICED * day.delay_without


def test_an_application_refused_for_an_hour_fails_nobody_costs_few_calls_and_is_caught_up_with_in_minutes() -> None:
    [scenario] = [one for one in SCENARIOS if one.refuses]
    outcome = play(scenario, 1, 60)
    assert list(misses(outcome)) == []
    assert outcome.verdict.arrived


def test_what_a_small_run_may_cost_is_what_the_tries_of_its_outage_cost() -> None:
    [creates] = [one for one in SCENARIOS if one.call]
    assert most_calls(creates, 10_000) == MOST_CALLS
    assert most_calls(creates, 600) == pytest.approx(MOST_CALLS + 2 * 240 / 600, abs=0.05)
    assert most_calls(SCENARIOS[0], 600) == MOST_CALLS_WITHOUT_FAULTS


@pytest.mark.parametrize(("people", "missed"), [(600, False), (10_000, True)])
def test_a_p99_counts_for_as_many_people_as_make_one(people: int, missed: bool) -> None:
    verdict = Verdict()
    verdict.delays["lead"] = [0.5] * people
    day = PoisonedDay(verdict, {}, (), 0.58, 0.51, 4.0, 0.0, 0.0, "")
    assert bool(list(poisoned_misses(day))) is missed
