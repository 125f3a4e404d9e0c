"""Referral Factory's webhooks as the receiver sees them: is it theirs, and which fields does it hold?

Referral Factory signs nothing and documents no payload; its form allows up to three custom headers, GET and POST, and field
names of the customer's choosing. https://referral-factory.com/help (outbound webhooks)
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Sequence
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from shared.errors import InvalidSignatureError, MalformedPayloadError

MAX_DIGITS = 18
MAX_DEPTH = 8
MAX_KEYS = 500
_RAW_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def check_secret(header_values: Sequence[str], secrets: Sequence[str]) -> None:
    """Raises InvalidSignatureError unless the header came once and holds one of the secrets (current and next).

    Takes the same time whatever is wrong. An empty secret is never right. A doubled header, which API Gateway joins with a
    comma, is refused.
    """
    value = header_values[0] if len(header_values) == 1 else ""
    if not value.isascii():
        value = ""
    told = hashlib.sha256(value.encode("ascii")).digest()
    right = False
    for secret in secrets:
        expected = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        right |= hmac.compare_digest(told, expected) and bool(secret)
    if not right:
        raise InvalidSignatureError("the webhook's secret is missing or wrong")


def read_fields(body: bytes, content_type: str, query_string: str) -> dict[str, Any]:
    """The fields of a webhook: of its body, or of its query string when the body is empty. Raises MalformedPayloadError.

    A body is JSON when its type says so or it begins with a brace or bracket, else a form. Escaped NULs and lone surrogates
    inside strings are let through; they are cleaned where the texts are used.
    """
    try:
        if body.startswith(_BYTE_ORDER_MARKS):
            _refuse("the body begins with a byte order mark")
        text = body.decode("utf-8").strip(" \t\r\n")
        if not text:
            return _read_form(query_string)
        if "json" in content_type.lower() or text[0] in "{[":
            return _read_json(text)
        if "=" not in text:
            _refuse("the body is neither JSON nor a form")
        return _read_form(text)
    except UnicodeError:
        raise MalformedPayloadError("the text is not UTF-8") from None


def _read_form(text: str) -> dict[str, Any]:
    if _RAW_CONTROL.search(text):
        _refuse("the form holds raw control characters")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_KEYS)
    except UnicodeError:
        raise
    except ValueError:
        _refuse(f"more than {MAX_KEYS} fields")
    return _object(pairs)


def _read_json(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
    except RecursionError:
        _refuse(f"nested deeper than {MAX_DEPTH}")
    except ValueError:
        _refuse("not valid JSON")
    if not isinstance(document, dict):
        _refuse("not a JSON object")
    _check_size(document)
    return document


def _check_size(document: dict[str, Any]) -> None:
    """Depth, and the keys and list entries altogether."""
    level: list[Any] = [document]
    keys = 0
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            children = list(node.values()) if isinstance(node, dict) else node
            keys += len(children)
            below += [child for child in children if isinstance(child, dict | list)]
        if keys > MAX_KEYS:
            _refuse(f"more than {MAX_KEYS} fields")
        if not below:
            return
        level = below
    _refuse(f"nested deeper than {MAX_DEPTH}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        _refuse("a field comes twice")
    return fields


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        _refuse(f"a number of more than {MAX_DIGITS} digits")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        _refuse("a number without bounds")
    return number


def _constant(_: str) -> NoReturn:
    _refuse("a number that is none")


def _refuse(reason: str) -> NoReturn:
    raise MalformedPayloadError(f"the webhook cannot be read: {reason}", vendor="referral_factory")
