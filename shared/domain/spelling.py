"""How senders write nothing, numbers and dates. Pure."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

LONGEST_VALUE = 40
"""Characters of a number or a date."""
_NOTHING = frozenset({"", "null", "NULL", "(null)", "undefined", "N/A", "n/a", "-", "--", "–", "—"})  # noqa: RUF001
_ZERO_DATE = re.compile(r"0000[-/.]00[-/.]00(?:[ T]00:00(?::00(?:\.0+)?)?Z?)?|00[./]00[./]0000")
_FIRST_MILLISECONDS = 10**10
"""As seconds this is the year 2286, as milliseconds April 1970."""
_LAST = 10**13
_DIGITS = re.compile(r"-?[0-9]{9,13}")
_BLANKS = re.compile(r"(?<=[0-9])[ \u00a0\u202f'’](?=[0-9]{3}(?![0-9]))")  # noqa: RUF001
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_COMMAS = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3}){2,}(?:\.[0-9]*)?|[+-]?[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]*")
_POINTS = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[+-]?[0-9]{1,3}(?:\.[0-9]{3}){2,}")
_DECIMAL_COMMA = re.compile(r"[+-]?(?:[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|0,[0-9]+|[0-9]{4,},[0-9]+)")
_LINK = re.compile(r"https?://[^\s/?#\\@]+(?:[/?#]\S*)?", re.IGNORECASE)
_AMBIGUOUS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")


def is_nothing(text: str) -> bool:
    """Whether a sender wrote that there is no value: blank, ``null``, ``N/A``, a dash, a date of zeros. A person may be
    called Null, so letter case counts."""
    if len(text) > LONGEST_VALUE:
        return not text.strip()
    bare = text.strip()
    return bare in _NOTHING or _ZERO_DATE.fullmatch(bare) is not None


def is_link(text: str) -> bool:
    """Whether it is the address of a page: http or https, a host, and no blanks. ``javascript:`` is none."""
    return _LINK.fullmatch(text) is not None


def seconds_of(number: int) -> int | None:
    """Unix seconds, also out of milliseconds; None for what is neither."""
    if abs(number) >= _LAST:
        return None
    return number // 1000 if abs(number) >= _FIRST_MILLISECONDS else number


def moment_of(text: str, zone: str) -> int | None:
    """Unix seconds of a date or time as text. One that names no zone is the day and hour in ``zone``."""
    text = text.strip()
    if len(text) > LONGEST_VALUE:
        return None
    if _DIGITS.fullmatch(text):
        return seconds_of(int(text))
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=zone_of(zone))).timestamp())
    except (ValueError, OverflowError):
        return None


def day_of(seconds: object, zone: str) -> str:
    """The day in ``zone``, as in 2026-01-31; empty where it is no moment."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return ""
    try:
        return datetime.fromtimestamp(seconds, zone_of(zone)).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def number_of(text: str) -> float | None:
    """A number with a decimal point, or with a decimal comma where it can be nothing else. None for all other texts."""
    text = text.strip()
    if len(text) > LONGEST_VALUE:
        return None
    text = _BLANKS.sub("", text)
    if _COMMAS.fullmatch(text):
        text = text.replace(",", "")
    elif _POINTS.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if not _PLAIN.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def is_ambiguous(text: str) -> bool:
    """Whether a number's comma may be a decimal comma as well as one of thousands: ``1,234``."""
    return len(text) <= LONGEST_VALUE and _AMBIGUOUS.fullmatch(text.strip()) is not None


@lru_cache(maxsize=8)
def zone_of(name: str) -> tzinfo:
    """UTC where nobody knows the name."""
    return _zone(name) or UTC


def is_zone(name: str) -> bool:
    """Whether the name is one of the IANA's, https://www.iana.org/time-zones."""
    return _zone(name) is not None


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None
