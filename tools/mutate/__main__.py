"""Changes the product a little, some hundred times, and counts how often a test goes red: `make mutate`.

python -m tools.mutate                          all capabilities, at most 20 minutes
python -m tools.mutate --only qualification     one, and which mutants nobody noticed
python -m tools.mutate --changed main           only lines that differ from that commit
python -m tools.mutate --changed auto           only lines that this branch, or the last commits of main, changed
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.mutate.mutants import Mutant, mutants_of
from tools.mutate.running import ROOT, Map, fork, judge, preload, record

CAPABILITIES = ("campaign", "signup", "contact", "qualification", "referrer", "sync", "connection", "vendor", "operations")
OTHERS = "the rest"
TESTS_OF_OTHERS = ("runtime", "contact", "vendor")
FORGIVEN = 2
"""Mutants that may go unnoticed whatever their share: of a handful, one that changes nothing is too many percent."""
LONGEST_TESTS = 25.0
"""Seconds of tests, as measured, that one mutant gets, the quickest first; else survivors would take all the time."""
SLOWER = 3.0
COMMITS_BACK = 10
Drawn = dict[str, list[Mutant]]
CAUGHT, MISSED, UNREACHED = "caught", "missed", "unreached"


class NoHistoryError(Exception):
    """There is nothing that changes could be told from; the text says why."""


@dataclass(slots=True)
class Job:
    mutant: Mutant
    capability: str
    tests: list[str]
    ends_at: float = 0.0


def main() -> int:
    options = _options()
    began = time.monotonic()
    ends_at = began + options.minutes * 60
    try:
        drawn = _drawn(options)
    except NoHistoryError as error:
        _say(f"Nothing to compare with: {error}")
        return 0
    if options.changed and not drawn:
        _say("No line of shared/ changed that could be wrong.")
        return 0
    preload()
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = _map(_folders(options, drawn), Path(folder), options.workers, ends_at)
    except TimeoutError:
        _say("The tests themselves took all the time: nothing was tried.")
        return 0 if options.changed else 2
    if found is None:
        _say("The tests are not green as they are. Mend that first.")
        return 2
    jobs = _jobs(drawn, found)
    _say(f"{len(found.seconds)} tests in {time.monotonic() - began:.0f} s; {len(jobs)} mutants with the seed {options.seed}")
    outcomes = _work(jobs, options.workers, ends_at, found)
    return _report(outcomes, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.mutate", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="which mutants are drawn (default 1)")
    parser.add_argument("--each", type=int, default=60, help="mutants of each capability (default 60)")
    parser.add_argument("--minutes", type=float, default=20, help="the time it may take (default 20)")
    parser.add_argument("--workers", type=int, default=2, help="processes at once (default 2)")
    parser.add_argument("--only", choices=CAPABILITIES, help="one capability, and only its own tests")
    parser.add_argument("--changed", metavar="COMMIT", help="only on lines that differ from that commit; auto: see above")
    parser.add_argument("--least", type=float, default=0, help="fail when fewer percent are caught")
    return parser.parse_args()


# -- what is tried ------------------------------------------------------------------------------------------------------


def _folders(options: argparse.Namespace, drawn: Drawn) -> list[str]:
    """Where the tests are that may notice."""
    if options.only:
        names = {options.only}
    elif options.changed:
        names = {name for capability in drawn for name in (TESTS_OF_OTHERS if capability == OTHERS else (capability,))}
    else:
        names = {*CAPABILITIES, "runtime"}
    return [f"tests/unit/{name}" for name in sorted(names)]


def _map(folders: list[str], place: Path, workers: int, ends_at: float) -> Map | None:
    """Which tests reach what; None when one of them fails without any mutant. Raises TimeoutError."""
    waiting = [(folder, place / f"{number}.json") for number, folder in enumerate(folders)]
    targets, done, green = [target for _, target in waiting], 0, True
    running: set[int] = set()
    while waiting or running:
        while waiting and len(running) < workers:
            folder, target = waiting.pop(0)
            running.add(fork(lambda folder=folder, target=target: record([folder], target)))
        time.sleep(0.05)
        if time.monotonic() > ends_at:
            for child in running:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            raise TimeoutError
        for child in list(running):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                running.discard(child)
                green = green and os.waitstatus_to_exitcode(status) == 0
                done += 1
        _bar("tests read", done, len(folders))
    whole = Map()
    for target in targets:
        part = json.loads(target.read_text()) if target.exists() else {"reached": {}, "seconds": {}}
        whole.seconds |= part["seconds"]
        for key, tests in part["reached"].items():
            whole.reached.setdefault(key, []).extend(tests)
    return whole if green else None


def _drawn(options: argparse.Namespace) -> Drawn:
    """By capability, those that are tried."""
    changed = _changed(_base() if options.changed == "auto" else options.changed) if options.changed else None
    drawn: Drawn = {}
    for capability in [options.only] if options.only else [*CAPABILITIES, OTHERS]:
        mutants = [mutant for path in _modules(capability) for mutant in mutants_of(path) if _is_in(changed, mutant)]
        random.Random(f"{options.seed}{capability}").shuffle(mutants)  # noqa: S311
        if mutants:
            drawn[capability] = mutants[: options.each]
    return drawn


def _jobs(drawn: Drawn, found: Map) -> list[Job]:
    """In turn of each capability, so that whenever the time is up, each had its share."""
    jobs = [[Job(one, capability, _tests(one, found)) for one in mutants] for capability, mutants in drawn.items()]
    longest = max((len(own) for own in jobs), default=0)
    return [own[index] for index in range(longest) for own in jobs if index < len(own)]


def _modules(capability: str) -> list[Path]:
    def owner(path: Path) -> str:
        return next((part for part in path.relative_to(ROOT).parts if part in CAPABILITIES), OTHERS)

    return [path for path in sorted((ROOT / "shared").rglob("*.py")) if "ports" not in path.parts and owner(path) == capability]


def _tests(mutant: Mutant, found: Map) -> list[str]:
    """The quickest that reach its function; of what is done at import, those of whatever the module holds."""
    name = str(mutant.path.relative_to(ROOT / "shared"))
    if mutant.function:
        tests = set(found.reached.get(f"{name}:{mutant.function[1]}", ()))
    else:
        tests = {test for key, all_ in found.reached.items() if key.startswith(f"{name}:") for test in all_}
    chosen: list[str] = []
    seconds = 0.0
    for test in sorted(tests, key=lambda one: found.seconds[one]):
        seconds += found.seconds[test]
        if seconds > LONGEST_TESTS and chosen:
            break
        chosen.append(test)
    return chosen


def _base() -> str:
    """Where this branch left main; on main itself, at most ten commits back. Raises NoHistoryError."""
    for main in ("origin/main", "main"):
        try:
            base = _git("merge-base", "HEAD", main).strip()
        except NoHistoryError:
            continue
        if base != _git("rev-parse", "HEAD").strip():
            return base
    commits = _git("rev-list", "--first-parent", f"--max-count={COMMITS_BACK + 1}", "HEAD").split()
    if len(commits) < 2:
        raise NoHistoryError("this checkout holds a single commit")
    return commits[-1]


def _git(*words: str) -> str:
    git = shutil.which("git")
    if git is None:
        raise NoHistoryError("there is no git")
    done = subprocess.run([git, *words], cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise NoHistoryError(done.stderr.strip() or f"git {words[0]} failed")
    return done.stdout


def _changed(commit: str) -> dict[Path, set[int]]:
    text = _git("diff", "--unified=0", commit, "--", "shared")
    lines: dict[Path, set[int]] = {}
    path = None
    for line in text.splitlines():
        if line.startswith("+++ b/"):
            path = ROOT / line.removeprefix("+++ b/")
        elif path and (hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line)):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            lines.setdefault(path, set()).update(range(start, start + count))
    return lines


def _is_in(changed: dict[Path, set[int]] | None, mutant: Mutant) -> bool:
    return changed is None or mutant.line in changed.get(mutant.path, ())


# -- trying -------------------------------------------------------------------------------------------------------------


def _work(jobs: list[Job], workers: int, ends_at: float, found: Map) -> list[tuple[Job, str]]:
    outcomes = [(job, UNREACHED) for job in jobs if not job.tests]
    waiting = [job for job in jobs if job.tests]
    running: dict[int, Job] = {}
    while waiting or running:
        if time.monotonic() > ends_at:
            waiting.clear()
        while waiting and len(running) < workers:
            job = waiting.pop(0)
            job.ends_at = time.monotonic() + 15 + SLOWER * sum(found.seconds[test] for test in job.tests)
            running[fork(lambda job=job: judge(job.mutant, job.tests))] = job
        outcomes += _ended(running)
        _bar("mutants", len(outcomes), len(jobs))
    return outcomes


def _ended(running: dict[int, Job]) -> Iterator[tuple[Job, str]]:
    """Those that have come to an end; one that hangs is caught, for a test that hangs is noticed."""
    time.sleep(0.02)
    for child, job in list(running.items()):
        if time.monotonic() > job.ends_at:
            os.kill(child, signal.SIGKILL)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            del running[child]
            yield job, MISSED if os.waitstatus_to_exitcode(status) == 0 else CAUGHT


def _bar(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        width = 40 * done // max(total, 1)
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r{what:<12} [{'#' * width}{' ' * (40 - width)}] {done}/{total}{end}")
        sys.stderr.flush()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _report(outcomes: list[tuple[Job, str]], options: argparse.Namespace) -> int:
    _say(f"\n{'capability':<16}{'mutants':>9}{'caught':>9}{'missed':>9}{'unreached':>11}{'share':>8}")
    for capability in [*dict.fromkeys(job.capability for job, _ in outcomes), "all"]:
        own = [what for job, what in outcomes if capability in (job.capability, "all")]
        _say(f"{capability:<16}{len(own):>9}{own.count(CAUGHT):>9}{own.count(MISSED):>9}{own.count(UNREACHED):>11}"
              f"{_share(own):>7.0f}%")  # fmt: skip
    missed = sorted((job for job, what in outcomes if what != CAUGHT), key=lambda job: (str(job.mutant.path), job.mutant.line))
    _say("\nNobody noticed:" if missed else "\nAll were noticed.")
    for job in missed:
        _say(f"  {job.mutant.path.relative_to(ROOT)}:{job.mutant.line}: {job.mutant.what}")
    return int(len(missed) > FORGIVEN and _share([what for _, what in outcomes]) < options.least)


def _share(outcomes: list[str]) -> float:
    return 100 * outcomes.count(CAUGHT) / len(outcomes) if outcomes else 100.0


if __name__ == "__main__":
    sys.exit(main())
