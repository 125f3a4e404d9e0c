"""Handlers, environment and permissions of the functions."""

from __future__ import annotations

import ast
import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from shared.config import REQUIRED, Settings
from shared.domain import timing
from tests.template.reading import ROOT, Function, Resources, listed, modules_under, statements_of, target_of

NAMES = (
    "admin_api",
    "console",
    "deliver_contact",
    "intercom_webhook",
    "qualify_referral",
    "reconcile",
    "signup_webhook",
    "start_sync",
    "sweep",
    "sync_page",
    "synthetic_signup",
    "update_referrer",
)
SECRETS = {"IntercomAppSecret", "IntercomSecret", "ReferralFactorySecret", "WebhookSecret"}


def test_these_are_all_functions(functions: dict[str, Function]) -> None:
    assert tuple(sorted(functions)) == NAMES
    assert sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py")) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_its_handler_exists(name: str, functions: dict[str, Function]) -> None:
    assert functions[name].properties["Handler"] == f"functions.{name}.handler.lambda_handler"

    tree = ast.parse((ROOT / "functions" / name / "handler.py").read_text())

    handlers = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "lambda_handler"]
    assert len(handlers) == 1
    assert len(handlers[0].args.args) == 2


@pytest.mark.parametrize("name", NAMES)
def test_its_id_is_its_name(name: str, functions: dict[str, Function]) -> None:
    assert functions[name].id == "".join(part.capitalize() for part in name.split("_")) + "Function"


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_that_it_cannot_start_without_is_set(name: str, functions: dict[str, Function]) -> None:
    assert set(REQUIRED[name]) - set(functions[name].variables) == set()


@pytest.mark.parametrize("name", NAMES)
def test_no_variable_is_set_that_nobody_reads(name: str, functions: dict[str, Function]) -> None:
    known = {slot.upper() for slot in Settings.__slots__}
    ours = {variable for variable in functions[name].variables if not variable.startswith("POWERTOOLS_")} - {"RELEASE"}
    assert ours - known == set()


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_on_python_313_arm64_with_the_layer(name: str, functions: dict[str, Function]) -> None:
    properties = functions[name].properties
    assert properties["Runtime"] == "python3.13"
    assert properties["Architectures"] == ["arm64"]
    assert "TracingConfig" not in properties  # X-Ray is billed for each invocation
    assert (properties["LoggingConfig"]["LogFormat"], properties["LoggingConfig"]["SystemLogLevel"]) == ("JSON", "WARN")
    assert len(properties["Layers"]) == 1
    assert properties["Layers"][0]["Ref"].startswith("ApplicationLayer")
    assert properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}


@pytest.mark.parametrize("name", NAMES)
def test_its_log_group_is_its_own_and_ends(name: str, functions: dict[str, Function], resources: Resources) -> None:
    group = target_of(functions[name].properties["LoggingConfig"]["LogGroup"])

    assert group == functions[name].id.removesuffix("Function") + "LogGroup"
    assert resources.properties(group)["RetentionInDays"] == {"Ref": "LogRetentionDays"}

    logs = [statement for statement in statements_of(resources, functions[name]) if statement["Sid"] == "Log"]
    assert [target_of(statement["Resource"]) for statement in logs] == [group]


@pytest.mark.parametrize("name", NAMES)
def test_its_permissions_are_exact(name: str, functions: dict[str, Function], resources: Resources) -> None:
    for statement in statements_of(resources, functions[name]):
        assert statement["Effect"] == "Allow"
        assert not [action for action in listed(statement["Action"]) if "*" in action], statement
        assert not [where for where in listed(statement["Resource"]) if isinstance(where, str)], statement


@pytest.mark.parametrize("name", NAMES)
def test_its_secrets_are_those_in_its_environment(name: str, functions: dict[str, Function], resources: Resources) -> None:
    readable = {
        target_of(where)
        for statement in statements_of(resources, functions[name])
        if any(action.startswith("secretsmanager:") for action in listed(statement["Action"]))
        for where in listed(statement["Resource"])
    }
    named = {target_of(value) for variable, value in functions[name].variables.items() if variable.endswith("_SECRET_ARN")}
    assert readable == named
    assert readable <= SECRETS


@pytest.mark.parametrize("name", NAMES)
def test_its_queues_are_those_in_its_environment(name: str, functions: dict[str, Function], resources: Resources) -> None:
    usable = {
        target_of(where)
        for statement in statements_of(resources, functions[name])
        if any(action.startswith("sqs:") for action in listed(statement["Action"]))
        for where in listed(statement["Resource"])
    }
    assert usable == {
        target_of(value) for variable, value in functions[name].variables.items() if variable.endswith("_QUEUE_URL")
    }


