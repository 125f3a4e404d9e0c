"""Who did what, when: a row written before the act, completed once, never written over."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from shared.adapters.dynamodb.items import from_item, to_item
from shared.adapters.dynamodb.table import Table
from shared.errors import MalformedPayloadError, TransientError
from shared.observability import logger
from shared.ports.listing import Page
from shared.ports.operations import Audit, Change, Result

PARTITION = "AUDIT"
"""One partition: people make few changes."""
NEW = "attribute_not_exists(pk)"
NOTED_AGAIN_AFTER = 3_600
MOST_NOTED = 1_000
_CURSOR = re.compile(r"\d{15}-[0-9a-f]{32}")


class DynamoAudit(Audit):
    def __init__(self, table: Table) -> None:
        self._table = table
        self._open: str | None = None
        self._said: list[str] = []
        self._noted: set[str] = set()

    def begin(self, change: Change) -> None:
        self._open, self._said = None, []
        sk = f"{int(change.at * 1000):015d}-{self._table.new_write_id()}"
        self._table.put(_item(sk, change, result=None), NEW)
        self._open = sk

    def complete(self, result: Result) -> None:
        if self._open is None:
            return
        sk, self._open = self._open, None
        values: dict[str, Any] = {":result": str(result)} | ({":said": " ".join(self._said)[:2_000]} if self._said else {})
        expression = "SET #result = :result" + (", said = :said" if self._said else "")
        try:
            self._table.update(PARTITION, sk, expression, "attribute_exists(pk) AND attribute_not_exists(#result)", values)
        except TransientError:
            logger.warning("audit row not completed")

    def add(self, change: Change) -> None:
        if self._open is not None:
            self._said.append(change.what)
            return
        self._table.put(_item(f"{int(change.at * 1000):015d}-{self._table.new_write_id()}", change, change.result), NEW)

    def note(self, change: Change) -> None:
        hour = int(change.at // NOTED_AGAIN_AFTER * NOTED_AGAIN_AFTER)
        digest = hashlib.sha256("\n".join((change.issuer, change.subject, change.who, change.what)).encode("utf-8", "replace"))
        sk = f"{hour * 1000:015d}-{digest.hexdigest()[:32]}"
        if sk not in self._noted:
            self._table.put(_item(sk, change, change.result), NEW)
            self._noted = {sk, *(self._noted if len(self._noted) < MOST_NOTED else ())}

    def list(self, limit: int, cursor: str | None = None) -> Page[Change]:
        if cursor is not None and not _CURSOR.fullmatch(cursor):
            raise MalformedPayloadError("This cursor is not one that the API gave out.")
        condition = "pk = :audit" + (" AND sk < :before" if cursor else "")
        values = {":audit": PARTITION} | ({":before": cursor} if cursor else {})
        found = []
        for item in self._table.query(condition, values, page_size=limit + 1, ScanIndexForward=False):
            found.append(from_item(item))
            if len(found) > limit:
                break
        return Page([_change(row) for row in found[:limit]], found[limit - 1]["sk"] if len(found) > limit else None)


def _item(sk: str, change: Change, result: Result | None) -> dict[str, Any]:
    return to_item(
        {
            "pk": PARTITION,
            "sk": sk,
            "at": float(change.at),
            "who": change.who[:254],
            "what": change.what[:2_000],
            "subject": change.subject[:254] or None,
            "issuer": change.issuer[:254] or None,
            "email_verified": change.email_verified,
            "result": str(result) if result else None,
        }
    )


def _change(row: Mapping[str, Any]) -> Change:
    """Rows of before there was a result were written after the act."""
    begun = "subject" in row or "issuer" in row
    result = Result(row["result"]) if "result" in row else None if begun else Result.DONE
    said = row.get("said") or row["what"]
    verified = row.get("email_verified")
    return Change(float(row["at"]), row["who"], said, row.get("subject", ""), row.get("issuer", ""), verified, result)
