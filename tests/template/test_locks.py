"""Everything that ships or runs is pinned with its hashes, and nothing is installed beside that."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.template.reading import ROOT

LOCKS = {
    "shared/requirements.txt": "requirements-shipped.in",
    "requirements.txt": "requirements.in",
    "tests/browser/requirements.txt": "tests/browser/requirements.in",
    "sandbox/ministack-requirements.txt": "sandbox/ministack-requirements.in",
    "sandbox/run-requirements.txt": "sandbox/run-requirements.in",
    "tools/requirements-audit.txt": "tools/requirements-audit.in",
    "tools/requirements-check.txt": "tools/requirements-check.in",
    "tools/requirements-guard.txt": "tools/requirements-guard.in",
    "tools/requirements-lock.txt": "tools/requirements-lock.in",
    "tools/requirements-sam.txt": "tools/requirements-sam.in",
}
"""Each lock file and what it is made of."""
PARTS = ("tests/requirements.in", "sandbox/requirements.in")
_PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([\w.]+)")


def names(text: str) -> dict[str, set[str]]:
    """The pinned packages and their versions; two for a package that depends on the interpreter."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if match := _PINNED.match(line):
            found.setdefault(re.sub(r"[-_.]+", "-", match[1]).lower(), set()).add(match[2])
    return found


def asked(place: str) -> dict[str, set[str]]:
    text = (ROOT / place).read_text()
    others = [asked(str(Path(place).parent / line[3:].strip())) for line in text.splitlines() if line.startswith("-r ")]
    return {name: versions for one in (names(text), *others) for name, versions in one.items()}


def test_every_requirements_file_is_a_lock_or_what_one_is_made_of() -> None:
    folders = (ROOT, *(ROOT / name for name in ("functions", "shared", "sandbox", "tests", "tools", "bench")))
    files = [path for folder in folders for path in (folder.glob("*") if folder == ROOT else folder.rglob("*"))]
    made_up = ROOT / "tests/integration/echo"  # a test's own layer, of what is installed already
    here = {
        str(path.relative_to(ROOT))
        for path in files
        if re.fullmatch(r".*requirements.*\.(txt|in)", path.name) and made_up not in path.parents
    }
    assert here == {*LOCKS, *LOCKS.values(), *PARTS}

    made = re.findall(r"^lock (\S+) (\S+)", (ROOT / "tools/lock.sh").read_text(), re.MULTILINE)
    assert {lock: source for source, lock in made} == LOCKS


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_a_hash_for_each_package_and_what_was_asked_for(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = [line for line in re.sub(r"#.*", "", text).replace("\\\n", " ").splitlines() if line.strip()]
    form = re.compile(rf"{_PINNED.pattern}( ; [^-]*)?(\s+--hash=sha256:[0-9a-f]{{64}})+\s*")

    assert [entry for entry in entries if not form.fullmatch(entry)] == []

    wanted = asked(LOCKS[lock])
    assert wanted
    assert {name: names(text).get(name) for name in wanted} == wanted


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place_that_packages_come_from(lock: str) -> None:
    assert re.findall(r"(?m)^-\S.*$|\S*(?:://|/simple|@ ).*", (ROOT / lock).read_text()) == []


@pytest.mark.parametrize("source", [*LOCKS.values(), *PARTS])
def test_what_is_asked_for_is_pinned(source: str) -> None:
    lines = [line.strip() for line in (ROOT / source).read_text().splitlines()]
    assert [
        line for line in lines if line and not line.startswith(("#", "-r ")) and not _PINNED.fullmatch(line.partition(" ; ")[0])
    ] == []


@pytest.mark.parametrize("lock", ["requirements.txt", "tests/browser/requirements.txt", "sandbox/run-requirements.txt"])
def test_all_runs_on_the_versions_that_ship(lock: str) -> None:
    ships, here = (names((ROOT / place).read_text()) for place in ("shared/requirements.txt", lock))
    assert {name: here.get(name) for name in ships} == ships


def test_what_ships_is_what_it_needs_and_no_more() -> None:
    ships = names((ROOT / "shared/requirements.txt").read_text())
    assert needed_by(set(asked("requirements-shipped.in"))) == set(ships)


IMPORT_ALL = """
import importlib, importlib.metadata, json, sys
modules, left_out = map(json.loads, sys.argv[1:])
whose = {name: {one.lower() for one in packages} for name, packages in importlib.metadata.packages_distributions().items()}
sys.modules |= {name: None for name, packages in whose.items() if packages <= {*left_out}}
before = set(sys.modules)
for name in modules:
    importlib.import_module(name)
print(json.dumps(sorted({one for name in {*sys.modules} - before for one in whose.get(name.partition(".")[0], ())})))
"""
BEGUN_LATER = ("samtranslator.translator.transform", "tests.simulation.prove", "tools.operate", "tools.doctor.__main__")
MINISTACK = ("ministack.app", "ministack.core.lambda_runtime", "ministack.services.cloudformation.provisioners")
"""It loads services as they are called; the last one makes the template's resources, and loads all that these need."""
LEFT_OUT = {
    name for line in (ROOT / "sandbox/run-left-out.txt").read_text().splitlines() if (name := line.partition("#")[0].strip())
}


def imported_by(interpreter: str, modules: Iterable[str]) -> set[str]:
    """The packages that these modules load where those left out of .venv-run are missing."""
    call = [interpreter, "-c", IMPORT_ALL, json.dumps([*modules]), json.dumps([*LEFT_OUT])]
    called = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert called.returncode == 0, called.stderr
    return {re.sub(r"[-_.]+", "-", name) for name in json.loads(called.stdout)}


def test_make_run_and_what_is_called_beside_it_install_what_they_import_and_no_more() -> None:
    files = [path.relative_to(ROOT) for path in (ROOT / "sandbox").rglob("*.py") if path.parent.name != "guarded_ministack"]
    modules = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files]
    imported = imported_by(sys.executable, [*modules, *BEGUN_LATER])

    locked, ships = (
        set(names((ROOT / name).read_text())) for name in ("sandbox/run-requirements.txt", "shared/requirements.txt")
    )

    assert {"boto3", "jinja2", "pyjwt", "pydantic"} <= imported
    assert imported - locked <= {"simplejson", "jsonpointer", "rfc3339-validator"}, "taken where they are there"

    imported |= imported_by(str(ROOT / ".venv-ministack/bin/python"), MINISTACK)

    assert locked - imported - ships == {"colorama"}, "tqdm's on Windows, and installed there alone"
    assert locked.isdisjoint(LEFT_OUT)
    assert f"installs {len(locked) - 1} packages" in (ROOT / "README.md").read_text()

    targets = (ROOT / "Makefile").read_text()
    for target in ("on-call", "run", "prove", "demo", "token", "logs", "break"):
        assert re.search(rf"^{target}: \$\(RUN\) ##", targets, re.MULTILINE), target


