"""Rows out of a table that point-in-time recovery made: what was lost comes back, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.domain.connection.connection import BreakerKind, Vendor
from shared.domain.signup.state import State
from shared.errors import ConflictError
from shared.use_cases.operations.erase_person import erase_person
from tests.support.builders import EMAIL, App
from tests.support.deployed import AppDeployment
from tests.support.rows import readable
from tools import operate
from tools.operating.operator import OperatingError, Operator

CUSTOMER = "another@example.com"


@pytest.fixture
def app(app: App) -> App:
    app.sign_up()
    return app


def rows_of(app: App, table: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = app.dynamodb.real.scan(TableName=table, ConsistentRead=True)["Items"]
    return items


def remember(app: App, table: str = "referrals") -> None:
    """Has the table made, as the command does it first; nothing is lost yet."""
    assert "nothing to copy" in restore(app, table)


def lose(app: App, table: str = "referrals") -> None:
    for item in rows_of(app, table):
        app.dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})


def restore(app: App, table: str, *words: str, yes: bool = True, ask: Callable[[str], str] | None = None) -> str:
    given = operate.parser().parse_args(["--stack", "x", "restore", table, "as-it-was", *words])
    return "\n".join(operate._WITH_THE_STACK["restore"](AppDeployment(app), Operator(sure=yes, ask=ask), given))


def test_what_was_lost_comes_back_and_nobody_is_created_twice(app: App) -> None:
    app.wait(1_000)
    app.sweep()
    before = app.row()
    remember(app)

    lose(app)

    assert "are missing" in restore(app, "referrals")
    assert app.row() == before

    app.move_due(replay=True)

    assert app.row().state is State.DELIVERED
    assert len(app.contacts()) == 1


def test_without_a_yes_nothing_is_copied(app: App) -> None:
    remember(app)
    lose(app)
    with pytest.raises(OperatingError, match="--yes"):
        restore(app, "referrals", yes=False)
    assert rows_of(app, "referrals") == []
    assert "nothing to copy" in (restore(app, "referrals") and restore(app, "referrals"))


def test_what_was_written_since_is_left_as_it_is(app: App) -> None:
    remember(app)
    app.sign_up(id=43, email=CUSTOMER)
    app.sign_up(first_name="Iwan")
    since = {row["sk"]["S"] + row["pk"]["S"]: row for row in rows_of(app, "referrals")}

    restore(app, "referrals")

    assert {row["sk"]["S"] + row["pk"]["S"]: row for row in rows_of(app, "referrals")} == since


def test_who_was_erased_since_does_not_come_back(app: App) -> None:
    app.sign_up(id=43, email=CUSTOMER, referrer_email=EMAIL, referrer_id=42)
    remember(app)
    erase_person(app.environment, "mara", EMAIL)
    lost = [row for row in rows_of(app, "referrals") if row["pk"]["S"] == "REFERRAL#1#43"]

    for row in lost:
        app.dynamodb.delete_item(TableName="referrals", Key={name: row[name] for name in ("pk", "sk")})

    assert "1 people had been erased" in restore(app, "referrals")

    texts = [readable(row) for row in rows_of(app, "referrals") if not row["sk"]["S"].startswith("REQUESTED#")]
    assert not [text for text in texts if EMAIL in text]
    assert app.row(43).person.email == CUSTOMER
    assert app.row().forgotten


def test_a_row_that_somebody_writes_meanwhile_is_left_to_them(app: App) -> None:
    remember(app)
    lose(app)

    def answer(_: str) -> str:
        app.sign_up(first_name="Iwan")
        return "y"

    assert "left alone" in restore(app, "referrals", yes=False, ask=answer)
    assert app.row().person.first_name == "Iwan"


def test_what_was_spoilt_is_overwritten_if_its_keys_are_named(app: App) -> None:
    remember(app, "campaigns")
    spoilt = app.configure(name="Spoilt")
    with pytest.raises(OperatingError, match="--begins"):
        restore(app, "campaigns", "--overwrite")
    assert "nothing to copy" in restore(app, "campaigns", "--begins", "CAMPAIGNS")

    restore(app, "campaigns", "--begins", "CAMPAIGNS", "--overwrite")

    campaign = app.environment.campaigns.get(1)
    assert campaign.name != "Spoilt"

    with pytest.raises(ConflictError):  # whoever still has the spoilt settings open
        app.environment.campaigns.save(spoilt, spoilt.version, "mara", app.clock.now())


def test_what_is_true_for_a_moment_stays_away_and_strikes_come_back(app: App) -> None:
    app.environment.intercom_guard.pause(BreakerKind.FAILING, 30)
    app.environment.strikes.update(Vendor.REFERRAL_FACTORY, lambda strikes: strikes.struck(app.clock.now()))
    remember(app, "campaigns")
    lose(app, "campaigns")
    app.wait(86_400)

    restore(app, "campaigns")

    assert app.environment.breakers.find(Vendor.INTERCOM) is None
    assert app.environment.strikes.find(Vendor.REFERRAL_FACTORY).count == 1
    assert app.environment.connections.find() is not None

    now = str(app.clock.now())
    assert [row for row in rows_of(app, "campaigns") if float(row.get("expires_at", {"N": "inf"})["N"]) < float(now)] == []


def test_what_aws_does_not_restore_is_said_before_anything_is_made(app: App) -> None:
    with pytest.raises(OperatingError, match="--yes"):
        restore(app, "referrals", yes=False)
    with pytest.raises(OperatingError, match="no time"):
        restore(app, "referrals", "--at", "yesterday")
    app.dynamodb.refuse("restore_table_to_point_in_time", code="PointInTimeRecoveryUnavailableException")

    with pytest.raises(OperatingError, match="does not restore"):
        restore(app, "referrals", "--at", "2026-11-22T00:00:00")
    assert app.dynamodb.real.list_tables()["TableNames"] == ["campaigns", "referrals"]
