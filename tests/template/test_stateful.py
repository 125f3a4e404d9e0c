"""What holds data keeps its logical id and outlives the stack: a renamed one would be replaced by an empty one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.adapters.dynamodb.keys import DUE_FIELDS
from tests.template.reading import Resources

STATEFUL = {
    "AWS::DynamoDB::Table": {"CampaignsTable", "ReferralsTable"},
    "AWS::SecretsManager::Secret": {"IntercomAppSecret", "IntercomSecret", "ReferralFactorySecret", "WebhookSecret"},
    "AWS::SQS::Queue": {
        "DeliveryQueue",
        "DeliveryDeadLetterQueue",
        "QualificationQueue",
        "QualificationDeadLetterQueue",
        "ReferrerQueue",
        "ReferrerDeadLetterQueue",
        "ReconcileQueue",
        "ReconcileDeadLetterQueue",
        "ScheduleDeadLetterQueue",
        "SyncQueue",
        "SyncDeadLetterQueue",
    },
    "AWS::Cognito::UserPool": {"UserPool"},
}
TABLES = sorted(STATEFUL["AWS::DynamoDB::Table"])


@pytest.mark.parametrize("kind", STATEFUL)
def test_these_ids_never_change(kind: str, resources: Resources) -> None:
    assert set(resources.of_type(kind)) == STATEFUL[kind]


@pytest.mark.parametrize("name", sorted(name for names in STATEFUL.values() for name in names))
def test_it_outlives_the_stack(name: str, resources: Resources) -> None:
    entry = resources.entries[name]
    holds_data_at_once = entry["Type"] in ("AWS::DynamoDB::Table", "AWS::Cognito::UserPool")
    assert entry["DeletionPolicy"] == ("Retain" if holds_data_at_once else "RetainExceptOnCreate")
    assert entry["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("name", sorted(name for names in STATEFUL.values() for name in names))
def test_it_has_no_fixed_name(name: str, resources: Resources) -> None:
    properties = resources.properties(name)
    assert not [key for key in ("TableName", "QueueName", "Name", "UserPoolName") if key in properties]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_protected_on_demand_and_restorable(table: str, resources: Resources) -> None:
    properties = resources.properties(table)

    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}

    own = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "KmsKeyArn"}}
    assert properties["SSESpecification"] == {"Fn::If": ["OwnKey", own, {"SSEEnabled": True}]}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_keys_that_the_code_writes(table: str, resources: Resources) -> None:
    properties = resources.properties(table)
    assert keys(properties) == ("pk", "sk")
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_the_ledgers_indexes_hold_what_their_readers_read(resources: Resources) -> None:
    indexes = resources.properties("ReferralsTable")["GlobalSecondaryIndexes"]

    assert {index["IndexName"]: keys(index) for index in indexes} == {
        "DueIndex": ("due_partition", "due_at"),
        "ListingIndex": ("list_partition", "listed_at"),
        "StateIndex": ("state_partition", "listed_at"),
        "EmailIndex": ("email_key", "listed_at"),
    }

    projections = {index["IndexName"]: index["Projection"] for index in indexes}
    due = projections.pop("DueIndex")

    assert (due["ProjectionType"], tuple(due["NonKeyAttributes"])) == ("INCLUDE", DUE_FIELDS)
    assert {one["ProjectionType"] for one in projections.values()} == {"KEYS_ONLY"}

    types = {
        entry["AttributeName"]: entry["AttributeType"]
        for entry in resources.properties("ReferralsTable")["AttributeDefinitions"]
    }
    texts = ("pk", "sk", "due_partition", "list_partition", "state_partition", "email_key")

    assert types == {**dict.fromkeys(texts, "S"), "due_at": "N", "listed_at": "N"}


def keys(properties: dict[str, Any]) -> tuple[str, ...]:
    assert [key["KeyType"] for key in properties["KeySchema"]] == ["HASH", "RANGE"]
    return tuple(key["AttributeName"] for key in properties["KeySchema"])


NAMES = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::CodeDeploy::Application": "ApplicationName",
    "AWS::Cognito::UserPoolDomain": "Domain",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::Scheduler::Schedule": "Name",
}


@pytest.mark.parametrize("kind", NAMES)
def test_what_has_a_name_in_the_account_has_the_stacks(kind: str, resources: Resources) -> None:
    """Else a second stack beside it could not be made, or would take the first one's for its own."""
    for name, properties in resources.of_type(kind).items():
        given = properties.get(NAMES[kind], {"Fn::Sub": "${AWS::StackName}"})
        assert "AWS::StackName" in json.dumps(given) or "AWS::StackId" in json.dumps(given), name


def test_the_layer_of_a_version_before_stays_for_going_back(resources: Resources) -> None:
    [name] = resources.of_type("AWS::Lambda::LayerVersion")
    assert resources.entries[name]["DeletionPolicy"] == "Retain", "SAM gives each content an id of its own"
