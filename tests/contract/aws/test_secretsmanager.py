"""Secrets Manager: the newest value of a secret, by its name or ARN."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

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


def test_a_new_value_is_current_from_now_on(client: Any, unique_name: UniqueName) -> None:
    name = unique_name("secret")
    first = client.create_secret(Name=name, SecretString="one")
    second = client.put_secret_value(SecretId=name, SecretString="two")

    assert value(client, SecretId=name) == "two"
    assert second["VersionId"] != first["VersionId"]


def test_an_unknown_secret_is_not_found(client: Any, unique_name: UniqueName) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.get_secret_value(SecretId=unique_name("secret"))
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_the_name_of_a_secret_is_unique(client: Any, unique_name: UniqueName) -> None:
    name = unique_name("secret")
    client.create_secret(Name=name, SecretString="one")
    with pytest.raises(ClientError) as caught:
        client.create_secret(Name=name, SecretString="two")
    assert caught.value.response["Error"]["Code"] == "ResourceExistsException"
