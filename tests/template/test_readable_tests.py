"""A test that fails says what differs."""

from __future__ import annotations

import ast
from itertools import pairwise

from tests.template.reading import ROOT, Module, modules_under

MOST_UNNAMED = 2
"""Values that one assert compares by their places."""


def _is_long(side: ast.expr) -> bool:
    return isinstance(side, ast.Tuple) and len(side.elts) > MOST_UNNAMED


def _unnamed(module: Module) -> list[str]:
    return [
        f"{module.name}:{node.lineno}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assert)
        and isinstance(node.test, ast.Compare)
        and all(_is_long(side) for side in (node.test.left, *node.test.comparators))
    ]


def test_no_assert_compares_many_values_by_their_places() -> None:
    assert [place for module in modules_under("tests") for place in _unnamed(module)] == []


def test_one_that_does_is_found() -> None:
    tree = ast.parse("assert (a, b) == (1, 2)\nassert (a, b, c) == (1, 2, 3)")
    assert _unnamed(Module("example", ROOT, tree)) == ["example:2"]


# -- arrange, act, assert ----------------------------------------------------------------------------------------------

READ_AT_ONCE = 4
"""Statements of a test that needs no blank lines."""


def _run_together(module: Module, lines: list[str]) -> list[str]:
    """Where a longer test goes from acting to asserting, or on, without a blank line. An assignment may name what is asserted;
    ``with`` may be either."""
    return [
        f"{module.name}:{two.lineno}"
        for test in ast.walk(module.tree)
        if isinstance(test, ast.FunctionDef) and test.name.startswith("test")
        for one, two in pairwise(_statements(test))
        if _changes_sides(one, two) and all(lines[one.end_lineno or 0 : two.lineno - 1])
    ]


def _statements(test: ast.FunctionDef) -> list[ast.stmt]:
    statements = test.body[1:] if ast.get_docstring(test) else test.body
    return statements if len(statements) > READ_AT_ONCE else []


def _changes_sides(one: ast.stmt, two: ast.stmt) -> bool:
    if isinstance(one, ast.Assert) is isinstance(two, ast.Assert) or isinstance(one, ast.With):
        return False
    return not isinstance(one, ast.Assign | ast.AnnAssign) and not (
        isinstance(two, ast.With) and not isinstance(one, ast.Assert)
    )


def test_what_a_longer_test_does_and_what_it_asserts_stand_apart() -> None:
    modules = modules_under("tests")
    assert [place for one in modules for place in _run_together(one, one.path.read_text().splitlines())] == []


def test_one_that_runs_on_is_found() -> None:
    text = "def test_it():\n    a()\n    b()\n    c = d()\n    assert c\n\n    e()\n    assert f\n    g()\n"
    assert _run_together(Module("example", ROOT, ast.parse(text)), text.splitlines()) == ["example:8", "example:9"]
