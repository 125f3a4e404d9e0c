"""Connecting both vendors, disconnecting, rotating and lifting, and what is shown of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.connection.connection import Rotation, Vendor
from shared.domain.signup.state import State
from shared.errors import ConflictError
from shared.messages import ReconcileCampaigns
from shared.use_cases.connection.rotate_webhook_secret import rotate_webhook_secret
from tests.support.builders import EMAIL, App, webhook_fields
from tests.support.console_api import CONSOLE, Console
from tests.unit.connection.test_connecting_by_oauth import allowed, begin


@pytest.fixture
def app() -> App:
    return App()


def test_a_person_connects_with_an_access_token(console: Console) -> None:
    console.app.intercom.settings.tokens.append("pasted")
    body = {"access_token": "pasted", "client_id": "mine", "client_secret": "hidden"}
    assert console.post("/api/connection/intercom", body)["workspace"]["region"] == "US"
    assert console.secret("intercom") == {"access_token": "pasted"}
    assert console.secret("intercom_app") == {"client_id": "mine", "client_secret": "hidden"}


@pytest.mark.parametrize("text", ["wr\u00f6ng", "two words", "\u200bkey"])
def test_a_key_that_was_copied_badly_is_refused_in_plain_words(console: Console, text: str) -> None:
    for method, path, name in (
        ("POST", "/api/connection/intercom", "access_token"),
        ("PUT", "/api/connection/referral-factory", "api_key"),
    ):
        (error,) = console.call(method, path, {name: text}).json["errors"]
        wanted = f"{name} holds a blank or a sign that no key has; copy the whole of it again."
        assert error == {"place": name, "message": wanted}


def test_a_token_that_intercom_does_not_take_is_not_stored(console: Console) -> None:
    answer = console.call("POST", "/api/connection/intercom", {"access_token": "wrong"})
    assert (answer.status, answer.json["detail"]) == (422, "Intercom does not take this access token.")
    assert console.secret("intercom")["access_token"] == "local-intercom-token"
    assert console.app.environment.breakers.find(Vendor.INTERCOM) is None


@pytest.mark.parametrize("hosted", ["EU", "US"])
@pytest.mark.parametrize("by_oauth", [True, False], ids=["by OAuth", "with a token"])
def test_a_workspace_of_another_region_than_is_called_is_refused(console: Console, hosted: str, *, by_oauth: bool) -> None:
    app = console.app
    app.wire.replace("https://api.eu.intercom.io", app.intercom)
    app.settings = replace(app.settings, intercom_api_url="", intercom_region="EU")
    app.environment = app.new_environment()
    app.intercom.settings.region = hosted

    if by_oauth:
        answer = console.callback(allowed(console, begin(console)))
        text = answer.text
    else:
        answer = console.call("POST", "/api/connection/intercom", {"access_token": "local-intercom-token"})
        text = str(answer.json)

    taken = 303 if by_oauth else 200

    assert answer.status == (taken if hosted == "EU" else 409)
    assert ("IntercomRegion=US" in text) is (hosted == "US")


@pytest.mark.parametrize("by_oauth", [True, False], ids=["by OAuth", "with a token"])
def test_at_an_address_of_our_own_any_region_will_do(console: Console, *, by_oauth: bool) -> None:
    console.app.intercom.settings.region = "AU"
    if by_oauth:
        assert console.callback(allowed(console, begin(console))).status == 303
    else:
        console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})


def test_a_second_workspace_is_refused_while_one_is_connected(console: Console) -> None:
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
    console.app.intercom.settings.workspace_id = "another"
    answer = console.call("POST", "/api/connection/intercom", {"access_token": "local-intercom-token"})

    assert (answer.status, "Disconnect it" in answer.json["detail"]) == (409, True)

    console.post("/api/connection/disconnect", {"vendor": "intercom"})

    assert console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})["workspace"]["id"] == "another"


def test_a_second_workspace_is_refused_while_the_first_has_only_a_token(console: Console) -> None:
    settings = console.app.intercom.settings
    settings.tokens.append("of-another")
    console.app.wire.interrupt("GET /me", lambda: setattr(settings, "workspace_id", "local"))
    settings.workspace_id = "another"

    answer = console.call("POST", "/api/connection/intercom", {"access_token": "of-another"})

    assert (answer.status, "Disconnect it" in answer.json["detail"]) == (409, True)
    assert console.secret("intercom")["access_token"] == "local-intercom-token"

    settings.tokens.remove("local-intercom-token")  # what was stored leads nowhere, so nothing is connected

    assert console.post("/api/connection/intercom", {"access_token": "of-another"})["workspace"]["id"] == "local"


def test_a_check_makes_known_whose_token_was_stored_by_hand(console: Console) -> None:
    assert console.get("/api/connection")["intercom"]["workspace"] is None
    found = console.post("/api/connection/intercom/check")["workspace"]
    assert console.get("/api/connection")["intercom"]["workspace"] == found


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("POST", "^/events$", "Write events"),
        ("PUT", "^/contacts/", "Write users and companies"),
        ("POST", "^/contacts/search$", "Read and list users and companies"),
    ],
)
def test_the_check_of_permissions_tries_events_and_writes_too_and_changes_nothing(
    console: Console, status: int, method: str, path: str, permission: str
) -> None:
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
    contacts = dict(console.app.intercom.workspace.contacts)
    console.app.wire.faults.add({"kind": "status", "status": status, "method": method, "path": path})

    assert console.post("/api/connection/intercom/check")["missing_permissions"] == [permission]
    assert console.app.environment.breakers.find(Vendor.INTERCOM) is None
    assert console.app.intercom.workspace.contacts == contacts
    assert not console.app.intercom.workspace.events


def test_missing_permissions_are_named(console: Console) -> None:
    console.app.wire.faults.add({"kind": "status", "status": 403, "path": "^/tags"})
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})

    assert console.get("/api/connection")["intercom"]["missing_permissions"] == ["Read tags"]

    console.app.wire.faults.clear()

    assert console.post("/api/connection/intercom/check")["missing_permissions"] == []
    assert console.get("/api/connection")["intercom"]["missing_permissions"] == []


def test_referral_factory_is_connected_by_a_key_that_one_call_tries(console: Console) -> None:
    console.app.set_secret("referral_factory", api_key="")

    answer = console.call("PUT", "/api/connection/referral-factory", {"api_key": "local-referral-factory-key"})

    assert answer.status == 200
    assert answer.json["items"][0]["labels"]["person_invited"] == ["Last Name"]  # first name and e-mail are no form field's
    assert console.app.calls("referral_factory") == ["GET /api/v2/campaigns?page=1&per_page=250"]
    assert console.secret("referral_factory") == {"api_key": "local-referral-factory-key"}
    assert console.get("/api/connection")["referral_factory"]["connected"] is True


def test_a_mistyped_key_stops_nothing(console: Console) -> None:
    answer = console.call("PUT", "/api/connection/referral-factory", {"api_key": "wrong"})
    assert (answer.status, answer.json["detail"]) == (422, "Referral Factory does not take this API key.")
    assert console.app.environment.breakers.find(Vendor.REFERRAL_FACTORY) is None
    assert console.secret("referral_factory") == {"api_key": "local-referral-factory-key"}


def test_disconnecting_intercom_stops_queued_work_and_deletes_nothing(app: App, console: Console) -> None:
    app.configure()
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
    app.post(webhook_fields())

    shown = console.post("/api/connection/disconnect", {"vendor": "intercom"})

    assert (shown["intercom"]["connected"], shown["intercom"]["breaker"]["kind"]) == (False, "disconnected")

    app.forget_calls()
    app.work(app.new_environment())
    app.wait(3_600)
    app.sweep()

    assert app.calls() == []
    assert app.metrics.counts["ConnectionLost"] == 0
    assert (app.row().state, app.environment.campaigns.find(1) is not None) == (State.PENDING, True)
    assert console.call("GET", "/api/attributes").status == 409


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_reconnecting_delivers_what_waited_and_wakes_reconcile(
    app: App, console: Console, monkeypatch: pytest.MonkeyPatch, jitter: float
) -> None:
    monkeypatch.setattr(app.chance, "fraction", lambda: jitter)
    app.configure()
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
    epoch = app.connection().epoch
    console.post("/api/connection/disconnect", {"vendor": "intercom"})

    app.sign_up()

    assert app.row().state is State.PENDING

    app.environment = app.new_environment()
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
    app.work()

    assert (app.row().state, app.contact().email) == (State.DELIVERED, EMAIL)
    assert app.connection().epoch == epoch + 2
    assert [type(message) for message in app.queued("reconcile")] == [ReconcileCampaigns] * 2


def test_disconnecting_referral_factory_stops_its_calls_at_once_and_lifting_does_not_start_them(console: Console) -> None:
    app = console.app
    app.configure()
    worker = app.new_environment()
    app.reconcile(work=False)
    console.post("/api/connection/disconnect", {"vendor": "referral_factory"})
    console.post("/api/connection/referral-factory/lift-stop", {})
    app.forget_calls()

    app.invoke(__import__("functions.reconcile.handler", fromlist=["handler"]), {}, worker)

    assert app.calls("referral_factory") == []

    console.call("PUT", "/api/connection/referral-factory", {"api_key": "local-referral-factory-key"})
    app.forget_calls()
    app.reconcile(work=False)

    assert app.calls("referral_factory") != []


def test_strikes_are_shown_and_lifted(console: Console) -> None:
    for at in (1.0, 100.0):
        console.app.environment.strikes.update(Vendor.REFERRAL_FACTORY, lambda strikes, at=at: strikes.struck(at))
    shown = console.get("/api/connection")["referral_factory"]
    assert (shown["strikes"]["stopped"], "two warnings" in shown["problem"]) == (True, True)
    assert console.call("GET", "/api/connection/referral-factory/campaigns").status == 409

    lifted = console.post("/api/connection/referral-factory/lift-stop", {})["referral_factory"]["strikes"]

    assert (lifted["stopped"], lifted["count"]) == (False, 2)
    assert console.audit_lines() == ["Lifted the stop of Referral Factory."]


def test_a_secret_is_made_shown_once_and_promoted(console: Console) -> None:
    made = console.post("/api/connection/webhook-secrets", {"action": "make_next"})["next"]

    assert len(made) == 48
    assert console.call("POST", "/api/connection/webhook-secrets", {"action": "make_next"}).status == 409

    refused = console.call("POST", "/api/connection/webhook-secrets", {"action": "promote"})
    assert (refused.status, "No webhook has come with the new secret" in refused.json["detail"]) == (409, True)

    console.app.post(webhook_fields())
    console.app.work()

    assert console.call("POST", "/api/connection/webhook-secrets", {"action": "promote"}).status == 409
    assert console.app.post(webhook_fields(), secret=made)["statusCode"] == 202

    console.app.work()

    assert console.post("/api/connection/webhook-secrets", {"action": "promote"})["next"] is None
    assert console.secret("webhook") == {"current": made, "next": "", "next_made_at": ""}
    assert console.call("POST", "/api/connection/webhook-secrets", {"action": "promote"}).status == 409


def test_a_secret_that_no_webhook_brought_is_promoted_only_by_somebody_who_is_sure(console: Console) -> None:
    path = "/api/connection/webhook-secrets"
    first = console.post(path, {"action": "make_next"})["next"]
    console.app.post(webhook_fields(), secret=first)
    console.app.work()
    console.app.wait(60)
    console.post(path, {"action": "drop_next"})

    console.post(path, {"action": "make_next"})

    assert console.call("POST", path, {"action": "promote"}).status == 409  # another one came
    assert console.post(path, {"action": "promote", "sure": True})["has_next"] is False


def test_nobody_is_sure_who_did_not_say_so(console: Console) -> None:
    environment = console.app.environment
    rotate_webhook_secret(environment, "mara", Rotation.MAKE_NEXT)

    with pytest.raises(ConflictError, match="No webhook has come"):
        rotate_webhook_secret(environment, "mara", Rotation.PROMOTE)


def test_a_secret_whose_audit_cannot_be_written_is_not_lost(console: Console) -> None:
    console.app.dynamodb.cut_off("update_item", "AUDIT")
    made = console.post("/api/connection/webhook-secrets", {"action": "make_next"})["next"]

    assert console.secret("webhook")["next"] == made

    kept = console.kept()[0]
    assert (kept["result"], "webhook-secrets" in kept["what"]) == (None, True)


def test_nothing_is_done_that_cannot_be_written_down_before(console: Console) -> None:
    console.app.dynamodb.cut_off("put_item")
    before = console.secret("webhook")
    assert console.call("POST", "/api/connection/webhook-secrets", {"action": "make_next"}).status == 503
    assert console.secret("webhook") == before


def test_no_secret_is_ever_sent_back(console: Console) -> None:
    secrets = [
        value for name in ("intercom", "intercom_app", "referral_factory", "webhook") for value in console.secret(name).values()
    ]

    console.app.configure()

    shown = [console.call("GET", path).text for path in ("/api/connection", "/api/overview", "/api/connection/changes")]
    hidden = [secret for secret in secrets if secret and secret != "local-client-id"]
    assert [secret for secret in hidden for text in shown if secret in text] == []


def test_each_webhook_has_its_address_and_its_light(app: App, console: Console) -> None:
    app.configure()
    app.sign_up()

    app.environment.flush()

    hooks = console.get("/api/connection")["referral_factory"]["webhooks"]
    assert [(hook["name"], hook["received_at"] is not None) for hook in hooks] == [
        ("joined", True),
        ("qualified", False),
        ("rewarded", False),
    ]
    assert hooks[0]["url"] == f"{CONSOLE}webhooks/referral-factory/1/joined"


def test_webhooks_are_listed_of_each_campaign_that_is_set_up_and_of_each_that_sends_some(app: App, console: Console) -> None:
    app.configure(campaign_id=7)
    app.sign_up()
    app.environment.flush()

    hooks = console.get("/api/connection")["referral_factory"]["webhooks"]

    shown = {(hook["campaign_id"], hook["received_at"] is not None) for hook in hooks if hook["name"] == "joined"}
    assert shown == {(1, True), (7, False)}


def test_the_connection_is_shown_while_both_vendors_are_down(console: Console) -> None:
    console.app.wire.forbid()
    assert "must be off" in console.get("/api/connection")["warning"]


def test_changes_come_in_pages_newest_first() -> None:
    console = Console(App())

    for _ in range(3):
        console.post("/api/connection/referral-factory/lift-stop", {})
        console.app.wait(1)

    first = console.get("/api/connection/changes", "limit=2")
    rest = console.get("/api/connection/changes", f"limit=2&cursor={first['cursor']}")
    assert [len(first["items"]), len(rest["items"]), rest["cursor"]] == [2, 1, None]
    assert console.call("GET", "/api/connection/changes", query="cursor=x").status == 400
