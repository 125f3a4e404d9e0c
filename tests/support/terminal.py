"""Somebody at a terminal: bash commands run in a pseudo-terminal, their questions answered."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence


def run_in_terminal(
    script: str, environment: Mapping[str, str], answers: Sequence[tuple[str, str]], timeout: float = 60.0
) -> tuple[int, str]:
    """The exit code and all that was shown. Each time the screen ends with an answer's first text, its second is typed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-euc", script], stdin=theirs, stdout=theirs, stderr=theirs, env=dict(environment), start_new_session=True,
        preexec_fn=_take_terminal,
    )  # fmt: skip
    os.close(theirs)
    shown, seen, deadline = "", 0, time.monotonic() + timeout
    try:
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    piece = os.read(ours, 4096)
                except OSError:  # the terminal is closed
                    break
                if not piece:
                    break
                shown += piece.decode("utf-8", "replace")
            for question, answer in answers:
                if shown[seen:].endswith(question):
                    seen = len(shown)
                    os.write(ours, f"{answer}\n".encode())
        return process.wait(timeout=5), shown.replace("\r\n", "\n")
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _take_terminal() -> None:
    """The pseudo-terminal is this process's own, so that a secret is asked for there and nowhere else."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
