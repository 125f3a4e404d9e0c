"""Looks at what ships for known holes, and at the repository for secrets: `make audit`.

Four looks: bandit, detect-secrets, licences, pip-audit. The last one needs the data of known vulnerabilities from the internet.
Where they cannot be had it says so and fails only with --strict; nothing else needs a connection.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tools.shipped import LICENCES, NOTICES, SHIPPED, notices, shipped

ROOT = Path(__file__).parents[1]
BIN = ROOT / ".venv-audit" / "bin"
KNOWN = ROOT / "tools" / "secrets.baseline"
"""Places that look like a secret and are none: local ones, names of settings."""
MADE_UP = r"^(tests|events)/"
"""Here secrets are made up by the hundred; only what has the form of somebody's real token counts."""
GUESSING = (
    "KeywordDetector",
    "HexHighEntropyString",
    "Base64HighEntropyString",
    "JwtTokenDetector",
    "TelegramBotTokenDetector",
)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make audit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--strict", action="store_true", help="fail when vulnerabilities could not be looked up")
    options = parser.parse_args()
    looks: tuple[Callable[[], Iterable[str]], ...] = (bandit, secrets, licences, lambda: vulnerabilities(strict=options.strict))
    found = [line for look in looks for line in look()]
    for line in found:
        sys.stdout.write(f"FOUND  {line}\n")
    sys.stdout.write(f"{len(found)} found\n")
    return 1 if found else 0


def bandit() -> Iterable[str]:
    """What ships; ruff's own rules look at the rest, and each exception there has its reason."""
    report = json.loads(_said("bandit", "-q", "-r", "functions", "shared", "-ll", "-f", "json"))
    results = report["results"]
    _say("bandit", f"{report['metrics']['_totals']['loc']} lines")
    return [f"{one['filename']}:{one['line_number']} {one['test_id']} {one['issue_text']}" for one in results]


def secrets() -> Iterable[str]:
    known = {(path, one["hashed_secret"]) for path, ones in json.loads(KNOWN.read_text())["results"].items() for one in ones}
    ours = _scan("--exclude-files", MADE_UP, "--exclude-files", r"requirements.*\.txt$|secrets\.baseline$")
    made_up = _scan("tests", "events", *(word for plugin in GUESSING for word in ("--disable-plugin", plugin)))
    _say("detect-secrets", f"{len(known)} known places")
    return [
        f"{path}:{one['line_number']} {one['type']}"
        for results in (ours, made_up)
        for path, ones in results.items()
        for one in ones
        if (path, one["hashed_secret"]) not in known
    ]


def _scan(*words: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(_said("detect-secrets", "scan", *words))["results"]
    return found


def licences() -> Iterable[str]:
    """Of what ships: only those that ask for no more than a notice; and the notices are there."""
    packages = shipped()
    _say("licences", ", ".join(sorted({package.licence for package in packages})))
    for package in packages:
        if package.licence not in LICENCES:
            yield f"{package.name} {package.version}: the licence {package.licence!r} is not in the list of tools/shipped.py"
    if not NOTICES.exists() or NOTICES.read_text() != notices(packages):
        yield f"{NOTICES.name} is not that of what ships: make notices"


def vulnerabilities(*, strict: bool) -> Iterable[str]:
    call = (
        BIN / "pip-audit",
        "--disable-pip",
        "--require-hashes",
        "-r",
        SHIPPED,
        "--format",
        "json",
        "--progress-spinner",
        "off",
    )
    ended = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - pinned, our own file
    try:
        packages = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError):
        packages = [{"name": package.name, "skip_reason": ""} for package in shipped()]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    _say("pip-audit", f"{len(packages) - len(unknown)} of {len(packages)} packages looked up")
    if unknown:
        text = f"NOT CHECKED for known vulnerabilities, since their data could not be reached: {', '.join(sorted(unknown))}"
        sys.stdout.write(f"       {text}\n")
        if strict:
            yield text
    for package in packages:
        for hole in package.get("vulns", ()):
            mended = ", ".join(hole["fix_versions"]) or "no version"
            yield f"{package['name']} {package['version']}: {hole['id']}, mended in {mended}"


def _said(name: str, *words: str) -> str:
    ended = subprocess.run((BIN / name, *words), cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - pinned
    if not ended.stdout.strip():
        raise SystemExit(f"{name} does not run: {ended.stderr.strip()[-500:]}")
    return ended.stdout


def _say(name: str, text: str) -> None:
    sys.stdout.write(f"{name:<16} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
