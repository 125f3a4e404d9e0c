"""The template's alarms, evaluated over what a world recorded, as CloudWatch would."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from tests.simulation.aws.blueprint import OURS, Alarm, Stat
from tests.simulation.world import BEGINNING, World

_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
_STATISTICS = {"Sum": sum, "Maximum": max, "Minimum": min}
Times = list[tuple[float, float]]
"""From when until when an alarm was in ALARM, in seconds from the beginning."""


def fired(world: World, *beside: World) -> dict[str, float]:
    """Names of the alarms that were in ALARM at some time, each with the second, from the beginning, of the first time.
    ``beside``: other stacks of the same account, whose metrics the alarms could hear as well."""
    return {name: times[0][0] for name, times in _ringing(world, beside).items() if times}


def mails(world: World) -> list[tuple[float, str]]:
    """What the topic gets when an alarm begins to ring: the second and the name, the first first."""
    enqueuing = _ringing(world, ())
    mailing = {alarm.name for alarm in (*world.blueprint.alarms, *world.blueprint.composites) if alarm.tells}
    return sorted((began, name) for name, times in enqueuing.items() if name in mailing for began, _ in times)


def _ringing(world: World, beside: Sequence[World]) -> dict[str, Times]:
    alarms = (alarm for alarm in world.blueprint.alarms if not alarm.condition or alarm.condition in world.conditions)
    times = {alarm.name: _times(world, beside, alarm) for alarm in alarms}
    for composite in world.blueprint.composites:
        times[composite.name] = _union([one for child in composite.children for one in times.get(child, [])])
    return times


def _union(times: Times) -> Times:
    joined: Times = []
    for began, ended in sorted(times):
        if joined and began <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(ended, joined[-1][1]))
        else:
            joined.append((began, ended))
    return joined


def _times(world: World, beside: Sequence[World], alarm: Alarm) -> Times:
    """A datapoint that is missing and to be ignored leaves the alarm as it was."""
    values = {stat.id: _by_period(alarm.period, _series(world, beside, stat)) for stat in alarm.stats}
    last: list[bool] = []
    times: Times = []
    for number in range(math.floor((world.now() - BEGINNING) / alarm.period)):
        ids = {stat.id: _statistic(stat, values[stat.id].get(number)) for stat in alarm.stats}
        breaching = _is_breaching(alarm, evaluate(alarm.expression, ids))
        if breaching is not None:
            last = [*last, breaching][-alarm.periods :]
        at = (number + 1) * alarm.period
        if sum(last) < alarm.datapoints:
            continue
        if times and times[-1][1] == at:
            times[-1] = (times[-1][0], at + alarm.period)
        else:
            times.append((at, at + alarm.period))
    return times


def _by_period(period: float, series: list[tuple[float, float]]) -> dict[int, list[float]]:
    periods: dict[int, list[float]] = {}
    for at, value in series:
        periods.setdefault(int((at - BEGINNING) // period), []).append(value)
    return periods


def _statistic(stat: Stat, values: list[float] | None) -> float | None:
    return _STATISTICS[stat.statistic](values) if values else None


def _is_breaching(alarm: Alarm, value: float | None) -> bool | None:
    if value is None:
        return None if alarm.missing == "ignore" else alarm.missing == "breaching"
    return _COMPARISONS[alarm.comparison](value, alarm.threshold)


class _MissingError(Exception):
    """An expression without a value: one of its metrics has none, and is not filled."""


def evaluate(expression: str, values: Mapping[str, float | None]) -> float | None:
    """An expression of metric math; of the functions, IF and FILL.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """

    class Names(dict[str, Any]):
        def __missing__(self, name: str) -> float:
            value = values[name]
            if value is None:
                raise _MissingError
            return value

    text = expression.replace(" AND ", " and ").replace(" OR ", " or ").replace("IF(", "choose(")
    for name in values:
        text = text.replace(f"FILL({name},", f"FILL('{name}',")
    names = Names(
        choose=lambda condition, then, otherwise: then if condition else otherwise,
        FILL=lambda name, instead: instead if values[name] is None else values[name],
    )
    try:
        return float(eval(text, {"__builtins__": {}}, names))
    except _MissingError:
        return None


def _series(world: World, beside: Sequence[World], stat: Stat) -> list[tuple[float, float]]:
    # Lambda's metrics without a function are the account's.
    heard = (world,) if stat.subject else (world, *beside)
    match stat.namespace, stat.metric:
        case "AWS/SQS", "ApproximateNumberOfMessagesVisible":
            return world.metrics.get(f"visible {stat.subject}", [])
        case "AWS/SQS", "ApproximateAgeOfOldestMessage":
            return world.metrics.get(f"age {stat.subject}", [])
        case "AWS/Lambda", "Errors":
            return [(at, 1) for one in heard for at, function, _ in one.lambda_errors if stat.subject in ("", function)]
        case "AWS/Lambda", "Throttles":
            return [(at, 1) for one in heard for at, function in one.throttles if stat.subject in ("", function)]
        case "AWS/Lambda", "Invocations":
            return [
                (at, 1) for function in world.functions.values() if function.made.id == stat.subject for at in function.began
            ]
        case namespace, metric if namespace == OURS:
            dimension = world.cloud.value(stat.dimension)
            return [one for other in (world, *beside) if other.service_name == dimension for one in _own(other, metric)]
    raise AssertionError(f"the world does not record {stat.namespace} {stat.metric}")


def _own(world: World, metric: str) -> list[tuple[float, float]]:
    """One of our metrics: counted by the application, or taken from the access log by a filter."""
    wanted = world.blueprint.filters.get(metric)
    if wanted is None:
        return world.metrics.get(metric, [])
    return [(at, 1) for at, line in world.access_log if all(fnmatchcase(line[name], want) for name, want in wanted.items())]
