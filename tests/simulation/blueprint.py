"""What template.yaml says about tables, queues, secrets, functions and alarms, so that the world cannot drift from it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.stack.expand import read_template

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
_UNITS = {"minute": 60.0, "minutes": 60.0, "hour": 3_600.0, "hours": 3_600.0, "day": 86_400.0, "days": 86_400.0}


@dataclass(frozen=True, slots=True)
class Source:
    """A queue that invokes a function."""

    queue: str
    batch_size: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class Function:
    """``name`` is the folder; ``variables`` still hold references; ``every`` seconds its schedule fires, None without one."""

    id: str
    name: str
    timeout: float
    variables: dict[str, Any]
    sources: tuple[Source, ...]
    every: float | None
    retries: int = 2
    oldest_event: float = 21_600.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """One CloudWatch alarm. ``subject``: the logical id of the queue, function or API it watches, empty for our own metrics.
    ``condition``: under which it is made at all, empty: always."""

    name: str
    namespace: str
    metric: str
    statistic: str
    period: float
    periods: int
    threshold: float
    comparison: str
    missing: str
    subject: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The parts of the template that the world rebuilds."""

    tables: dict[str, dict[str, Any]]
    queues: dict[str, dict[str, Any]]
    secrets: tuple[str, ...]
    functions: dict[str, Function]
    parameters: dict[str, str]
    alarms: tuple[Alarm, ...] = field(default=())


@cache
def read_blueprint() -> Blueprint:
    """Read once a process: parsing the template takes half a second."""
    template = read_template(TEMPLATE)
    resources = template["Resources"]

    def of_type(kind: str) -> dict[str, dict[str, Any]]:
        return {name: entry.get("Properties", {}) for name, entry in resources.items() if entry["Type"] == kind}

    functions = [_function(name, made) for name, made in of_type("AWS::Serverless::Function").items()]
    return Blueprint(
        tables=of_type("AWS::DynamoDB::Table"),
        queues=of_type("AWS::SQS::Queue"),
        secrets=tuple(of_type("AWS::SecretsManager::Secret")),
        functions={function.name: function for function in functions},
        parameters={name: str(made["Default"]) for name, made in template["Parameters"].items() if "Default" in made},
        alarms=tuple(
            _alarm(name, made, resources[name].get("Condition", "")) for name, made in of_type("AWS::CloudWatch::Alarm").items()
        ),
    )


def queue_attributes(made: dict[str, Any], arn_of: dict[str, str]) -> dict[str, str]:
    """A queue's attributes as ``CreateQueue`` takes them."""
    attributes = {
        name: str(made[name])
        for name in ("VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds", "ReceiveMessageWaitTimeSeconds")
        if name in made
    }
    if "RedrivePolicy" in made:
        policy = made["RedrivePolicy"]
        attributes["RedrivePolicy"] = json.dumps(
            {
                "deadLetterTargetArn": arn_of[target_of(policy["deadLetterTargetArn"])],
                "maxReceiveCount": policy["maxReceiveCount"],
            }
        )
    return attributes


def target_of(value: Any) -> str:
    """The logical id to which a Ref or GetAtt points; empty for a plain value."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return name
    return ""


def _function(id_: str, made: dict[str, Any]) -> Function:
    events = made.get("Events", {}).values()
    every = next((_rate(event["Properties"]["ScheduleExpression"]) for event in events if event["Type"] == "ScheduleV2"), None)
    return Function(
        id=id_,
        name=made["Handler"].split(".")[1],
        timeout=float(made["Timeout"]),
        variables=made.get("Environment", {}).get("Variables", {}),
        sources=tuple(_source(event["Properties"]) for event in events if event["Type"] == "SQS"),
        every=every,
        **_asynchronous(made.get("EventInvokeConfig", {})),
    )


def _asynchronous(made: dict[str, Any]) -> dict[str, Any]:
    """How often Lambda repeats an event that failed, and until what age in seconds."""
    names = {"MaximumRetryAttempts": "retries", "MaximumEventAgeInSeconds": "oldest_event"}
    return {names[name]: value for name, value in made.items() if name in names}


def _source(made: dict[str, Any]) -> Source:
    assert made["FunctionResponseTypes"] == ["ReportBatchItemFailures"], "the world reads partial answers only"
    return Source(target_of(made["Queue"]), made["BatchSize"], made["ScalingConfig"]["MaximumConcurrency"])


def _rate(expression: str) -> float:
    count, unit = expression.removeprefix("rate(").removesuffix(")").split()
    return int(count) * _UNITS[unit]


def _alarm(name: str, made: dict[str, Any], condition: str) -> Alarm:
    subjects = [target_of(entry["Value"]) for entry in made.get("Dimensions", ())]
    return Alarm(
        name=name,
        namespace=made["Namespace"],
        metric=made["MetricName"],
        statistic=made["Statistic"],
        period=float(made["Period"]),
        periods=made["EvaluationPeriods"],
        threshold=float(made["Threshold"]),
        comparison=made["ComparisonOperator"],
        missing=made.get("TreatMissingData", "missing"),
        subject=next((subject for subject in subjects if subject), ""),
        condition=condition,
    )
