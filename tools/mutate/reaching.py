"""Which tests reach which statement of the product: noted by the statements themselves, and kept for each file of tests."""

from __future__ import annotations

import ast
import gzip
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tools.mutate.mutants import PRODUCT, ROOT, Mutant, Place, product

KEPT = ROOT / ".sandbox" / "mutate"
BESIDE = ("sandbox", "tests/support", "tests/fakes")
CASES, CASES_LAST = 30, 1.0
"""Of the cases of one test function so many are read, and more while they took fewer CPU seconds: of hundreds of seeds the
first ones say what they reach."""
MARK = "__reached__"
Reached = dict[str, dict[str, dict[str, list[int]]]]


@dataclass(slots=True)
class Record:
    """``tests``: CPU seconds by test; ``reached``: by module, function and statement's line the numbers of the tests.
    ``file``, ``beside`` and ``modules``: the tests, what they build on, and each module, as they were."""

    file: str = ""
    beside: str = ""
    modules: dict[str, str] = field(default_factory=dict)
    tests: dict[str, float] = field(default_factory=dict)
    reached: Reached = field(default_factory=dict)

    def reaching(self, mutant: Mutant) -> dict[str, frozenset[str]]:
        """Those that reach its statement, or, where the module is no longer the recorded one, its function; each with the
        lines of the function that it reaches."""
        name = str(mutant.path.relative_to(ROOT))
        lines = self.reached.get(name, {}).get(mutant.place.function, {})
        if not mutant.place.function:
            found = [numbers for own in self.reached.get(name, {}).values() for numbers in own.values()]
        elif mutant.place.statement and self.modules.get(name) == digest([mutant.path]):
            found = [lines.get(str(mutant.place.statement), [])]
        else:
            found = list(lines.values()) or [one for own in self.reached.get(name, {}).values() for one in own.values()]
        names, ways = list(self.tests), defaultdict(list)
        for line, numbers in lines.items():
            for number in numbers:
                ways[number].append(line)
        return {names[number]: frozenset(ways[number]) for numbers in found for number in numbers}


class Marker(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the modules of the product with a mark before each statement of a function."""

    def __init__(self) -> None:
        self.places: list[tuple[str, str, int]] = []
        self.marks = bytearray(200_000)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        file = ROOT.joinpath(*name.split(".")).with_suffix(".py")
        return (
            importlib.util.spec_from_file_location(name, file, loader=self)
            if name.split(".")[0] in PRODUCT and file.exists()
            else None
        )

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        path = Path(str(module.__file__))
        tree = ast.parse(path.read_text())
        self._mark(tree, Place(), str(path.relative_to(ROOT)))
        setattr(module, MARK, self.marks)
        exec(compile(ast.fix_missing_locations(tree), str(path), "exec"), module.__dict__)  # noqa: S102

    def _mark(self, node: ast.AST, around: Place, module: str) -> None:
        place = around.inside(node)
        for child in ast.iter_child_nodes(node):
            self._mark(child, place, module)
        for name in ("body", "orelse", "finalbody") if place.function else ():
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, [one for statement in block for one in self._marked(statement, place, module)])

    def _marked(self, statement: ast.stmt, place: Place, module: str) -> list[ast.stmt]:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            return [statement]
        (mark,) = ast.parse(f"{MARK}[{len(self.places)}] = 1").body
        self.places.append((module, place.function, statement.lineno))
        return [ast.copy_location(mark, statement), statement]


class Recorder:
    """A plugin that notes what each test reaches."""

    def __init__(self, marker: Marker) -> None:
        self._marker = marker
        self._spent: dict[str, float] = defaultdict(float)
        self._read: Counter[str] = Counter()
        self.records: dict[str, Record] = {}
        self.red: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        marked = ("slow", "crash", "thorough")
        items[:] = [one for one in items if not any(map(one.get_closest_marker, marked)) and "ministack" not in one.name]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        file, function = item.nodeid.split("::")[0], item.nodeid.split("[")[0]
        if self._spent[function] > CASES_LAST and self._read[function] >= CASES:
            item.session._setupstate.teardown_exact(nextitem)  # noqa: SLF001 # else the next module's first test fails
            if file not in self.red and (nextitem is None or nextitem.nodeid.split("::")[0] != file):
                keep(file, self.records[file])
            return True
        marks = self._marker.marks
        marks[: len(self._marker.places)] = bytes(len(self._marker.places))
        began, failed = time.process_time(), item.session.testsfailed
        runtestprotocol(item, nextitem=nextitem)
        seconds = time.process_time() - began
        self._spent[function] += seconds
        self._read[function] += 1
        if item.session.testsfailed > failed:
            self.red.add(file)
        self._note(self.records.setdefault(file, Record(digest([ROOT / file]), _beside(), _modules())), item.nodeid, seconds)
        if file not in self.red and (nextitem is None or nextitem.nodeid.split("::")[0] != file):
            keep(file, self.records[file])
        return True

    def _note(self, into: Record, test: str, seconds: float) -> None:
        number, at = len(into.tests), self._marker.marks.find(1)
        into.tests[test] = round(seconds, 3)
        while at >= 0:
            module, function, line = self._marker.places[at]
            into.reached.setdefault(module, {}).setdefault(function, {}).setdefault(str(line), []).append(number)
            at = self._marker.marks.find(1, at + 1)


def digest(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()


def record(files: Sequence[str]) -> int:
    """Runs these tests, in a process that has loaded nothing of the product yet; keeps what each reaches. 0: all are green."""
    marker = Marker()
    sys.meta_path.insert(0, marker)
    os.chdir(ROOT)
    return int(
        pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", *files], plugins=[Recorder(marker)])
    )


def keep(file: str, one: Record) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    _kept_at(file).write_bytes(gzip.compress(json.dumps(asdict(one)).encode(), 3))


def kept(file: str, *, stale: bool = False) -> Record | None:
    """What was recorded of that file, unless it or (but for ``stale``) what it builds on is another since."""
    one = kept_before(file)
    is_same = one is not None and one.file == digest([ROOT / file]) and (stale or one.beside == _beside())
    return one if is_same else None


def kept_before(file: str) -> Record | None:
    """What was recorded last of that file, whatever changed since."""
    try:
        return Record(**json.loads(gzip.decompress(_kept_at(file).read_bytes())))
    except (OSError, ValueError, TypeError):
        return None


def files_of(folders: Sequence[str]) -> list[str]:
    paths = (path for folder in folders for path in (ROOT / folder).rglob("test_*.py"))
    return sorted(str(path.relative_to(ROOT)) for path in paths)


@cache
def _modules() -> dict[str, str]:
    return {str(path.relative_to(ROOT)): digest([path]) for path in product()}


@cache
def _beside() -> str:
    return digest(path for folder in BESIDE for path in (ROOT / folder).rglob("*.py"))


def _kept_at(file: str) -> Path:
    return KEPT / f"{Path(file).stem}-{hashlib.sha256(file.encode()).hexdigest()[:16]}.json.gz"
