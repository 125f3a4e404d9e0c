"""The table of a run, as a page: ``make publish-simulation`` writes ``docs/simulation.md``."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.simulation.judge.targets import misses
from tests.simulation.play.scenarios import Outcome
from tests.simulation.prove import COLUMNS, broken_laws

ROOT = Path(__file__).parents[2]
HEAD = ("scenario", "seed", "signups", *COLUMNS, "users p99", "users max", "leads p99", "leads max", "calls", "targets")


def page(outcomes: Sequence[Outcome], command: str, commit: str, at: datetime) -> str:
    """Markdown. Delays in seconds; ``targets``: how many of a run's were missed."""
    missed = sum(bool(list(misses(one))) for one in outcomes)
    came = "All runs reached their targets." if not missed else f"**{missed} of {len(outcomes)} runs missed a target.**"
    return "\n".join(
        [
            "# The week's run of the simulated world",
            "",
            f"Played on {at:%Y-%m-%d} on commit `{commit}` by",
            "",
            "```",
            command,
            "```",
            "",
            f"{came} What the columns mean is in [reliability.md](reliability.md); delays are in seconds.",
            "",
            f"| {' | '.join(HEAD)} |",
            f"|{' --- |' * len(HEAD)}",
            *(f"| {' | '.join(_cells(one))} |" for one in outcomes),
            "",
        ]
    )


def _cells(one: Outcome) -> list[str]:
    delays = (one.delay(role, part) for role in ("user", "lead") for part in (99, 100))
    missed = list(misses(one))
    return [
        one.scenario.name,
        str(one.seed),
        f"{one.signups:,}",
        *(str(count) for count in broken_laws(one).values()),
        *(f"{delay:,.0f}" for delay in delays),
        f"{one.calls_per_signup:.2f}",
        "; ".join(missed) if missed else "reached",
    ]


def publish(outcomes: Sequence[Outcome], path: Path, arguments: Sequence[str]) -> None:
    """Overwrites the page at ``path``."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    command = f"python -m tests.simulation {shlex.join(arguments)}"
    path.write_text(page(outcomes, command, commit or "unknown", datetime.now(UTC)), "utf-8")
    sys.stdout.write(f"written: {path}\n")
