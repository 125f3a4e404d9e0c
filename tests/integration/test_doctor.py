"""The doctor over HTTP against the deployed template: what AWS would not run, and who hears of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.stack.ministack import ROOT
from sandbox.stack.stack import Stack
from tests.integration.over_http import OverHttp, wait_for
from tests.support.deployed import changed
from tools.doctor import aws
from tools.doctor.deployment import LookedAt, NoDeploymentError, look_at
from tools.doctor.finding import Finding, Level

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def deployment(stack: Stack) -> LookedAt:
    return look_at("local", lambda service: stack.client(service))


def level_of(check: Callable[[LookedAt], Iterator[Finding]], deployment: LookedAt) -> Level:
    findings = list(check(deployment))
    assert findings
    return Level.BAD if any(one.level is Level.BAD for one in findings) else findings[0].level


def run(stack: Stack, *arguments: str, key: str = "") -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": stack.aws_endpoint,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": key or stack.ministack.access_key,
        "AWS_SECRET_ACCESS_KEY": stack.ministack.secret_key,
    }
    command = [sys.executable, "-m", "tools.doctor", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_switched_off_schedule_is_found(stack: Stack, deployment: LookedAt) -> None:
    scheduler = stack.client("scheduler")

    assert level_of(aws.check_schedules, deployment) is Level.GOOD

    name = stack.resources["SweepFunctionEveryMinute"]
    wanted = ("ScheduleExpression", "FlexibleTimeWindow", "Target")
    present = {key: value for key, value in scheduler.get_schedule(Name=name).items() if key in wanted}
    scheduler.update_schedule(Name=name, State="DISABLED", **present)
    try:
        assert level_of(aws.check_schedules, deployment) is Level.BAD
    finally:
        scheduler.update_schedule(Name=name, State="ENABLED", **present)

    assert level_of(aws.check_schedules, deployment) is Level.GOOD


def test_a_disabled_mapping_is_found_with_the_command_that_enables_it(stack: Stack, deployment: LookedAt) -> None:
    functions = stack.client("lambda")

    assert level_of(aws.check_mappings, deployment) is Level.GOOD

    uuid = deployment.named("AWS::Lambda::EventSourceMapping")["SyncPageFunctionSync"]
    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    try:
        bad = [one for one in aws.check_mappings(deployment) if one.level is Level.BAD]
        assert [f"--enabled --uuid {uuid}" in one.do for one in bad] == [True]
    finally:
        functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    wait_for(lambda: level_of(aws.check_mappings, deployment) is Level.GOOD, "the enabled mapping")


def test_a_subscription_counts_once_it_is_confirmed(stack: Stack, deployment: LookedAt) -> None:
    assert level_of(aws.check_alarms, deployment) is Level.SKIPPED
    assert level_of(aws.check_alarms, changed(deployment, parameters={"Stage": "prod"})) is Level.BAD

    sns = stack.client("sns")
    topic = deployment.outputs["AlarmTopicArn"]
    confirmed = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="oncall@example.com", ReturnSubscriptionArn=True)

    assert level_of(aws.check_alarms, deployment) is Level.GOOD

    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://127.0.0.1:9/never")

    bad = [one for one in aws.check_alarms(deployment) if one.level is Level.BAD]
    assert ["127.0.0.1:9" in one.what for one in bad] == [True]

    sns.unsubscribe(SubscriptionArn=confirmed["SubscriptionArn"])


@pytest.mark.parametrize(
    ("delivery", "level"), [("3", Level.GOOD), ("100000", Level.BAD)], ids=["there is room", "more than the account has"]
)
def test_concurrency_against_the_accounts_quota(deployment: LookedAt, delivery: str, level: Level) -> None:
    asked = changed(deployment, parameters={**deployment.parameters, "DeliveryConcurrency": delivery})
    assert level_of(aws.check_quotas, asked) is level


def test_a_new_accounts_quota_is_enough_to_try_it(deployment: LookedAt) -> None:
    class Functions:
        def get_account_settings(self) -> dict[str, Any]:
            return {"AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}}

    asked = changed(
        deployment, parameters={"DeliveryConcurrency": "3", "SyncConcurrency": "2"}, client=lambda service: Functions()
    )
    assert level_of(aws.check_quotas, asked) is Level.WARN


def test_the_command_says_each_line_and_fails_until_all_is_well(stack: Stack, outside: OverHttp) -> None:
    campaign = outside.configure()
    first = run(stack, "local")

    assert first.returncode == 1
    assert f"campaign {campaign}: none of a signup ever came" in first.stdout
    assert first.stderr == ""

    for check in (
        "stack",
        "schedules",
        "mappings",
        "quotas",
        "tokens",
        "region",
        "permissions",
        "attributes",
        "secrets",
        "clock",
    ):
        assert any(line.startswith("ok") and f" {check} " in line for line in first.stdout.splitlines()), (check, first.stdout)


def test_a_stack_that_is_not_there_and_a_wrong_key_are_said(stack: Stack) -> None:
    for arguments, key in ((("--stack", "nobody"), ""), (("local",), "wrong")):
        answer = run(stack, *arguments, key=key)
        assert (answer.returncode, answer.stdout) == (2, "")
        assert "nothing to look at" in answer.stderr
    assert run(stack).returncode == 2
    with pytest.raises(NoDeploymentError, match="AdminApiFunction"):
        look_at("empty", lambda _: _Empty())


class _Empty:
    """A stack without any of our parts."""

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": "CREATE_COMPLETE"}], "ResponseMetadata": {}}

    def get_paginator(self, _: str) -> _Empty:
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"StackResourceSummaries": []}]
