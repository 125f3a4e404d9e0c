"""A test that fails says what differs."""

from __future__ import annotations

import ast

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