def test_the_console_may_log_and_nothing_else(functions: dict[str, Function], resources: Resources) -> None:
    console = functions["console"]
    assert {statement["Sid"] for statement in statements_of(resources, console)} == {"Log"}
    assert not re.search(r"SECRET|TABLE|QUEUE|API_URL", " ".join(console.variables))


def test_the_receiver_may_neither_read_a_table_nor_call_a_vendor(functions: dict[str, Function], resources: Resources) -> None:
    actions = {
        action for statement in statements_of(resources, functions["signup_webhook"]) for action in listed(statement["Action"])
    }
    assert {action for action in actions if action.startswith("dynamodb:")} == {"dynamodb:PutItem"}
    assert not any(
        "INTERCOM" in variable or "REFERRAL_FACTORY" in variable for variable in functions["signup_webhook"].variables
    )


def test_only_functions_that_call_referral_factory_may_run_for_more_than_a_minute(functions: dict[str, Function]) -> None:
    timeouts = {name: function.properties["Timeout"] for name, function in functions.items()}
    assert timeouts == {
        "signup_webhook": 10,
        "deliver_contact": timing.DELIVERY_RUNS,
        "intercom_webhook": 10,
        "qualify_referral": timing.QUALIFICATION_RUNS,
        "update_referrer": timing.REFERRER_RUNS,
        "reconcile": 120,
        "sweep": 58,
        "start_sync": 30,
        "sync_page": timing.SYNC_RUNS,
        "synthetic_signup": 45,
        "admin_api": 29,
        "console": 5,
    }


def test_only_the_receiver_may_reserve_concurrency(functions: dict[str, Function]) -> None:
    assert {name for name, function in functions.items() if "ReservedConcurrentExecutions" in function.properties} == {
        "signup_webhook"
    }


