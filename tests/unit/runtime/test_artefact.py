"""The Runtime API that plays sample events to what is shipped: it notices what Lambda would."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools.artefact.hosting import Layout, Outcome, host
from tools.artefact.layouts import runtime_of_here
from tools.artefact.playing import EVENTS, samples_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric is for Linux alone")
ECHO = "def lambda_handler(event, context):\n    return event"


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runtime_of_here(tmp_path_factory.mktemp("lambda") / "runtime")


def play(folder: Path, runtime: Path, handler: str, layer: str = "", event: object = None) -> Outcome:
    module = folder / "task/functions/sweep"
    module.mkdir(parents=True)
    (module / "handler.py").write_text(handler)
    opt = folder / "opt"
    opt.mkdir()
    (opt / "of_the_layer.py").write_text(layer)
    layout = Layout(sys.executable, {"functions.sweep": folder / "task"}, [opt], runtime)
    return host(layout, "functions.sweep", {"STAGE": "local"}, {"first": event or {}, "second": {}})


def test_events_are_answered_one_after_the_other(tmp_path: Path, runtime: Path) -> None:
    outcome = play(tmp_path, runtime, f"import of_the_layer, boto3, os\nassert os.environ['STAGE']\n{ECHO}", event={"a": "ü"})
    assert outcome.answers == {"first": {"a": "ü"}, "second": {}}
    assert outcome.wrong == []


@pytest.mark.parametrize(
    ("handler", "what"),
    [
        (f"import pytest\n{ECHO}", "init: Runtime.ImportModuleError"),  # there while testing, and nowhere in Lambda
        (f"import shared\n{ECHO}", "init: Runtime.ImportModuleError"),
        (f"import of_the_layer\nof_the_layer.missing\n{ECHO}", "init: AttributeError"),
        ("def another(event, context): ...", "init: Runtime.HandlerNotFound"),
        ("def lambda_handler(event, context):\n    raise ValueError('broken')", "first: ValueError: broken"),
        ("def lambda_handler(event, context):\n    return {'statusCode': 503, 'body': 'x'}", "first: status 503"),
        (
            "def lambda_handler(event, context):\n    return {'batchItemFailures': [{'itemIdentifier': '1'}]}",
            "messages come back",
        ),
        ("import os\ndef lambda_handler(event, context):\n    os._exit(3)", "no answer to first, second"),
    ],
)
def test_what_lambda_would_fail_at_is_said(tmp_path: Path, runtime: Path, handler: str, what: str) -> None:
    outcome = play(tmp_path, runtime, handler)
    assert what in outcome.wrong[0]


def test_every_sample_is_played_to_one_function() -> None:
    functions = {f"functions.{path.parent.name}": path.parent for path in Path("functions").glob("*/handler.py")}
    layout = Layout(sys.executable, functions, [], Path())
    played = [name for module in functions for name in samples_of(module, layout)]
    assert sorted(played) == sorted(path.stem for path in EVENTS.glob("*.json"))
