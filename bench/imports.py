"""What a cold start costs: CPU time and modules of each handler's import, beside ``import boto3`` in the same round."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from bench.figures import Figure

ROOT = Path(__file__).parents[1]
RECEIVERS = ("signup_webhook", "intercom_webhook")
FORBIDDEN = ("requests", "pydantic", "aws_lambda_powertools.event_handler")
"""What no receiver may load."""
MOST_OF_BOTO3 = 1.5

_PROBE = """
import json, sys, time
before = len(sys.modules)
start = time.process_time()
{statements}
spent = time.process_time() - start
print(json.dumps({{"ms": spent * 1000, "modules": len(sys.modules) - before,
                   "loaded": [name for name in {forbidden!r} if name in sys.modules]}}))
"""
_VARIABLES = {
    "STAGE": "local",
    "CAMPAIGNS_TABLE": "campaigns",
    "REFERRALS_TABLE": "referrals",
    "DELIVERY_QUEUE_URL": "http://127.0.0.1:9/delivery",
    "WEBHOOK_SECRET_ARN": "webhook",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "bench",
    "POWERTOOLS_LOG_LEVEL": "WARNING",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One fresh process."""

    milliseconds: float
    modules: int
    loaded: tuple[str, ...]


def functions() -> list[str]:
    """The functions that there are."""
    return sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


def probe(statements: str) -> Sample:
    """The CPU time of the statements in a fresh interpreter, with bytecode and without its own start."""
    variables = {**_VARIABLES, "PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)}
    code = _PROBE.format(statements=statements, forbidden=FORBIDDEN)
    done = subprocess.run([sys.executable, "-c", code], env=variables, cwd=ROOT, capture_output=True, text=True, check=True)
    read = json.loads(done.stdout.splitlines()[-1])
    return Sample(read["ms"], read["modules"], tuple(read["loaded"]))


def measure(rounds: int) -> Iterator[Figure]:
    """Every round takes boto3 and all handlers in turn, so that a busy machine slows them alike."""
    statements = {name: f"import functions.{name}.handler" for name in functions()}
    for one in ("import boto3", *statements.values()):
        probe(one)  # writes the bytecode
    boto3: list[Sample] = []
    taken: dict[str, list[Sample]] = {name: [] for name in statements}
    for _ in tqdm(range(rounds), desc="imports", unit="round"):
        boto3.append(probe("import boto3"))
        for name, one in statements.items():
            taken[name].append(probe(one))
    yield Figure("imports", "boto3, CPU", _median(boto3), "ms")
    for name, samples in taken.items():
        receiver = name in RECEIVERS
        ratio = statistics.median(mine.milliseconds / theirs.milliseconds for mine, theirs in zip(samples, boto3, strict=True))
        yield Figure("imports", f"{name}, CPU", _median(samples), "ms")
        yield Figure("imports", f"{name}, of boto3", ratio, "times", MOST_OF_BOTO3 if receiver else None)
        yield Figure("imports", f"{name}, modules", samples[-1].modules, "")
        if receiver:
            yield Figure("imports", f"{name}, of {', '.join(FORBIDDEN)}", len(samples[-1].loaded), "", 0)


def _median(samples: Sequence[Sample]) -> float:
    return statistics.median(sample.milliseconds for sample in samples)
