"""Metrics as they are written to the log, from which CloudWatch reads them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import observability
from shared.observability import NEEDS_ATTENTION, SHOWN_TO_A_PERSON, EmbeddedMetrics
from tests.support.builders import App

EVENTS = Path(__file__).parents[3] / "events"
SAMPLES = {
    path.parent.name: sorted(EVENTS.glob(f"{path.parent.name}_*.json"))[0]
    for path in EVENTS.parent.glob("functions/*/handler.py")
}


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


@pytest.mark.parametrize("function", sorted(SAMPLES.keys() - {"console"}))  # which counts nothing
def test_each_function_writes_out_what_it_counted(app: App, function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app.make_synthetic_signup()
    written: list[str] = []
    monkeypatch.setattr(app.metrics, "flush", lambda: written.append(function))

    app.invoke(importlib.import_module(f"functions.{function}.handler"), json.loads(SAMPLES[function].read_text()))

    posts_a_webhook = function == "synthetic_signup"  # whose receiver writes out what it counted

    assert len(written) == 1 + posts_a_webhook
