"""Logs and metrics. The event text is a constant, values are fields; identifiers are logged, never objects or bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

NEEDS_ATTENTION = "NeedsAttention"
SHOWN_TO_A_PERSON = frozenset(
    {"DeliveryGivenUp", "PossiblyDoubled", "QualificationFailed", "RewardEventRefused", "SignupQuarantined", "SyncFailed"}
)
"""What somebody has to look at in the console, each for its own reason. One alarm hears them all, under one name: each metric
of an alarm has its price by the month."""
logger = Logger()
_metrics = Metrics()

# Powertools' thread-safe keys belong to the current context, so that invocations side by side, as in the simulated world,
# keep theirs apart.


def names_of(name: str) -> tuple[str, ...]:
    """Under which a metric is counted."""
    return (name, NEEDS_ATTENTION) if name in SHOWN_TO_A_PERSON else (name,)


def begin_lines(invocation: str, event: Mapping[str, Any]) -> None:
    """From now on each line carries the invocation's id, as Lambda's own REPORT line does, and for an HTTP call the id under
    which the access log has it. The last invocation's are gone."""
    logger.thread_safe_clear_keys()
    call = event.get("requestContext") or {}
    ids = {"function_request_id": invocation, "request_id": call.get("requestId")}
    logger.thread_safe_append_keys(**{name: value for name, value in ids.items() if value})


@contextmanager
def lines_about(message_id: str) -> Iterator[None]:
    """Meanwhile each line carries the id of the SQS message that is worked on."""
    logger.thread_safe_append_keys(message_id=message_id)
    try:
        yield
    finally:
        logger.thread_safe_remove_keys(["message_id"])


class EmbeddedMetrics:
    """CloudWatch metrics through the log (embedded metric format), written out at the end of the invocation."""

    def count(self, name: str, value: float = 1) -> None:
        for one in names_of(name):
            _metrics.add_metric(name=one, unit=MetricUnit.Count, value=value)

    def gauge(self, name: str, value: float, unit: str = "Seconds") -> None:
        _metrics.add_metric(name=name, unit=MetricUnit(unit), value=value)

    def flush(self) -> None:
        """Writes what was counted; nothing when nothing was."""
        if _metrics.metric_set:
            _metrics.flush_metrics()
