"""Metrics as they are written to the log, from which CloudWatch reads them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared import observability
from shared.observability import NEEDS_ATTENTION, SHOWN_TO_A_PERSON, EmbeddedMetrics


@pytest.fixture
def waiting() -> Iterator[dict[str, dict[str, object]]]:
    """Metric → what the next flush writes of it."""
    yield observability._metrics.metric_set
    observability._metrics.clear_metrics()


@pytest.mark.parametrize("name", sorted(SHOWN_TO_A_PERSON))
def test_what_somebody_has_to_look_at_is_counted_under_the_alarms_name_too(
    name: str, waiting: dict[str, dict[str, object]]
) -> None:
    metrics = EmbeddedMetrics()
    metrics.count(name)
    metrics.count("SignupAccepted")
    assert {one: kept["Value"] for one, kept in waiting.items()} == {
        name: [1.0],
        NEEDS_ATTENTION: [1.0],
        "SignupAccepted": [1.0],
    }
