"""Tables for spreadsheets, in which no cell is a formula: https://owasp.org/www-community/attacks/CSV_Injection"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from shared.runtime.http import HttpAnswer, HttpRequest

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "|", "%")
_CONTROLS = ("\t", "\r", "\n")


def csv_of(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """With a byte order mark, so that spreadsheets read UTF-8; every cell in quotes; times as ISO in UTC."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(column, row.get(column)) for column in columns])
    return "\ufeff" + text.getvalue()


def csv_answer(request: HttpRequest, name: str, table: str, cursor: str | None) -> HttpAnswer:
    """The header Link names the next page."""
    headers = {"content-type": "text/csv; charset=utf-8", "content-disposition": f'attachment; filename="{name}"'}
    if cursor:
        kept = [(name, value) for name, values in request.query.items() for value in values if name != "cursor"]
        headers["link"] = f'<{request.path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'
    return HttpAnswer(200, headers, table)


def _cell(column: str, value: Any) -> str:
    if value is None:
        return ""
    if column.endswith("_at"):
        return datetime.fromtimestamp(float(value), UTC).isoformat(timespec="seconds")
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value).replace("\x00", "")
    first = unicodedata.normalize("NFKC", text.lstrip()[:1])  # some spreadsheets take the full-width ones too
    return f"'{text}" if text.startswith(_CONTROLS) or first in _BEGINS_A_FORMULA else text
