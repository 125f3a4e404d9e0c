"""``python -m bench.cost [--people N]``: the table of ``make cost``, and exit 1 when a target is missed."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.cost.days import HOURS, play, signups, signups_that_qualify, sync, with_counts, with_sync
from bench.cost.meter import Meter
from tests.simulation.aws.blueprint import OURS, read_blueprint

PRICES = json.loads((Path(__file__).parent / "prices.json").read_text())
MONTH_HOURS = 730
POLLERS = 5
"""Long polls of 20 s that Lambda keeps open for a queue at rest."""
SIGNUP, EVERYTHING, REST = 15.0, 28.0, 7.0
"""Targets in USD: a million signups alone, a million with counts and notifications, a month at rest."""
COUNTED_HOURS = 3.0
SHOWN = 0.05
MILLION = 1_000_000


def priced(counts: Mapping[str, float]) -> dict[str, float]:
    """What each costs in USD, dearest first."""
    costs = {name: amount * PRICES["usd"][name][0] for name, amount in counts.items() if amount}
    return dict(sorted(costs.items(), key=lambda one: -one[1]))


def month_at_rest(idle: Meter) -> dict[str, float]:
    """What is used in a month in which nothing happens; metrics: those that are written while all is well."""
    blueprint = read_blueprint()
    times = MONTH_HOURS / HOURS
    used = {name: amount * times for name, amount in idle.counts.items()}
    queues = sum(len(function.sources) for function in blueprint.functions.values())
    used["sqs_requests"] = used.get("sqs_requests", 0) + POLLERS * queues * MONTH_HOURS * 3_600 / 20
    used["alarm_metrics"] = sum(len(alarm.stats) for alarm in blueprint.alarms if not alarm.condition)
    used["composite_alarms"] = len(blueprint.composites)
    used["secrets"] = len(blueprint.secrets)
    used["metrics"] = len(
        {
            stat.metric
            for alarm in blueprint.alarms
            for stat in alarm.stats
            if stat.namespace == OURS and not alarm.condition and (alarm.missing in ("breaching", "ignore"))
        }
    )
    return used


def cost_of_month(used: Mapping[str, float], *, free: bool) -> dict[str, float]:
    prices = {**PRICES["usd"], **PRICES["usd_a_month"]}
    billed = {name: max(0.0, amount - (PRICES["free_a_month"].get(name, 0) if free else 0)) for name, amount in used.items()}
    return dict(sorted(((name, amount * prices[name][0]) for name, amount in billed.items()), key=lambda one: -one[1]))


def show(title: str, costs: Mapping[str, float], counts: Mapping[str, float], target: float | None, each: float = 1.0) -> float:
    total = sum(costs.values())
    verdict = "" if target is None else f"  target {target:.0f}: {'met' if total <= target else 'MISSED'}"
    print(f"\n{title}: {total:.2f} USD{verdict}")
    for name, cost in costs.items():
        if cost >= 0.005:
            print(f"  {name:<18}{counts[name] / each:>16,.2f}   {cost:>8.2f} USD")
    return total


def show_uses(meter: Meter, idle: Meter, people: int) -> None:
    print("\n  write units each, by function, row and place:")
    for (function, item, where), units in _more(meter.writes, idle.writes, people)[:24]:
        print(f"    {function:<18}{item:<26}{where:<14}{units:>7.2f}")
    print("  read units each, by function, row and place:")
    for (function, item, where), units in _more(meter.reads, idle.reads, people)[:24]:
        print(f"    {function:<18}{item:<26}{where:<14}{units:>7.2f}")
    print("  GB-seconds each, by function:")
    for function, seconds in _more(meter.gb_seconds, idle.gb_seconds, people, 0.005):
        print(f"    {function:<58}{seconds:>7.3f}")
    print("  calls of AWS each, by function:")
    calls = _more(meter.calls, idle.calls, people)
    for (function, operation), count in calls[:16]:
        print(f"    {function:<18}{operation:<40}{count:>7.2f}")
    print(f"    all {sum(meter.calls.values()) / people - sum(idle.calls.values()) / people:>61.1f}")


def _more(used: Mapping[Any, float], idle: Mapping[Any, float], people: int, shown: float = SHOWN) -> list[tuple[Any, float]]:
    """What is more than at rest, for each person; the most first."""
    more = {name: (units - idle.get(name, 0)) / people for name, units in used.items()}
    return sorted(((name, units) for name, units in more.items() if units >= shown), key=lambda one: -one[1])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.cost")
    parser.add_argument("--people", type=int, default=200)
    people = parser.parse_args(arguments).people
    logging.disable(logging.NOTSET)
    print(f"Prices of {PRICES['region']}, {PRICES['read']}. {people} people in the simulated world.")
    days = (
        ("signups alone", signups(people), None, HOURS, SIGNUP),
        (
            "signups with counts, rewards and notifications",
            signups_that_qualify(people),
            with_counts(),
            COUNTED_HOURS,
            EVERYTHING,
        ),
        ("synced contacts", sync(people), with_sync(), HOURS, None),
    )
    missed, idle = False, Meter()
    for number, (title, act, settings, hours, target) in enumerate(days):
        busy, quiet = play(act, settings, hours)
        idle = quiet if number == 0 else idle
        more = {name: amount / people * MILLION for name, amount in busy.minus(quiet).items()}
        total = show(f"A million {title}", priced(more), more, target, MILLION)
        missed |= target is not None and total > target
        show_uses(busy, quiet, people)
    used = month_at_rest(idle)
    show("A month at rest, without the free tier", cost_of_month(used, free=False), used, None)
    missed |= show("A month at rest, with it", cost_of_month(used, free=True), used, REST) > REST
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
