"""``python -m sandbox demo``: plays the story of the guides against a stack of its own."""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback

import requests

from sandbox.demo.outside import StoryError
from sandbox.demo.story import Story
from sandbox.stack.errors import StackError
from sandbox.stack.run import ending_on_signals
from sandbox.stack.settings import StackSettings, read_port
from sandbox.stack.stack import Stack

INTERRUPTED = 130
"""Exit code of a story that somebody broke off."""


def play(story: Story) -> bool:
    """Print each step with its seconds; whether all of it happened. Ends at the first that did not."""
    for number, (title, step) in enumerate(story.steps, 1):
        started = time.monotonic()
        try:
            step()
        except (StoryError, requests.RequestException, KeyError) as error:
            reason = error if isinstance(error, StoryError) else traceback.format_exc(limit=-2)
            print(f"{number:2}. FAILED after {time.monotonic() - started:.1f} s: {title}\n    {reason}", flush=True)
            return False
        print(f"{number:2}. {time.monotonic() - started:5.1f} s  {title}", flush=True)
    return True


def main(arguments: list[str]) -> int:
    """0 only if the whole story happened."""
    options = _parser().parse_args(arguments)
    port = options.port if options.port is not None else read_port() if os.environ.get("PORT") else 0
    settings = StackSettings(port=port, keep=options.keep_logs)
    started = time.monotonic()
    with ending_on_signals(INTERRUPTED), Stack(settings) as stack:
        print(f"The stack is up at {stack.url} after {time.monotonic() - started:.1f} s.", flush=True)
        story = Story(stack)
        try:
            happened = play(story)
        finally:
            story.close()
        if not happened:
            _print_logs(stack)
    print(f"{'All of it happened' if happened else 'The story broke off'}, {time.monotonic() - started:.1f} s in all.")
    return 0 if happened else 1


def _print_logs(stack: Stack) -> None:
    functions = (
        "SignupWebhook",
        "DeliverContact",
        "IntercomWebhook",
        "QualifyReferral",
        "UpdateReferrer",
        "SyncPage",
        "AdminApi",
    )
    for function in (f"{name}Function" for name in functions):
        try:
            lines = stack.logs(function, 15)
        except (StackError, KeyError):
            continue
        print("\n".join([f"--- last log lines of {function}", *lines]), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox demo",
        description="Start a stack of its own with stand-ins, play the story of the guides, print each step with its time.",
    )
    parser.add_argument("--port", type=int, help="first of five ports (default: PORT, else any free ones)")
    parser.add_argument("--keep-logs", action="store_true", help="leave .sandbox/run-<port> with all logs")
    return parser
