"""``python -m sandbox logs [FUNCTION…]``: what the functions of the running local stack log, as it comes."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from sandbox.commands.breaking import clients_of
from sandbox.stack.settings import read_port
from tools.operating.deployment import Deployment
from tools.operating.logs import Line, read_log

LOOK_EVERY = 2.0


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    port = read_port() if options.port is None else options.port
    deployment = Deployment("local", clients_of(port))
    names = options.function or sorted(deployment.functions)
    since = time.time() - options.since
    while True:
        now = time.time()
        for name, line in lines_of(deployment, names, since, errors=options.errors):
            print(f"{name:<18} {line}", flush=True)
        if options.once:
            return 0
        since = now
        time.sleep(LOOK_EVERY)


def lines_of(deployment: Deployment, names: list[str], since: float, *, errors: bool) -> Iterator[tuple[str, Line]]:
    """Of all these functions, oldest first."""
    found = [(name, line) for name in names for line in read_log(deployment, name, since, errors=errors)]
    yield from sorted(found, key=lambda one: one[1].at)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox logs", description="The functions' logs, until Ctrl-C.")
    parser.add_argument("function", nargs="*", metavar="FUNCTION", help="for example deliver-contact; default: all")
    parser.add_argument("--errors", action="store_true", help="errors alone")
    parser.add_argument("--since", type=float, default=600.0, metavar="SECONDS", help="from how long ago (600)")
    parser.add_argument("--once", action="store_true", help="what is there, and no more")
    parser.add_argument("--port", type=int, help="the stack's first port (default: PORT, else 8000)")
    return parser
