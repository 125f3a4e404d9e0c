"""Strangers' values as ours. Nothing here fails: what cannot be read is None."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from shared.domain.person import clean_text

MAX_TEXT = 2_000
MAX_DIGITS = 18
_BRACKETS = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){1,4})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def text_of(value: Any) -> str | None:
    """A text cleaned, trimmed and cut to 2,000 characters; numbers and booleans as text; blank is None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        value = str(value) if not isinstance(value, int) or abs(value) < 10**MAX_DIGITS else None
    if not isinstance(value, str):
        return None
    return clean_text(value[: 2 * MAX_TEXT]).strip()[:MAX_TEXT].rstrip() or None


def count_of(value: Any) -> int | None:
    """A whole number from 0, also out of a text such as ``"3"`` or ``"3.0"``."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        value = value.strip()
        if not value.isascii() or not re.fullmatch(r"\d{1,18}(\.0+)?", value):
            return None
        return int(value.partition(".")[0])
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value == int(value) and 0 <= value < 10**MAX_DIGITS else None
    return value if isinstance(value, int) and 0 <= value < 10**MAX_DIGITS else None


def id_of(value: Any) -> int | None:
    """An id: a whole number from 1."""
    return count_of(value) or None


def date_of(value: Any) -> str | None:
    """A date as ISO text, also out of Unix seconds or milliseconds. A format we do not know stays as it is."""
    seconds = None if isinstance(value, str) and _DATE.match(value) else count_of(value)
    if seconds is not None and seconds >= 10**8:
        try:
            return datetime.fromtimestamp(seconds / 1000 if seconds >= 10**11 else seconds, UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            return None
    return text_of(value)


def first(values: Iterable[Any]) -> Any:
    """The first that is neither None nor a blank text."""
    return next((value for value in values if value is not None and not (isinstance(value, str) and not value.strip())), None)


def look_up(fields: Mapping[str, Any], name: str) -> Any:
    """A field by its name, else by its path (``user.mail``). None when there is none."""
    if name in fields:
        return fields[name]
    node: Any = fields
    for step in name.split("."):
        if not isinstance(node, Mapping) or step not in node:
            return None
        node = node[step]
    return node


def unfold_brackets(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Form fields such as ``referrer[email]`` or ``meta[0][field]`` as nested ones."""
    unfolded: dict[str, Any] = {}
    for name, value in fields.items():
        matched = _BRACKETS.fullmatch(name) if isinstance(name, str) else None
        if matched is None:
            unfolded.setdefault(name, value)
            continue
        node = unfolded
        steps = [matched.group(1), *matched.group(2)[1:-1].split("][")]
        for step in steps[:-1]:
            below = node.get(step)
            if not isinstance(below, dict):
                below = node[step] = {}
            node = below
        node[steps[-1]] = value
    return unfolded
