"""Each command in the documents is one that works: its target, module, subcommand and options are there. What is run as it is
printed is named with the test that runs it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.commands import breaking, campaigns, syncs
from sandbox.stack import run
from tests.simulation import __main__ as simulation
from tools import operate
from tools.doctor import __main__ as doctor

ROOT = Path(__file__).parents[2]
LEFT_OUT = {"decisions.md": "a record: commands of their day", "CHANGELOG.md": "no commands", "THIRD-PARTY-NOTICES.md": "none"}
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))

PARSERS: dict[str, Callable[[list[str]], object]] = {
    "tools.operate": lambda given: operate.parser().parse_args(["--stack", "x", *given]),
    "tools.doctor": lambda given: doctor._parser().parse_args(given),
    "sandbox campaigns": lambda given: campaigns._parser().parse_args(given),
    "sandbox sync": lambda given: syncs._parser().parse_args(given),
    "sandbox break": lambda given: breaking._parser().parse_args(given),
    "sandbox run": lambda given: run._parser().parse_args(given),
    "tests.simulation": lambda given: simulation._parser().parse_args(given),
    "tools.check_docs": lambda given: given == ["--wrap"] or pytest.fail("only --wrap"),
    "tools.render_help": lambda given: given == [] or pytest.fail("no options"),
}
"""Module → what reads its arguments, as its ``main`` does."""
NOT_RUN = {
    "aws cloudformation describe-stacks": "tests/integration/test_doctor.py asks as much of the local stack",
    "aws configure": "writes to the machine",
    "aws sso login": "needs an AWS account",
    "aws sts get-caller-identity": "needs an AWS account",
    "aws cognito-idp": "needs a user pool on AWS; the local stack's sign-in has its people already",
    "aws dynamodb": "backups and deletion protection are on AWS alone; tests/unit/operations/test_restore.py restores",
    "aws lambda": "goes back to a version on AWS; the local stack has one",
    "sam local": "needs Docker",
    "sam build": "what make build calls, in CI where there is Python 3.13",
    "sam deploy": "needs an AWS account",
    "curl": "tests/integration/test_runbook.py runs it",
    "git": "no command of ours",
    "pre-commit install": "no command of ours: .pre-commit-config.yaml calls make",
    "pip": "no command of ours",
    "pytest": "its path is checked below",
}
"""How a command begins → why this test only knows it."""
PLACEHOLDERS = {"CAMPAIGN": "1", "USER": "42", "EMAIL": "ada@example.com", "SEED": "1", "NAME": "burst", "<campaign>": "1"}
BEGINS = re.compile(r"(?:[A-Z][A-Z_]*=\S+\s+)*(?:make|(?:\.venv(?:-run)?/bin/)?python3?|operate|curl|aws|sam|pytest)(?:\s|$)")


def documents() -> list[Path]:
    return sorted(path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")) if path.name not in LEFT_OUT)


def commands(text: str) -> Iterator[str]:
    """Of blocks, line by line with continuations joined, and of inline code."""
    block: str | None = None
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            if block is not None:
                yield from (one.strip() for one in block.replace("\\\n", " ").splitlines() if BEGINS.match(one.strip()))
            block = "" if block is None else None
        elif block is not None:
            block += line + "\n"
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for inline in re.findall(r"`([^`]+)`", prose):
        if BEGINS.match(one := " ".join(inline.split())):
            yield one


def problem_of(command: str) -> str | None:
    """Why it would not work; None: it would, or it is known why it is not tried."""
    for begin in NOT_RUN:
        if command == begin or command.startswith((f"{begin} ", f"{begin}=")):
            return None
    words = shlex.split(command.replace("\\|", "|").replace("…", "x"), comments=True)
    while words and re.fullmatch(r"[A-Z][A-Z_]*=\S*", words[0]):  # the environment
        words.pop(0)
    words = [PLACEHOLDERS.get(word, word) for word in words]
    if not words:
        return None
    if words[0] == "make":
        return _of_make(words[1:])
    if words[0] == "operate":
        words = ["python", "-m", "tools.operate", *words[1:]]
    if words[1:2] == ["-m"]:
        return _of_module(words[2:])
    return f"unknown kind of command: {command}"


def _of_make(words: list[str]) -> str | None:
    targets = [word for word in words if "=" not in word and not word.startswith("-")]
    missing = [target for target in targets if target not in TARGETS]
    names = [word.partition("=")[0] for word in words if "=" in word]
    unread = [name for name in names if f"$({name})" not in MAKEFILE]
    return f"no target {missing}" if missing else f"make reads no {unread}" if unread else None


def _of_module(words: list[str]) -> str | None:
    for choice in words[1].split("|") if len(words) > 1 and "|" in words[1] else [""]:
        given = [words[0], *([choice] if choice else words[1:2]), *words[2:]]
        name = " ".join(given[:2]) if " ".join(given[:2]) in PARSERS else given[0]
        if name not in PARSERS:
            return f"nobody reads the arguments of {given[0]}: add it to PARSERS"
        rest = given[len(name.split()) :]
        if not rest and name == "tools.operate":
            continue  # the command as such
        if rest == ["set-token"]:
            rest = ["set-token", "intercom"]
        try:
            PARSERS[name]([part for one in rest for part in (one.split("|")[:1] if "|" in one else [one])])
        except SystemExit:
            return f"{name} does not take {rest}"
    return None


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_each_command_is_one_that_works(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = {command: problem for command in commands(path.read_text("utf-8")) if (problem := problem_of(command))}
    assert found == {}, capsys.readouterr().err


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_each_path_that_a_document_names_is_there(path: Path) -> None:
    rooms = "tests|tools|shared|functions|sandbox|docs|bench|events|campaigns"
    named = set(re.findall(rf"`((?:{rooms})/[\w./-]+\w)(?:::\w+)?`", path.read_text("utf-8")))
    gone = [name for name in sorted(named) if not (ROOT / name).exists() and "<" not in name]
    assert gone == []


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("make dance", "no target"),
        ("make simulate SEED=3", "make reads no"),
        ("operate dance", "does not take"),
        ("operate log", "does not take"),
        ("python -m tools.nothing", "nobody reads"),
        (".venv/bin/python -m sandbox campaigns burn", "does not take"),
        ("python -m tests.simulation --seasons 3", "does not take"),
        ("make run PORT=9000", ""),
        ("operate sync show <campaign>", ""),
        ("python -m sandbox campaigns diff\\|load\\|delete", ""),
    ],
)
def test_a_command_that_would_not_work_is_seen(command: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    problem = problem_of(command)
    assert (word in problem) if problem is not None and word else problem is None and not word


def test_the_documents_have_commands() -> None:
    count = sum(1 for path in documents() for _ in commands(path.read_text("utf-8")))
    assert count > 80
