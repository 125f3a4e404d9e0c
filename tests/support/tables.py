"""The tables of the template."""

from __future__ import annotations

from typing import Any

from tests.simulation.aws.blueprint import read_blueprint, table_request


def create_table(client: Any, name: str) -> None:
    """Of the ledger's shape, which the other table's keys share."""
    client.create_table(TableName=name, **table_request(read_blueprint().tables["ReferralsTable"]))
