"""Counts in the simulated world what AWS bills, by AWS's rules."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError

from tests.fakes.dynamodb_tables import Row, Table, View
from tests.fakes.dynamodb_values import normalise_item
from tests.simulation.aws.clients import AwsClient
from tests.simulation.aws.lambdas import LambdaFunction, Poller
from tests.simulation.judge.recording import LogLines
from tests.simulation.play.crossing import Crossing

WRITE_BYTES = 1_024
READ_BYTES = 4_096
METRIC_LOG_BYTES = 320
"""One flush of metrics in the embedded format."""
ACCESS_LOG_BYTES = 420
EVENT_BYTES = 26
"""CloudWatch Logs adds them to each event."""
CPU_SECONDS = 0.004
"""An invocation beside what it waits for; ``make bench`` measures handlers of 1 to 6 ms."""
CPU_SECONDS_A_CALL = 0.0015
"""Signing, sending and parsing one call of AWS or of a vendor at 512 MB."""
AT_MEMORY = 512
"""Lambda's share of a processor grows with the memory: half of it takes twice as long.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""


Hook = Callable[..., Any]


class Meter:
    """``counts``: what is billed → how much. ``writes`` and ``reads``: (function, kind of row, where) → units; ``calls``:
    (function, operation) → calls of AWS; ``gb_seconds`` by function."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.calls: Counter[tuple[str, str]] = Counter()
        self.writes: Counter[tuple[str, str, str]] = Counter()
        self.reads: Counter[tuple[str, str, str]] = Counter()
        self.gb_seconds: Counter[str] = Counter()
        self._who = ("", "")
        self._crossed: Counter[Any] = Counter()
        self._factor = 1

    def minus(self, other: Meter, times: float = 1.0) -> dict[str, float]:
        """What is more here than in ``other``."""
        return {name: self.counts[name] - other.counts[name] * times for name in self.counts.keys() | other.counts.keys()}

    # -- DynamoDB -----------------------------------------------------------------------------------------------------

    def wrote(self, table: Table, old: Row | None, new: Row | None) -> None:
        """A transaction costs double in the table; its indexes follow as after any other write.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
        """
        largest = max(0 if row is None else row.size for row in (old, new))
        self._write("table", self._factor * _units(largest, WRITE_BYTES))
        for index in table.indexes.values():
            self._write(index.name, _index_units(index, old, new))

    def refused(self, request: Mapping[str, Any]) -> None:
        """A condition that does not hold costs the write all the same."""
        self._write("refused", 2 * len(request["TransactItems"]) if "TransactItems" in request else 1)

    def read(self, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        if operation == "get_item":
            self._read(_units(_size(answer.get("Item")), READ_BYTES), request)
        elif operation == "batch_get_item":
            for name, asked in request["RequestItems"].items():
                found = answer["Responses"][name]
                self._read(sum(_units(_size(item), READ_BYTES) for item in found) + len(asked["Keys"]) - len(found), asked)
        elif operation in ("query", "scan"):
            shown = sum(_size(item) for item in answer["Items"])
            scanned = shown * answer["ScannedCount"] / answer["Count"] if answer["Count"] else 200.0 * answer["ScannedCount"]
            self._read(_units(scanned, READ_BYTES), request)

    def _write(self, where: str, units: int) -> None:
        self.counts["write_units"] += units
        self.writes[(*self._who, where)] += units

    def _read(self, units: int, request: Mapping[str, Any]) -> None:
        billed = units if request.get("ConsistentRead") else units / 2
        self.counts["read_units"] += billed  # type: ignore[assignment]
        self.reads[(*self._who, request.get("IndexName", "table"))] += billed  # type: ignore[assignment]

    # -- hooks --------------------------------------------------------------------------------------------------------

    @contextmanager
    def running(self) -> Iterator[None]:
        """Meanwhile every world in this process is counted."""
        with (
            patch.object(AwsClient, "_attempt", self._counting_calls(AwsClient._attempt)),
            patch.object(Table, "change", self._counting_changes(Table.change)),
            patch.object(Poller, "_hand_over", self._counting_batches(Poller._hand_over)),
            patch.object(LambdaFunction, "_run", self._counting_runs(LambdaFunction._run)),
            patch.object(Crossing, "enter", self._counting_crossings(Crossing.enter)),
            patch.object(LogLines, "write", self._counting_lines(LogLines.write)),
        ):
            yield

    def _counting_calls(meter, attempt: Hook) -> Hook:  # noqa: N805 - self is the client here
        def attempted(self: AwsClient, name: str, method: Any, request: dict[str, Any], number: int, time: int) -> Any:
            if not self._crossing.loop.current:  # a test that looks
                return attempt(self, name, method, request, number, time)
            function = self._crossing.names.get(self._crossing.loop.current, "")
            meter.calls[function, f"{self._service} {name}"] += 1
            if self._service == "dynamodb":
                return attempt(self, name, meter._counting_units(function, name, method), request, number, time)
            meter.counts["sqs_requests" if self._service == "sqs" else "secret_calls"] += 1
            return attempt(self, name, method, request, number, time)

        return attempted

    def _counting_units(self, function: str, operation: str, method: Hook) -> Hook:
        def counted(**request: Any) -> Any:
            self._who = (function, _word(request))
            self._factor = 2 if operation == "transact_write_items" else 1
            try:
                answer = method(**request)
            except ClientError as error:
                if error.response["Error"]["Code"] in ("ConditionalCheckFailedException", "TransactionCanceledException"):
                    self.refused(request)
                raise
            finally:
                self._factor = 1
            self.read(operation, request, answer)
            return answer

        return counted

    def _counting_changes(meter, change: Hook) -> Hook:  # noqa: N805
        def changed(self: Table, key: Any, new: Row | None, now: float, lags: Any) -> None:
            meter.wrote(self, self.rows.get(key), new)
            change(self, key, new, now, lags)

        return changed

    def _counting_batches(meter, hand_over: Hook) -> Hook:  # noqa: N805
        def handed_over(self: Poller, messages: list[dict[str, Any]]) -> None:
            meter.counts["sqs_requests"] += 2  # received and deleted, a batch each
            hand_over(self, messages)

        return handed_over

    def _counting_crossings(meter, enter: Hook) -> Hook:  # noqa: N805
        def entered(self: Crossing, *call: Any, **more: Any) -> Any:
            meter._crossed[self.loop.current] += 1
            return enter(self, *call, **more)

        return entered

    def _counting_runs(meter, run: Hook) -> Hook:  # noqa: N805
        def ran(self: LambdaFunction, event: Any) -> Any:
            task, began = self.world.loop.current, self.world.loop.time
            meter._crossed.pop(task, None)
            outcome = run(self, event)
            worked = (CPU_SECONDS + CPU_SECONDS_A_CALL * meter._crossed.pop(task, 0)) * AT_MEMORY / self.made.memory
            meter.counts["invocations"] += 1
            seconds = self.world.loop.time - began + worked
            gb_seconds = seconds * self.made.memory / 1_024
            meter.counts["gb_seconds"] += gb_seconds  # type: ignore[assignment]
            meter.gb_seconds[self.made.name] += gb_seconds  # type: ignore[assignment]
            meter.counts["log_bytes"] += METRIC_LOG_BYTES  # Lambda's own START, END and REPORT are switched off in the template
            if "requestContext" in event:
                meter.counts["api_calls"] += 1
                meter.counts["log_bytes"] += ACCESS_LOG_BYTES
            meter.counts["schedules"] += event.get("source") == "aws.scheduler"
            return outcome

        return ran

    def _counting_lines(meter, write: Hook) -> Hook:  # noqa: N805
        def written(self: LogLines, text: str) -> None:
            if text.strip():
                meter.counts["log_bytes"] += len(text.encode()) + EVENT_BYTES
            write(self, text)

        return written


def _index_units(index: View, old: Row | None, new: Row | None) -> int:
    """Leaving, entering and changing cost one write each, another key two, and what is not projected nothing.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
    """
    before, after = (
        None if row is None or index.place(row.item, row.key) is None else _shown(index, row) for row in (old, new)
    )
    if before == after:
        return 0
    sizes = [_units(_size(item), WRITE_BYTES) for item in (before, after) if item is not None]
    assert old is not None or new is not None
    if (
        old is not None
        and new is not None
        and len(sizes) == 2
        and index.place(old.item, old.key) == index.place(new.item, new.key)
    ):
        return max(sizes)
    return sum(sizes)


def _shown(index: View, row: Row) -> Mapping[str, Any]:
    return row.item if index.kept is None else {name: value for name, value in row.item.items() if name in index.kept}


def _units(size: float, of: int) -> int:
    return max(1, math.ceil(size / of))


def _size(item: Mapping[str, Any] | None) -> int:
    return normalise_item(dict(item))[1] if item else 0


def _word(request: Mapping[str, Any]) -> str:
    """What kind of row it is: the first words of its keys."""
    if "TransactItems" in request:
        return "transaction"
    if "RequestItems" in request:
        return "batch"
    if "KeyConditionExpression" in request:
        values = [str(value.get("S", "")).partition("#")[0] for value in request["ExpressionAttributeValues"].values()]
        return f"query {next((word for word in values if word.isalpha()), '')}"
    key = request.get("Key") or request.get("Item") or {}
    words = [str(key.get(name, {}).get("S", "")).partition("#")[0] for name in ("pk", "sk")]
    return " ".join(dict.fromkeys(word for word in words if word.isalpha()))
