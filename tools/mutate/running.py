"""Tests of a mutant, in a process of its own: a fork of one that has collected the tests, with the function's code replaced.
What is computed at import needs a process that has loaded nothing of the product yet."""

from __future__ import annotations

import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from tools.mutate.mutants import PRODUCT, ROOT, Mutant, mutated

LOADED = ("boto3", "botocore.session", "pydantic", "requests", "cryptography.fernet", "aws_lambda_powertools")
GREEN, RED, NOT_LIVE, BROKEN = 0, 1, 3, 70
OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header")


@dataclass(slots=True)
class Job:
    """``tests``: those that may notice, the likeliest first; ``seconds``: the CPU time that they take as recorded."""

    mutant: Mutant
    capability: str
    tests: list[str]
    seconds: float = 0.0

    @property
    def cpu(self) -> int:
        """Seconds after which it hangs."""
        return int(10 + 3 * self.seconds)


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


class Bench:
    """A plugin: the tests are collected once, and each job tries them in a fork."""

    def __init__(self, jobs: Sequence[Job], workers: int, ends_at: float, say: Callable[[int, int], None]) -> None:
        self._jobs, self._workers, self._ends_at, self._say = jobs, workers, ends_at, say
        self._live: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(
                tuple(str(ROOT / folder) for folder in PRODUCT)
            ):
                self._live[_key(one.__code__)].append(one)
        gc.freeze()
        works = [lambda job=job: self._judge(job, items) for job in self._jobs]
        for number, outcome in race(works, [job.cpu for job in self._jobs], self._workers, self._ends_at):
            self._say(number, outcome)
        return True

    def _judge(self, job: Job, items: dict[str, pytest.Item]) -> int:
        if not self._replace(job.mutant):
            return NOT_LIVE
        chosen = [items[test] for test in job.tests if test in items]
        for item, following in zip(chosen, [*chosen[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if item.session.testsfailed:
                return RED
        return GREEN

    def _replace(self, mutant: Mutant) -> bool:
        """Whether the live function is the mutated one now."""
        if not mutant.place.statement:
            return False
        outermost = mutant.place.function.split(".<locals>")[0]
        codes = list(_codes_within(compile(mutated(mutant), str(mutant.path), "exec"), outermost))
        number = Counter(map(_key, codes))
        replaced = False
        for code in codes:
            for function in self._live.get(_key(code), ()) if number[_key(code)] == 1 else ():
                function.__code__ = code
                replaced = True
        return replaced


def _key(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _codes_within(code: CodeType, outermost: str) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            if one.co_qualname == outermost or one.co_qualname.startswith(f"{outermost}.<locals>"):
                yield one
            yield from _codes_within(one, outermost)


def race(works: Sequence[Callable[[], int]], cpu: Sequence[int], workers: int, ends_at: float) -> Iterator[tuple[int, int]]:
    """Each in a fork: its number and exit code as it ends. One that hangs ends at its CPU seconds, or at 20 times as many."""
    running: dict[int, tuple[int, float]] = {}
    following = 0
    while running or (following < len(works) and time.monotonic() < ends_at):
        while len(running) < workers and following < len(works) and time.monotonic() < ends_at:
            child = fork(works[following], cpu[following])
            running[child] = (following, time.monotonic() + 20 * cpu[following])
            following += 1
        time.sleep(0.01)
        for child, (number, late) in list(running.items()):
            if time.monotonic() > late:
                os.kill(child, signal.SIGKILL)
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                del running[child]
                yield number, os.waitstatus_to_exitcode(status)


def preload() -> None:
    """What others made: loaded once, and shared by all forks."""
    for name in LOADED:
        try:
            importlib.import_module(name)
        except ImportError:
            continue


def fork(work: Callable[[], int], cpu: int = 0) -> int:
    """The child's process id. ``work`` answers the exit code; nothing of it is printed; ``cpu`` seconds at most."""
    child = os.fork()
    if child:
        return child
    code = BROKEN
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        if cpu:
            resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
        code = int(work())
    except BaseException:  # noqa: BLE001 # the child ends here, whatever happened
        code = BROKEN
    finally:
        os._exit(code)


def on_bench(jobs: Sequence[Job], workers: int, ends_at: float, say: Callable[[int, int], None]) -> int:
    """Collects the jobs' tests and tries one job after the other; ``say`` hears number and outcome of each."""
    os.chdir(ROOT)
    files = sorted({test.split("::")[0] for job in jobs for test in job.tests})
    return int(pytest.main([*OPTIONS, *files], plugins=[Bench(jobs, workers, ends_at, say)]))


def from_import(mutant: Mutant, tests: Sequence[str]) -> int:
    """Tries it where the product is not loaded yet. 0: no test noticed."""
    sys.meta_path.insert(0, MutantFinder(mutant))
    os.chdir(ROOT)
    return int(pytest.main([*OPTIONS, "-x", *tests]))
