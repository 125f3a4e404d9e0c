"""docs/reliability.md names a test that exists for every fault that touches signups."""

from __future__ import annotations

import ast
import re
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FAULTS = tuple(
    chain(
        range(1, 6),
        range(14, 17),
        range(19, 29),
        range(31, 52),
        range(57, 64),
        range(65, 76),
        range(81, 90),
    )
)


def _table() -> dict[int, list[tuple[str, str]]]:
    """Number → file and name of each test."""
    rows: dict[int, list[tuple[str, str]]] = {}
    for line in (ROOT / "docs/reliability.md").read_text().splitlines():
        if match := re.match(r"\| (\d+) \|", line):
            rows[int(match[1])] = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", line)
    return rows


@pytest.mark.parametrize("number", FAULTS)
def test_a_fault_has_a_test(number: int) -> None:
    assert _table().get(number), f"fault {number} has no test in docs/reliability.md"


def test_every_test_that_is_named_exists() -> None:
    for path, name in set(chain.from_iterable(_table().values())):
        names = {node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)}
        assert name in names, f"{path} has no {name}"


def test_every_bad_day_of_the_world_is_in_the_table() -> None:
    named = {name for _, name in chain.from_iterable(_table().values())}
    for path in (ROOT / "tests/simulation").glob("test_*_faults.py"):
        tests = set(re.findall(r"^def (test_\d\d_\w+)", path.read_text(), re.MULTILINE))
        assert tests <= named, f"{sorted(tests - named)} is missing in docs/reliability.md"
