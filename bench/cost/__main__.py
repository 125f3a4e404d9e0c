"""``python -m bench.cost [--people N]``: the table of ``make cost``, and exit 1 when a target is missed."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.cost.days import HOURS, play, signups, signups_that_qualify, with_counts
from bench.cost.meter import Meter
from tests.simulation.aws.blueprint import OURS, read_blueprint

PRICES = json.loads((Path(__file__).parent / "prices.json").read_text())
MONTH_HOURS = 730
POLLERS = 5
"""Long polls of 20 s that Lambda keeps open for a queue at rest."""
SIGNUP, EVERYTHING, REST = 15.0, 28.0, 7.0
"""Targets in USD: a million signups alone, a million with counts and notifications, a month at rest."""
COUNTED_HOURS = 3.0
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


def show_writes(meter: Meter, idle: Meter, people: int) -> None:
    print("\n  write units a person by function, item and place:")
    more = {name: (units - idle.writes[name]) / people for name, units in meter.writes.items()}
    for (function, item, where), units in sorted(more.items(), key=lambda one: -one[1])[:24]:
        if units >= 0.05:
            print(f"    {function:<18}{item:<14}{where:<14}{units:>7.2f}")
    calls = sum(meter.calls.values()) - sum(idle.calls.values())
    print(f"  calls of AWS a person: {calls / people:.1f}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.cost")
    parser.add_argument("--people", type=int, default=200)
    people = parser.parse_args(arguments).people
    logging.disable(logging.NOTSET)
    print(f"Prices of {PRICES['region']}, {PRICES['read']}. {people} people in the simulated world.")
    alone, idle = play(signups(people))
    whole, idle_counts = play(signups_that_qualify(people), with_counts(), COUNTED_HOURS)
    missed = False
    for title, busy, quiet, target in (
        ("A million signups alone", alone, idle, SIGNUP),
        ("A million signups with counts and notifications", whole, idle_counts, EVERYTHING),
    ):
        more = {name: amount / people * MILLION for name, amount in busy.minus(quiet).items()}
        missed |= show(title, priced(more), more, target, MILLION) > target
        show_writes(busy, quiet, people)
    used = month_at_rest(idle)
    show("A month at rest, without the free tier", cost_of_month(used, free=False), used, None)
    missed |= show("A month at rest, with it", cost_of_month(used, free=True), used, REST) > REST
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
