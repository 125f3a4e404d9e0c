"""Single values of Intercom's answers, read tolerantly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

LATEST = 1e11
"""Unix seconds; what is later is no time, neither is NaN."""
MOST_DIGITS = 20
"""Of a text that is a number; so many are later than any time."""


def moment_of(value: Any) -> float | None:
    """Unix seconds of a number or of ISO text (webhooks hold milliseconds, REST whole seconds); None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = float(value[:MOST_DIGITS])
    if isinstance(value, int | float):
        return float(value) if abs(value) < LATEST else None
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def seconds_of(value: Any) -> int | None:
    """As ``moment_of``, in whole seconds."""
    moment = moment_of(value)
    return None if moment is None else int(moment)


def text_of(value: Any) -> str | None:
    """A text, or a number as one."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def address_of(value: Any) -> str | None:
    """An avatar is sent as a text and may be answered as an object with ``image_url``."""
    return text_of(value.get("image_url")) if isinstance(value, Mapping) else text_of(value)


def flag_of(value: Any) -> bool | None:
    """A boolean; None for anything else."""
    return value if isinstance(value, bool) else None


def scalars_of(value: Any) -> dict[str, Any]:
    """Custom attributes without those that are objects (relationships)."""
    if not isinstance(value, Mapping):
        return {}
    return {name: entry for name, entry in value.items() if entry is None or isinstance(entry, str | int | float | bool)}


def options_of(value: Any) -> list[str]:
    """Options come as texts or as objects with ``value``."""
    entries = value if isinstance(value, list) else []
    return [str(entry["value"] if isinstance(entry, Mapping) and "value" in entry else entry) for entry in entries]
