"""Installs one lock file into the venv that runs this, whatever the machine's pip is told to do.

usage: python install_requirements.py <requirements>

Every package has to have its hash, nothing comes along that the file does not name, and nothing is built here: a build would
fetch its own tools, which nobody has pinned.

Where to install (user, target, prefix, root) and all further options of pip.conf are switched off for this call; where
packages come from, and how to get there, stays.
"""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

KEPT = ("index-url", "extra-index-url", "no-index", "find-links", "trusted-host", "proxy", "cert", "client-cert", "cache-dir")
KEPT += ("timeout", "default-timeout", "retries", "keyring-provider")
_SETTING = re.compile(r"(?:install|global)\.([\w-]+)=(.*)")
_PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?\s*==")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
ONLY_LOCKED = ("--require-hashes", "--no-deps", "--only-binary", ":all:")


def environment() -> dict[str, str]:
    """What pip may know of the machine."""
    plain = {**os.environ, "PIP_USER": "0"}  # or a global `user = true` makes it list the user's file alone
    listed = subprocess.run((*PIP, "config", "list"), env=plain, capture_output=True, text=True, check=False).stdout  # noqa: S603
    settings = {match[1]: match[2] for line in sorted(listed.splitlines()) if (match := _SETTING.fullmatch(line))}
    told = {_variable(name): " ".join(str(ast.literal_eval(settings[name])).split()) for name in KEPT if name in settings}
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHONPATH", "PYTHONHOME"))}
    by_variable = {name: value for name in KEPT if (value := os.environ.get(_variable(name)))}
    return {**own, **told, **{_variable(name): value for name, value in by_variable.items()}, "PIP_CONFIG_FILE": os.devnull}


def _variable(name: str) -> str:
    return f"PIP_{name.upper().replace('-', '_')}"


def names_in(requirements: Path) -> Iterator[str]:
    """The pinned packages, those of files that it names included."""
    for line in requirements.read_text().splitlines():
        if line.startswith("-r "):
            yield from names_in(requirements.parent / line[3:].strip())
        elif (match := _PINNED.match(line)) and ";" not in line:  # with a condition, it may be right that it is not there
            yield match[1]


def missing(requirements: Path) -> list[str]:
    """Packages that are not in this venv, whatever pip said."""
    here = Path(sys.prefix).resolve()

    def is_here(name: str) -> bool:
        try:
            place = Path(str(importlib.metadata.distribution(name).locate_file(""))).resolve()
        except importlib.metadata.PackageNotFoundError:
            return False
        return here in place.parents

    return [name for name in names_in(requirements) if not is_here(name)]


def main() -> int:
    (requirements,) = sys.argv[1:]
    call = (*PIP, "install", "--quiet", *ONLY_LOCKED, "-r", requirements)
    ended = subprocess.run(call, env=environment(), check=False).returncode  # noqa: S603 - pip, with a lock file of ours
    if ended:
        return ended
    absent = missing(Path(requirements))
    if absent:
        sys.stderr.write(f"pip did not install {', '.join(absent)} into {sys.prefix}; see `pip config list`\n")
    return 1 if absent else 0


if __name__ == "__main__":
    sys.exit(main())
