"""Which lines of the product changed, as git knows."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tools.mutate.mutants import PRODUCT, ROOT

COMMITS_BACK = 10


class NoHistoryError(Exception):
    """There is nothing to compare with, so no changes are known; the text says why."""


def base() -> str:
    """Where this branch left main; on main itself, at most ten commits back. Raises NoHistoryError."""
    for main in ("origin/main", "main"):
        try:
            left = git("merge-base", "HEAD", main).strip()
        except NoHistoryError:
            continue
        if left != git("rev-parse", "HEAD").strip():
            return left
    commits = git("rev-list", "--first-parent", f"--max-count={COMMITS_BACK + 1}", "HEAD").split()
    if len(commits) < 2:
        raise NoHistoryError("this checkout holds a single commit")
    return commits[-1]


def git(*words: str) -> str:
    program = shutil.which("git")
    if program is None:
        raise NoHistoryError("there is no git")
    done = subprocess.run([program, *words], cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise NoHistoryError(done.stderr.strip() or f"git {words[0]} failed")
    return done.stdout


def changed_lines(commit: str) -> dict[Path, set[int]]:
    text = git("diff", "--unified=0", commit, "--", *PRODUCT)
    lines: dict[Path, set[int]] = {}
    path = None
    for line in text.splitlines():
        if line.startswith("+++ b/"):
            path = ROOT / line.removeprefix("+++ b/")
        elif path and (hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line)):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            lines.setdefault(path, set()).update(range(start, start + count))
    return lines
