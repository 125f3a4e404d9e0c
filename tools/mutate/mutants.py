"""Small changes of a module that a test should notice: each found by its number, so that a seed names it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("shared", "functions")
"""The folders that hold what is changed."""

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
REACHED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
SILENT = ("logger", "warnings")
"""What tests need not notice: what is only said."""
AT_DEFINITION = 0
"""In place of a statement's line: a default, computed when the function is defined."""


@dataclass(frozen=True)
class Place:
    """``function``: the qualified name of the innermost function around it, empty at a module's or class's own level;
    ``statement``: the line of the innermost statement around it."""

    scope: str = ""
    function: str = ""
    statement: int = 0

    def inside(self, node: ast.AST) -> Place:
        name = getattr(node, "name", "")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return Place(f"{self.scope}{name}.<locals>.", f"{self.scope}{name}", self.statement)
        if isinstance(node, ast.ClassDef):
            return Place(f"{self.scope}{name}.", self.function, self.statement)
        return Place(self.scope, self.function, node.lineno) if self.function and isinstance(node, ast.stmt) else self


@dataclass(frozen=True)
class Mutant:
    path: Path
    number: int
    line: int
    place: Place
    what: str


def mutants_of(path: Path) -> list[Mutant]:
    """All of the module's."""
    tree = ast.parse(path.read_text())
    return [
        Mutant(path, number, node.lineno, place, what)  # type: ignore[attr-defined]
        for number, (node, place, what, _) in enumerate(_changes(tree))
    ]


def product() -> list[Path]:
    return sorted(path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py"))


def mutated(mutant: Mutant) -> ast.Module:
    """The module with that change."""
    tree = ast.parse(mutant.path.read_text())
    for number, (_, _, _, change) in enumerate(_changes(tree)):
        if number == mutant.number:
            change()
            return ast.fix_missing_locations(tree)
    raise LookupError(f"{mutant.path} has no mutant {mutant.number}")


Found = tuple[ast.AST, str, Callable[[], None]]
Change = tuple[ast.AST, Place, str, Callable[[], None]]


def _changes(tree: ast.Module) -> Iterator[Change]:
    yield from _within(tree, Place())


def _within(node: ast.AST, around: Place) -> Iterator[Change]:
    if _is_silent(node):
        return
    place = around.inside(node)
    parts = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for default in _defaults_that_count(node):
            yield from _within(default, Place(place.scope, place.function, AT_DEFINITION))
        parts = list(node.body)
    elif isinstance(node, ast.AnnAssign):
        parts = [node.value] if node.value and place.function else []
    elif isinstance(node, ast.ClassDef):
        parts = list(node.body)
    if place.function or not isinstance(node, ast.Module | ast.ClassDef | ast.Constant):
        for one, what, change in _of(node):
            yield one, place.inside(one), what, change
    for part in parts:
        yield from _within(part, place)


def _defaults_that_count(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    """Those of parameters that the body reads: the others stand there for a port's sake."""
    read = {node.id for part in function.body for node in ast.walk(part) if isinstance(node, ast.Name)}
    own = function.args
    plain = [*own.posonlyargs, *own.args]
    with_default = [
        *zip(plain[len(plain) - len(own.defaults) :], own.defaults, strict=True),
        *zip(own.kwonlyargs, own.kw_defaults, strict=True),
    ]
    return (default for parameter, default in with_default if default is not None and parameter.arg in read)


def _is_silent(node: ast.AST) -> bool:
    """What no test can notice, or need not: docstrings and logging, what only a type checker reads, and the check that two
    lists in step are equally long, which they are as they are made."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.keyword):
        return node.arg == "strict"
    if not isinstance(node, ast.Expr):
        return isinstance(node, ast.Import | ast.ImportFrom | ast.Assert)
    value = node.value
    return isinstance(value, ast.Constant) or (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and isinstance(value.func.value, ast.Name)
        and value.func.value.id in SILENT
    )


def _of(node: ast.AST) -> Iterator[Found]:
    if isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.BinOp):
        yield from _of_operator(node)
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        for constant in (True, False) if not isinstance(node, ast.While) else (False,):
            yield node, f"if “{_short(node.test)}” is always {constant}", _setting_test(node, constant)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        other = not node.value if isinstance(node.value, bool) else node.value + 1
        yield node, f"{node.value} becomes {other}", lambda: setattr(node, "value", other)
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield node, f"returns None instead of “{_short(node.value)}”", lambda: setattr(node, "value", ast.Constant(None))
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield from _statements(block)


def _of_operator(node: ast.Compare | ast.BoolOp | ast.UnaryOp | ast.BinOp) -> Iterator[Found]:
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            other = COMPARED[type(operator)]()
            yield node, f"{_word(operator)} becomes {_word(other)}", _setting(node.ops, index, other)
    elif isinstance(node, ast.BoolOp):
        join = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield node, f"{_word(node.op)} becomes {_word(join)}", lambda: setattr(node, "op", join)
        for index, one in enumerate(node.values):
            yield one, f"“{_short(one)}” left out of {_word(node.op)}", _removing(node.values, index)
    elif isinstance(node, ast.BinOp) and type(node.op) in REACHED and not _is_text(node):
        reached = REACHED[type(node.op)]()
        yield node, f"{_word(node.op)} becomes {_word(reached)}", lambda: setattr(node, "op", reached)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, f"“not {_short(node.operand)}” without its not", lambda: _without_not(node)


def _without_not(node: ast.UnaryOp) -> None:
    node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)


def _statements(block: list[ast.stmt]) -> Iterator[Found]:
    for index, one in enumerate(block):
        if _is_silent(one):
            continue
        if isinstance(one, ast.Expr | ast.Raise | ast.Continue | ast.Break | ast.AugAssign | ast.Delete):
            yield one, f"“{_short(one)}” left out", _setting(block, index, ast.Pass())


def _setting(items: list[object] | list[ast.stmt] | list[ast.cmpop], index: int, value: object) -> Callable[[], None]:
    def change() -> None:
        items[index] = value  # type: ignore[call-overload]

    return change


def _setting_test(node: ast.If | ast.IfExp | ast.While, constant: bool) -> Callable[[], None]:
    return lambda: setattr(node, "test", ast.Constant(constant))


def _removing(values: list[ast.expr], index: int) -> Callable[[], None]:
    def change() -> None:
        del values[index]
        if len(values) == 1:
            values.append(values[0])

    return change


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_text(node: ast.BinOp) -> bool:
    return any(isinstance(one, ast.JoinedStr) or (isinstance(one, ast.Constant) and isinstance(one.value, str))
               for one in (node.left, node.right))  # fmt: skip


def _word(operator: ast.AST) -> str:
    return type(operator).__name__


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else f"{text[:57]}…"
