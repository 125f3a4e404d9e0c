"""Options of the template: rollout, a domain, a network and a key of one's own. Off, nothing of them is made."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

import pytest

from sandbox.stack.expand import expand_template, list_code, name_release
from tests.template.reading import ROOT, Function, Resources, listed, target_of

CANARIES = {"signup_webhook", "intercom_webhook", "deliver_contact"}
CALLS_A_VENDOR = {
    "admin_api",
    "deliver_contact",
    "qualify_referral",
    "reconcile",
    "sync_page",
    "synthetic_signup",
    "update_referrer",
}


def expand_with(written: dict[str, Any], release: str = "a", **parameters: str) -> Resources:
    """The resources as they are expanded with these parameters."""
    template = copy.deepcopy(written)
    name_release(template, release)
    defaults = {name: str(entry["Default"]) for name, entry in template["Parameters"].items()}
    locations = {name: f"s3://code/{name}" for name in list_code(template)}
    return Resources(expand_template(template, defaults | parameters, locations)["Resources"])


def versions(resources: Resources) -> set[str]:
    return set(resources.of_type("AWS::Lambda::Version"))


def test_what_calls_a_function_calls_its_alias(resources: Resources, functions: dict[str, Function]) -> None:
    ids = {function.id for function in functions.values()}
    assert {target_of(alias["FunctionName"]) for alias in resources.of_type("AWS::Lambda::Alias").values()} == ids

    callers = [made["FunctionName"] for made in resources.of_type("AWS::Lambda::EventSourceMapping").values()]
    callers += [made["Target"]["Arn"] for made in resources.of_type("AWS::Scheduler::Schedule").values()]
    callers += [made["FunctionName"] for made in resources.of_type("AWS::Lambda::Permission").values()]

    assert len(callers) >= 10
    assert all(caller["Ref"].endswith("FunctionAliaslive") for caller in callers)


def test_another_release_publishes_a_version_of_every_function(written: dict[str, Any]) -> None:
    """SAM looks neither into the layer nor at the values of parameters: without it a deployment would change nothing."""
    first, second = expand_with(written, "a"), expand_with(written, "b")
    assert len(versions(first)) == len(first.of_type("AWS::Lambda::Function"))
    assert not versions(first) & versions(second)
    assert versions(first) == versions(expand_with(written, "a"))


def test_in_development_all_is_switched_at_once(resources: Resources) -> None:
    assert not resources.of_type("AWS::CodeDeploy::DeploymentGroup")
    assert not [name for name, entry in resources.entries.items() if "UpdatePolicy" in entry]


def test_with_canary_receivers_and_delivery_are_taken_back_when_an_alarm_rings(written: dict[str, Any]) -> None:
    resources = expand_with(written, Canary="true")
    groups = resources.of_type("AWS::CodeDeploy::DeploymentGroup")

    assert set(groups) == {
        "".join(part.capitalize() for part in name.split("_")) + "FunctionDeploymentGroup" for name in CANARIES
    }

    for name, group in groups.items():
        alarms = [target_of(alarm["Name"]) for alarm in group["AlarmConfiguration"]["Alarms"]]
        assert alarms, name
        assert {resources.entries[alarm]["Type"] for alarm in alarms} == {"AWS::CloudWatch::Alarm"}
        assert target_of(group["ServiceRoleArn"]) == "RolloutRole"
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]

    assert not [name for name in resources.entries if name == "CodeDeployServiceRole"], "SAM's own role has a managed policy"


def test_the_network_is_that_of_every_function_that_calls_a_vendor(
    functions: dict[str, Function], resources: Resources
) -> None:
    assert {name for name, function in functions.items() if "INTERCOM_API_URL" in function.variables} == CALLS_A_VENDOR
    within = {"SubnetIds": {"Ref": "VpcSubnetIds"}, "SecurityGroupIds": {"Ref": "VpcSecurityGroupIds"}}
    for name, function in functions.items():
        expected = {"Fn::If": ["InVpc", within, {"Ref": "AWS::NoValue"}]} if name in CALLS_A_VENDOR else None
        assert function.properties.get("VpcConfig") == expected, name
        assert ("network" in options_of(function, resources)) == (name in CALLS_A_VENDOR), name


def test_the_key_may_be_used_by_every_function_that_touches_what_it_encrypts(
    functions: dict[str, Function], resources: Resources
) -> None:
    for name, function in functions.items():
        policy = options_of(function, resources).get("own-key")
        assert (policy is None) == (name == "console"), name
        if policy is not None:
            [statement] = policy["PolicyDocument"]["Statement"]
            assert statement["Resource"] == {"Ref": "KmsKeyArn"}
    for secret in resources.of_type("AWS::SecretsManager::Secret").values():
        assert secret["KmsKeyId"] == {"Fn::If": ["OwnKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}
    keyed = {name for name, queue in resources.of_type("AWS::SQS::Queue").items() if "KmsMasterKeyId" in queue}
    assert keyed == set(resources.of_type("AWS::SQS::Queue")) - {"ScheduleDeadLetterQueue"}


def options_of(function: Function, resources: Resources) -> dict[str, Any]:
    """Policies of its role that an option brings, by name."""
    role = resources.properties(target_of(function.properties["Role"]))
    found = [policy["Fn::If"][1] for policy in role["Policies"] if "Fn::If" in policy]
    return {policy["PolicyName"]: policy for policy in found}


@pytest.mark.parametrize("output", ["ApiUrl", "WebhookUrl", "IntercomWebhookUrl"])
def test_with_a_domain_one_deployment_is_enough(output: str, expanded: dict[str, Any], functions: dict[str, Function]) -> None:
    condition, own, otherwise = expanded["Outputs"][output]["Value"]["Fn::If"]
    assert condition == "OwnDomain"
    assert own["Fn::Sub"].removeprefix("https://${DomainName}/") == otherwise["Fn::Sub"].partition("${AWS::URLSuffix}/")[2]
    assert functions["admin_api"].variables["CONSOLE_URL"]["Fn::If"][:2] == ["OwnDomain", {"Fn::Sub": "https://${DomainName}/"}]


def test_without_a_domain_nothing_of_it_is_made(resources: Resources) -> None:
    made = {
        "AWS::ApiGatewayV2::DomainName": "OwnDomain",
        "AWS::ApiGatewayV2::ApiMapping": "OwnDomain",
        "AWS::Route53::RecordSet": "OwnRecord",
    }
    for name, entry in resources.entries.items():
        if entry["Type"] in made:
            assert entry["Condition"] == made.pop(entry["Type"]), name
    assert not made


def test_production_rolls_out_by_canary_and_takes_a_storm() -> None:
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())
    overrides = {
        name: set(settings[name]["deploy"]["parameters"]["parameter_overrides"]) for name in ("default", "dev", "prod")
    }
    assert {"Canary=true", "DeliveryConcurrency=200", "SyncConcurrency=8"} <= overrides["prod"]
    assert not [one for name in ("default", "dev") for one in overrides[name] if one.startswith("Canary")]

    for name in ("default", "dev", "prod"):
        assert settings[name]["deploy"]["parameters"]["tags"], "whose bill it is on"


def test_it_can_be_published(written: dict[str, Any]) -> None:
    entry = written["Metadata"]["AWS::ServerlessRepo::Application"]
    assert {"Name", "Description", "Author", "SpdxLicenseId", "SemanticVersion"} <= set(entry)
    assert all((ROOT / entry[name]).is_file() for name in ("LicenseUrl", "ReadmeUrl"))
    assert listed(entry["Labels"])
