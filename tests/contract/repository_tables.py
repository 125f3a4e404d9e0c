"""The two tables as the template makes them, on each engine that plays AWS, for the contract tests of the repositories."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from shared.adapters.dynamodb.keys import DUE_FIELDS
from shared.adapters.dynamodb.table import Table
from tests.contract.aws.engines import Engine, fake_engine, ministack_engine, moto_engine

NOW = 1_795_305_600.0
KEY = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
DUE_INDEX = {"DueIndex": ("due_partition", "due_at")}
KEY_INDEXES = {
    "ListingIndex": ("list_partition", "listed_at"),
    "StateIndex": ("state_partition", "listed_at"),
    "EmailIndex": ("email_key", "listed_at"),
}


class StillClock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class CountingChance:
    """Tokens that differ."""

    def fraction(self) -> float:
        return 0.5

    def token(self) -> str:
        return uuid4().hex


@dataclass(frozen=True)
class Tables:
    """A table of referrals' shape, and what the repositories need beside it."""

    table: Table
    clock: StillClock


def index_of(name: str) -> dict[str, object]:
    partition, sort = {**DUE_INDEX, **KEY_INDEXES}[name]
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(DUE_FIELDS)}
        if name in DUE_INDEX
        else {"ProjectionType": "KEYS_ONLY"},
    }


def new_table(engine: Engine) -> Table:
    client = engine.client("dynamodb")
    name = f"table-{uuid4().hex[:12]}"
    kinds = {"pk": "S", "sk": "S", "due_partition": "S", "due_at": "N", "list_partition": "S", "listed_at": "N"}
    kinds |= {"state_partition": "S", "email_key": "S"}
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": kind} for attribute, kind in kinds.items()],
        KeySchema=KEY,
        GlobalSecondaryIndexes=[index_of(index) for index in (*DUE_INDEX, *KEY_INDEXES)],
    )
    return Table(client, name, CountingChance())


@pytest.fixture(scope="module", params=["fake", "moto", "ministack"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "fake":
        playing = fake_engine()
    elif request.param == "moto":
        playing = moto_engine()
    else:
        playing = ministack_engine(tmp_path_factory.mktemp("ministack"))
    with playing as started:
        yield started


@pytest.fixture
def tables(engine: Engine) -> Iterator[Tables]:
    table = new_table(engine)
    yield Tables(table, StillClock())
    table.client.delete_table(TableName=table.name)
