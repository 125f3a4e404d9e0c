"""``python tools/guard.py TEMPLATE …``: AWS's own rules (Control Tower's proactive controls) on expanded templates.

Rules and cfn-guard come in the PyPI package cdklabs-cdk-validator-cfnguard; run this with the interpreter of .venv-guard.
Everything outside EXCEPTIONS fails, and so does an exception that nothing needs.
"""

from __future__ import annotations

import fnmatch
import importlib.metadata
import json
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

PACKAGE = "cdklabs-cdk-validator-cfnguard"
SYSTEMS = {"Linux": "ubuntu", "Darwin": "macos"}
MACHINES = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
_CONTROL = re.compile(r"\[(CT\.[A-Z0-9.]+)\]: ([^\\\"\n]+)")


class Exempt(NamedTuple):
    """``resources``: logical ids, as a pattern of a shell."""

    control: str
    resources: tuple[str, ...]
    why: str


OUTAGE = (
    "ConnectionLostAlarm",
    "BreakerOpenAlarm",
    "CallsStoppedAlarm",
    "OldestUndeliveredAlarm",
    "DeliveryQueueAgeAlarm",
    "DeliverContactErrorAlarm",
    "ReconcileSilentAlarm",
    "ContactReconcileFailedAlarm",
    "RewardPollFailedAlarm",
    "SyntheticSignupAlarm",
)
EXCEPTIONS = (
    Exempt(
        "CT.CLOUDWATCH.PR.1", OUTAGE, "OutageAlarm sends one mail for all of these; tests/template holds that it names each"
    ),
    Exempt("CT.CLOUDWATCH.PR.2", ("*LogGroup",), "the retention is a parameter, 30 days unless asked; logs hold no people"),
    Exempt("CT.CLOUDWATCH.PR.3", ("*LogGroup",), "ids and reasons, no person, no secret; encrypted with CloudWatch's own key"),
    Exempt(
        "CT.LAMBDA.PR.3",
        ("*Function",),
        "by option for what calls a vendor; tables and queues are reached by IAM",
    ),
    Exempt("CT.SQS.PR.1", ("*DeadLetterQueue",), "a dead-letter queue has none itself; tests/template: every other queue has"),
)


class Failure(NamedTuple):
    template: str
    control: str
    says: str
    resource: str


def main(templates: Sequence[str]) -> int:
    """The exit code; each failure is a line."""
    with tempfile.TemporaryDirectory() as folder:
        program, rules = _unpack(Path(folder))
        if program is None:
            say(f"guard: NOT CHECKED: AWS ships no cfn-guard for {platform.system()} {platform.machine()}")
            return 0
        prepared = [_prepare(Path(one), Path(folder)) for one in templates]
        failures = list(_failures(program, _fitting(rules, prepared), prepared))
    used = {exempt for failure in failures for exempt in EXCEPTIONS if _exempts(exempt, failure)}
    wrong = [failure for failure in failures if not any(_exempts(exempt, failure) for exempt in EXCEPTIONS)]
    for failure in sorted(set(wrong)):
        say(f"guard: {failure.template}: {failure.resource}: {failure.control} {failure.says}")
    stale = [exempt for exempt in EXCEPTIONS if exempt not in used]
    for exempt in stale:
        say(f"guard: nothing needs the exception from {exempt.control} any more")
    if not wrong and not stale:
        say(f"guard: {len(prepared)} templates pass AWS's rules, but for {len(EXCEPTIONS)} exceptions with their reasons")
    return 1 if wrong or stale else 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _exempts(exempt: Exempt, failure: Failure) -> bool:
    return exempt.control == failure.control and any(fnmatch.fnmatchcase(failure.resource, one) for one in exempt.resources)


def _unpack(folder: Path) -> tuple[Path | None, Path]:
    """cfn-guard for this machine, and the folder of the rules."""
    bundle = next(file for file in importlib.metadata.files(PACKAGE) or () if file.name.endswith(".jsii.tgz"))
    machine = f"{SYSTEMS.get(platform.system())}/{MACHINES.get(platform.machine())}"
    with tarfile.open(str(bundle.locate())) as archive:
        archive.extractall(folder, filter="data")
    program = folder / "package/bin" / machine / "cfn-guard"
    return (program if program.exists() else None), folder / "package/rules/control-tower/cfn-guard"


def _prepare(template: Path, folder: Path) -> Path:
    """The rules take a text built by Fn::Sub for none at all; its text says as much to them."""
    plain = folder / template.name
    plain.write_text(json.dumps(_plain(json.loads(template.read_text()))))
    return plain


def _plain(part: Any) -> Any:
    match part:
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
            return text
        case dict():
            return {key: _plain(value) for key, value in part.items()}
        case list():
            return [_plain(value) for value in part]
    return part


def _fitting(rules: Path, templates: Sequence[Path]) -> list[Path]:
    """The rules about some type of the templates: reading all 237 takes as long as checking."""
    types = {entry["Type"] for one in templates for entry in json.loads(one.read_text())["Resources"].values()}
    return [one for one in sorted(rules.rglob("*.guard")) if types & set(re.findall(r"AWS::\w+::\w+", one.read_text()))]


def _failures(program: Path, rules: Sequence[Path], templates: Sequence[Path]) -> Iterator[Failure]:
    command = [str(program), "validate", "--structured", "-o", "json", "--show-summary", "none"]
    command += ["-r", *map(str, rules), "-d", *map(str, templates)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  AWS's own program
    try:
        reports = json.loads(run.stdout)
    except ValueError:
        raise SystemExit(f"guard: cfn-guard did not work: {run.stderr.strip()[-500:]}") from None
    for report in reports:
        for entry in report["not_compliant"]:
            found = _CONTROL.search(json.dumps(entry))
            control, says = found.groups() if found else (entry["Rule"]["name"], "")
            for resource in set(_resources(entry)) or {"?"}:
                yield Failure(Path(report["name"]).stem, control, says.strip(), resource)


def _resources(entry: Any) -> Iterator[str]:
    match entry:
        case dict():
            path = entry.get("path")
            if isinstance(path, str) and path.startswith("/Resources/"):
                yield path.split("/")[2]
            for value in entry.values():
                yield from _resources(value)
        case list():
            for value in entry:
                yield from _resources(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
