"""What a cold start loads, and names that would hide somebody else's."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import json
import subprocess
import sys
from typing import Any

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


def test_no_name_of_a_constant_stands_for_two_values() -> None:
    """Private ones are their module's own."""
    values: dict[str, dict[str, Any]] = {}
    for module in modules_under("shared"):
        for statement in module.tree.body:
            targets = statement.targets if isinstance(statement, ast.Assign) else ()
            for name in (one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)):
                value = getattr(importlib.import_module(module.name), name)
                if name.isupper() and not name.startswith("_") and isinstance(value, int | float | str | tuple | frozenset):
                    values.setdefault(name, {})[module.name] = value
    assert {name: where for name, where in values.items() if len(set(where.values())) > 1} == {}
