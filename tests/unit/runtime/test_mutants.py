"""What `make mutate` changes: what a test should notice, and nothing else."""

from __future__ import annotations

import argparse
import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.mutate import __main__ as command
from tools.mutate import changes, reaching
from tools.mutate.mutants import AT_DEFINITION, ROOT, mutants_of, mutated
from tools.mutate.reaching import Record, digest, keep, kept, kept_before
from tools.mutate.running import Job

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


PAIRS = """
def pairs(ones, others):
    assert ones is not None
    return list(zip(ones, others, strict=True)) or sorted(ones, reverse=True)
"""


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


def test_what_only_a_type_checker_reads_and_lists_that_are_equally_long_anyhow_stay(tmp_path: Path) -> None:
    made = tmp_path / "module.py"
    made.write_text(PAIRS)

    texts = [ast.unparse(mutated(mutant)) for mutant in mutants_of(made)]
    assert all("assert ones is not None" in text for text in texts)
    assert not any("strict=False" in text for text in texts)
    assert any("reverse=False" in text for text in texts)


def test_the_default_of_a_parameter_that_is_never_read_stays(tmp_path: Path) -> None:
    made = tmp_path / "module.py"
    made.write_text(
        "def text(length: int = 5, *, fresh: bool = False, short: bool = True) -> str:\n    return length * short\n"
    )

    found = {mutant.what for mutant in mutants_of(made)}

    assert {"5 becomes 6", "True becomes False"} <= found
    assert "False becomes True" not in found


def test_a_mutant_knows_its_function_and_its_statement(path: Path) -> None:
    places = {(mutant.place.function, mutant.place.statement) for mutant in mutants_of(path)}
    assert places == {("judge", AT_DEFINITION), ("judge", 11), ("judge", 12), ("judge", 13)}


# -- the whole of it, on a small product ------------------------------------------------------------------------------

PRODUCT = '''"""A product."""
from contextlib import contextmanager


class Door:
    def __init__(self, most: int = 2) -> None:
        self.most, self.inside = most, 0

    def enter(self) -> bool:
        def is_full() -> bool:
            return self.inside >= self.most

        if is_full():
            return False
        self.inside += 1
        return True

    def leave(self) -> None:
        self.inside -= 1


@contextmanager
def held(door: Door):
    entered = door.enter()
    yield entered
    if entered:
        door.leave()


def never_tested(door: Door) -> bool:
    return door.inside > 0
'''
ITS_TESTS = '''"""Its tests."""
import pytest

from shared.vendor.door import Door, held


@pytest.mark.parametrize("most", [1, 2, 3])
def test_so_many_may_enter(most):
    door = Door(most)
    assert [door.enter() for _ in range(most + 1)] == [True] * most + [False]


def test_two_may_enter_where_nobody_said_how_many():
    door = Door()
    assert [door.enter() for _ in range(3)] == [True, True, False]


def test_who_is_held_leaves():
    door = Door(1)
    with held(door) as entered:
        assert entered
    assert door.enter()
'''


def mutate(place: Path, tests: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The command on a product of one module, whose tests are these."""
    shutil.copytree(ROOT / "tools" / "mutate", place / "tools" / "mutate", dirs_exist_ok=True)
    for name, text in {"shared/vendor/door.py": PRODUCT, "tests/unit/vendor/test_door.py": tests}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    call = [sys.executable, "-m", "tools.mutate", "--only", "vendor", "--workers", "1", *words]
    return subprocess.run(call, cwd=place, check=False, capture_output=True, text=True, timeout=120)


def test_what_no_test_notices_is_named_and_the_rest_is_caught(tmp_path: Path) -> None:
    done = mutate(tmp_path, ITS_TESTS, "--least", "95")
    named = done.stdout.split("Nobody noticed:")[1].splitlines()

    missed = [line.strip().removeprefix("shared/vendor/door.py:") for line in named]
    assert sorted(filter(None, missed)) == [
        "19: 1 becomes 2",
        "26: if “entered” is always True",
        "31: 0 becomes 1 (no test reaches it)",
        "31: Gt becomes GtE (no test reaches it)",
        "31: returns None instead of “door.inside > 0” (no test reaches it)",
    ]
    assert done.returncode == 1, done.stdout


def test_nothing_is_tried_while_the_tests_are_red_by_themselves(tmp_path: Path) -> None:
    done = mutate(tmp_path, ITS_TESTS.replace("[True, True, False]", "[]"))
    assert done.returncode == 2
    assert "not green as they are" in done.stdout
    assert "tests/unit/vendor/test_door.py" in done.stdout


def test_of_tests_that_changed_since_it_is_still_known_what_they_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "ROOT", tmp_path)
    monkeypatch.setattr(reaching, "KEPT", tmp_path / "kept")
    file = tmp_path / "test_door.py"
    file.write_text(ITS_TESTS)
    keep(file.name, Record(digest([file]), tests={"a test": 0.1}))

    assert kept(file.name, stale=True) is not None

    file.write_text(f"{ITS_TESTS}\n")

    before = kept_before(file.name)
    assert kept(file.name, stale=True) is None
    assert before is not None
    assert before.tests == {"a test": 0.1}


# -- the gate on changed lines ----------------------------------------------------------------------------------------


def history(folder: Path, *branches: tuple[str, int]) -> None:
    """So many commits on each branch, one after the other."""

    def git(*words: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)

    git("init", "--initial-branch=main")
    for branch, commits in branches:
        if branch != "main":
            git("checkout", "-b", branch)
        for number in range(commits):
            git("commit", "--allow-empty", "-m", f"{branch} {number}")


def base_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(changes, "ROOT", folder)
    return changes.git("log", "-1", "--format=%s", changes.base()).strip()


def test_a_branch_is_compared_with_where_it_left_main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history(tmp_path, ("main", 3), ("mine", 2))
    assert base_of(tmp_path, monkeypatch) == "main 2"


@pytest.mark.parametrize(("commits", "base"), [(2, "main 0"), (11, "main 0"), (30, "main 19")])
def test_main_is_compared_with_ten_commits_back_or_as_many_as_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commits: int, base: str
) -> None:
    history(tmp_path, ("main", commits))
    assert base_of(tmp_path, monkeypatch) == base


@pytest.mark.parametrize("commits", [None, 0, 1])
def test_without_history_the_gate_is_open_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], commits: int | None
) -> None:
    if commits is not None:
        history(tmp_path, ("main", commits))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr(changes, "ROOT", tmp_path)

    monkeypatch.setattr("sys.argv", ["mutate", "--changed", "auto"])

    assert command.main() == 0
    assert "Nothing to compare with: " in capsys.readouterr().out


def test_a_handful_of_unnoticed_mutants_is_forgiven_and_a_share_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    job = Job(mutants_of(Path(command.__file__))[0], "vendor", ["a test"])
    options = argparse.Namespace(least=80)
    caught, missed = (job, command.CAUGHT), (job, command.MISSED)

    assert command._report([caught, missed, missed], options) == 0
    assert command._report([*[caught] * 11, missed, missed, missed], options) == 1
    assert command._report([*[caught] * 12, missed, missed, missed], options) == 0
    assert "Nobody noticed:" in capsys.readouterr().out
