"""What a cold start loads, and names that would hide somebody else's."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import json
import re
import subprocess
import sys

import pytest

from tests.template.reading import ROOT, modules_under

RECEIVERS = ("intercom_webhook", "signup_webhook")
EVERYONE = tuple(sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py")))
NEVER = (
    "moto",
    "pytest",
    "_pytest",
    "hypothesis",
    "aws_xray_sdk",
    "sandbox",
    "tests",
    "bench",
    "samtranslator",
    "yaml",
    "jinja2",
)
NOT_IN_A_RECEIVER = (
    "requests",
    "pydantic",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.parser",
)
LAZY = ("boto3", "botocore.session", "botocore.client")  # made when first asked for; powertools itself loads botocore's root
PROGRAM = "import json, sys, importlib; importlib.import_module(sys.argv[1]); print(json.dumps(sorted(sys.modules)))"


def loaded_by(function: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, f"functions.{function}.handler"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


def found(modules: set[str], forbidden: tuple[str, ...]) -> list[str]:
    return sorted(name for name in forbidden if name in modules)


def test_there_are_handlers() -> None:
    assert set(RECEIVERS) <= set(EVERYONE)


@pytest.mark.parametrize("function", EVERYONE)
def test_a_handler_imports_without_an_environment_and_loads_no_tool(function: str) -> None:
    assert found(loaded_by(function), (*NEVER, *LAZY)) == []


@pytest.mark.parametrize("function", RECEIVERS)
def test_a_receiver_loads_no_client_and_no_validation(function: str) -> None:
    assert found(loaded_by(function), NOT_IN_A_RECEIVER) == []


def test_no_name_in_shared_hides_a_dependency_or_the_standard_library() -> None:
    installed = set(importlib.metadata.packages_distributions())
    ours = {path.name.removesuffix(".py") for path in (ROOT / "shared").iterdir() if path.suffix == ".py" or path.is_dir()}
    ours -= {"__pycache__"}
    # SAM's builder lays dependencies and our files into one folder before it makes the package: they must not meet.
    assert ours & (installed | sys.stdlib_module_names) == set()
    assert "shared" not in installed
    assert "functions" not in installed


def test_no_name_of_a_constant_stands_for_two_numbers() -> None:
    values: dict[str, dict[str, str]] = {}
    for module in modules_under("shared"):
        for statement in module.tree.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                name, value = statement.targets[0].id, getattr(importlib.import_module(module.name), statement.targets[0].id)
                if name.isupper() and isinstance(value, int | float):
                    values.setdefault(name, {})[module.name] = repr(float(value))
    assert {name: where for name, where in values.items() if len(set(where.values())) > 1} == {}


@pytest.mark.parametrize("requirements", ["requirements-shipped.in", "sandbox/requirements.txt", "tests/requirements.txt"])
def test_requirements_are_pinned(requirements: str) -> None:
    lines = [line.strip() for line in (ROOT / requirements).read_text().splitlines()]
    loose = [
        line for line in lines if line and not line.startswith(("#", "-r")) and not re.match(r"^[\w.\[\],-]+==[\w.]+$", line)
    ]
    assert loose == []


def test_what_ships_is_locked_with_hashes_down_to_the_last_package() -> None:
    text = re.sub(r"#.*", "", (ROOT / "shared/requirements.txt").read_text())
    locked: dict[str, list[str]] = {}
    for entry in text.replace("\\\n", " ").splitlines():
        if entry.strip():
            package, *hashes = entry.split()
            locked[package] = hashes
    assert [
        package
        for package, hashes in locked.items()
        if not hashes or not all(one.startswith("--hash=sha256:") for one in hashes)
    ] == []
    asked = {line for line in (ROOT / "requirements-shipped.in").read_text().splitlines() if "==" in line and line[0] != "#"}
    assert asked <= set(locked)
    assert needed_by({package.partition("==")[0] for package in asked}) == {package.partition("==")[0] for package in locked}


def needed_by(packages: set[str]) -> set[str]:
    """These and what they need, directly or not, as installed here; extras apart."""
    needed: set[str] = set()
    waiting = [*packages]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name not in needed:
            needed.add(name)
            requires = importlib.metadata.requires(name) or []
            waiting += [match[0] for one in requires if "extra ==" not in one and (match := re.match(r"[\w.-]+", one))]
    return needed
