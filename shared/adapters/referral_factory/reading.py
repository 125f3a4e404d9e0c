"""Strangers' values as ours. Nothing here fails: what cannot be read is None."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from shared.adapters.referral_factory.bodies import MAX_DIGITS
from shared.domain.person import clean_code, clean_text
from shared.domain.spelling import is_link, is_nothing, seconds_of

LONGEST_FIELD = 2_000
_BRACKETS = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){1,4})")
MAX_ENTRIES = 500
_YES_OR_NO = frozenset({"true", "false"})
_ENTITIES = {"&amp;": "&", "&quot;": '"', "&#039;": "'", "&#39;": "'", "&#x27;": "'", "&apos;": "'", "&lt;": "<", "&gt;": ">"}
_ENTITY = re.compile("|".join(_ENTITIES))
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def text_of(value: Any) -> str | None:
    """A text cleaned, trimmed and cut to 2,000 characters; numbers and booleans as text. Blank, ``null``, ``N/A``, a dash and
    a date of zeros are None; of several, the last counts, as PHP and Rails read a name that comes again."""
    if isinstance(value, list):
        value = next((one for one in reversed(value[:MAX_ENTRIES]) if text_of(one) is not None), None)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        value = str(value) if not isinstance(value, int) or abs(value) < 10**MAX_DIGITS else None
    if not isinstance(value, str):
        return None
    text = clean_text(value[: 2 * LONGEST_FIELD]).strip()[:LONGEST_FIELD].rstrip()
    return None if is_nothing(text) else text


def code_of(value: Any) -> str | None:
    """A referral code: no blanks, nothing that does not show."""
    text = text_of(value)
    return (clean_code(text) or None) if text else None


def link_of(value: Any) -> str | None:
    """An address that a person may click on: http or https. Whoever has the webhook secret could send any other."""
    text = text_of(value)
    return text if text and is_link(text) else None


def without_entities(value: Any, depth: int = 8) -> Any:
    """Texts as they were before PHP's ``htmlspecialchars``, in all that a webhook holds. Undone once."""
    if isinstance(value, str):
        return _ENTITY.sub(lambda found: _ENTITIES[found[0]], value) if "&" in value else value
    if depth and isinstance(value, Mapping):
        return {without_entities(name): without_entities(inner, depth - 1) for name, inner in value.items()}
    if depth and isinstance(value, list):
        return [without_entities(inner, depth - 1) for inner in value]
    return value


def count_of(value: Any) -> int | None:
    """A whole number from 0, also out of a text such as ``"3"`` or ``"3.0"``."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        value = clean_code(value[:LONGEST_FIELD], blanks=True).strip()
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
    """A date as ISO text, also out of Unix seconds or milliseconds. A format that we do not know stays as it is;
    zero and a text without a digit are none."""
    number = None if isinstance(value, str) and _DATE.match(value) else count_of(value)
    if number is None:
        text = text_of(value)
        return text if text in _YES_OR_NO or (text and any(one.isdigit() for one in text[:MAX_ENTRIES])) else None
    if number < 10**8:
        return text_of(value) if number else None
    seconds = seconds_of(number)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def first(values: Iterable[Any]) -> Any:
    """The first that is neither None nor a text that says nothing."""
    return next((value for value in values if value is not None and not (isinstance(value, str) and is_nothing(value))), None)


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
    """Form fields such as ``referrer[email]``, ``meta[0][field]`` or ``interests[]`` as nested ones and lists."""
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
        if steps[-1] != "":
            node[steps[-1]] = value
            continue
        entries = value if isinstance(value, list) else [value]
        node[""] = [*node.get("", []), *entries]
    return {name: _lists(value) for name, value in unfolded.items()}


def _lists(node: Any, depth: int = 8) -> Any:
    """Objects whose names are ``[]`` or numbers in order are lists."""
    if not depth or not isinstance(node, dict) or not node:
        return node
    if list(node) == [""]:
        return node[""]
    inner = {name: _lists(value, depth - 1) for name, value in node.items()}
    if "" in inner:
        return {name or "others": value for name, value in inner.items()}
    return list(inner.values()) if list(inner) == [str(number) for number in range(len(inner))] else inner
