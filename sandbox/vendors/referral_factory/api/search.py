"""The filters of the search calls.

``{"filters": {"operator": "AND", "value": [{"field", "operator": "=", "value"}, …]}}``; groups may hold groups. Anything
else is a 422: no other operator than ``=`` has been seen to work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.vendors.referral_factory.api.refusals import RefusedError, invalid
from sandbox.vendors.referral_factory.people import fold

MOST_DEPTH = 5
MOST_CONDITIONS = 100

Matcher = Callable[[Callable[[str], Any]], bool]


@dataclass(frozen=True, slots=True)
class Search:
    """What was asked: ``matches`` takes a function from a field's name to a row's value of it.

    ``required`` are the values that every hit has, for finding hits by index.
    """

    matches: Matcher
    required: Mapping[str, str]


def read_search(body: Mapping[str, Any], fields: frozenset[str]) -> Search:
    """RefusedError (422) for anything but the documented form, or a field the objects do not have."""
    filters = body.get("filters")
    if not isinstance(filters, Mapping):
        raise invalid("filters", "The filters field is required.")
    reader = _Reader(fields)
    matches = reader.read(filters, depth=1)
    required = {}
    if filters.get("operator") == "AND":
        required = {part["field"]: str(part["value"]) for part in filters["value"] if "field" in part}
    return Search(matches, required)


class _Reader:
    def __init__(self, fields: frozenset[str]) -> None:
        self._fields = fields
        self._conditions = 0

    def read(self, part: Any, depth: int) -> Matcher:
        if not isinstance(part, Mapping) or depth > MOST_DEPTH:
            raise _malformed()
        if "field" in part:
            return self._condition(part)
        operator, parts = part.get("operator"), part.get("value")
        if operator not in ("AND", "OR") or not isinstance(parts, list) or not parts:
            raise _malformed()
        inner = [self.read(one, depth + 1) for one in parts]
        if operator == "AND":
            return lambda value_of: all(matches(value_of) for matches in inner)
        return lambda value_of: any(matches(value_of) for matches in inner)

    def _condition(self, part: Mapping[str, Any]) -> Matcher:
        self._conditions += 1
        field, wanted = part["field"], part.get("value")
        if self._conditions > MOST_CONDITIONS or part.get("operator") != "=":
            raise _malformed()
        if field not in self._fields:
            raise invalid("filters", f"The field {field} can not be used.")
        if isinstance(wanted, bool) or not isinstance(wanted, str | int):
            raise _malformed()
        if field == "email":
            folded = fold(str(wanted))
            return lambda value_of: fold(str(value_of("email"))) == folded
        return lambda value_of: value_of(field) is not None and str(value_of(field)) == str(wanted)


def _malformed() -> RefusedError:
    return invalid("filters", "The filters are not valid.")
