"""The figures that a scenario must reach."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulation.scenarios import Outcome

MINUTE = 60.0
LAG_WAIT = 600.0
MOST_CALLS_WITHOUT_FAULTS = 2.2
MOST_CALLS = 3.2


def misses(outcome: Outcome) -> Iterator[str]:
    """Each target that was missed, in a sentence."""
    yield from (f"{law}: {len(cases)}" for law, cases in outcome.verdict.broken().items())
    if outcome.referral_factory_strikes:
        yield f"{outcome.referral_factory_strikes:.0f} strikes"
    if not outcome.late_alarmed:
        yield "late signups without an alarm"
    most = MOST_CALLS if outcome.scenario.faults else MOST_CALLS_WITHOUT_FAULTS
    if outcome.calls_per_signup > most:
        yield (
            f"{outcome.calls_per_signup:.2f} calls per signup, at most {most} "
            f"({outcome.calls_to_deliver:.2f} without the checks after 15 min)"
        )
    yield from _delays(outcome)


def _delays(outcome: Outcome) -> Iterator[str]:
    scenario = outcome.scenario
    if scenario.name == "6 h outage":
        yield from _at_most("the last contact after the outage", outcome.after_outage, 10 * MINUTE + LAG_WAIT)
    elif scenario.lost:
        yield from _at_most("users, max", outcome.delay("user", 100), 10 * MINUTE)
        yield from _at_most("leads, p99", outcome.delay("lead", 99), 15 * MINUTE + 5 * MINUTE)
    elif scenario.outage or scenario.name.startswith("burst"):
        yield from _at_most("users, max", outcome.delay("user", 100), 30 * MINUTE)
    else:
        yield from _at_most("users, p99", outcome.delay("user", 99), 2 * MINUTE)
        yield from _at_most("users, max", outcome.delay("user", 100), 30 * MINUTE)
        yield from _at_most("leads, p99", outcome.delay("lead", 99), 15 * MINUTE)


def _at_most(what: str, seconds: float, most: float) -> Iterator[str]:
    if seconds > most:
        yield f"{what}: {seconds:.0f} s, at most {most:.0f} s"
