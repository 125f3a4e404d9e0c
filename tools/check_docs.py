"""``make lint``: no line of the documents is over 120 characters, and none uses a word of ``tools/words.py``, nor do texts for
users, docstrings, comments, tests' names, and names in the code.

A table's row cannot be broken in Markdown, nor an address or a command in a block, so those may be longer.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.words import NAMED_BY_OTHERS, NAMES, READ_BY_ENGINEERS, READ_BY_USERS, WORDS

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 120
CODE = ("functions", "shared", "tools", "sandbox", "bench", "tests")
TEXTS = ("shared/domain/**/*.py", "shared/use_cases/**/*.py", "functions/admin_api/**/*.py", "tools/operating/*.py")
PAGES = ("functions/console/files/**/*.js",)
UNCHECKED = frozenset({"decisions.md"})
"""A record: entries stay as they were written, and branches merge it by union."""


def documents() -> list[Path]:
    return sorted(path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")) if path.name not in UNCHECKED)


_BEGINS = re.compile(r"\s*$|[|#<]|\s*(?:[*+-] |\d+\. |> )")
"""What ends the paragraph before it."""
SHORT = 50
"""Characters under which a line that is not its paragraph's last was left over from a break."""


def problems(text: str) -> Iterator[tuple[int, str]]:
    """Line number and what is wrong with it."""
    in_block = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            in_block = not in_block
        unbreakable = in_block or line.startswith("|") or " " not in line.strip()
        if len(line) > LONGEST and not unbreakable:
            yield number, f"{len(line)} characters, at most {LONGEST}; `python -m tools.check_docs --wrap` breaks it"
        for word, better in WORDS.items():
            if not in_block and re.search(rf"\b{re.escape(word.strip())}\b", line, re.IGNORECASE):
                yield number, f"{word.strip()!r}: {better}"


_COMMENT = re.compile(r"(?:^|\s)# (.*)")
_SCRIPT_TEXT = re.compile(r'"([^"]*)"|`([^`]*)`')


def user_texts() -> Iterator[tuple[Path, int, str]]:
    """File, line and text: sentences in Python's literals (not docstrings and log events, which begin small), in the console's
    scripts, in the descriptions of the template, and the user's guide."""
    for pattern in TEXTS:
        for path in sorted(ROOT.glob(pattern)):
            tree = ast.parse(path.read_text("utf-8"))
            documents_ = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents_:
                    yield path, node.lineno, node.value
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if not line.lstrip().startswith(("//", "*", "/*")):
                    yield from ((path, number, found[1] or found[2] or "") for found in _SCRIPT_TEXT.finditer(line))
    for path, mark in ((ROOT / "template.yaml", "Description:"), (ROOT / "docs" / "configure.md", "")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if mark in line:
                yield path, number, line


def engineers_texts() -> Iterator[tuple[Path, int, str]]:
    """File, line and text: docstrings, comments, and each test's name with blanks between its words."""
    for path in sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts):
        source = path.read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                yield path, node.lineno, " ".join(node.value.value.split())
            elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield path, node.lineno, node.name.replace("_", " ")
        for number, line in enumerate(source.splitlines(), 1):
            if match := _COMMENT.search(line):
                yield path, number, match[1]


def named_things() -> Iterator[tuple[Path, int, str]]:
    """File, line and name of modules, classes, functions, arguments and variables."""
    for path in sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts):
        yield path, 1, path.stem
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield path, node.lineno, node.name
            elif isinstance(node, ast.arg):
                yield path, node.lineno, node.arg
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield path, node.lineno, node.id


def name_problems(name: str) -> Iterator[str]:
    """A test's name is a sentence, and read as one."""
    parts = {part.lower() for part in re.findall(r"[A-Z]?[a-z]+", name)}
    if name not in NAMED_BY_OTHERS and not name.startswith("test_"):
        yield from (f"the name {name}: {NAMES[part]}" for part in sorted(parts & NAMES.keys()))


def engineers_problems(text: str) -> Iterator[str]:
    """None: `None` is a value and none a word, so the case counts."""
    for word, better in {**WORDS, **READ_BY_ENGINEERS}.items():
        if found := re.search(rf"\b(?:{word.strip()})\b", text):
            yield f"{found[0]!r}: {better}"


def word_problems(text: str) -> Iterator[str]:
    """What a user would stumble over. One word alone is an identifier, not a text."""
    for word, better in {**WORDS, **READ_BY_USERS}.items():
        if " " in text.strip() and re.search(rf"\b{re.escape(word.strip())}\b", text, re.IGNORECASE):
            yield f"{word.strip()!r}: {better}"


def wrap(text: str) -> str:
    """The same text, with each paragraph filled again that has a line too long, or a short one before its end: what Markdown
    shows does not change."""
    lines: list[str] = []
    paragraph: list[str] = []
    in_block = False
    for line in [*text.splitlines(), ""]:
        fence = line.lstrip().startswith("```")
        if fence or in_block or _BEGINS.match(line):
            lines += _filled(paragraph)
            paragraph = []
        in_block = in_block != fence
        if fence or in_block or not line.strip() or line.startswith(("|", "#", "<")):
            lines.append(line)
        else:
            paragraph.append(line)
    return "\n".join(lines[:-1]) + "\n"


def _filled(paragraph: list[str]) -> Iterator[str]:
    """A line that ends in two blanks is broken on purpose."""
    ragged = any(len(line) < SHORT for line in paragraph[:-1]) or any(len(line) > LONGEST for line in paragraph)
    if not ragged or any(line.endswith("  ") for line in paragraph):
        return iter(paragraph)
    return _broken(" ".join([paragraph[0].rstrip(), *(line.strip() for line in paragraph[1:])]))


def _broken(line: str) -> Iterator[str]:
    """A list's further lines are indented like its text. A line never begins with what Markdown would read as markup."""
    indent = " " * len(match[0]) if (match := re.match(r"\s*(?:[*+-] |\d+\. |> )?", line)) else ""
    while len(line) > LONGEST:
        ends = [at.start() for at in re.finditer(r" (?![-+*#>|=]|\d+[.)] )", line) if len(indent) < at.start() <= LONGEST]
        if not ends or line[: ends[-1]].strip() == "":
            break
        yield line[: ends[-1]].rstrip()
        line = indent + line[ends[-1] :].strip()
    yield line


def main(arguments: list[str]) -> int:
    found = 0
    for path in documents():
        text = path.read_text("utf-8")
        if arguments == ["--wrap"]:
            text = wrap(text)
            path.write_text(text, "utf-8")
        for number, problem in problems(text):
            found += 1
            sys.stderr.write(f"{path.relative_to(ROOT)}:{number}: {problem}\n")
    for path, number, text in user_texts():
        for problem in word_problems(text):
            found += 1
            sys.stderr.write(f"{path.relative_to(ROOT)}:{number}: {problem}\n")
    for path, number, text in engineers_texts():
        for problem in engineers_problems(text):
            found += 1
            sys.stderr.write(f"{path.relative_to(ROOT)}:{number}: {problem}\n")
    for path, number, name in named_things():
        for problem in name_problems(name):
            found += 1
            sys.stderr.write(f"{path.relative_to(ROOT)}:{number}: {problem}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
