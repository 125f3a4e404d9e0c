"""Changes the product a little, some hundred times, and counts how often a test goes red: `make mutate`.

python -m tools.mutate                          all capabilities, at most 20 minutes
python -m tools.mutate --only qualification     one, and which mutants nobody noticed
python -m tools.mutate --changed main           only lines that differ from that commit
python -m tools.mutate --changed auto           only lines that this branch, or the last commits of main, changed

First the tests run once, to see which statements each reaches; what was seen is kept in .sandbox/mutate, by file of tests.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools.mutate.changes import NoHistoryError, base, changed_lines
from tools.mutate.mutants import Mutant, mutants_of, product
from tools.mutate.reaching import Record, files_of, kept, kept_before, record
from tools.mutate.running import BROKEN, GREEN, NOT_LIVE, ROOT, Job, fork, from_import, on_bench, preload, race

CAPABILITIES = ("campaign", "signup", "contact", "qualification", "referrer", "sync", "connection", "vendor", "operations")
HANDLERS, OTHERS = "functions", "the rest"
ROWS = (*CAPABILITIES, HANDLERS, OTHERS)
FOLDERS = (*(f"tests/unit/{name}" for name in (*CAPABILITIES, "runtime", "console")), "tests/contract")
ROOMS_OF = {HANDLERS: ("operations", "connection", "console"), OTHERS: ("runtime", "contact", "vendor")}
READING = 3_600
"""Seconds after which tests that are read hang."""
FORGIVEN = 2
"""Mutants that may go unnoticed whatever their share: of a handful, one that changes nothing is too many percent."""
CAUGHT, MISSED, UNREACHED = "caught", "missed", "unreached"
LEAST = 0.001
"""CPU seconds that a test takes at least: it is set up."""
AT_IMPORT_FILES = 3
"""Files of tests for a mutant of what is computed at import: each is loaded again."""
Drawn = dict[str, list[Mutant]]
Outcome = tuple[Job, str]


def main() -> int:
    options = _options()
    began = time.monotonic()
    try:
        drawn = _drawn(options)
    except NoHistoryError as error:
        _say(f"Nothing to compare with: {error}")
        return 0
    if options.changed and not drawn:
        _say("No line of the product changed that could be wrong.")
        return 0
    preload()
    records = _records(options, drawn)
    if records is None:
        return 2
    jobs = _jobs(drawn, records, options.longest)
    tests = sum(len(one.tests) for one in records.values())
    _say(f"{tests} tests read in {time.monotonic() - began:.0f} s; {len(jobs)} mutants with the seed {options.seed}")
    outcomes = _work(jobs, options.workers, time.monotonic() + options.minutes * 60)
    _say(f"{len(outcomes)} of them tried in {time.monotonic() - began:.0f} s, the reading of the tests included")
    return _report(outcomes, options) if outcomes else 2


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.mutate", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="which mutants are drawn (default 1)")
    parser.add_argument("--each", type=int, default=60, help="mutants of each capability (default 60)")
    parser.add_argument("--minutes", type=float, default=20, help="the time for the mutants (default 20)")
    parser.add_argument("--longest", type=float, default=10, help="CPU seconds of tests that one mutant gets (default 10)")
    parser.add_argument("--workers", type=int, default=2, help="processes at once (default 2)")
    parser.add_argument("--only", choices=ROWS, help="one row of the table")
    parser.add_argument("--module", default="", help="only modules whose path holds this text, or one of these with commas")
    parser.add_argument("--stale", action="store_true", help="believe what was seen of tests before tests/support changed")
    parser.add_argument("--changed", metavar="COMMIT", help="only on lines that differ from that commit; auto: see above")
    parser.add_argument("--least", type=float, default=0, help="fail when fewer percent are caught")
    return parser.parse_args()


# -- what is tried ------------------------------------------------------------------------------------------------------


def _drawn(options: argparse.Namespace) -> Drawn:
    """By capability, those that are tried."""
    changed = changed_lines(base() if options.changed == "auto" else options.changed) if options.changed else None
    drawn: Drawn = {}
    for capability in [options.only] if options.only else ROWS:
        paths = [path for path in _modules(capability) if any(text in str(path) for text in options.module.split(","))]
        mutants = [mutant for path in paths for mutant in mutants_of(path)]
        mutants = [one for one in mutants if changed is None or one.line in changed.get(one.path, ())]
        if mutants:
            drawn[capability] = sorted(mutants, key=_lots(mutants, options.seed).__getitem__)[: options.each]
    return drawn


def _lots(mutants: list[Mutant], seed: int) -> dict[Mutant, bytes]:
    """Each one's lot hangs on what it is and not on its line: a change of the product leaves nearly all others drawn."""
    alike: Counter[str] = Counter()
    lots = {}
    for one in mutants:
        name = f"{seed} {one.path.relative_to(ROOT)} {one.place.function} {one.what}"
        alike[name] += 1
        lots[one] = hashlib.sha256(f"{name} {alike[name]}".encode()).digest()
    return lots


