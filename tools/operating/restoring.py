"""Rows out of a restored table: what the live one lost is copied back, and what was spoilt, if that is asked for.

Point-in-time recovery makes a new table; the live one keeps running. Nothing that was written since is touched, and nobody who
was erased comes back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws import code_of
from shared.adapters.dynamodb.signup.referral_items import REFERRAL, referral_of
from shared.domain.person import fold_email
from shared.ports.operations import Erasures
from shared.runtime.bootstrap import Environment
from tools.operating.deployment import Deployment
from tools.operating.operator import OperatingError, Operator

TABLES = ("referrals", "campaigns")
AT_ONCE = 100
"""Keys of one batch; DynamoDB takes no more."""
LOOK_EVERY = 20.0
"""Seconds between two looks at a table that is being made."""
OURS = frozenset({"pk", "sk"})
PASSING = ("WINDOW#", "BREAKER")
"""Sort keys of a vendor's rows that are true for a moment. Its strikes are not: the vendor counts them too."""
_ADDRESS = re.compile(r"[^\s\"'<>,;:|#\\]+@[^\s\"'<>,;:|#\\]+")
Item = Mapping[str, Any]


def restore(
    deployment: Deployment,
    operator: Operator,
    table: str,
    name: str,
    at: str = "",
    begins: str = "",
    *,
    overwrite: bool = False,
) -> Iterator[str]:
    """Makes the table ``STACK-restored-name`` out of what the live one held ``at`` (ISO, UTC; empty: minutes ago, the newest),
    unless it is there; says what is missing and what differs, asks, and copies. ``begins``: only keys (pk) that begin so.
    ``overwrite``: what differs as well, which needs ``begins``. Raises OperatingError."""
    environment, client = deployment.environment, deployment.client("dynamodb")
    if overwrite and not begins:
        raise OperatingError("--overwrite needs --begins: name the rows that were spoilt, for example --begins CAMPAIGNS.")
    settings = environment.settings
    live = settings.referrals_table if table == "referrals" else settings.campaigns_table
    source = f"{deployment.stack}-restored-{name}"
    if not _status(client, source):
        yield from _make(client, operator, live, source, at)
    while _status(client, source) != "ACTIVE":
        environment.clock.sleep(LOOK_EVERY)
    counts: Counter[str] = Counter()
    wanted: list[tuple[Item, Item | None]] = []
    for kind, row, there in _compared(client, source, live, begins, environment.clock.now()):
        counts[kind] += 1
        if kind == "missing" or (kind == "different" and overwrite and not _is_forgotten(there)):
            wanted.append((row, there))
    yield f"{source} can be read: {counts.total()} rows. In the live table {counts['same']} of them are the same, "
    yield f"{counts['different']} differ, {counts['missing']} are missing; {counts['passing']} were true for a moment only."
    if not wanted:
        yield "There is nothing to copy."
        return
    operator.confirm(f"Copy {len(wanted)} rows into {live}?")
    yield from _copy_all(environment, client, live, wanted)


def _make(client: Any, operator: Operator, live: str, source: str, at: str) -> Iterator[str]:
    try:
        when = {"RestoreDateTime": datetime.fromisoformat(at).replace(tzinfo=UTC)} if at else {"UseLatestRestorableTime": True}
    except ValueError:
        raise OperatingError(f"{at} is no time. Write it as 2026-11-30T09:00:00, in UTC.") from None
    operator.confirm(f"Make the table {source}? The live one goes on; this one costs as much as it until it is deleted.")
    try:
        client.restore_table_to_point_in_time(SourceTableName=live, TargetTableName=source, **when)
    except ClientError as error:
        raise OperatingError(f"AWS does not restore it: {error.response['Error']['Message']}") from None
    yield f"{source} is being made; this takes from minutes to hours. Should you stop looking, call this again."


def _status(client: Any, table: str) -> str:
    """CREATING, ACTIVE …; empty when there is no such table."""
    try:
        return str(client.describe_table(TableName=table)["Table"]["TableStatus"])
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return ""


