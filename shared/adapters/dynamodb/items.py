"""Python values as DynamoDB's attribute values and back. None is an attribute that is not there."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from shared.errors import TransientError

Item = Mapping[str, Any]
SCHEMA = 1
SCHEMAS = frozenset({SCHEMA, SCHEMA + 1})
"""A schema may only add attributes to the one before, so that during a deployment old code reads the next one's items."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def to_item(values: Mapping[str, str | float | bool | bytes | None]) -> dict[str, Any]:
    """An item with ``schema``; attributes that are None are left out."""
    return {name: attribute_of(value) for name, value in {"schema": SCHEMA, **values}.items() if value is not None}


def attribute_of(value: str | float | bool | bytes) -> dict[str, Any]:
    """One attribute value. ValueError for an invalid number."""
    if isinstance(value, str):
        is_plain = type(value) is str and value.isascii()  # no member of an enumeration, no lone surrogate
        return {"S": value if is_plain else value.encode("utf-8", "replace").decode()}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, bytes):
        return {"B": value}
    if not math.isfinite(value):
        raise ValueError("DynamoDB has no such number")
    return {"N": repr(value)}


def from_item(item: Item) -> dict[str, Any]:
    """Scalars by name; a number without a fraction is an int. TransientError for a schema that newer code wrote."""
    values = {name: _value(attribute) for name, attribute in item.items()}
    if values.get("schema", SCHEMA) not in SCHEMAS:
        raise TransientError(f"an item of schema {values['schema']} is for newer code", vendor="aws")
    return values


def json_text(value: Any) -> str:
    """Facts as one JSON attribute. ValueError for NaN."""
    return _ENCODER.encode(value)


def _value(attribute: Mapping[str, Any]) -> Any:
    """None for a type that we do not write."""
    if "S" in attribute:
        return attribute["S"]
    if "N" in attribute:
        digits = attribute["N"]
        return int(digits) if digits.lstrip("-").isdigit() else float(digits)
    return bytes(attribute["B"]) if "B" in attribute else attribute.get("BOOL")
