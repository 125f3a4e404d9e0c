"""JSON as strangers send it, read so that nothing is understood in two ways."""

from __future__ import annotations

import json
import math
from typing import Any

from shared.domain.person import clean_text
from shared.errors import MalformedPayloadError

MAX_DEPTH = 20
LARGEST_NUMBER = 2**53 - 1  # what every JSON reader, a browser's too, keeps exactly


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``: UTF-8, no key twice, no NaN, no number beyond 2^53, no control characters or lone
    surrogates in texts, nested at most MAX_DEPTH deep. Raises MalformedPayloadError with a sentence for the sender."""
    try:
        document = json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int
        )
    except UnicodeDecodeError:
        raise MalformedPayloadError("The body is not UTF-8.") from None
    except RecursionError:
        raise MalformedPayloadError("The body is nested too deeply.") from None
    except ValueError as error:
        position = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise MalformedPayloadError(f"The body is not JSON{position}.") from None
    if not isinstance(document, dict):
        raise MalformedPayloadError("The body is no JSON object.")
    _refuse_strange(document, MAX_DEPTH)
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedPayloadError(f"The key “{clean_text(twice)[:80]}” is there twice.")
    return document


def _constant(name: str) -> float:
    raise MalformedPayloadError(f"{name} is no number that can be kept.")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedPayloadError("A number is too large.")
    return number


def _int(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > LARGEST_NUMBER:
        raise MalformedPayloadError("A number is too large.")
    return int(text)


def _refuse_strange(value: Any, depth: int) -> None:
    if depth == 0:
        raise MalformedPayloadError("The body is nested too deeply.")
    if isinstance(value, str):
        if clean_text(value) != value:
            raise MalformedPayloadError("A text holds characters that cannot be kept (control characters, half of a pair).")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_strange(key, depth)
            _refuse_strange(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _refuse_strange(item, depth - 1)
