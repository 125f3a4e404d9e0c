"""What is read ahead is answered once, for a moment, and never after a write."""

from __future__ import annotations

import pytest

from shared.adapters.dynamodb.ahead import AHEAD
from shared.domain.connection.connection import Breaker, BreakerKind, Connection, Vendor
from tests.support.builders import App

EMAIL = "ivo@example.com"


@pytest.fixture
def connected() -> App:
    app = App()
    app.configure()
    app.environment.connections.save(Connection("workspace", "US", "UTC"))
    app.environment.read_ahead_of_signup(1, EMAIL)
    app.dynamodb.refuse("get_item", 99)  # what was read ahead needs no further call
    return app


def test_what_was_read_ahead_needs_no_call(connected: App) -> None:
    environment = connected.environment
    assert environment.campaigns.get(1).campaign_id == 1
    assert environment.breakers.find(Vendor.INTERCOM) is None
    assert environment.sync_members.find(1, EMAIL) is None

    found = environment.connections.find()
    assert found is not None
    assert found.workspace_id == "workspace"


def test_asking_again_reads_again(connected: App) -> None:
    environment, other = connected.environment, connected.new_environment()
    environment.connections.find()
    connected.dynamodb.mend()

    other.connections.save(Connection("workspace", "US", "UTC", connected=False))

    found = environment.connections.find()
    assert found is not None
    assert not found.connected


def test_a_moment_later_it_is_read_again(connected: App) -> None:
    environment, other = connected.environment, connected.new_environment()
    connected.dynamodb.mend()
    other.breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, connected.clock.now() + 60, connected.clock.now()))

    connected.clock.at += AHEAD

    assert environment.breakers.find(Vendor.INTERCOM) is not None


def test_a_write_of_this_process_is_seen_at_once(connected: App) -> None:
    environment = connected.environment
    connected.dynamodb.mend()
    environment.connections.save(Connection("another", "US", "UTC"))

    environment.breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, connected.clock.now() + 60, connected.clock.now()))

    found = environment.connections.find()
    assert found is not None
    assert found.workspace_id == "another"
    assert environment.breakers.find(Vendor.INTERCOM) is not None


def test_what_this_process_deleted_is_gone_at_once(connected: App) -> None:
    environment, now = connected.environment, connected.clock.now()
    connected.dynamodb.mend()
    connected.new_environment().breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, now + 60, now))
    environment.read_ahead_of_signup(1, EMAIL)

    environment.breakers.close(Vendor.INTERCOM)

    assert environment.breakers.find(Vendor.INTERCOM) is None


def test_a_batch_that_fails_costs_only_the_calls_that_it_would_have_saved(connected: App) -> None:
    connected.dynamodb.mend()
    connected.dynamodb.refuse("batch_get_item", 99)
    assert connected.sign_up().contact_id is not None
