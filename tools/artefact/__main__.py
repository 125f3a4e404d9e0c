"""The command line."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from pathlib import Path

from sandbox.stack.settings import StackSettings
from sandbox.stack.stack import Stack
from tools.artefact.hosting import Layout
from tools.artefact.layouts import built, packed
from tools.artefact.playing import play_all

BUILD = Path(".aws-sam/build")
SYNTHETIC = {"SyntheticSignupCampaign": "1", "SyntheticSignupEmail": "synthetic@example.com"}


def play(layout: Layout) -> int:
    """How much is wrong; it is printed."""
    wrong, events, played = 0, 0, set()
    with Stack(StackSettings(parameters=SYNTHETIC)) as stack:
        for module, outcome in play_all(stack, layout):
            played.add(module)
            events += len(outcome.answers)
            wrong += len(outcome.wrong)
            for line in outcome.wrong[:3]:
                sys.stderr.write(f"artefact: {module}: {line}\n")
            sys.stderr.write(outcome.printed)
    for module in sorted(set(layout.functions) - played):
        wrong += 1
        sys.stderr.write(f"artefact: {module} was not tried, for the local stack does not deploy it\n")
    if not wrong:
        sys.stdout.write(f"{len(played)} functions answered {events} sample events under awslambdaric\n")
    return wrong


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.artefact", description="Run the functions as Lambda runs them.")
    parser.add_argument(
        "--built", nargs=3, metavar=("PYTHON", "NATIVE", "RUNTIME"), help="what make build made; tools/build.sh"
    )
    options = parser.parse_args(arguments)
    if options.built:
        return 1 if play(built(BUILD, *options.built)) else 0
    sys.stdout.write(f"NOT what is shipped: packed for Python {platform.python_version()}; Lambda's is 3.13, make build\n")
    with tempfile.TemporaryDirectory() as folder:
        return 1 if play(packed(Path(folder))) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
