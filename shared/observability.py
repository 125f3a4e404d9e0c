"""Logs and metrics. The event text is a constant, values are fields; identifiers are logged, never objects or bodies."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger()
_metrics = Metrics()


class EmbeddedMetrics:
    """CloudWatch metrics through the log (embedded metric format), written out at the end of the invocation."""

    def count(self, name: str, value: float = 1) -> None:
        _metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)

    def gauge(self, name: str, value: float, unit: str = "Seconds") -> None:
        _metrics.add_metric(name=name, unit=MetricUnit(unit), value=value)

    def flush(self) -> None:
        """Writes what was counted; nothing when nothing was."""
        if _metrics.metric_set:
            _metrics.flush_metrics()
