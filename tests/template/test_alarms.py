"""Somebody hears of everything that needs a person, and silence is heard too."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shared.observability import NEEDS_ATTENTION, SHOWN_TO_A_PERSON
from tests.template.reading import Resources, target_of

RUNBOOK = Path(__file__).parents[2] / "docs/runbook.md"
OURS = "ReferralFactoryIntercom"
# alarm → metric, statistic, threshold
OCCURRENCES = {
    "NeedsAttentionAlarm": ("NeedsAttention", "Sum", 1),
    "PermissionMissingAlarm": ("PermissionMissing", "Sum", 1),
    "StrikeAlarm": ("Strike", "Sum", 1),
    "SignupUnverifiedAlarm": ("SignupUnverified", "Sum", 1),
    "AttributeLeftOutAlarm": ("AttributeLeftOut", "Sum", 10),
    "TrackedAttributeMissingAlarm": ("TrackedAttributeMissing", "Sum", 1),
    "NotificationsSilentAlarm": ("NotificationsSilent", "Sum", 1),
    "WebhookServerErrorAlarm": ("WebhookServerError", "Sum", 1),
    "NotificationServerErrorAlarm": ("NotificationServerError", "Sum", 1),
}
# alarm → metric, threshold, of how many minutes how many
STATES = {
    "ConnectionLostAlarm": ("Disconnected", 1, (1, 1)),
    "BreakerOpenAlarm": ("BreakerOpen", 1, (5, 3)),
    "CallsStoppedAlarm": ("CallsStopped", 1, (1, 1)),
    "OldestUndeliveredAlarm": ("OldestUndeliveredSeconds", 600, (1, 1)),
    "CreatesWaitAlarm": ("CreatesWait", 1, (1, 1)),
}
# alarm → function that it watches
ERRORS = {
    f"{name}ErrorAlarm": f"{name}Function"
    for name in ("DeliverContact", "QualifyReferral", "UpdateReferrer", "Reconcile", "SyncPage")
}
# queue → seconds after which nobody takes from it
AGES = {"DeliveryQueue": 600, "QualificationQueue": 600, "ReferrerQueue": 600, "ReconcileQueue": 900, "SyncQueue": 900}
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


@pytest.fixture(scope="module")
def outage(resources: Resources) -> set[str]:
    """The alarms for which the composite tells."""
    return set(re.findall(r"\$\{(\w+Alarm)\}", json.dumps(resources.properties("OutageAlarm")["AlarmRule"])))


def all_alarms(resources: Resources) -> dict[str, dict[str, Any]]:
    return resources.of_type("AWS::CloudWatch::Alarm") | resources.of_type("AWS::CloudWatch::CompositeAlarm")


def test_every_alarm_notifies_the_topic_itself_or_through_the_composite(resources: Resources, outage: set[str]) -> None:
    for name, alarm in all_alarms(resources).items():
        receivers = [target_of(action) for action in alarm.get("AlarmActions", ())]
        assert receivers == ([] if name in outage else ["AlarmTopic"]), name
        assert len(alarm["AlarmDescription"]) > 40, name
    assert outage <= set(all_alarms(resources))


def test_ok_is_sent_only_for_what_is_over(resources: Resources, outage: set[str]) -> None:
    """Something that happened once is not over a minute later."""
    for name, alarm in all_alarms(resources).items():
        receivers = [target_of(action) for action in alarm.get("OKActions", ())]
        once = (
            name in OCCURRENCES.keys() - {"TrackedAttributeMissingAlarm"} or "Refused" in name or name == "WebhooksSilentAlarm"
        )
        assert receivers == ([] if name in outage or once else ["AlarmTopic"]), name


def test_the_runbook_names_no_alarm_that_there_is_not(resources: Resources) -> None:
    named = set(re.findall(r"\*\*((?:[A-Z][a-z]+){2,})\*\*", RUNBOOK.read_text()))
    assert {"ConnectionLost", "SweepSilent"} <= named
    assert named <= {name.removesuffix("Alarm") for name in all_alarms(resources)}


def test_every_alarm_is_in_the_runbook(resources: Resources) -> None:
    rows = [line for line in RUNBOOK.read_text().splitlines() if line.startswith("| **")]
    for name in all_alarms(resources):
        assert any(f"**{name.removesuffix('Alarm')}**" in row for row in rows), f"{name} is not in docs/runbook.md"


@pytest.mark.parametrize("name", OCCURRENCES)
def test_one_occurrence_rings(name: str, resources: Resources) -> None:
    alarm = resources.properties(name)
    metric, statistic, threshold = OCCURRENCES[name]
    assert alarm["Namespace"] == OURS
    assert alarm["MetricName"] == metric
    assert alarm["Statistic"] == statistic
    assert alarm["Threshold"] == threshold
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) == 1


def test_what_happens_again_within_an_hour_is_no_second_mail(resources: Resources, outage: set[str]) -> None:
    once = OCCURRENCES.keys() | ERRORS.keys() | {"WebhookRefusedAlarm", "NotificationRefusedAlarm"}
    once |= {f"{queue}AgeAlarm" for queue in AGES}  # a message that was taken three times has no age
    goes_on = {"TrackedAttributeMissingAlarm"}  # counted in each pass until it is mended
    for name in once - outage - goes_on:
        alarm = resources.properties(name)
        period = alarm["Period"] if "Period" in alarm else alarm["Metrics"][0]["MetricStat"]["Period"]
        assert (alarm.get("DatapointsToAlarm"), alarm["EvaluationPeriods"] * period) == (1, 3_600), name


@pytest.mark.parametrize("name", REPETITIONS)
def test_what_fails_again_and_again_rings(name: str, resources: Resources) -> None:
    alarm = resources.properties(name)
    metric, period, slots = REPETITIONS[name]
    assert alarm["Namespace"] == OURS
    assert alarm["MetricName"] == metric
    assert alarm["Statistic"] == "Sum"
    assert alarm["Period"] == period
    assert alarm["EvaluationPeriods"] == slots
    assert alarm["Threshold"] == 1
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("GreaterThanOrEqualToThreshold", "notBreaching")


@pytest.mark.parametrize("name", HEARTBEATS)
def test_silence_rings(name: str, resources: Resources) -> None:
    alarm = resources.properties(name)
    metric, period, slots = HEARTBEATS[name]
    assert alarm["MetricName"] == metric
    assert alarm["Period"] == period
    assert alarm["EvaluationPeriods"] == slots
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"


@pytest.mark.parametrize("name", STATES)
def test_a_state_is_a_gauge_and_stays_while_nobody_measures_it(name: str, resources: Resources) -> None:
    alarm = resources.properties(name)
    metric, threshold, (periods, datapoints) = STATES[name]
    assert alarm["MetricName"] == metric
    assert alarm["Statistic"] == "Maximum"
    assert alarm["Threshold"] == threshold
    assert alarm["EvaluationPeriods"] == periods
    assert alarm.get("DatapointsToAlarm", periods) == datapoints
    assert alarm["Period"] == 60
    assert alarm["TreatMissingData"] == "ignore"


def test_every_function_that_no_caller_hears_rings_on_its_errors_or_its_silence(resources: Resources) -> None:
    silent = {name.removesuffix("Alarm").removesuffix("Silent") for name in HEARTBEATS}
    heartbeats = {"Sweep", "StartSync", "SyntheticSignup"}
    assert heartbeats <= silent

    functions = {name.removesuffix("Function") for name in resources.of_type("AWS::Lambda::Function")}
    answering = {"SignupWebhook", "IntercomWebhook", "AdminApi", "Console"}
    assert functions - answering == {name.removesuffix("ErrorAlarm") for name in ERRORS} | heartbeats


def test_what_a_person_is_shown_rings_one_alarm(resources: Resources) -> None:
    """And no other: each metric of an alarm has its price."""
    read = {alarm.get("MetricName") for alarm in resources.of_type("AWS::CloudWatch::Alarm").values()}
    assert NEEDS_ATTENTION in read
    assert read & SHOWN_TO_A_PERSON == set()

    rows = [line for line in RUNBOOK.read_text().splitlines() if line.startswith("| **NeedsAttention**")]
    assert {name for name in SHOWN_TO_A_PERSON if any(f"*{name}*" in row for row in rows)} == SHOWN_TO_A_PERSON


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_of_a_worker_rings(name: str, resources: Resources) -> None:
    alarm = resources.properties(name)

    assert alarm["Namespace"] == "AWS/Lambda"
    assert alarm["MetricName"] == "Errors"
    assert alarm["Threshold"] == 1
    assert [(entry["Name"], target_of(entry["Value"])) for entry in alarm["Dimensions"]] == [("FunctionName", ERRORS[name])]


def test_every_queue_that_nobody_takes_from_rings(resources: Resources) -> None:
    mapped = {target_of(made["EventSourceArn"]) for made in resources.of_type("AWS::Lambda::EventSourceMapping").values()}
    assert mapped == set(AGES)
    for queue, seconds in AGES.items():
        alarm = resources.properties(f"{queue}AgeAlarm")
        assert (alarm["MetricName"], alarm["Threshold"]) == ("ApproximateAgeOfOldestMessage", seconds)
        assert target_of(alarm["Dimensions"][0]["Value"]) == queue


def test_throttles_of_what_runs_most_ring(resources: Resources) -> None:
    """A throttle of any other function is heard in tests/simulation/faults/test_alarms.py."""
    metrics = [entry["MetricStat"]["Metric"] for entry in resources.properties("ThrottledAlarm")["Metrics"][:-1]]
    watched = {target_of(metric["Dimensions"][0]["Value"]) for metric in metrics}
    assert watched == {"DeliverContactFunction", "SweepFunction"}


def test_every_metric_of_ours_is_the_stacks_own(resources: Resources) -> None:
    """Neither a campaign nor a person is a dimension, and another stack in the account is not heard."""
    own = [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]
    for name, alarm in resources.of_type("AWS::CloudWatch::Alarm").items():
        read = [entry["MetricStat"]["Metric"] for entry in alarm.get("Metrics", ()) if "MetricStat" in entry] or [alarm]
        assert all(metric["Dimensions"] == own for metric in read if metric["Namespace"] == OURS), name
    for name, made in resources.of_type("AWS::Lambda::Function").items():
        assert made["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}, name
    for filtered in resources.of_type("AWS::Logs::MetricFilter").values():
        assert filtered["MetricTransformations"][0]["Dimensions"] == [{"Key": "service", "Value": "$.stack"}]
    for api in resources.of_type("AWS::ApiGatewayV2::Stage").values():
        assert api["AccessLogSettings"]["Format"]["Fn::Sub"][0].startswith('{"stack":"${AWS::StackName}"')

    dashboard = resources.properties("Dashboard")["DashboardBody"]["Fn::Sub"]

    assert dashboard.count('"service", "${AWS::StackName}"') == dashboard.count(f'"{OURS}"')


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
