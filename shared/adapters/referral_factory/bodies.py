"""The body of a webhook as fields: JSON, a form, multipart or a query string, in the charset that its header names.

Standard library only, linear in the body's length: a receiver loads this.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from shared.errors import MalformedPayloadError
from shared.ports.signup import Fields

MAX_DIGITS = 18
MAX_NESTING = 8
MAX_KEYS = 500
ONLY_ONE = frozenset({"id", "user_id", "email", "email_address", "campaign_id", "campaign"})
_RAW_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_UTF_16 = frozenset({"utf-16", "utf16", "ucs-2", "iso-10646-ucs-2", "unicode"})
_CODECS: Mapping[str, str] = {
    **dict.fromkeys(("utf-8", "utf8", "utf8mb4", "us-ascii", "ascii"), "utf-8"),
    # As browsers do, and every sender that says ISO-8859-1 and means Windows: https://encoding.spec.whatwg.org
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "l1", "windows-1252", "cp1252"), "cp1252"),
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)},
    **{f"windows-125{part}": f"cp125{part}" for part in (0, 1, 3, 4, 5, 6, 7, 8)},
    **{name: name for name in ("koi8-r", "koi8-u", "shift_jis", "euc-jp", "iso-2022-jp", "gb2312", "gbk", "gb18030", "big5")},
    "euc-kr": "cp949",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_PARAMETER = re.compile(r";\s*([\w*-]{1,20})\s*=\s*(?:\"([^\"]{0,300})\"|([^\s;\"]{1,300}))")
_LONGEST_HEADER = 1_000


def read_body(body: bytes, content_type: str, query_string: str) -> Fields:
    """The fields of a body, or of the query string when the body is empty. Raises MalformedPayloadError.

    A body is JSON when its type says so or it begins with a brace or bracket, else multipart where the type says that, else a
    form. Escaped NULs and lone surrogates inside strings are let through; they are cleaned where the texts are used.
    """
    kind = content_type[:_LONGEST_HEADER].lower()
    parameters = _parameters(content_type)
    try:
        codec, body = _codec_of(body, parameters.get("charset", ""))
        if kind.lstrip().startswith("multipart/") and body.strip():
            return Fields(_read_multipart(body, parameters.get("boundary", ""), codec))
        text = body.decode(codec).strip(" \t\r\n\x00" if codec.startswith("utf-16") else " \t\r\n")
        if not text:
            return _read_form(query_string, codec)
        if "json" in kind or text[0] in "{[":
            return Fields(_read_json(text))
        if "=" not in text:
            _refuse("the body is neither JSON nor a form")
        return _read_form(text, codec)
    except UnicodeError:
        raise MalformedPayloadError("the text is not in the charset that its header names, or not UTF-8") from None


def _parameters(header: str) -> dict[str, str]:
    found = _PARAMETER.finditer(header[:_LONGEST_HEADER])
    return {match[1].lower(): match[2] if match[2] is not None else match[3] for match in found}


def _codec_of(body: bytes, named: str) -> tuple[str, bytes]:
    """The codec and the body without its mark, which says more than the header."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return codec, body[len(mark) :]
    name = named.strip(" '\"").lower()
    if name in _UTF_16 or (not name and b"\x00" in body[:2]):
        return ("utf-16-be" if body[:1] == b"\x00" else "utf-16-le"), body
    if name and name not in _CODECS and not body.isascii():
        _refuse("nobody here knows the charset that its header names")
    return _CODECS.get(name, "utf-8"), body


def _read_form(text: str, codec: str) -> Fields:
    if _RAW_CONTROL.search(text):
        _refuse("the form holds raw control characters")
    if text.count("&") >= MAX_KEYS:
        text = "&".join(part for part in text.split("&") if part)
    escapes = "utf-8" if codec.startswith("utf-16") else codec
    try:
        pairs = parse_qsl(text, keep_blank_values=True, encoding=escapes, errors="strict", max_num_fields=MAX_KEYS)
    except UnicodeError:
        raise
    except ValueError:
        _refuse(f"more than {MAX_KEYS} fields")
    named = ((name.removeprefix("amp;"), value) for name, value in pairs)  # some write the separator as HTML
    fields = Fields(_gathered((name, with_plus(value) if "mail" in name.lower() else value) for name, value in named))
    fields.form = True
    return fields


def with_plus(value: str) -> str:
    """A form writes a blank as a plus, and a lossy sender leaves an address's own plus as it is. No address has a blank."""
    local, at, host = value.strip().rpartition("@")
    if not at or len(value) > 254 or "," in value or "<" in value:
        return value
    return f"{local.rstrip().replace(' ', '+')}@{host.lstrip()}"


def _read_multipart(body: bytes, boundary: str, codec: str) -> dict[str, Any]:
    """The fields of ``multipart/form-data``; files are left out: https://www.rfc-editor.org/rfc/rfc7578"""
    if not boundary or len(boundary) > 70:
        _refuse("the multipart body has no boundary")
    parts = (b"\r\n" + body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).split(b"\r\n--" + boundary.encode("utf-8"))
    if len(parts) < 2:
        _refuse("the multipart body does not hold its boundary")
    if len(parts) > MAX_KEYS + 2:
        _refuse(f"more than {MAX_KEYS} fields")
    pairs: list[tuple[str, Any]] = []
    for part in parts[1:]:
        if part.startswith(b"--"):
            break
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[:4_000].decode(codec).split("\r\n"))
        }
        disposition = _parameters(headers.get("content-disposition", ""))
        if "name" in disposition and not {"filename", "filename*"} & disposition.keys():
            own = _CODECS.get(_parameters(headers.get("content-type", "")).get("charset", "").lower(), codec)
            pairs.append((disposition["name"], content.decode(own)))
    return _gathered(pairs)


def _read_json(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
    except RecursionError:
        _refuse(f"nested deeper than {MAX_NESTING}")
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
    for _ in range(MAX_NESTING):
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
    _refuse(f"nested deeper than {MAX_NESTING}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    if len(pairs) > MAX_KEYS:
        _refuse(f"more than {MAX_KEYS} fields")
    return _gathered(pairs)


def _gathered(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A name that comes again has a list of what differs; a person has one id and one e-mail, and is in one campaign."""
    values: dict[str, list[Any]] = {}
    for name, value in pairs:
        gathered = values.setdefault(name, [])
        gathered += value if isinstance(value, list) else [value]
    for name in ONLY_ONE & values.keys():
        if len({str(value).strip().casefold() for value in values[name][:MAX_KEYS]}) > 1:
            _refuse(f"a field comes twice with different values: {name}")
    return {name: _one_or_all(gathered) for name, gathered in values.items()}


def _one_or_all(values: list[Any]) -> Any:
    if len(values) < 2:
        return values[0] if values else []
    scalars = dict.fromkeys((type(value), value) for value in values if not isinstance(value, dict | list))
    different = [value for _, value in scalars] + [value for value in values if isinstance(value, dict | list)]
    return different[0] if len(different) == 1 else different


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