def _modules(capability: str) -> list[Path]:
    def owner(path: Path) -> str:
        parts = path.relative_to(ROOT).parts
        return HANDLERS if parts[0] == "functions" else next((part for part in parts if part in CAPABILITIES), OTHERS)

    return [path for path in product() if "ports" not in path.parts and owner(path) == capability]


def _records(options: argparse.Namespace, drawn: Drawn) -> dict[str, Record] | None:
    """By file of tests, what its tests reach; None when one of them fails without any mutant. Those of other rooms than the
    mutants' own count as they were read last, if ever."""
    found = {file: kept(file, stale=options.stale) for file in files_of(FOLDERS)}
    rooms = {"contract"} | {name for capability in drawn for name in ROOMS_OF.get(capability, (capability,))}
    missing = [file for file, one in found.items() if one is None and rooms.intersection(Path(file).parts)]
    parts = [missing[number :: options.workers] for number in range(options.workers)]
    works = [lambda part=part: record(part) for part in parts if part]
    red = [code for _, code in race(works, [READING] * len(works), options.workers, time.monotonic() + READING) if code]
    found |= {file: kept(file) for file in missing}
    if red:
        files = "".join(f"\n  {file}" for file in missing if found[file] is None)
        _say(f"The tests are not green as they are. Mend that first:{files}")
        return None
    found |= {file: kept_before(file) for file, one in found.items() if one is None}
    return {file: one for file, one in found.items() if one is not None}


def _jobs(drawn: Drawn, records: dict[str, Record], longest: float) -> list[Job]:
    """In turn of each capability, so that whenever the time is up, each had its share."""
    jobs = [[_job(one, capability, records, longest) for one in mutants] for capability, mutants in drawn.items()]
    most = max((len(own) for own in jobs), default=0)
    return [own[index] for index in range(most) for own in jobs if index < len(own)]


def _job(mutant: Mutant, capability: str, records: dict[str, Record], longest: float) -> Job:
    """Tests that reach its statement. Half of the time is for those of the file that is called as the module is. A quick test
    comes before a slow one, and counts as slower for each that goes the same way through the function, and for each case of
    the same test function that does."""
    ways = {test: way for one in records.values() for test, way in one.reaching(mutant).items()}
    seconds = {test: max(one.tests[test], LEAST) for one in records.values() for test in one.tests if test in ways}
    cases: Counter[tuple[frozenset[str], str]] = Counter()
    by_case = []
    for test in sorted(seconds, key=lambda one: seconds[one]):
        case = (ways[test], test.split("[")[0])
        cases[case] += 1
        by_case.append((cases[case] * seconds[test], test))
    places: Counter[frozenset[str]] = Counter()
    order = []
    for dear, test in sorted(by_case):
        places[ways[test]] += 1
        order.append((places[ways[test]] * dear, test))
    ranked = [test for _, test in sorted(order)]
    own = [test for test in ranked if test.split("::")[0].endswith(f"/test_{mutant.path.stem}.py")]
    job = Job(mutant, capability, [])
    for most, tests in ((longest / 2, own), (longest, ranked)):
        for test in [one for one in tests if one not in job.tests]:
            if not job.tests or job.seconds + seconds[test] <= most:
                job.tests.append(test)
                job.seconds += seconds[test]
    return job