def test_the_layer_keeps_its_package_and_is_built_for_arm(written: dict[str, Any]) -> None:
    layer = written["Resources"]["ApplicationLayer"]
    assert layer["Properties"]["ContentUri"] == "shared/"
    assert layer["Metadata"] == {
        "BuildMethod": "python3.13",
        "BuildArchitecture": "arm64",
        "BuildProperties": {"ParentPackageMode": "explicit", "ParentPackages": "shared"},
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_keeps_its_package(name: str, written: dict[str, Any], functions: dict[str, Function]) -> None:
    entry = written["Resources"][functions[name].id]
    assert entry["Properties"]["CodeUri"] == f"functions/{name}/"
    assert entry["Metadata"] == {"BuildProperties": {"ParentPackageMode": "auto"}}
    assert not (ROOT / "functions" / name / "requirements.txt").exists(), "what a function needs is in the layer"


def test_the_layer_ships_no_boto3() -> None:
    requirements = (ROOT / "shared/requirements.txt").read_text()
    assert not re.search(r"^(boto3|botocore)\b", requirements, re.MULTILINE)


def test_no_secret_is_in_the_template(written: dict[str, Any]) -> None:
    for name in SECRETS:
        properties = written["Resources"][name]["Properties"]
        value = properties.get("SecretString") or properties["GenerateSecretString"]["SecretStringTemplate"]
        assert set(ast.literal_eval(value).values()) == {""}
    assert written["Resources"]["WebhookSecret"]["Properties"]["GenerateSecretString"]["GenerateStringKey"] == "current"


def test_every_metric_that_an_alarm_watches_is_written_somewhere(resources: Resources) -> None:
    literals = {
        node.value
        for module in modules_under("shared", "functions")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    filtered = {
        made["MetricTransformations"][0]["MetricName"] for made in resources.of_type("AWS::Logs::MetricFilter").values()
    }
    ours = {
        metric["MetricName"]
        for alarm in resources.of_type("AWS::CloudWatch::Alarm").values()
        for metric in ([one["MetricStat"]["Metric"] for one in alarm.get("Metrics", ()) if "MetricStat" in one] or [alarm])
        if metric["Namespace"] == "ReferralFactoryIntercom"
    }
    assert ours - literals - filtered == set()


def test_without_its_parameters_nothing_of_the_synthetic_signup_is_made(expanded: dict[str, Any], resources: Resources) -> None:
    both = {name: expanded["Parameters"][name]["Default"] for name in ("SyntheticSignupCampaign", "SyntheticSignupEmail")}
    assert both == {"SyntheticSignupCampaign": 0, "SyntheticSignupEmail": ""}

    given = [{"Fn::Not": [{"Fn::Equals": [{"Ref": name}, nothing]}]} for name, nothing in both.items()]
    assert expanded["Conditions"]["MakeSyntheticSignup"] == {"Fn::And": given}

    made = {name: entry for name, entry in resources.entries.items() if name.startswith("SyntheticSignup")}
    assert {entry["Type"].split("::")[-1] for entry in made.values()} >= {"Function", "Role", "LogGroup", "Alarm", "Schedule"}
    assert {name for name, entry in made.items() if entry.get("Condition") != "MakeSyntheticSignup"} == set()

    others = json.dumps({name: entry for name, entry in resources.entries.items() if name not in made})
    others = re.sub(r'\{"Fn::If": \["MakeSyntheticSignup", .*?, ""\]\}', "", others)  # made under the same condition

    assert [name for name in made if re.search(rf'(": "|\["|\${{){name}\b', others)] == [], "what is always there needs it"


def test_the_synthetic_signup_comes_in_where_referral_factorys_do(functions: dict[str, Function]) -> None:
    local, real = functions["synthetic_signup"].variables["SYNTHETIC_SIGNUP_URL"]["Fn::If"][1:]
    api = "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/"
    path = "webhooks/referral-factory/${SyntheticSignupCampaign}/joined"
    assert (local, real) == ({"Fn::Sub": "${ConsoleUrl}" + path}, {"Fn::Sub": api + path})


def test_the_synthetic_signup_may_change_its_own_progress_alone(functions: dict[str, Function], resources: Resources) -> None:
    statements = {one["Sid"]: one for one in statements_of(resources, functions["synthetic_signup"])}
    keys = {
        sid: next(iter(one["Condition"].values()))["dynamodb:LeadingKeys"]
        for sid, one in statements.items()
        if "Condition" in one
    }
    assert keys == {"Ledger": ["REFERRAL#*"], "Progress": ["RECONCILE#synthetic"], "StateOfVendors": ["VENDOR#*"]}
    assert statements["Ledger"]["Action"] == "dynamodb:GetItem"


def test_the_documents_table_of_variables_is_the_templates(functions: dict[str, Function]) -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    documented = dict(
        re.findall(r"^\| `([A-Z_]+_(?:URL|ARN|REGION|MINUTE|CAMPAIGN|EMAIL))` \| ([a-z_, ]+) \|", text, re.MULTILINE)
    )
    assert len(documented) >= 10
    for variable, names in documented.items():
        having = {name for name, function in functions.items() if variable in function.variables}
        assert set(names.split(", ")) == having, variable


def test_what_calls_itself_may_go_on_for_as_long_as_it_takes(resources: Resources, functions: dict[str, Function]) -> None:
    """Lambda ends a chain in which a function is invoked 16 times: a long sync, a long pass of reconcile."""
    mappings = resources.of_type("AWS::Lambda::EventSourceMapping").values()
    invoked_by = {target_of(made["FunctionName"]): target_of(made["EventSourceArn"]) for made in mappings}
    for function in functions.values():
        sends_to = {
            target_of(where)
            for statement in statements_of(resources, function)
            if "sqs:SendMessage" in listed(statement["Action"])
            for where in listed(statement["Resource"])
        }
        rings_itself = invoked_by.get(function.id) in sends_to
        assert function.properties.get("RecursiveLoop") == ("Allow" if rings_itself else None), function.id


def test_what_people_did_is_written_by_the_api_alone_and_deleted_by_nobody(
    functions: dict[str, Function], resources: Resources
) -> None:
    writers: dict[str, set[str]] = {}
    for name, function in functions.items():
        for statement in statements_of(resources, function):
            actions = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"} & set(listed(statement["Action"]))
            tables = [target_of(where) for where in listed(statement["Resource"])]
            keys = [key for test in statement.get("Condition", {}).values() for key in listed(test["dynamodb:LeadingKeys"])]
            if "CampaignsTable" in tables and actions and (not keys or any(fnmatchcase("AUDIT", key) for key in keys)):
                writers.setdefault(name, set()).update(actions)
    assert writers == {"admin_api": {"dynamodb:PutItem", "dynamodb:UpdateItem"}}


def test_only_who_checks_notifications_or_connects_may_read_the_client_secret(
    functions: dict[str, Function], resources: Resources
) -> None:
    readers = {
        name
        for name, function in functions.items()
        for statement in statements_of(resources, function)
        if any(action.startswith("secretsmanager:") for action in listed(statement["Action"]))
        and "IntercomAppSecret" in [target_of(where) for where in listed(statement["Resource"])]
    }
    assert readers == {"intercom_webhook", "admin_api"}
