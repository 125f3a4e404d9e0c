"""Whose create in Intercom may have happened without anybody having noted it: what alone excuses a lead that comes late.

Seen from outside the application: its reservation in the table, its call, and the end of its process.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from shared.domain.person import fold_email
from tests.simulation.aws.boundary import Flavour
from tests.simulation.loop import Task


class LostCreates:
    """``times``: folded address → how many of its creates were lost."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self._reserved: dict[Task, str] = {}

    def saw_write(self, task: Task | None, key: str, request: Mapping[str, Any], flavour: Flavour | None) -> None:
        """A write to the table by a process; ``key``: the item's partition."""
        if task is None or not key.startswith("PERSON#"):
            return
        if ":reservation" in request.get("ExpressionAttributeValues", {}):
            self._reserved[task] = key.split("#", 2)[2]
        elif flavour is None and "reservation" in request.get("UpdateExpression", ""):
            self._reserved.pop(task, None)
        if flavour is not None:
            self._lost(task)

    def saw_unanswered(self, task: Task | None, body: bytes) -> None:
        """A create whose answer said nothing."""
        if task in self._reserved:
            self._lost(task)
        else:
            self.times[fold_email(json.loads(body)["email"])] += 1

    def ended(self, task: Task, *, killed: bool) -> None:
        """A process ended, or its invocation."""
        if killed:
            self._lost(task)
        self._reserved.pop(task, None)

    def _lost(self, task: Task | None) -> None:
        """Once for each reservation."""
        email = self._reserved.pop(task, None) if task else None
        if email is not None:
            self.times[email] += 1
