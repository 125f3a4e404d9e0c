"""What connecting and disconnecting change, and what they leave alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.connection.connection import Breaker, BreakerKind, Connection, Vendor
from shared.domain.signup.referral import ENQUEUE_AGAIN_AFTER
from shared.domain.signup.state import State
from shared.domain.vendor.limits import Strikes
from shared.errors import ConnectionLostError, NotFoundError
from shared.messages import ENQUEUED, DeliverContact
from shared.use_cases.connection.catch_up import catch_up
from shared.use_cases.connection.disconnect import disconnect, reconnect
from shared.use_cases.connection.find_connection import find_connection
from shared.use_cases.connection.read_connection import problem_of
from tests.support.builders import WEBHOOK_SECRET, App, webhook_fields
from tests.support.console_api import Console

SECRETS = "/api/connection/webhook-secrets"


@pytest.fixture
def console(console: Console) -> Console:
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
    return console


# -- disconnecting ------------------------------------------------------------------------------------------------------


def test_a_disconnected_workspaces_token_is_forgotten_and_the_other_vendors_key_is_not(console: Console) -> None:
    console.post("/api/connection/disconnect", {"vendor": "intercom"})
    assert console.secret("intercom")["access_token"] == ""
    assert console.secret("referral_factory")["api_key"] == "local-referral-factory-key"


def test_a_disconnected_accounts_key_is_forgotten_and_the_workspaces_token_is_not(console: Console) -> None:
    console.post("/api/connection/disconnect", {"vendor": "referral_factory"})
    assert console.secret("referral_factory")["api_key"] == ""
    assert console.secret("intercom")["access_token"] == "local-intercom-token"
    assert console.app.connection().connected


def test_a_token_that_is_to_be_kept_stays(console: Console) -> None:
    disconnect(console.app.environment, "mara@example.com", Vendor.INTERCOM, keep_token=True)
    assert console.secret("intercom")["access_token"] == "local-intercom-token"
    assert not console.app.connection().connected


@pytest.mark.parametrize("kind", [None, *BreakerKind])
@pytest.mark.parametrize("vendor", Vendor)
def test_only_a_vendor_that_a_person_disconnected_is_shown_as_not_connected(
    console: Console, vendor: Vendor, kind: BreakerKind | None
) -> None:
    """Whose credentials are kept may only be failing, and goes on by itself."""
    now = console.app.clock.now()
    console.app.environment.breakers.close(vendor)
    if kind is not None:
        console.app.environment.breakers.open(vendor, Breaker(kind, now + 900.0, now))

    shown = console.get("/api/connection")[vendor]["connected"]

    assert shown is (kind is not BreakerKind.DISCONNECTED)


def test_nobody_goes_on_with_a_workspace_that_never_was_connected() -> None:
    app = App()

    with pytest.raises(NotFoundError, match="has not been connected yet"):
        reconnect(app.environment, "mara@example.com")

    assert app.environment.connections.find() is None


def test_disconnecting_twice_is_disconnecting_once(console: Console) -> None:
    console.post("/api/connection/disconnect", {"vendor": "intercom"})
    before = console.app.connection()
    console.post("/api/connection/disconnect", {"vendor": "intercom"})
    assert console.app.connection() == before


def test_what_never_was_connected_can_be_disconnected() -> None:
    console = Console()
    console.post("/api/connection/disconnect", {"vendor": "intercom"})
    assert console.app.environment.connections.find() is None
    assert not console.get("/api/connection")["intercom"]["connected"]


def test_no_work_is_done_for_a_workspace_that_was_disconnected(console: Console) -> None:
    environment = console.app.environment
    assert find_connection(environment) == console.app.connection()
    console.post("/api/connection/disconnect", {"vendor": "intercom"})
    with pytest.raises(ConnectionLostError, match="disconnected"):
        find_connection(environment)


# -- connecting ---------------------------------------------------------------------------------------------------------


def test_the_workspace_before_is_remembered_over_a_second_connect_of_the_same() -> None:
    test = Connection("test", "us", "UTC", name="Test")
    production = Connection("production", "us", "UTC", name="Production").after(test)
    again = Connection("production", "us", "UTC", name="Production").after(production)
    assert [(one.before_id, one.before_name, one.epoch) for one in (production, again)] == [
        ("test", "Test", 2),
        ("test", "Test", 3),
    ]


def test_a_workspace_without_a_name_is_remembered_by_its_id() -> None:
    after = Connection("production", "us", "UTC").after(Connection("test", "us", "UTC"))
    assert (after.before_id, after.before_name) == ("test", "test")


def test_who_connected_referral_factory_and_when_is_shown(console: Console) -> None:
    console.app.wait(60)
    console.call("PUT", "/api/connection/referral-factory", {"api_key": "local-referral-factory-key"})

    shown = console.get("/api/connection")["referral_factory"]
    assert shown["connected_by"] == "mara@example.com"
    assert "Connected Referral Factory." in console.audit_lines()


@pytest.mark.parametrize("stored", ["", "local-intercom-token"])
def test_a_first_connection_asks_once_whose_the_token_is(stored: str) -> None:
    console = Console()
    console.app.set_secret("intercom", access_token=stored)

    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})

    assert [call.path for call in console.app.wire.calls].count("/me") == 1
    assert console.app.connection().epoch == 1


def test_a_workspace_known_by_its_connection_is_not_asked_for_whose_its_token_is(console: Console) -> None:
    console.app.set_secret("intercom", access_token="stored-by-hand")
    console.app.environment = console.app.new_environment()
    console.app.forget_calls()

    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})

    assert [call.path for call in console.app.wire.calls].count("/me") == 1


@pytest.mark.parametrize(("name", "called"), [("Test", "Test"), ("", "local-workspace")])
def test_the_history_calls_a_connected_workspace_by_its_name_or_else_its_id(
    app: App, console: Console, name: str, called: str
) -> None:
    app.intercom.change_settings({"workspace_name": name})

    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})

    assert f"Connected the Intercom workspace “{called}”." in console.audit_lines()


@pytest.mark.parametrize(("name", "called"), [("Test", "Test"), ("", "local-workspace")])
def test_a_workspace_that_is_in_the_way_is_called_by_its_name_or_else_its_id(console: Console, name: str, called: str) -> None:
    console.app.environment.connections.save(replace(console.app.connection(), name=name))
    console.app.use_workspace("production")
    answer = console.call("POST", "/api/connection/intercom", {"access_token": "local-intercom-token"})
    assert (answer.status, f"“{called}” is connected" in answer.json["detail"]) == (409, True)


# -- catching up --------------------------------------------------------------------------------------------------------


def waiting(console: Console) -> App:
    """Somebody signed up while nothing was connected."""
    console.post("/api/connection/disconnect", {"vendor": "intercom"})
    app = console.app
    app.environment = app.new_environment()
    assert app.sign_up().state is State.PENDING
    return app


def test_who_waits_is_delivered_once_however_often_somebody_connects(console: Console) -> None:
    app = waiting(console)
    for _ in range(2):
        console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})

    app.environment = app.new_environment()
    app.work()

    assert app.row().state == State.DELIVERED
    assert len(app.contacts()) == 1
    assert app.calls().count("POST /contacts") == 1


def test_connecting_referral_factory_enqueues_no_delivery_and_leaves_intercoms_stop_alone(console: Console) -> None:
    app = waiting(console)
    catch_up(app.environment, Vendor.REFERRAL_FACTORY)

    assert app.queued("delivery") == []

    breaker = app.breaker()
    assert breaker.kind is BreakerKind.DISCONNECTED


def test_what_waits_in_the_inbox_is_left_to_the_sweep_and_deliveries_are_sent_once(console: Console) -> None:
    app = waiting(console)
    fields = webhook_fields(id=43, email="in.the.inbox@example.com")
    app.environment.inbox.add(DeliverContact(1, None, "joined", app.clock.now(), fields), app.clock.now())

    catch_up(app.environment, Vendor.INTERCOM)

    assert [message.user_id for message in app.queued("delivery") if message.event == ENQUEUED] == [42]
    assert app.row().due_at == app.clock.now() + ENQUEUE_AGAIN_AFTER
    assert [message.full for message in app.queued("reconcile")][-1:] == [True]


@pytest.mark.parametrize("kind", BreakerKind)
def test_going_on_with_a_workspace_lifts_no_stop_but_that_of_the_disconnect(console: Console, kind: BreakerKind) -> None:
    """Whoever was warned or blocked by Intercom is not let go on by it."""
    app = console.app
    disconnect(app.environment, "mara@example.com", Vendor.INTERCOM, keep_token=True)
    app.environment.breakers.close(Vendor.INTERCOM)
    app.environment.breakers.open(Vendor.INTERCOM, Breaker(kind, app.clock.now() + 900.0, app.clock.now()))
    reconnect(app.environment, "mara@example.com")

    lifted = kind in {BreakerKind.DISCONNECTED, BreakerKind.CONNECTION_LOST}

    assert (app.environment.breakers.find(Vendor.INTERCOM) is None) is lifted


# -- stops --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BreakerKind)
@pytest.mark.parametrize(("probing", "now"), [(False, 99.0), (False, 100.0), (True, 99.0)])
def test_a_success_of_a_call_that_was_under_way_ends_only_failures_and_a_lost_connection(
    kind: BreakerKind, now: float, *, probing: bool
) -> None:
    breaker = Breaker(kind, open_until=100.0, opened_at=0.0, probing=probing)
    by_any_call = kind in {BreakerKind.FAILING, BreakerKind.CONNECTION_LOST}
    assert breaker.closes_on_success(now) is (by_any_call or probing or now >= 100.0)


@pytest.mark.parametrize("words", ["Your app is suspended", "Your app is suspended."])
def test_a_refusal_is_shown_in_the_vendors_words_with_one_full_stop(words: str) -> None:
    breaker = Breaker(BreakerKind.REFUSED, 100.0, 0.0, words=words)
    shown = problem_of(Vendor.INTERCOM, breaker, Strikes(), connected=True)
    assert shown.startswith("Intercom refuses this application: Your app is suspended. Nobody")


@pytest.mark.parametrize(("connected", "problem"), [(True, ""), (False, "Intercom is not connected.")])
def test_without_a_stop_only_a_missing_connection_is_a_problem(problem: str, *, connected: bool) -> None:
    assert problem_of(Vendor.INTERCOM, None, Strikes(), connected=connected) == problem


# -- the webhook's secret -----------------------------------------------------------------------------------------------


def test_each_step_of_replacing_the_webhook_secret_is_written_down_and_drops_what_it_should(console: Console) -> None:
    before = console.secret("webhook")["current"]
    for action in ("make_next", "drop_next"):
        console.app.wait(60)
        console.post(SECRETS, {"action": action})
    assert console.secret("webhook") == {"current": before, "next": "", "next_made_at": ""}
    assert console.audit_lines()[-2:] == ["Made the next webhook secret.", "Dropped the next webhook secret."]


@pytest.mark.parametrize("action", ["promote", "drop_next"])
def test_without_a_next_secret_there_is_nothing_to_promote_or_drop(console: Console, action: str) -> None:
    before = console.secret("webhook")
    assert console.call("POST", SECRETS, {"action": action, "sure": True}).status == 409
    assert console.secret("webhook") == before


def test_a_next_secret_whose_beginning_nobody_noted_is_promoted_once_a_webhook_has_come_with_it(console: Console) -> None:
    """One that an earlier version made, or a person wrote by hand."""
    console.app.set_secret("webhook", current=WEBHOOK_SECRET, next="made-by-hand")

    assert console.call("POST", SECRETS, {"action": "promote"}).status == 409

    console.app.wait(60)

    assert console.app.post(webhook_fields(), secret="made-by-hand")["statusCode"] == 202

    console.app.work()
    console.post(SECRETS, {"action": "promote"})

    assert console.secret("webhook")["current"] == "made-by-hand"
