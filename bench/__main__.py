"""``python -m bench``: measure, print a table, write JSON; exit code 1 when a target is missed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figures import Figure, show

POWERTOOLS = {"POWERTOOLS_SERVICE_NAME": "bench", "POWERTOOLS_METRICS_NAMESPACE": "bench", "POWERTOOLS_LOG_LEVEL": "INFO"}
RESULTS = Path(__file__).parent / "results.json"


def _imports(options: argparse.Namespace) -> Iterator[Figure]:
    from bench.imports import measure

    yield from measure(options.rounds)


def _first(options: argparse.Namespace) -> Iterator[Figure]:
    from bench.first_call import measure

    yield from measure(options.rounds)


def _handlers(options: argparse.Namespace) -> Iterator[Figure]:
    os.environ.update(POWERTOOLS)  # read when the handlers are imported
    from bench.handlers import measure_handlers

    yield from measure_handlers(options.calls)


def _calls(_: argparse.Namespace) -> Iterator[Figure]:
    os.environ.update(POWERTOOLS)
    from bench.handlers import measure_vendor_calls

    yield from measure_vendor_calls()


def _referrals(options: argparse.Namespace) -> Iterator[Figure]:
    os.environ.update(POWERTOOLS)
    from bench.referrals import measure_referrals

    yield from measure_referrals(options.notifications)


def _stack(options: argparse.Namespace) -> Iterator[Figure]:
    from bench.stack import measure

    yield from measure(options.signups)


def _clone(_: argparse.Namespace) -> Iterator[Figure]:
    from bench.clone import measure

    yield from measure()


def _start(_: argparse.Namespace) -> Iterator[Figure]:
    from bench.start import measure

    yield from measure()


def _sync(options: argparse.Namespace) -> Iterator[Figure]:
    os.environ.update(POWERTOOLS)
    from bench.sync import measure

    yield from measure(options.contacts)


PARTS: dict[str, Callable[[argparse.Namespace], Iterator[Figure]]] = {
    "imports": _imports,
    "first": _first,
    "handlers": _handlers,
    "calls": _calls,
    "referrals": _referrals,
    "clone": _clone,
    "start": _start,
    "stack": _stack,
    "sync": _sync,
}


def main(arguments: list[str] | None = None) -> int:
    """0 when every target is met, 1 when one is missed, 2 for wrong arguments."""
    options = _parser().parse_args(arguments)
    figures = [figure for part in options.only or PARTS for figure in PARTS[part](options)]
    print(f"\n{show(figures)}\n")
    missed = [figure.name for figure in figures if figure.missed]
    options.json.write_text(json.dumps({**_machine(), "figures": [figure.document() for figure in figures]}, indent=2) + "\n")
    if missed:
        print(f"Missed: {'; '.join(missed)}.", file=sys.stderr)
    return 1 if missed else 0


def _machine() -> dict[str, object]:
    return {
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load_of_last_minute": round(os.getloadavg()[0], 2),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure imports, first and warm invocations, calls per signup, a first start, and webhook to contact.",
        epilog="Machines are noisy: imports are compared with boto3 in the same round, and the load is in the JSON file.",
    )
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help="where the figures go (bench/results.json)")
    parser.add_argument("--rounds", type=_count, default=7, help="processes for each import and each first invocation (7)")
    parser.add_argument("--calls", type=_count, default=500, help="calls of each warm handler (500)")
    parser.add_argument("--notifications", type=_count, default=10_000, help="notifications that concern nobody (10,000)")
    parser.add_argument("--signups", type=_count, default=300, help="signups at each pace through the stack (300)")
    parser.add_argument(
        "--contacts",
        type=_count,
        default=100_000,
        help="contacts of the simulated first sync (100,000, for which its pace is promised: ten minutes; 5,000 take one)",
    )
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
