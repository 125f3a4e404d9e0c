"""``make prove``: five small days in the simulated world and how to read what came of them. One seed: the figures repeat."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.simulation.play.scenarios import SCENARIOS, Outcome, play

SEED = 1
SIGNUPS = 60
NAMES = ("without faults", "random faults", "25 min outage", "burst in 60 s", "webhooks lost for 2 h")
DAYS = tuple(one for one in SCENARIOS if one.name in NAMES)
"""The days that the introduction describes; `make simulate` plays the longer ones as well."""

INTRODUCTION = f"""\
Five days of {SIGNUPS} signups each, played in virtual time by the real handlers. On all but the first, one in five calls to
Intercom or Referral Factory goes wrong (before its effect, after it, or without an answer), one in fifty calls to AWS, and
one in a hundred is the last thing its process does.
"""
MEANING = """\
lost      a signup without its contact and without a reason on its row, or one that was given up
doubled   a person with two contacts
invented  a contact that nobody signed up for
wrong     a contact with a value that differs from the settings
over cap  calls above a vendor's rate limit
slowest   minutes from signing up to the contact; the promise is 30. Only a lead whose create got no answer may take longer,
          which sets off an alarm: a second create before Intercom's search shows the first would make two contacts
"""
COLUMNS = ("lost", "doubled", "invented", "wrong", "over cap")


def broken_laws(outcome: Outcome) -> dict[str, int]:
    """How often each law was broken; all 0 on a good run."""
    verdict = outcome.verdict
    return {
        "lost": len(verdict.lost) + len(verdict.failed),
        "doubled": len(verdict.doubled),
        "invented": len(verdict.invented),
        "wrong": len(verdict.wrong),
        "over cap": len(verdict.over_cap),
    }


def passed(outcome: Outcome) -> bool:
    return not (any(broken_laws(outcome).values()) or outcome.verdict.broken() or outcome.verdict.unalarmed)


def table(outcomes: list[Outcome]) -> str:
    lines = [f"{'the day':<22}  signups  " + "  ".join(COLUMNS) + "  slowest"]
    for one in outcomes:
        counts = broken_laws(one)
        slowest = max(one.delay("user", 100), one.delay("lead", 100)) / 60
        cells = "  ".join(f"{counts[column]:>{len(column)}}" for column in COLUMNS)
        lines.append(f"{one.scenario.name:<22}  {one.signups:>7}  {cells}  {slowest:>7.1f}")
    return "\n".join(lines)


def main() -> int:
    began = time.monotonic()
    write = sys.stdout.write
    write(f"{INTRODUCTION}\n")
    sys.stdout.flush()
    with ProcessPoolExecutor(2) as pool:
        outcomes = list(pool.map(partial(play, seed=SEED, signups=SIGNUPS), DAYS))
    write(f"{table(outcomes)}\n\n{MEANING}\n")
    good = all(map(passed, outcomes))
    write(
        f"Every signup arrived, once, with the right values ({time.monotonic() - began:.0f} s). "
        "`make simulate` plays more and longer days of 10,000 signups.\n"
        if good
        else "NOT as promised: `python -m tests.simulation --signups 60` names what was missed.\n"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
