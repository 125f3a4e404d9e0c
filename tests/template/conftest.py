"""The template, as written and expanded, and the functions in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.template.reading import ROOT, Function, Resources, functions_of
from tools.expand_template import expand, read_template


@pytest.fixture(scope="session")
def written() -> dict[str, Any]:
    """template.yaml with its short intrinsics written out."""
    return read_template(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def expanded() -> dict[str, Any]:
    """What CloudFormation gets."""
    return expand(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def resources(expanded: dict[str, Any]) -> Resources:
    return Resources(expanded["Resources"])


@pytest.fixture(scope="session")
def functions(resources: Resources) -> dict[str, Function]:
    """Name of the folder → function."""
    return functions_of(resources)


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    return ROOT / "shared"
