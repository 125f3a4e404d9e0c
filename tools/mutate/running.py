"""Tests in a process of their own, forked from one that has loaded what others made; a mutant stands in for its module."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import pytest

from tools.mutate.mutants import Mutant, mutated

ROOT = Path(__file__).resolve().parents[2]
SHARED = str(ROOT / "shared") + os.sep
LOADED = ("boto3", "botocore.session", "pydantic", "requests", "cryptography.fernet", "aws_lambda_powertools")
Reached = dict[str, list[str]]


@dataclass(slots=True)
class Map:
    """``reached``: by function (path:line of its code) the tests that call it; ``seconds``: how long each test takes."""

    reached: dict[str, list[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


class MutantFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the mutated module instead of the real one."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = ".".join(mutant.path.relative_to(ROOT).with_suffix("").parts)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.util.spec_from_file_location(name, self._mutant.path, loader=self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(mutated(self._mutant), str(self._mutant.path), "exec"), module.__dict__)  # noqa: S102


class Recorder:
    """A plugin that notes which functions of shared/ each test calls."""

    def __init__(self) -> None:
        self._codes: set[CodeType] = set()
        self.map = Map()
        self._reached: dict[str, set[str]] = defaultdict(set)

    def _trace(self, frame: FrameType, event: str, argument: Any) -> None:
        self._codes.add(frame.f_code)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterable[None]:
        self._codes.clear()
        began = time.perf_counter()
        sys.settrace(self._trace)
        try:
            yield
        finally:
            sys.settrace(None)
        self.map.seconds[item.nodeid] = time.perf_counter() - began
        for code in self._codes:
            if code.co_filename.startswith(SHARED):
                self._reached[f"{code.co_filename.removeprefix(SHARED)}:{code.co_firstlineno}"].add(item.nodeid)

    def finished(self) -> Map:
        self.map.reached = {key: sorted(tests) for key, tests in self._reached.items()}
        return self.map


def preload() -> None:
    """What others made: loaded once, and shared by all forks."""
    for name in LOADED:
        try:
            importlib.import_module(name)
        except ImportError:
            continue


def fork(work: Any) -> int:
    """The child's process id. ``work`` answers the exit code; nothing of it is printed."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        code = int(work())
    except BaseException:  # noqa: BLE001 # the child ends here, whatever happened
        code = 70
    finally:
        os._exit(code)


def run_tests(tests: Sequence[str], plugins: Sequence[object] = (), *, stop: bool = True) -> int:
    os.chdir(ROOT)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", *(["-x"] if stop else [])]
    return int(pytest.main([*options, *tests], plugins=list(plugins)))


def record(folders: Sequence[str], target: Path) -> int:
    """Runs the folders' tests and stores what each reaches."""
    recorder = Recorder()
    code = run_tests(folders, [recorder], stop=False)
    found = recorder.finished()
    target.write_text(json.dumps({"reached": found.reached, "seconds": found.seconds}))
    return code


def judge(mutant: Mutant, tests: Sequence[str]) -> int:
    """0: no test noticed."""
    sys.meta_path.insert(0, MutantFinder(mutant))
    return run_tests(tests)
