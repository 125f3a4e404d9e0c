"""A progress bar for a sync run, for the local command line and for operators."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from tqdm import tqdm

FINISHED = ("done", "failed", "cancelled")
LOOK_EVERY = 1.0
BAR = "{desc}{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{postfix}"
"""Without tqdm's own rate and time left: those begin when one looks, and the run may have begun long before."""


def follow(
    read: Callable[[], Mapping[str, Any]],
    *,
    out: TextIO = sys.stderr,
    sleep: Callable[[float], None] = time.sleep,
) -> Mapping[str, Any]:
    """Shows the run, as the API describes it, until it has ended; answers it as it then is."""
    with tqdm(bar_format=BAR, file=out, dynamic_ncols=True, mininterval=0.2) as bar:
        while True:
            run = read()
            bar.total = run["total"]
            bar.n = run["finished"]
            bar.set_description(_state(run), refresh=False)
            bar.set_postfix_str(", ".join((*_pace(run), _counts(run))), refresh=False)
            bar.refresh()
            if run["state"] in FINISHED:
                return run
            sleep(LOOK_EVERY)


def summary(run: Mapping[str, Any]) -> list[str]:
    """How it ended, in a few lines."""
    lines = [f"run {run['run_id']}: {run['state']}{': ' + run['reason'] if run['reason'] else ''}"]
    lines.append(f"  {run['seen']} seen · {_counts(run)} · {run['per_minute']:g} a minute")
    for what in ("skipped", "failed"):
        lines += [f"  {what} {count}: {reason}" for reason, count in sorted(run[what].items())]
    if run["left_list"]:
        lines.append(f"  {run['left_list']} left the lists since the last whole run; they keep their links")
    return lines


def _state(run: Mapping[str, Any]) -> str:
    if run["state"] == "waiting":
        return f"waiting: {run['reason']}"
    return {"people": "reading people", "contacts": "reading contacts"}.get(run["phase"], "linking")


def _pace(run: Mapping[str, Any]) -> list[str]:
    """How fast the run is and how long it still needs, where that is known."""
    left = run["seconds_left"]
    pace = [f"{run['per_minute']:.0f} a minute"] if run["finished"] else []
    return pace if left is None else [*pace, f"{tqdm.format_interval(left)} left"]


def _counts(run: Mapping[str, Any]) -> str:
    counts = {name: run[name] for name in ("created", "linked", "unchanged")}
    counts |= {name: sum(run[name].values()) for name in ("skipped", "failed")}
    return " · ".join(f"{count} {name}" for name, count in counts.items())
