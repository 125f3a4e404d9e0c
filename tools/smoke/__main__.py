"""The command line of the smoke test."""

from __future__ import annotations

import argparse
import logging
import sys
import time
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from shared.errors import ApplicationError
from tools.doctor.__main__ import clients_of
from tools.doctor.deployment import NoDeploymentError, look_at
from tools.smoke.people import smoker_of
from tools.smoke.story import PATIENCE, NotReadyError, SmokeError, Story

SETTINGS = Path(__file__).parents[2] / "samconfig.toml"
LOCAL = "local"
PASSED, FAILED, LEFT_OUT = 0, 1, 2
LOCAL_CAMPAIGN, LOCAL_ADDRESS = 1, "smoke@example.com"


def play(story: Story, say: Callable[[str], object]) -> bool:
    """The steps, then their undoing, whatever became of them; whether all went well."""
    well = True
    try:
        for title, step in story.steps():
            began = time.monotonic()
            said = step()
            say(f"ok      {time.monotonic() - began:6.1f} s  {title}: {said}")
    except (SmokeError, ApplicationError) as error:
        say(f"FAILED  {error}")
        well = False
    finally:
        left = list(story.undo())
    for one in left:
        say(f"FAILED  not undone: {one}")
    if not left:
        say("ok                Both people are gone again: Intercom, Referral Factory, the ledger")
    return well and not left


def main(arguments: list[str]) -> int:
    """0: it went well, or was left out; with --strict leaving it out is 2. 1: it did not go well."""
    options = _parser().parse_args(arguments)
    logging.disable(logging.CRITICAL)
    try:
        return PASSED if play(_ready(options), print_line) else FAILED
    except (NotReadyError, NoDeploymentError, ApplicationError, BotoCoreError, ClientError, ResponseParserError) as error:
        print_line(f"SKIPPED  nothing was tried: {error}")
        return LEFT_OUT if options.strict else PASSED


def _ready(options: argparse.Namespace) -> Story:
    """Raises NotReadyError, NoDeploymentError and botocore's errors."""
    local = options.to == LOCAL
    campaign, address = options.campaign or (LOCAL_CAMPAIGN if local else 0), options.email or (LOCAL_ADDRESS if local else "")
    if not campaign or "@" not in address:
        raise NotReadyError(f"name a test campaign and a mailbox of yours: make smoke TO={options.to} CAMPAIGN=12 EMAIL=you@…")
    deployment = look_at(LOCAL if local else stack_of(options.to), clients_of(local=local))
    if deployment.parameters.get("Stage") == "prod":
        raise NotReadyError("this is production: its own daily signup tries it (deploy.md); people of here would be counted.")
    return Story(smoker_of(deployment), campaign, address, options.patience)


def stack_of(environment: str) -> str:
    """The stack's name in samconfig.toml. Raises NotReadyError."""
    known = tomllib.loads(SETTINGS.read_text())
    try:
        return str(known[environment]["deploy"]["parameters"]["stack_name"])
    except KeyError:
        raise NotReadyError(f"samconfig.toml has no stack for {environment}; TO is local or one of {_names(known)}.") from None


def _names(known: Iterable[str]) -> str:
    return ", ".join(name for name in known if name not in ("version", "default"))


def print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m tools.smoke",
        description="Sign up, arrive, qualify and undo it all, through a deployed stack, with your AWS credentials.",
    )
    made.add_argument("--to", default="dev", help="an environment of samconfig.toml, or local (the stack of make run)")
    made.add_argument("--campaign", type=int, default=0, help="its id: active, and for tests only")
    made.add_argument("--email", default="", help="a mailbox of yours that takes plus-addresses")
    made.add_argument("--patience", type=float, default=PATIENCE, help=f"seconds for each outcome ({PATIENCE:.0f})")
    made.add_argument("--strict", action="store_true", help="leaving it out is a failure")
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
