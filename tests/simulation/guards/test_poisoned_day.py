"""What `make simulate` plays with thousands of signups, small: people whom a vendor treats badly for ever, and an application
that is refused for an hour."""

from __future__ import annotations

from tests.simulation.judge.targets import misses, poisoned_misses
from tests.simulation.play.poisoned_day import play_poisoned
from tests.simulation.play.scenarios import SCENARIOS, play

HOUR = 3_600.0
NOTICED = 1.5
"""The p99 of 240 people is one or two of them."""


def test_people_whom_a_vendor_treats_badly_cost_little_end_with_a_reason_and_nobody_else_notices() -> None:
    day = play_poisoned(1, 240, lasts=4 * HOUR)
    assert [miss for miss in poisoned_misses(day) if "p99" not in miss] == []
    assert day.verdict.broken() == {}
    assert day.delay < NOTICED * day.delay_without


def test_an_application_refused_for_an_hour_fails_nobody_costs_few_calls_and_is_caught_up_with_in_minutes() -> None:
    [scenario] = [one for one in SCENARIOS if one.refuses]
    outcome = play(scenario, 1, 60)
    assert [miss for miss in misses(outcome) if "calls per signup" not in miss] == []  # a share of the checks at rest
    assert outcome.verdict.arrived
