"""What template.yaml says about tables, queues, secrets, functions and alarms, so that the world cannot drift from it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.stack.expand import read_template

TEMPLATE = Path(__file__).parents[3] / "template.yaml"
OURS = "ReferralFactoryIntercom"
"""The namespace of our own metrics."""
_UNITS = {"minute": 60.0, "minutes": 60.0, "hour": 3_600.0, "hours": 3_600.0, "day": 86_400.0, "days": 86_400.0}


@dataclass(frozen=True, slots=True)
class Source:
    """A queue that invokes a function. ``concurrency`` may be a reference to a parameter."""

    queue: str
    batch_size: int
    concurrency: Any


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
    memory: int = 512
    """Megabytes."""
    rings_itself: bool = False
    """Lambda's loop detection is off for it."""
    routes: tuple[tuple[str, str], ...] = ()
    """Method and path of what the API hands to it."""
    schedule_dead_letters: str = ""
    """The queue for what its schedule could not hand over; empty: nobody hears of it."""
    schedule_patience: float = 86_400.0
    """Seconds for which the scheduler tries."""


@dataclass(frozen=True, slots=True)
class Stat:
    """A metric that an alarm reads. ``subject``: the logical id of the queue or function, empty for our own metrics, which
    have a ``dimension`` instead."""

    id: str
    namespace: str
    metric: str
    statistic: str
    subject: str
    dimension: Any


@dataclass(frozen=True, slots=True)
class Alarm:
    """One CloudWatch alarm over the value of ``expression``, which names ``stats``. ``datapoints`` of ``periods`` have to
    breach. ``condition``: under which it is made at all, empty: always. ``tells``: the topic, by itself."""

    name: str
    stats: tuple[Stat, ...]
    expression: str
    period: float
    periods: int
    datapoints: int
    threshold: float
    comparison: str
    missing: str
    condition: str = ""
    tells: bool = True


@dataclass(frozen=True, slots=True)
class Composite:
    """Rings while one of its children does."""

    name: str
    children: tuple[str, ...]
    tells: bool


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The parts of the template that the world rebuilds."""

    tables: dict[str, dict[str, Any]]
    queues: dict[str, dict[str, Any]]
    secrets: tuple[str, ...]
    functions: dict[str, Function]
    parameters: dict[str, str]
    alarms: tuple[Alarm, ...] = field(default=())
    composites: tuple[Composite, ...] = field(default=())
    filters: dict[str, dict[str, str]] = field(default_factory=dict)
    """Metric → field of an access log line → what it has to look like."""


@cache
def read_blueprint() -> Blueprint:
    """Read once a process: parsing the template takes half a second."""
    template = read_template(TEMPLATE)
    resources = template["Resources"]

    def of_type(kind: str) -> dict[str, dict[str, Any]]:
        return {name: entry.get("Properties", {}) for name, entry in resources.items() if entry["Type"] == kind}

    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    memory = template["Globals"]["Function"]["MemorySize"]
    functions = [_function(name, made, variables, memory) for name, made in of_type("AWS::Serverless::Function").items()]
    return Blueprint(
        tables=of_type("AWS::DynamoDB::Table"),
        queues=of_type("AWS::SQS::Queue"),
        secrets=tuple(of_type("AWS::SecretsManager::Secret")),
        functions={function.name: function for function in functions},
        parameters={name: str(made["Default"]) for name, made in template["Parameters"].items() if "Default" in made},
        alarms=tuple(
            _alarm(name, made, resources[name].get("Condition", "")) for name, made in of_type("AWS::CloudWatch::Alarm").items()
        ),
        composites=tuple(_composite(name, made) for name, made in of_type("AWS::CloudWatch::CompositeAlarm").items()),
        filters=dict(_filter(made) for made in of_type("AWS::Logs::MetricFilter").values()),
    )


def table_request(made: dict[str, Any]) -> dict[str, Any]:
    """A table as ``CreateTable`` takes it, but for its name."""
    names = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
    return {name: made[name] for name in names if name in made}


def create_ledger_table(client: Any, name: str) -> None:
    """A table of the ledger's shape; that of the campaigns has the same keys, and no index."""
    client.create_table(TableName=name, **table_request(read_blueprint().tables["ReferralsTable"]))


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


def _function(id_: str, made: dict[str, Any], variables: dict[str, Any], memory: int) -> Function:
    events = made.get("Events", {}).values()
    every = next((_rate(event["Properties"]["ScheduleExpression"]) for event in events if event["Type"] == "ScheduleV2"), None)
    return Function(
        id=id_,
        name=made["Handler"].split(".")[1],
        timeout=float(made["Timeout"]),
        variables=variables | made.get("Environment", {}).get("Variables", {}),
        sources=tuple(_source(event["Properties"]) for event in events if event["Type"] == "SQS"),
        every=every,
        memory=made.get("MemorySize", memory),
        rings_itself=made.get("RecursiveLoop") == "Allow",
        routes=tuple(
            (event["Properties"]["Method"], event["Properties"]["Path"]) for event in events if event["Type"] == "HttpApi"
        ),
        **_asynchronous(made.get("EventInvokeConfig", {})),
        **_scheduled(next((event["Properties"] for event in events if event["Type"] == "ScheduleV2"), {})),
    )


def _scheduled(made: dict[str, Any]) -> dict[str, Any]:
    if not made:
        return {}
    patience = float(made["RetryPolicy"]["MaximumEventAgeInSeconds"])
    return {"schedule_dead_letters": target_of(made["DeadLetterConfig"]["Arn"]), "schedule_patience": patience}


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
    stats, periods = [], set()
    for entry in made.get("Metrics") or [{"Id": "value", "MetricStat": _stat_of(made)}]:
        if "MetricStat" not in entry:
            continue
        of, metric = entry["MetricStat"], entry["MetricStat"]["Metric"]
        value = next((dimension["Value"] for dimension in metric.get("Dimensions", ())), None)
        subject = "" if metric["Namespace"] == OURS else target_of(value)
        stats.append(Stat(entry["Id"], metric["Namespace"], metric["MetricName"], of["Stat"], subject, value))
        periods.add(float(of["Period"]))
    [period] = periods
    return Alarm(
        name=name,
        stats=tuple(stats),
        expression=next((entry["Expression"] for entry in made.get("Metrics", ()) if "Expression" in entry), "value"),
        period=period,
        periods=made["EvaluationPeriods"],
        datapoints=made.get("DatapointsToAlarm", made["EvaluationPeriods"]),
        threshold=float(made["Threshold"]),
        comparison=made["ComparisonOperator"],
        missing=made.get("TreatMissingData", "missing"),
        condition=condition,
        tells=bool(made.get("AlarmActions")),
    )


def _stat_of(made: dict[str, Any]) -> dict[str, Any]:
    return {"Metric": made, "Period": made["Period"], "Stat": made["Statistic"]}


def _composite(name: str, made: dict[str, Any]) -> Composite:
    rule = json.dumps(made["AlarmRule"])
    assert not re.search(r"\b(AND|NOT|OK)\b", rule), "the world knows composites of OR only"
    return Composite(name, tuple(re.findall(r"\$\{(\w+Alarm)\}", rule)), bool(made.get("AlarmActions")))


def _filter(made: dict[str, Any]) -> tuple[str, dict[str, str]]:
    [transformation] = made["MetricTransformations"]
    assert transformation["MetricNamespace"] == OURS
    return transformation["MetricName"], dict(re.findall(r'\$\.(\w+) = "([^"]*)"', made["FilterPattern"]))