def test_whoever_is_on_call_installs_no_more_than_make_run() -> None:
    """What `tools.operate` and `tools.doctor` import is compared above."""
    page = (ROOT / "docs/runbook.md").read_text()

    assert "`make on-call` installs it" in page
    assert set(re.findall(r"([^\s`]*)python -m (tools\.\w+)", page)) == {
        (".venv-run/bin/", "tools.operate"),
        (".venv-run/bin/", "tools.doctor"),
    }

    [size] = re.findall(r"first installs \d+ packages, (\d+ MB)", (ROOT / "README.md").read_text())
    assert size in " ".join(page.split())
    assert size in (ROOT / "Makefile").read_text()


def test_nothing_is_installed_but_from_a_lock_and_nothing_is_built_for_it() -> None:
    """The build itself calls pip twice: once it compares hashes, then it finds only what that brought. What lints the console's
    scripts is npm's, by a lock file with hashes too."""
    places = [ROOT / "Makefile", ROOT / ".ci/run", *(ROOT / ".github/workflows").iterdir(), *(ROOT / "tools").glob("*.sh")]
    calls = {
        (place.name, line.strip())
        for place in places
        for line in place.read_text().splitlines()
        if re.search(r"pip3? (install|download)|\bnpm (install|i|ci)\b|\bnpx\b|\b(curl|wget)\b|uvx|pipx", line)
    }
    [of_npm] = [line for name, line in calls if name == "Makefile"]
    assert "npm ci --prefix $(SCRIPTS) --ignore-scripts" in of_npm

    locked = json.loads((ROOT / "tools/console/package-lock.json").read_text())["packages"]
    assert all("integrity" in package for name, package in locked.items() if name)
    assert {name for name, _ in calls} == {"build.sh", "Makefile"}

    downloading, installing = sorted(line for name, line in calls if name == "build.sh")
    assert "--require-hashes --no-deps --only-binary :all:" in downloading
    assert "--no-deps --target" in installing

    build = (ROOT / "tools/build.sh").read_text()
    assert build.index(downloading) < build.index("export PIP_NO_INDEX=1 PIP_FIND_LINKS=") < build.index(installing)
    assert '("--require-hashes", "--no-deps", "--only-binary", ":all:")' in (ROOT / "tools/install_requirements.py").read_text()


def test_what_continuous_integration_runs_is_named_by_commit() -> None:
    used = re.findall(r"uses: (\S+)", "".join(path.read_text() for path in (ROOT / ".github/workflows").iterdir()))
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one)] == []


def needed_by(packages: set[str]) -> set[str]:
    """These and what they need, directly or not, as installed here; extras apart."""
    needed: set[str] = set()
    waiting = [*packages]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name not in needed:
            needed.add(name)
            requires = importlib.metadata.requires(name) or []
            waiting += [match[0] for one in requires if "extra ==" not in one and (match := re.match(r"[\w.-]+", one))]
    return needed
