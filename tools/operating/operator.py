"""The person at the keyboard: who they are, what they are asked."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from dataclasses import dataclass

from shared.errors import ApplicationError


class OperatingError(ApplicationError):
    """Something that the operator can mend; the message says what."""


def _read_hidden(prompt: str) -> str:
    """Without showing it; from a pipe, its first line."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class Operator:
    """``name``: what the console shows of what was begun here; the audit has the whole name. ``sure``: said ``--yes``.
    ``ask`` None: nobody is there to answer."""

    name: str = "an operator"
    sure: bool = False
    ask: Callable[[str], str] | None = None
    read_hidden: Callable[[str], str] = _read_hidden

    @classmethod
    def at_keyboard(cls, *, sure: bool) -> Operator:
        return cls(sure=sure, ask=input if sys.stdin.isatty() else None)

    def confirm(self, question: str) -> None:
        """Raises OperatingError unless the operator agrees."""
        if self.sure:
            return
        if self.ask is None:
            raise OperatingError(f"Nothing was changed. {question} If so, repeat with --yes.")
        if self.ask(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
            raise OperatingError("Nothing was changed.")

    def secret(self, what: str) -> str:
        """One line that is not shown. Raises OperatingError when it is empty."""
        given = self.read_hidden(f"{what} (it is not shown): ").strip()
        if not given:
            raise OperatingError("Nothing was entered, and nothing was changed.")
        return given
