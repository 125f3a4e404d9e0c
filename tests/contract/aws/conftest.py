"""Fixtures: each test runs once per engine."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.aws.engines import Engine, engine_named

ClientFactory = Callable[[], Any]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "known_deviation(engine, reason): the engine differs from AWS here, and must be seen to")


@pytest.fixture(scope="package", params=["fake", "moto", "ministack"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with engine_named(request.param, request) as engine:
        yield engine


@pytest.fixture(autouse=True)
def _expect_known_deviations(request: pytest.FixtureRequest, engine: Engine) -> None:
    for marker in request.node.iter_markers("known_deviation"):
        name, reason = marker.args
        if name == engine.name:
            request.applymarker(pytest.mark.xfail(reason=f"{name}: {reason}", strict=True))


@pytest.fixture
def dynamodb(engine: Engine) -> ClientFactory:
    return lambda: engine.client("dynamodb")


@pytest.fixture
def sqs(engine: Engine) -> ClientFactory:
    return lambda: engine.client("sqs")


@pytest.fixture
def secretsmanager(engine: Engine) -> ClientFactory:
    return lambda: engine.client("secretsmanager")


@pytest.fixture
def unique_name() -> Callable[[str], str]:
    """Names that no other test uses, so that engines can be shared."""
    return lambda prefix: f"{prefix}-{uuid4().hex[:12]}"


@pytest.fixture
def table(dynamodb: ClientFactory, unique_name: Callable[[str], str]) -> Iterator[str]:
    """An empty table: `pk` and `sk` strings; indexes `by_due` (`bucket_no`, number `due_at`) and `keys_by_state`."""
    client = dynamodb()
    name = unique_name("table")
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": kind}
            for attribute, kind in (("pk", "S"), ("sk", "S"), ("bucket_no", "S"), ("due_at", "N"), ("state", "S"))
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_due",
                "KeySchema": [
                    {"AttributeName": "bucket_no", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": "keys_by_state",
                "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
    )
    yield name
    client.delete_table(TableName=name)
