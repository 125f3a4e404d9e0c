"""Feeds seeded inputs that nobody meant to receivers, readers, router, cursors, groups and addresses: `make fuzz`.

It fails when one is not handled, one without a credential is accepted, or one takes more than 50 ms of CPU. A seed and a
number name an input: --seed 7 --first 1234 --inputs 1 plays that one again.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from random import Random

from tqdm import tqdm

from tests.fuzz.inputs import Inputs
from tests.fuzz.targets import Targets

SLOW = 0.050
"""Seconds of CPU for one input."""
AGAIN = 3
"""Times that a slow input is measured: the machine collects garbage, too."""
NEW_APPLICATION_AFTER = 500
MOST_FOUND = 10


def main() -> int:
    options = _options()
    logging.disable(logging.CRITICAL)
    chance = Random()
    targets = Targets(Inputs(chance))
    names = [name for name in targets.all if options.only in (None, name)]
    ends_at = time.monotonic() + options.minutes * 60
    tried, found = Counter[str](), list[str]()
    sys.stdout.write(f"seed {options.seed}, {options.inputs:,} inputs, at most {options.minutes:g} minutes\n")
    sys.stdout.flush()
    with tqdm(total=options.inputs, unit="input", disable=not sys.stderr.isatty()) as bar:
        for number in range(options.first, options.first + options.inputs):
            if time.monotonic() > ends_at or len(found) >= MOST_FOUND:
                break
            if (number - options.first) % NEW_APPLICATION_AFTER == 0:
                targets.begin()
            name = names[number % len(names)]
            problem = _problem(targets.all[name], chance, f"{options.seed} {number}")
            tried[name] += 1
            if problem:
                found.append(f"{name}, --seed {options.seed} --first {number} --inputs 1{only(options)}: {problem}")
            bar.update(1)
    for name in names:
        sys.stdout.write(f"{tried[name]:>10,}  {name.replace('_', ' ')}\n")
    for line in found:
        sys.stdout.write(f"FOUND  {line}\n")
    done = sum(tried.values())
    sys.stdout.write(f"{done:,} inputs, {len(found)} found\n")
    return 1 if found or not done else 0


def only(options: argparse.Namespace) -> str:
    return f" --only {options.only}" if options.only else ""


def _problem(target: Callable[[], None], chance: Random, seed: str) -> str | None:
    """None when all holds. Of a slow one the quickest of a few tries counts."""
    quickest = float("inf")
    for _ in range(AGAIN):
        chance.seed(seed)
        began = time.process_time()
        try:
            target()
        except Exception as error:  # noqa: BLE001 - whatever is not handled is what is looked for
            return f"{type(error).__name__}: {str(error)[:200]}"
        quickest = min(quickest, time.process_time() - began)
        if quickest <= SLOW:
            return None
    return f"{quickest * 1000:.0f} ms of CPU"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="of everything (default 1)")
    parser.add_argument("--inputs", type=int, default=2_000_000, help="how many (default 2,000,000)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one (default 0)")
    parser.add_argument("--minutes", type=float, default=30, help="the time it may take (default 30)")
    parser.add_argument("--only", metavar="TARGET", help="one target, such as signup or cursors")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
