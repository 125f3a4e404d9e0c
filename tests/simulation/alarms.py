"""The template's alarms, evaluated over what a world recorded, as CloudWatch would."""

from __future__ import annotations

import math

from tests.simulation.blueprint import Alarm
from tests.simulation.world import BEGINNING, World

_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
_STATISTICS = {"Sum": sum, "Maximum": max, "Minimum": min}


def fired(world: World) -> dict[str, float]:
    """Names of the alarms that were in ALARM at some time, each with the second, from the beginning, of the first time."""
    alarms = (alarm for alarm in world.blueprint.alarms if not alarm.condition or alarm.condition in world.conditions)
    times = {alarm.name: _first_time(world, alarm) for alarm in alarms}
    return {name: at for name, at in times.items() if at is not None}


def _first_time(world: World, alarm: Alarm) -> float | None:
    periods: dict[int, list[float]] = {}
    for at, value in _series(world, alarm):
        periods.setdefault(int((at - BEGINNING) // alarm.period), []).append(value)
    run = 0
    for number in range(math.floor((world.now() - BEGINNING) / alarm.period)):
        run = run + 1 if _is_breaching(alarm, periods.get(number)) else 0
        if run >= alarm.periods:
            return (number + 1) * alarm.period
    return None


def _is_breaching(alarm: Alarm, values: list[float] | None) -> bool:
    if not values:
        return alarm.missing == "breaching"
    return _COMPARISONS[alarm.comparison](_STATISTICS[alarm.statistic](values), alarm.threshold)


def _series(world: World, alarm: Alarm) -> list[tuple[float, float]]:
    match alarm.namespace, alarm.metric:
        case "AWS/SQS", "ApproximateNumberOfMessagesVisible":
            return world.metrics.get(f"visible {alarm.subject}", [])
        case "AWS/Lambda", "Errors":
            return [(at, 1) for at, function, _ in world.lambda_errors if function == alarm.subject]
        case "AWS/ApiGateway", "5xx":
            return [(at, 1) for at in world.server_errors]
        case "ReferralFactoryIntercom", metric:
            return world.metrics.get(metric, [])
    raise AssertionError(f"the world does not record {alarm.namespace} {alarm.metric}")
