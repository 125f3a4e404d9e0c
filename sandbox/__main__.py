"""``python -m sandbox <command>``: the local stack's commands. Each is a module with ``main(arguments) -> exit code``."""

from __future__ import annotations

import importlib
import sys

PROGRAM = "python -m sandbox"
OLDEST = (3, 11)

COMMANDS = {
    "run": ("sandbox.stack.run", "start the local stack and keep it until Ctrl-C"),
    "token": ("sandbox.stack.print_token", "print a bearer token for the running local stack"),
    "demo": ("sandbox.demo.__main__", "play the story against a stack of its own"),
    "sync": ("sandbox.commands.syncs", "give a campaign's contacts their links, with a progress bar"),
    "logs": ("sandbox.commands.logs", "show what the running stack's functions log"),
    "break": ("sandbox.commands.breaking", "break the running stack on purpose, for practice"),
    "campaigns": ("sandbox.commands.campaigns", "show or load campaigns/*.json through the API"),
}
"""Name → (module, what it does). A module is imported only when its command is called."""


def main(arguments: list[str] | None = None) -> int:
    """The exit code. Every failure that can be foreseen is one clear line on stderr."""
    given = sys.argv[1:] if arguments is None else arguments
    if sys.version_info < OLDEST:
        return _fail("Python %d.%d or newer is needed; this is %d.%d." % (*OLDEST, *sys.version_info[:2]))  # noqa: UP031
    if not given or given[0] in ("-h", "--help"):
        print(_describe())
        return 0 if given else 2
    if given[0] not in COMMANDS:
        return _fail(f"There is no command {given[0]}.\n\n{_describe()}", 2)
    try:
        return _call(COMMANDS[given[0]][0], given[1:])
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("sandbox", "shared", "functions"):
            raise
        return _fail(f"The Python package {error.name} is missing; `make install` installs what is needed.")


def _call(module: str, arguments: list[str]) -> int:
    command = importlib.import_module(module)
    errors = importlib.import_module("sandbox.stack.errors")
    try:
        return int(command.main(arguments))
    except errors.StackError as error:
        return _fail("\n".join([str(error), *(f"  {reason}" for reason in getattr(error, "reasons", []))]))
    except KeyboardInterrupt:
        return 130


def _describe() -> str:
    lines = [f"  {name:10} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join([f"usage: {PROGRAM} <command> [--help]", "", "commands:", *lines])


def _fail(message: str, code: int = 1) -> int:
    print(message, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
