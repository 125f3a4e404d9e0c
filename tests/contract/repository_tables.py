"""The two tables as the template makes them, on each engine that plays AWS, for the contract tests of the repositories."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from shared.adapters.dynamodb.table import Table
from tests.contract.aws.engines import Engine, engine_named
from tests.simulation.aws.blueprint import create_ledger_table
from tests.support.clock import SeededChance, VirtualClock


@dataclass(frozen=True)
class Tables:
    """A table of referrals' shape, and what the repositories need beside it."""

    table: Table
    clock: VirtualClock


def new_table(engine: Engine) -> Table:
    client = engine.client("dynamodb")
    name = f"table-{uuid4().hex[:12]}"
    create_ledger_table(client, name)
    return Table(client, name, SeededChance())


@pytest.fixture(scope="module", params=["fake", "moto", "ministack"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with engine_named(request.param, request) as started:
        yield started


@pytest.fixture
def tables(engine: Engine) -> Iterator[Tables]:
    table = new_table(engine)
    yield Tables(table, VirtualClock())
    table.client.delete_table(TableName=table.name)
