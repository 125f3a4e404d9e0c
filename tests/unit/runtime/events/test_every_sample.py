"""Every file in events/ is played through its function by a test, and is what AWS sends."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.unit.runtime.events.playing import EVENTS

FUNCTIONS = Path(__file__).parents[4] / "functions"


def function_of(name: str) -> str:
    """The function whose name the sample's begins with."""
    return max((f.name for f in FUNCTIONS.iterdir() if name.startswith(f"{f.name}_")), key=len, default="")


def test_each_sample_is_played_by_one_test_and_each_function_has_one() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    decorators = re.findall(r"^@sample\((.*?)\)$", tests, re.DOTALL | re.MULTILINE)
    played = [name for names in decorators for name in re.findall(r'"(\w+)"', names)]
    files = sorted(path.stem for path in EVENTS.iterdir())

    assert sorted(played) == files
    assert {function_of(name) for name in files} == {path.name for path in FUNCTIONS.iterdir() if path.is_dir()}


@pytest.mark.parametrize("path", sorted(EVENTS.iterdir()), ids=lambda path: path.stem)
def test_http_samples_are_complete_api_gateway_events(path: Path) -> None:
    event = json.loads(path.read_text())
    if "Records" in event or event.get("source") == "aws.scheduler":
        return

    context = event["requestContext"]
    assert event["version"] == "2.0"
    assert event["routeKey"] == context["routeKey"]
    assert event["rawPath"] == context["http"]["path"]
    assert {"accountId", "apiId", "domainName", "requestId", "stage", "time", "timeEpoch"} <= set(context)
    assert {"method", "path", "protocol", "sourceIp", "userAgent"} == set(context["http"])
    assert all(name == name.lower() for name in event["headers"])
    assert isinstance(event["isBase64Encoded"], bool)
