"""The figures that a scenario must reach."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.connection.connection import Vendor
from shared.use_cases.vendor.guard_vendor import LONGEST_PAUSE
from tests.simulation.play.poisoned_day import PoisonedDay
from tests.simulation.play.scenarios import Outcome, Scenario

MINUTE = 60.0
APART = "waits for search after lost creates apart"
MOST_CALLS_WITHOUT_FAULTS = 2.2
MOST_CALLS = 3.2
MOST_CALLS_WHILE_REFUSED = 20
MOST_CALLS_FOR_ONE = 30
"""In a day, for a person that a vendor treats badly."""
MOST_NOTICED = 1.1
"""By everybody else of such people: the share of the p99 without them."""
PEOPLE_FOR_A_P99 = 2_000
"""The slowest hundredth of fewer is a handful who came in one batch with such a person: with 600 the p99 is 1.04 to 1.14 of
what it is without those people, by the seed, with 2,500 1.02."""
USUAL_SIGNUPS = 10_000
"""For which the calls of a signup are meant. Fewer people share the tries of an outage, which come by the clock."""
CALLS_OF_A_TRY = 2


def misses(outcome: Outcome) -> Iterator[str]:
    """Each target that was missed, in a sentence."""
    yield from (f"{law}: {len(cases)}" for law, cases in outcome.verdict.broken().items())
    if outcome.referral_factory_strikes:
        yield f"{outcome.referral_factory_strikes:.0f} strikes"
    if outcome.flagged:
        yield f"{outcome.flagged:.0f} signups taken for invented"
    if outcome.verdict.unalarmed:
        yield f"late signups without an alarm: {len(outcome.verdict.unalarmed)}"
    if outcome.poisoned is not None:
        yield from poisoned_misses(outcome.poisoned)
        return
    most = most_calls(outcome.scenario, outcome.signups)
    if outcome.calls_per_signup > most:
        yield f"{outcome.calls_per_signup:.2f} calls per signup, at most {most:.2f}"
    yield from _delays(outcome)


def most_calls(scenario: Scenario, signups: int) -> float:
    """For each signup."""
    if not scenario.outage:
        return MOST_CALLS if scenario.faults else MOST_CALLS_WITHOUT_FAULTS
    begins, ends = scenario.outage
    tries = (ends - begins) / LONGEST_PAUSE[Vendor.INTERCOM]
    return MOST_CALLS + CALLS_OF_A_TRY * max(0.0, tries / signups - tries / USUAL_SIGNUPS)


def poisoned_misses(day: PoisonedDay) -> Iterator[str]:
    for kind, calls in day.calls.items():
        if calls > MOST_CALLS_FOR_ONE:
            yield f"{kind}: {calls} calls in a day, at most {MOST_CALLS_FOR_ONE}"
    yield from day.wrong_ends
    people = sum(len(delays) for delays in day.verdict.delays.values())
    if people >= PEOPLE_FOR_A_P99 and day.delay > day.delay_without * MOST_NOTICED:
        yield f"the others' p99: {day.delay:.2f} s, without those people {day.delay_without:.2f} s"
    if day.breakers:
        yield f"{day.breakers:.0f} breakers opened for trouble of single people"


def _delays(outcome: Outcome) -> Iterator[str]:
    """Only a lead whose create was lost is excused, for the time that search needs to show it, each time."""
    scenario, net = outcome.scenario, max(outcome.verdict.net.values(), default=0.0)
    if scenario.refuses:
        yield from _at_most("the last contact after the refusal", outcome.net_after_outage, 5 * MINUTE)
        if outcome.calls_in_outage > MOST_CALLS_WHILE_REFUSED:
            yield f"{outcome.calls_in_outage} calls in a minute of the refusal, at most {MOST_CALLS_WHILE_REFUSED}"
        if outcome.verdict.failed:
            yield f"{len(outcome.verdict.failed)} failed"
        return
    if scenario.call:
        yield from _at_most(f"the last contact after the outage, {APART}", outcome.net_after_outage, 10 * MINUTE)
        if outcome.verdict.failed:
            yield f"{len(outcome.verdict.failed)} failed"
        return
    if scenario.name == "6 h outage":
        yield from _at_most(f"the last contact after the outage, {APART}", outcome.net_after_outage, 10 * MINUTE)
        return
    yield from _at_most("users, max", outcome.delay("user", 100), 30 * MINUTE)
    yield from _at_most(f"max, {APART}", net, 30 * MINUTE)
    if scenario.lost:
        yield from _at_most(f"max, {APART}", net, 10 * MINUTE)
    if not scenario.outage:
        yield from _at_most("leads, p99", outcome.delay("lead", 99), 15 * MINUTE)
    if not scenario.outage and not scenario.lost and scenario.within > MINUTE:  # a burst takes its minutes, polling its ten
        yield from _at_most("users, p99", outcome.delay("user", 99), 2 * MINUTE)


def _at_most(what: str, seconds: float, most: float) -> Iterator[str]:
    if seconds > most:
        yield f"{what}: {seconds:.0f} s, at most {most:.0f} s"