# -- trying -------------------------------------------------------------------------------------------------------------


def _work(jobs: list[Job], workers: int, ends_at: float) -> list[Outcome]:
    outcomes = [(job, UNREACHED) for job in jobs if not job.tests]
    reached = [job for job in jobs if job.tests]
    for_import: list[Job] = []
    for number, code in _benched(reached, workers, ends_at):
        if code == NOT_LIVE:
            for_import.append(reached[number])
        else:
            outcomes.append((reached[number], _outcome(code)))
        _bar(outcomes, len(jobs))
    works = [lambda job=job: from_import(job.mutant, _of_few_files(job.tests)) for job in for_import]
    for number, code in race(works, [60 + job.cpu for job in for_import], workers, ends_at):
        outcomes.append((for_import[number], _outcome(code)))
        _bar(outcomes, len(jobs))
    return outcomes


def _outcome(code: int) -> str:
    """One that hangs is caught, for a test that hangs is noticed."""
    return MISSED if code in (GREEN, BROKEN) else CAUGHT


def _benched(jobs: list[Job], workers: int, ends_at: float) -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()

    def say(number: int, code: int) -> None:
        os.write(writing, f"{number} {code}\n".encode())

    child = fork(lambda: on_bench(jobs, workers, ends_at, say))
    os.close(writing)
    with os.fdopen(reading) as lines:
        for line in lines:
            number, code = line.split()
            yield int(number), int(code)
    os.waitpid(child, 0)


def _of_few_files(tests: list[str]) -> list[str]:
    files = list(dict.fromkeys(test.split("::")[0] for test in tests))[:AT_IMPORT_FILES]
    return [test for test in tests if test.split("::")[0] in files]


def _bar(outcomes: list[Outcome], total: int) -> None:
    """A log gets a line each tenth instead."""
    done = len(outcomes)
    if sys.stderr.isatty():
        width = 40 * done // max(total, 1)
        end = "\n" if done == total else ""
        sys.stderr.write(f"\rmutants [{'#' * width}{' ' * (40 - width)}] {done}/{total}{end}")
        sys.stderr.flush()
    elif done * 10 // total > (done - 1) * 10 // total:
        _say(f"{done} of {total} tried, {sum(what != CAUGHT for _, what in outcomes)} of them unnoticed")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _report(outcomes: list[Outcome], options: argparse.Namespace) -> int:
    _say(f"\n{'capability':<16}{'mutants':>9}{'caught':>9}{'missed':>9}{'unreached':>11}{'share':>8}")
    for capability in [*dict.fromkeys(job.capability for job, _ in outcomes), "all"]:
        own = [what for job, what in outcomes if capability in (job.capability, "all")]
        _say(f"{capability:<16}{len(own):>9}{own.count(CAUGHT):>9}{own.count(MISSED):>9}{own.count(UNREACHED):>11}"
              f"{_share(own):>7.0f}%")  # fmt: skip
    missed = sorted((job for job, what in outcomes if what != CAUGHT), key=lambda job: (str(job.mutant.path), job.mutant.line))
    _say("\nNobody noticed:" if missed else "\nAll were noticed.")
    for job in missed:
        reached = "" if job.tests else " (no test reaches it)"
        _say(f"  {job.mutant.path.relative_to(ROOT)}:{job.mutant.line}: {job.mutant.what}{reached}")
    return int(len(missed) > FORGIVEN and _share([what for _, what in outcomes]) < options.least)


def _share(outcomes: list[str]) -> float:
    return 100 * outcomes.count(CAUGHT) / len(outcomes) if outcomes else 100.0


if __name__ == "__main__":
    sys.exit(main())
