"""Secrets Manager: versions and their stages."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.engines import known_deviation

UniqueName = Callable[[str], str]


@pytest.fixture
def client(secretsmanager: Callable[[], Any]) -> Any:
    return secretsmanager()


def value(client: Any, **request: Any) -> str:
    return str(client.get_secret_value(**request)["SecretString"])


def test_a_new_secret_is_current(client: Any, unique_name: UniqueName) -> None:
    name = unique_name("secret")
    created = client.create_secret(Name=name, SecretString="one")
    answer = client.get_secret_value(SecretId=name)
    assert answer["SecretString"] == "one"
    assert answer["VersionStages"] == ["AWSCURRENT"]
    assert answer["VersionId"] == created["VersionId"]
    assert answer["Name"] == name


def test_a_secret_is_found_by_its_arn(client: Any, unique_name: UniqueName) -> None:
    created = client.create_secret(Name=unique_name("secret"), SecretString="one")
    assert value(client, SecretId=created["ARN"]) == "one"


def test_a_new_value_makes_the_old_one_previous(client: Any, unique_name: UniqueName) -> None:
    name = unique_name("secret")
    client.create_secret(Name=name, SecretString="one")
    client.put_secret_value(SecretId=name, SecretString="two")
    assert value(client, SecretId=name) == "two"
    assert value(client, SecretId=name, VersionStage="AWSPREVIOUS") == "one"
    client.put_secret_value(SecretId=name, SecretString="three")
    assert value(client, SecretId=name, VersionStage="AWSPREVIOUS") == "two"


def test_an_old_version_is_read_by_its_id(client: Any, unique_name: UniqueName) -> None:
    name = unique_name("secret")
    first = client.create_secret(Name=name, SecretString="one")["VersionId"]
    client.put_secret_value(SecretId=name, SecretString="two")
    assert value(client, SecretId=name, VersionId=first) == "one"


def test_a_pending_version_does_not_become_current(client: Any, unique_name: UniqueName) -> None:
    name = unique_name("secret")
    client.create_secret(Name=name, SecretString="one")
    client.put_secret_value(SecretId=name, SecretString="two", VersionStages=["AWSPENDING"])
    assert value(client, SecretId=name) == "one"
    assert value(client, SecretId=name, VersionStage="AWSPENDING") == "two"


def test_binary_values_come_back_as_bytes(client: Any, unique_name: UniqueName) -> None:
    name = unique_name("secret")
    client.create_secret(Name=name, SecretBinary=b"\x00\xff")
    answer = client.get_secret_value(SecretId=name)
    assert answer["SecretBinary"] == b"\x00\xff"
    assert "SecretString" not in answer


def test_an_unknown_secret_is_not_found(client: Any, unique_name: UniqueName) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.get_secret_value(SecretId=unique_name("secret"))
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


@known_deviation("ministack", "gives an empty answer")
def test_a_secret_without_a_value_is_not_found(client: Any, unique_name: UniqueName) -> None:
    name = unique_name("secret")
    client.create_secret(Name=name)
    with pytest.raises(ClientError) as caught:
        client.get_secret_value(SecretId=name)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_the_name_of_a_secret_is_unique(client: Any, unique_name: UniqueName) -> None:
    name = unique_name("secret")
    client.create_secret(Name=name, SecretString="one")
    with pytest.raises(ClientError) as caught:
        client.create_secret(Name=name, SecretString="two")
    assert caught.value.response["Error"]["Code"] == "ResourceExistsException"


def test_a_secret_deleted_by_force_is_gone(client: Any, unique_name: UniqueName) -> None:
    name = unique_name("secret")
    client.create_secret(Name=name, SecretString="one")
    client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    with pytest.raises(ClientError) as caught:
        client.get_secret_value(SecretId=name)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
