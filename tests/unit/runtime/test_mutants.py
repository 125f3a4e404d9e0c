"""What `make mutate` changes: what a test should notice, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools.mutate.mutants import mutants_of, mutated

MODULE = '''"""A module."""
import logging

logger = logging.getLogger()
LIMIT = 5


def judge(seen: int, held: bool = False) -> str | None:
    """Says something."""
    logger.info("judged")
    if seen > LIMIT and not held:
        raise ValueError(seen)
    return "fine" if seen + 1 == LIMIT else None
'''


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "module.py"
    made.write_text(MODULE)
    return made


def test_each_mutant_is_another_module_that_still_compiles(path: Path) -> None:
    mutants = mutants_of(path)
    texts = [ast.unparse(mutated(mutant)) for mutant in mutants]
    assert len(set(texts)) == len(texts) > 10
    assert ast.unparse(ast.parse(MODULE)) not in texts
    for mutant in mutants:
        compile(mutated(mutant), str(path), "exec")


def test_guards_comparisons_and_refusals_are_changed(path: Path) -> None:
    found = {mutant.what for mutant in mutants_of(path)}
    assert {"Gt becomes GtE", "And becomes Or", "“raise ValueError(seen)” left out", "False becomes True"} <= found
    assert "if “seen > LIMIT and (not held)” is always False" in found
    assert "“not held” left out of And" in found


def test_what_is_only_said_stays(path: Path) -> None:
    texts = [ast.unparse(mutated(mutant)) for mutant in mutants_of(path)]
    assert all("logger.info('judged')" in text and "LIMIT = 5" in text and "Says something." in text for text in texts)


def test_a_mutant_knows_its_function(path: Path) -> None:
    assert {mutant.function for mutant in mutants_of(path)} == {("judge", 8)}
