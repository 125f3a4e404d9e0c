"""Connecting both vendors, disconnecting, rotating and lifting, and what is shown of it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sandbox.vendors.intercom.oauth import allow
from shared.domain.connection.connection import Vendor
from shared.domain.signup.referral import State
from shared.messages import ReconcileCampaigns
from tests.support.builders import EMAIL, App, webhook_fields
from tests.support.console_api import CONSOLE, Console


@pytest.fixture
def app() -> App:
    return App()


def begin(console: Console) -> str:
    """The state that goes to Intercom."""
    console.app.set_secret("intercom", access_token="")
    address = console.post("/api/connection/intercom", {})["authorization_url"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["redirect_uri"] == f"{CONSOLE}oauth/intercom/callback"
    return asked["state"]


def allowed(console: Console, state: str) -> str:
    """The query with which Intercom sends the browser back."""
    address = allow(console.app.intercom.workspace, "http://here/", state)
    assert "%3D" in address
    return urlsplit(address).query


def test_a_person_connects_by_oauth(console: Console) -> None:
    answer = console.callback(allowed(console, begin(console)))
    assert (answer.status, answer.headers["location"]) == (303, "/#/connection")

    shown = console.get("/api/connection")["intercom"]
    assert shown["connected"] is True
    assert shown["problem"] == ""
    assert shown["missing_permissions"] == []
    assert shown["workspace"]["id"] == "local-workspace"
    assert shown["connected_by"] == "mara@example.com"
    assert console.secret("intercom")["access_token"].startswith("tok_")
    assert console.audit_lines()[-1] == "Connected the Intercom workspace “Local workspace”."


def test_the_cookie_is_for_the_callback_alone_and_out_of_reach_of_scripts(console: Console) -> None:
    from functions.admin_api import handler
    from tests.support.admin_api import sample, sign_in

    event = sample("admin_api_get_campaign") | {"rawPath": "/api/connection/intercom", "body": "{}"}
    event["requestContext"]["http"]["method"] = "POST"
    sign_in(event, console.claims)
    (cookie,) = console.app.invoke(handler, event)["cookies"]
    assert "Path=/oauth/intercom/callback" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("state", ["", "f" * 32, "ü", "x" * 5000])
def test_a_state_that_nobody_began_is_refused_in_plain_words(console: Console, state: str) -> None:
    begin(console)
    answer = console.callback(urlencode({"code": "c", "state": state}))
    assert (answer.status, answer.headers["content-type"]) == (409, "text/html; charset=utf-8")
    assert "was not begun here" in answer.text
    assert not console.get("/api/connection")["intercom"]["connected"]


def test_a_state_works_once(console: Console) -> None:
    state = begin(console)
    cookies = dict(console.cookies)
    assert console.callback(allowed(console, state)).status == 303
    console.cookies = cookies
    assert console.callback(allowed(console, state)).status == 409


@pytest.mark.parametrize("cookies", [{}, {"intercom_oauth": "0" * 32}, {"other": "x"}])
def test_a_state_of_another_browser_is_refused(console: Console, cookies: dict[str, str]) -> None:
    state = begin(console)
    console.cookies = cookies
    answer = console.callback(allowed(console, state))
    assert (answer.status, "another browser" in answer.text) == (409, True)
    assert console.secret("intercom")["access_token"] == ""


def test_a_state_ends_after_ten_minutes(console: Console) -> None:
    query = allowed(console, begin(console))
    console.app.wait(601)
    assert console.callback(query).status == 409


FINISH = "Connect Intercom by OAuth, the way back (GET /oauth/intercom/callback)"


def finishes(console: Console) -> list[tuple[str, str, str, str | None]]:
    """What is kept of the ways back from Intercom, oldest first."""
    rows = [row for row in reversed(console.kept()) if row["what"] == FINISH or "Connected the Intercom" in row["what"]]
    return [(row["who"], row["subject"], row["issuer"], row["result"]) for row in rows]


def test_connecting_by_oauth_is_written_down_before_the_code_goes_to_intercom(console: Console) -> None:
    during: list[tuple[str, str, str, str | None]] = []
    console.app.wire.interrupt("POST /auth/eagle/token", lambda: during.extend(finishes(console)))
    assert console.callback(allowed(console, begin(console))).status == 303
    mara = ("mara@example.com", "x", "https://login.example.com")
    assert (during, finishes(console)) == ([(*mara, None)], [(*mara, "done")])


def test_a_way_back_that_cannot_be_written_down_connects_nothing(console: Console) -> None:
    query = allowed(console, begin(console))
    console.app.dynamodb.cut_off("put_item", "AUDIT")
    console.app.forget_calls()
    answer = console.callback(query)
    assert (answer.status, "begin again" in answer.text) == (503, True)
    assert (console.app.calls(), console.secret("intercom")["access_token"]) == ([], "")


def test_a_way_back_that_was_refused_or_failed_is_kept_with_who_began_it(console: Console) -> None:
    query = allowed(console, begin(console))
    console.cookies = {"intercom_oauth": "0" * 32}
    assert console.callback(query).status == 409

    console.app.wait(1)
    assert console.callback(urlencode({"code": "wrong=", "state": begin(console)})).status == 400

    console.app.wait(1)
    console.app.wire.faults.add({"kind": "status", "status": 503, "path": "^/me"})

    assert console.callback(allowed(console, begin(console))).status == 503
    assert [result for *_, result in finishes(console)] == ["refused", "refused", "failed"]
    assert {who for who, *_ in finishes(console)} == {"mara@example.com"}


def test_a_person_who_does_not_allow_it_sees_so(console: Console) -> None:
    answer = console.callback(urlencode({"error": "access_denied", "state": begin(console)}))
    assert answer.status == 400
    assert "not allowed" in answer.text


def test_a_wrong_code_connects_nothing(console: Console) -> None:
    answer = console.callback(urlencode({"code": "wrong=", "state": begin(console)}))
    assert (answer.status, console.secret("intercom")["access_token"]) == (400, "")


def test_another_secret_replaces_the_one_in_use_only_when_intercom_took_it(app: App, console: Console) -> None:
    app.set_secret("intercom_app", client_id="local-client-id", client_secret="before")
    path = "/api/connection/intercom"

    def back(secret: str, *, allows: bool = True) -> int:
        address = console.post(path, {"client_secret": secret})["authorization_url"]
        state = parse_qs(urlsplit(address).query)["state"][0]
        refused = urlencode({"error": "access_denied", "state": state})
        return console.callback(allowed(console, state) if allows else refused).status

    assert back("mistyped") == 400
    assert console.secret("intercom_app")["client_secret"] == "before"
    assert back("local-client-secret", allows=False) == 400
    assert console.secret("intercom_app")["client_secret"] == "before"
    assert back("local-client-secret") == 303
    kept = console.secret("intercom_app")
    assert (kept["client_secret"], kept["pending_client_secret"]) == ("local-client-secret", "")
    assert "mistyped" not in kept.values()


def begun(console: Console, **body: str) -> str:
    """The state of one more try."""
    address = console.post("/api/connection/intercom", body)["authorization_url"]
    return parse_qs(urlsplit(address).query)["state"][0]


STORED = "Stored the Intercom app's client ID or secret."


def test_a_try_that_was_given_up_is_forgotten_at_the_next(console: Console) -> None:
    begun(console, client_secret="mistyped")
    assert console.secret("intercom_app")["pending_client_secret"] == "mistyped"
    assert console.callback(allowed(console, begun(console))).status == 303
    kept = console.secret("intercom_app")
    assert (kept["client_secret"], kept["pending_client_secret"]) == ("local-client-secret", "")


def test_before_anything_is_connected_the_apps_secret_is_stored_at_once(console: Console) -> None:
    console.app.set_secret("intercom", access_token="")
    console.app.set_secret("intercom_app")
    begun(console, client_id="local-client-id", client_secret="local-client-secret")
    assert console.secret("intercom_app") == {"client_id": "local-client-id", "client_secret": "local-client-secret"}
    assert console.audit_lines() == [STORED]


def test_what_is_stored_already_is_not_stored_again(console: Console) -> None:
    console.app.secrets.refuse("put_secret_value", 9)
    begun(console, client_id="local-client-id", client_secret="local-client-secret")
    begun(console)
    assert STORED not in console.audit_lines()


@pytest.mark.parametrize("known", [{}, {"client_id": "local-client-id"}, {"client_secret": "local-client-secret"}])
def test_nobody_begins_without_the_apps_id_and_secret(console: Console, known: dict[str, str]) -> None:
    console.app.set_secret("intercom_app", **known)
    answer = console.call("POST", "/api/connection/intercom", {})
    assert answer.status == 422
    assert "client ID" in answer.json["detail"]


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
