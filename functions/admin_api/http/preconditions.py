"""ETag, If-Match and If-None-Match (RFC 9110, section 13): two editors never overwrite each other silently."""

from __future__ import annotations

import re
from enum import Enum

from shared.runtime.http import HttpRequest

_TAG = re.compile(r'(W/)?"([^"]*)"')


class Verdict(Enum):
    """What the conditions of a PUT say."""

    CREATE = "create"
    REPLACE = "replace"
    MISSING = "missing"
    STALE = "stale"


def etag_of(version: int) -> str:
    return f'"{version}"'


def judge_put(request: HttpRequest, version: int | None) -> Verdict:
    """``version`` None: there is no such campaign yet. ``If-Match: *`` names no version and so counts as missing."""
    wanted, unwanted = request.header("if-match").strip(), request.header("if-none-match").strip()
    if version is None:
        return Verdict.STALE if wanted else Verdict.CREATE
    if unwanted:
        return Verdict.STALE
    if not wanted or wanted == "*":
        return Verdict.MISSING
    return Verdict.REPLACE if (str(version) in _strong_tags(wanted)) else Verdict.STALE


def is_unchanged(request: HttpRequest, version: int) -> bool:
    """Whether a GET may be answered 304."""
    tags = request.header("if-none-match").strip()
    return tags == "*" or str(version) in {tag for _, tag in _TAG.findall(tags)}


def _strong_tags(header: str) -> set[str]:
    return {tag for weak, tag in _TAG.findall(header) if not weak}
