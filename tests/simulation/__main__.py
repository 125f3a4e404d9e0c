"""``python -m tests.simulation``: plays the scenarios and compares their figures with their targets."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from tests.simulation.judge.targets import misses
from tests.simulation.play.scenarios import SCENARIOS, Outcome, Scenario, play
from tests.simulation.publish import publish

COLUMNS = (
    ("scenario", 22, lambda one: one.scenario.name),
    ("seed", 4, lambda one: one.seed),
    ("signups", 7, lambda one: one.signups),
    ("lost", 4, lambda one: len(one.verdict.lost) + len(one.verdict.failed)),
    ("doubled", 7, lambda one: len(one.verdict.doubled)),
    ("invented", 8, lambda one: len(one.verdict.invented)),
    ("wrong", 5, lambda one: len(one.verdict.wrong)),
    ("user p50", 8, lambda one: f"{one.delay('user', 50):.1f}"),
    ("p99", 7, lambda one: f"{one.delay('user', 99):.0f}"),
    ("max", 7, lambda one: f"{one.delay('user', 100):.0f}"),
    ("lead p50", 8, lambda one: f"{one.delay('lead', 50):.1f}"),
    ("p99", 7, lambda one: f"{one.delay('lead', 99):.0f}"),
    ("max", 7, lambda one: f"{one.delay('lead', 100):.0f}"),
    ("late", 5, lambda one: len(one.verdict.late)),
    ("calls", 5, lambda one: f"{one.calls_per_signup:.2f}"),
    ("over cap", 8, lambda one: len(one.verdict.over_cap)),
    ("strikes", 7, lambda one: f"{one.referral_factory_strikes:.0f}"),
)


def main(arguments: list[str]) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    for part in options.scenario or ():
        if not any(part in one.name for one in SCENARIOS):
            parser.error(f"no scenario has {part!r} in its name; there are: {', '.join(one.name for one in SCENARIOS)}")
    if min(options.seeds, options.signups, options.processes) < 1:
        parser.error("--seeds, --signups and --processes are at least 1")
    chosen = [one for one in SCENARIOS if not options.scenario or any(part in one.name for part in options.scenario)]
    jobs = [(scenario, seed) for scenario in chosen for seed in range(options.first_seed, options.first_seed + options.seeds)]
    outcomes = list(_play_all(jobs, options.signups, options.processes))
    outcomes.sort(key=lambda one: ([other.name for other in SCENARIOS].index(one.scenario.name), one.seed))
    if options.publish:
        publish(outcomes, options.publish, [one for one in arguments if one not in ("--publish", str(options.publish))])
    return _report(outcomes)


def _play_all(jobs: list[tuple[Scenario, int]], signups: int, processes: int) -> Iterable[Outcome]:
    if processes > 1:
        with (
            ProcessPoolExecutor(processes) as pool,
            tqdm(total=len(jobs), unit="run", disable=not sys.stderr.isatty()) as bar,
        ):
            for future in as_completed([pool.submit(play, scenario, seed, signups) for scenario, seed in jobs]):
                bar.update(1)
                yield _logged(future.result())
        return
    with tqdm(total=len(jobs) * signups, unit="signup", disable=not sys.stderr.isatty()) as bar:
        for scenario, seed in jobs:
            bar.set_description(f"{scenario.name}, seed {seed}")
            yield _logged(play(scenario, seed, signups, bar.update))


def _logged(outcome: Outcome) -> Outcome:
    """Where nobody sees the progress bar, a log has the line of each run as it ends: the table comes after an hour."""
    if not sys.stderr.isatty():
        sys.stderr.write(_line(outcome) + "".join(f"; MISSED {miss}" for miss in misses(outcome)) + "\n")
        sys.stderr.flush()
    return outcome


def _line(outcome: Outcome) -> str:
    return "  ".join(f"{value(outcome)!s:>{width}}" for _, width, value in COLUMNS)


def _report(outcomes: list[Outcome]) -> int:
    write: Callable[[str], object] = lambda line: sys.stdout.write(f"{line}\n")  # noqa: E731 - a word for one use
    write("delays in seconds; calls: Intercom's per signup, with the check after 15 min")
    write("  ".join(f"{title:>{width}}" for title, width, _ in COLUMNS))
    for outcome in outcomes:
        write(_line(outcome))
    missed = [(outcome, miss) for outcome in outcomes for miss in misses(outcome)]
    for outcome, miss in missed:
        write(f"MISSED  {outcome.scenario.name}, seed {outcome.seed}: {miss}")
        if outcome.verdict.broken():
            write(f"        {outcome.verdict.broken()}\n        last faults:\n{outcome.trace}")
    write(f"{len(missed)} targets missed" if missed else "all targets reached")
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="runs of each scenario (default 1)")
    parser.add_argument("--first-seed", type=int, default=1, help="the first seed; to play one again")
    parser.add_argument("--signups", type=int, default=10_000, help="signups of each run (default 10000)")
    parser.add_argument("--scenario", action="append", help="only those whose name has this text; may be repeated")
    parser.add_argument("--processes", type=int, default=1, help="runs at the same time (default 1)")
    parser.add_argument("--publish", type=Path, metavar="PAGE", help="write the table to this page as well")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
