"""Installs one lock file into the venv that runs this, whatever the machine's pip is set up for.

usage: python install_requirements.py <requirements> [--light]    --light: with the pip that Python bundles, and no bytecode

Every package has to have its hash, nothing comes along that the file does not name, and nothing is built here: a build would
fetch its own tools, which nobody has pinned.

Where to install (user, target, prefix, root) and all further options of pip.conf are switched off for this call; where
packages come from, and how to get there, stays.
"""

from __future__ import annotations

import ast
import ensurepip
import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

KEPT = ("index-url", "extra-index-url", "no-index", "find-links", "trusted-host", "proxy", "cert", "client-cert", "cache-dir")
KEPT += ("timeout", "default-timeout", "retries", "keyring-provider")
_SETTING = re.compile(r"(?:install|global)\.([\w-]+)=(.*)")
_PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?\s*==")
LIGHT = "--light"
ONLY_LOCKED = ("--require-hashes", "--no-deps", "--only-binary", ":all:")


def pip(*, light: bool) -> tuple[str, ...]:
    """The beginning of a call of it."""
    how = (f"{_unpacked(bundled_pip()).name}/pip",) if light else ("-m", "pip")
    return (sys.executable, *how, "--disable-pip-version-check")


@cache
def _unpacked(wheel: Path) -> tempfile.TemporaryDirectory[str]:
    """Until this process ends: run from the wheel, each call would compile pip again."""
    folder = tempfile.TemporaryDirectory()
    zipfile.ZipFile(wheel).extractall(folder.name)
    return folder


def bundled_pip() -> Path:
    """The wheel that ``ensurepip`` installs from. Linux distributions keep it in a folder of their own."""
    folders = [Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or "/nowhere"), Path(ensurepip.__file__).parent / "_bundled"]
    wheels = [wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))]
    if not wheels:
        raise SystemExit("This Python brings no pip: install its venv package (python3-venv), or name another with PYTHON=.")
    return wheels[0]


def environment(*, light: bool = False) -> dict[str, str]:
    """What pip may know of the machine."""
    plain = {**os.environ, "PIP_USER": "0"}  # or a global `user = true` makes it list the user's file alone
    call = (*pip(light=light), "config", "list")
    listed = subprocess.run(call, env=plain, capture_output=True, text=True, check=False).stdout  # noqa: S603
    settings = {match[1]: match[2] for line in sorted(listed.splitlines()) if (match := _SETTING.fullmatch(line))}
    kept = {_variable(name): " ".join(str(ast.literal_eval(settings[name])).split()) for name in KEPT if name in settings}
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHONPATH", "PYTHONHOME"))}
    by_variable = {name: value for name in KEPT if (value := os.environ.get(_variable(name)))}
    return {**own, **kept, **{_variable(name): value for name, value in by_variable.items()}, "PIP_CONFIG_FILE": os.devnull}


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
    requirements, *options = sys.argv[1:]
    light = options == [LIGHT]
    call = (*pip(light=light), "install", "--quiet", *ONLY_LOCKED, *(("--no-compile",) if light else ()), "-r", requirements)
    ended = subprocess.run(call, env=environment(light=light), check=False).returncode  # noqa: S603 - pip, with a lock file of ours
    if ended:
        return ended
    absent = missing(Path(requirements))
    if absent:
        sys.stderr.write(f"pip did not install {', '.join(absent)} into {sys.prefix}; see `pip config list`\n")
    return 1 if absent else 0


if __name__ == "__main__":
    sys.exit(main())