def _copy_all(environment: Environment, client: Any, live: str, wanted: Sequence[tuple[Item, Item | None]]) -> Iterator[str]:
    """Rows that name somebody who was erased come last, and are then taken through the erasing again."""
    erased = _erased_in(environment.erasures, [row for row, _ in wanted])
    rows = sorted(wanted, key=lambda pair: bool(_addresses(pair[0]) & erased))
    copied = sum(_copy(client, live, row, there) for row, there in rows)
    left = len(rows) - copied
    yield f"{copied} rows were copied." + (f" {left} were written by somebody else meanwhile and left alone." if left else "")
    for email in sorted(erased):
        environment.erasures.erase(email, environment.clock.now(), environment.time_left)
    if erased:
        yield f"{len(erased)} people had been erased since: what was copied of them is gone again."


def _compared(client: Any, source: str, live: str, begins: str, now: float) -> Iterator[tuple[str, Item, Item | None]]:
    """Each restored row, what it is to the live table, and the live row."""
    for rows in _batches(_scan(client, source), AT_ONCE):
        chosen = [row for row in rows if row["pk"]["S"].startswith(begins)]
        passing = [row for row in chosen if _passes(row, now)]
        yield from (("passing", row, None) for row in passing)
        compared = [row for row in chosen if not _passes(row, now)]
        there = _find(client, live, compared) if compared else {}
        for row in compared:
            found = there.get(_key(row))
            yield ("missing" if found is None else "same" if found == row else "different"), row, found


def _copy(client: Any, live: str, row: Item, there: Item | None) -> bool:
    """False when somebody else wrote the row since it was compared."""
    item = dict(row)
    request: dict[str, Any] = {} if there is not None else {"ConditionExpression": "attribute_not_exists(pk)"}
    if there is not None and "version" in there:  # whoever has read the spoilt row may not write it back
        item["version"] = {"N": str(int(there["version"]["N"]) + 1)}
        request = {
            "ConditionExpression": "#v = :v",
            "ExpressionAttributeNames": {"#v": "version"},
            "ExpressionAttributeValues": {":v": there["version"]},
        }
    try:
        client.put_item(TableName=live, Item=item, **request)
    except ClientError as error:
        if code_of(error) != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _scan(client: Any, table: str) -> Iterator[Item]:
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _find(client: Any, table: str, rows: Sequence[Item]) -> dict[tuple[str, str], Item]:
    wanted: list[Item] = [{name: row[name] for name in OURS} for row in rows]
    found: dict[tuple[str, str], Item] = {}
    while wanted:
        answer = client.batch_get_item(RequestItems={table: {"Keys": wanted, "ConsistentRead": True}})
        found |= {_key(item): item for item in answer["Responses"].get(table, ())}
        wanted = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
    return found


def _passes(row: Item, now: float) -> bool:
    """Expired since, or of the moment."""
    expires = row.get("expires_at", {}).get("N")
    if expires is not None and float(expires) <= now:
        return True
    return row["pk"]["S"].startswith("VENDOR#") and row["sk"]["S"].startswith(PASSING)


def _is_forgotten(row: Item | None) -> bool:
    """Of somebody who was erased: the ids alone are left."""
    return row is not None and row["sk"]["S"] == REFERRAL and referral_of(row).forgotten


def _erased_in(erasures: Erasures, rows: Iterable[Item]) -> set[str]:
    found: set[str] = set()
    for addresses in _batches(sorted({address for row in rows for address in _addresses(row)}), AT_ONCE):
        found |= erasures.erased_among(addresses)
    return found


def _addresses(row: Item) -> set[str]:
    texts = (value["S"] for value in row.values() if "S" in value)
    return {fold_email(address) for text in texts if "@" in text for address in _ADDRESS.findall(text)}


def _key(row: Item) -> tuple[str, str]:
    return row["pk"]["S"], row["sk"]["S"]


def _batches(things: Iterable[Any], size: int) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for thing in things:
        batch.append(thing)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
