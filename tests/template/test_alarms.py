"""Somebody hears of everything that needs a person, and silence is heard too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.template.reading import Resources, target_of

RUNBOOK = Path(__file__).parents[2] / "docs/runbook.md"
OURS = "ReferralFactoryIntercom"
# alarm → metric, statistic, threshold
OCCURRENCES = {
    "ConnectionLostAlarm": ("ConnectionLost", "Sum", 1),
    "BreakerOpenedAlarm": ("BreakerOpened", "Sum", 1),
    "StrikeAlarm": ("Strike", "Sum", 1),
    "PossiblyDoubledAlarm": ("PossiblyDoubled", "Sum", 1),
    "SignupQuarantinedAlarm": ("SignupQuarantined", "Sum", 1),
    "SignupUnverifiedAlarm": ("SignupUnverified", "Sum", 1),
    "LateDeliveryAlarm": ("LateDelivery", "Sum", 1),
    "TrackedAttributeMissingAlarm": ("TrackedAttributeMissing", "Sum", 1),
    "NotificationsSilentAlarm": ("NotificationsSilent", "Sum", 1),
    "QualificationFailedAlarm": ("QualificationFailed", "Sum", 1),
    "SyncFailedAlarm": ("SyncFailed", "Sum", 1),
    "RewardEventRefusedAlarm": ("RewardEventRefused", "Sum", 1),
    "OldestUndeliveredAlarm": ("OldestUndeliveredSeconds", "Maximum", 600),
}
# alarm → metric, period, slots
REPETITIONS = {
    "ContactReconcileFailedAlarm": ("ContactReconcileFailed", 300, 3),
    "RewardPollFailedAlarm": ("RewardPollFailed", 300, 3),
}
# alarm → metric, period, slots
HEARTBEATS = {
    "SweepSilentAlarm": ("SweepFinished", 60, 5),
    "ReconcileSilentAlarm": ("ReconcileSucceeded", 300, 3),
    "StartSyncSilentAlarm": ("SyncTickFinished", 300, 3),
    "SyntheticSignupAlarm": ("SyntheticSignupWorks", 600, 3),
}


def test_every_alarm_tells_the_topic_and_says_what_to_do(resources: Resources) -> None:
    for name, alarm in resources.of_type("AWS::CloudWatch::Alarm").items():
        assert [target_of(action) for action in alarm["AlarmActions"]] == ["AlarmTopic"], name
        assert [target_of(action) for action in alarm["OKActions"]] == ["AlarmTopic"], name
        assert len(alarm["AlarmDescription"]) > 40, name


def test_every_alarm_is_in_the_runbook(resources: Resources) -> None:
    rows = [line for line in RUNBOOK.read_text().splitlines() if line.startswith("| **")]
    for name in resources.of_type("AWS::CloudWatch::Alarm"):
        assert any(f"**{name.removesuffix('Alarm')}**" in row for row in rows), f"{name} is not in docs/runbook.md"


@pytest.mark.parametrize("name", OCCURRENCES)
def test_one_occurrence_rings(name: str, resources: Resources) -> None:
    alarm = resources.properties(name)
    metric, statistic, threshold = OCCURRENCES[name]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == (
        OURS,
        metric,
        statistic,
        threshold,
    )
    assert (alarm["ComparisonOperator"], alarm["EvaluationPeriods"]) == ("GreaterThanOrEqualToThreshold", 1)


@pytest.mark.parametrize("name", REPETITIONS)
def test_what_fails_again_and_again_rings(name: str, resources: Resources) -> None:
    alarm = resources.properties(name)
    metric, period, slots = REPETITIONS[name]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == (OURS, metric, "Sum")
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["Threshold"]) == (period, slots, 1)
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("GreaterThanOrEqualToThreshold", "notBreaching")


@pytest.mark.parametrize("name", HEARTBEATS)
def test_silence_rings(name: str, resources: Resources) -> None:
    alarm = resources.properties(name)
    metric, period, slots = HEARTBEATS[name]
    assert (alarm["MetricName"], alarm["Period"], alarm["EvaluationPeriods"]) == (metric, period, slots)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"


@pytest.mark.parametrize("function", ["Sweep", "Reconcile", "UpdateReferrer", "StartSync"])
def test_an_error_of_a_scheduled_function_rings(function: str, resources: Resources) -> None:
    alarm = resources.properties(f"{function}ErrorAlarm")
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/Lambda", "Errors", 1)
    assert [(entry["Name"], target_of(entry["Value"])) for entry in alarm["Dimensions"]] == [
        ("FunctionName", f"{function}Function")
    ]


def test_no_metric_has_a_campaign_or_a_person_as_dimension(resources: Resources) -> None:
    for name, alarm in resources.of_type("AWS::CloudWatch::Alarm").items():
        if alarm["Namespace"] == OURS:
            assert alarm["Dimensions"] == [{"Name": "service", "Value": "referral-factory-intercom"}], name


def test_the_alarms_e_mail_is_a_choice(expanded: dict[str, Any], resources: Resources) -> None:
    assert resources.entries["AlarmSubscription"]["Condition"] == "MailAlarms"
    assert expanded["Parameters"]["AlarmEmail"]["Default"] == ""


def test_the_dashboard_is_json_and_shows_what_the_alarms_watch(resources: Resources) -> None:
    text = resources.properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(text)["widgets"]
    assert len({(widget["x"], widget["y"]) for widget in widgets}) == len(widgets)
    assert all(
        metric in text for metric in ("OldestUndeliveredSeconds", "SweepFinished", "ReconcileSucceeded", "ConnectionLost")
    )


def test_parameters_explain_themselves(expanded: dict[str, Any]) -> None:
    for name, parameter in expanded["Parameters"].items():
        assert len(parameter["Description"]) > 40, name
        assert "Default" in parameter, name
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter), name
