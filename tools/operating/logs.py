"""What a function's log says, read from CloudWatch Logs without the AWS CLI."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws import code_of
from tools.operating.deployment import Deployment
from tools.operating.operator import OperatingError

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_PLATFORM = ("START ", "END ", "REPORT ", "INIT_START ")
_SHOWN_ELSEWHERE = frozenset({"level", "message", "timestamp", "location", "service", "function_request_id", "exception_name"})
PATTERN = '?"ERROR" ?"Task timed out" ?"Traceback" ?"Runtime exited"'
"""What a crash, a time-out and a line of level ERROR have in common."""


@dataclass(frozen=True, slots=True)
class Line:
    """``at`` in epoch seconds; ``said``: the line of our own logger, empty for the platform's and metrics."""

    at: float
    text: str
    said: Mapping[str, Any]

    @property
    def is_error(self) -> bool:
        level = self.said.get("level", "")
        return level in ("ERROR", "CRITICAL") if level else any(word in self.text for word in ("Task timed out", "Traceback"))

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
        return f"{when}  {self.summary}"

    @property
    def summary(self) -> str:
        if not self.said:
            return self.text
        fields = " ".join(f"{name}={value}" for name, value in self.said.items() if name not in _SHOWN_ELSEWHERE)
        return f"{self.said.get('level', ''):<7}  {self.said.get('message', '')}  {fields}".rstrip()


def seconds_of(text: str) -> float:
    """``90s``, ``30m``, ``3h``, ``2d``. Raises OperatingError."""
    match = re.fullmatch(r"(\d{1,5})([smhd])", text)
    if match is None:
        raise OperatingError(f"{text} is no length of time: write for example 30m, 3h or 2d.")
    return int(match[1]) * float(_UNITS[match[2]])


def read_log(deployment: Deployment, function: str, since: float, *, errors: bool = False) -> Iterator[Line]:
    """Oldest first, from ``since`` (epoch seconds) on."""
    pages = deployment.client("logs").get_paginator("filter_log_events")
    wanted = {"logGroupName": deployment.log_group(function), "startTime": int(since * 1000)}
    try:
        for page in pages.paginate(**wanted, **({"filterPattern": PATTERN} if errors else {})):
            for event in page.get("events", []):
                line = line_of(event["timestamp"] / 1000, event["message"].rstrip("\n"))
                if line is not None and (line.is_error or not errors):
                    yield line
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":  # a function that never ran has no group
            raise


def line_of(at: float, text: str) -> Line | None:
    """None for what the platform says of each invocation, and for metrics."""
    if not text or text.startswith(_PLATFORM):
        return None
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return Line(at, text, {})
    return None if "_aws" in document or str(document.get("type", "")).startswith("platform.") else Line(at, text, document)


def show_log(deployment: Deployment, function: str, since: str, *, errors: bool) -> Iterator[str]:
    begin = deployment.environment.clock.now() - seconds_of(since)
    lines = 0
    for line in read_log(deployment, function, begin, errors=errors):
        lines += 1
        yield str(line)
    if not lines:
        yield f"{function} has logged {'no error' if errors else 'nothing'} in the last {since}."


def show_functions(deployment: Deployment) -> Iterator[str]:
    """When each function last ran, and its last error within a day."""
    now = deployment.environment.clock.now()
    for name in sorted(deployment.functions):
        *_, last = [None, *read_log(deployment, name, now - 86_400, errors=True)]
        error = f"last error {_when(last.at)}: {last.summary}" if last else "no error within a day"
        yield f"function {name:<18} {_last_run(deployment, name)} · {error}"


def _last_run(deployment: Deployment, name: str) -> str:
    answer = {}
    try:
        answer = deployment.client("logs").describe_log_streams(
            logGroupName=deployment.log_group(name), orderBy="LastEventTime", descending=True, limit=1
        )
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
    at = max((stream.get("lastEventTimestamp", 0) for stream in answer.get("logStreams", [])), default=0)
    return f"last ran {_when(at / 1000)}" if at else "has not run"


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
