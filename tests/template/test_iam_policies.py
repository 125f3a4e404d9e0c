"""The policies in ``docs/iam``: the on-call's allows each call that ``tools.operate`` and the doctor make, the deployer's each
kind of resource that the template makes; neither reaches beyond one stack where IAM can tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from sandbox.commands.campaign_places import StackPlace
from sandbox.stack.expand import read_template
from tests.support.builders import App
from tests.support.deployed import AppDeployment, Aws, Watched
from tests.support.documents import campaign_document
from tests.unit.operations.test_doctor import TRACKED
from tests.unit.operations.test_operate import CALLS, call
from tools.doctor.__main__ import CHECKS, examine
from tools.doctor.deployment import LookedAt, look_at

ROOT = Path(__file__).parents[2]
IAM = ROOT / "docs" / "iam"
NEEDS_NOTHING = {"sts:GetCallerIdentity"}
AS_ONE = {
    "dynamodb:TransactWriteItems": ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"),
    "sqs:SendMessageBatch": ("sqs:SendMessage",),
}
"""Calls that IAM knows under the names of what they are made of."""
SERVICES = {
    "AWS::ApiGatewayV2": "apigateway",
    "AWS::CloudWatch": "cloudwatch",
    "AWS::Cognito": "cognito-idp",
    "AWS::DynamoDB": "dynamodb",
    "AWS::IAM": "iam",
    "AWS::Logs": "logs",
    "AWS::Route53": "route53",
    "AWS::SNS": "sns",
    "AWS::SQS": "sqs",
    "AWS::SecretsManager": "secretsmanager",
    "AWS::Serverless": "lambda",
}
ANYWHERE = {
    "on-call": {"SeeAlarmsAndDashboard", "SeeTheAccountAndWhoConfirmed"},
    "campaigns": set(),
    "deployer": {
        "ReadTemplates", "Mappings", "Secrets", "DomainOfYourOwn", "SignIn", "AlarmsAndDashboard", "Logs", "Canaries",
    },
}  # fmt: skip
"""Statements whose resources cannot be named before they are made, or have no names of the stack."""


def statements(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((IAM / f"{name}.json").read_text())["Statement"]
    return found


def allowed(name: str, action: str) -> bool:
    return any(fnmatchcase(action, one) for statement in statements(name) for one in statement["Action"])


def actions_of(calls: list[str]) -> Iterator[str]:
    for one in calls:
        service, _, operation = one.partition(".")
        action = f"{service}:{''.join(word.capitalize() for word in operation.split('_'))}"
        yield from AS_ONE.get(action, (action,))


@pytest.mark.parametrize("name", CALLS)
def test_whoever_is_on_call_may_make_each_call_of_the_command(name: str) -> None:
    app = App()
    app.configure()
    app.sign_up()
    aws = Aws(app)
    noted: list[str] = []
    for slot, service in (("dynamodb", "dynamodb"), ("sqs", "sqs"), ("secrets", "secretsmanager")):
        setattr(app, slot, Watched(service, getattr(app, slot), noted))
    app.environment = app.new_environment()

    call(app, *CALLS[name][0], aws=aws)

    needed = set(actions_of([*aws.calls, *noted])) - NEEDS_NOTHING
    assert len(needed) > 2
    assert [action for action in sorted(needed) if not allowed("on-call", action)] == []


class DoctorsAws(Aws):
    """What the doctor looks at besides."""

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's names, here and below
        answer = super().describe_stacks(StackName)
        answer["Stacks"][0] |= {"StackStatus": "UPDATE_COMPLETE"}
        return {**answer, "ResponseMetadata": {}}

    def list_stack_resources(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        more = (("AWS::Lambda::Function", "AdminApiFunction"), ("AWS::Scheduler::Schedule", "SweepFunctionEveryMinute"))
        named = [{"ResourceType": kind, "LogicalResourceId": name, "PhysicalResourceId": f"x-{name}"} for kind, name in more]
        return {"StackResourceSummaries": [*super().list_stack_resources(StackName)["StackResourceSummaries"], *named]}

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        settings = self._app.settings
        variables = {name.upper(): getattr(settings, name) for name in settings.__slots__}
        of_the_console = {"CONSOLE_URL": "http://localhost/", "ADMIN_GROUP": "admins", "GROUPS_CLAIM": "groups"}
        return {"Environment": {"Variables": variables | of_the_console}}

    def get_schedule(self, Name: str) -> dict[str, str]:  # noqa: N803
        return {"State": "ENABLED"}

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"UnreservedConcurrentExecutions": 1_000}}

    def list_subscriptions_by_topic(self, TopicArn: str) -> dict[str, Any]:  # noqa: N803
        return {"Subscriptions": [{"Endpoint": "oncall@example.com", "SubscriptionArn": "x:topic:1"}]}

    def get_subscription_attributes(self, SubscriptionArn: str) -> dict[str, Any]:  # noqa: N803
        return {"Attributes": {"PendingConfirmation": "false"}}


def test_whoever_is_on_call_may_make_each_call_of_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App()
    app.configure(qualification=TRACKED)
    app.sign_up()
    aws = DoctorsAws(app)
    monkeypatch.setattr(LookedAt, "_transport", lambda _self, _settings: app.wire)

    findings = list(examine(look_at("x", aws), CHECKS))

    assert {"stack", "schedules", "mappings", "quotas", "alarms", "tokens", "webhooks", "secrets", "work"} <= {
        one.check for one in findings
    }
    assert [str(one) for one in findings if "may not look" in one.what or "could not" in one.what] == []

    needed = set(actions_of(aws.calls))
    assert {"lambda:GetAccountSettings", "scheduler:GetSchedule", "sns:GetSubscriptionAttributes"} <= needed
    assert [action for action in sorted(needed) if not allowed("on-call", action)] == []


@pytest.mark.parametrize("command", ["diff", "load", "delete"])
def test_the_workflow_of_campaigns_may_do_what_it_does_and_no_more_than_the_on_call(command: str, tmp_path: Path) -> None:
    app = App()
    app.configure(status="paused")
    app.sign_up(id=50, email="held@example.com")
    aws, noted = Aws(app), list[str]()
    for slot, service in (("dynamodb", "dynamodb"), ("secrets", "secretsmanager")):
        setattr(app, slot, Watched(service, getattr(app, slot), noted))
    app.environment = app.new_environment()
    place = StackPlace("x", aws)
    place._deployment = AppDeployment(app, aws)
    change = place.compare(tmp_path / "1.json", campaign_document())
    if command == "load":
        place.save(change)

    if command == "delete":
        version, _ = place.meaning_of_deletion(1)
        place.delete(1, version)

    needed = set(actions_of([*aws.calls, *noted])) - NEEDS_NOTHING
    assert [action for action in sorted(needed) if not allowed("campaigns", action)] == []

    granted = {action for statement in statements("campaigns") for action in statement["Action"]}
    assert [action for action in sorted(granted) if not allowed("on-call", action)] == []


def test_whoever_deploys_may_make_each_kind_of_resource() -> None:
    kinds = {resource["Type"].rpartition("::")[0] for resource in read_template(ROOT / "template.yaml")["Resources"].values()}
    assert kinds <= set(SERVICES), "a new service: add it here and to docs/iam/deployer.json"

    services = {action.partition(":")[0] for statement in statements("deployer") for action in statement["Action"]}
    assert {SERVICES[kind] for kind in kinds} <= services
    assert {"scheduler", "codedeploy", "s3", "cloudformation"} <= services, "what SAM makes of events and canaries"


@pytest.mark.parametrize("name", ANYWHERE)
def test_no_statement_reaches_beyond_the_stack_but_those_that_must(name: str) -> None:
    for statement in statements(name):
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        if "*" in resources:
            assert statement["Sid"] in ANYWHERE[name]
        elif not all("STACK" in one for one in resources):
            assert "STACK" in json.dumps(statement) or statement["Sid"] in {"PackagesOfSam", "Addresses"}, statement["Sid"]


@pytest.mark.parametrize("name", ANYWHERE)
def test_a_policy_fits_into_what_iam_takes_and_names_nobodys_account(name: str) -> None:
    text = (IAM / f"{name}.json").read_text()
    assert len(re.sub(r"\s", "", text)) <= 6_144, "a managed policy's limit"
    assert not re.search(r"\b\d{12}\b", text)
