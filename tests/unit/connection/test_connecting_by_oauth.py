"""A person connects Intercom by OAuth: from the button by way of Intercom's page back to ours."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sandbox.vendors.intercom.oauth import allow
from shared.adapters.http.transport import HttpResponse
from shared.adapters.intercom.oauth import IntercomOAuth
from shared.errors import RejectedError
from tests.support.builders import App
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


@pytest.mark.parametrize(("seconds", "status"), [(599, 303), (600, 409), (601, 409)])
def test_a_state_ends_after_ten_minutes(console: Console, seconds: int, status: int) -> None:
    query = allowed(console, begin(console))
    console.app.wait(seconds)

    answer = console.callback(query)

    assert answer.status == status
    assert bool(console.secret("intercom")["access_token"]) is (status == 303)


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
    state = begin(console)
    console.app.forget_calls()

    answer = console.callback(urlencode({"code": "wrong=", "state": state}))

    assert answer.status == 400
    assert "Intercom does not take the code, or the app&#x27;s client id or secret." in answer.text
    assert console.app.calls() == ["POST /auth/eagle/token"]
    assert console.secret("intercom")["access_token"] == ""


class Answers:
    """Intercom, that answers whatever code with this."""

    def __init__(self, status: int, body: Any) -> None:
        self._answer = HttpResponse(status, {}, json.dumps(body).encode())

    def send(self, *_: Any) -> HttpResponse:
        return self._answer


@pytest.mark.parametrize(
    ("body", "token"),
    [({"token": "a"}, "a"), ({"access_token": "b"}, "b"), ({"token": "a", "access_token": "b"}, "b")],
)
def test_a_token_is_taken_under_either_of_its_names(body: Any, token: str) -> None:
    oauth = IntercomOAuth(Answers(200, body), "https://api.intercom.io", stand_in=False)

    assert oauth.exchange("id", "secret", "code") == token


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, {"token": "a"}), (201, {"token": "a"}), (200, {}), (200, {"token": ""}), (200, {"token": 7}), (200, ["a"])],
)
def test_an_answer_that_refuses_or_holds_no_token_is_a_refusal(status: int, body: Any) -> None:
    oauth = IntercomOAuth(Answers(status, body), "https://api.intercom.io", stand_in=False)

    with pytest.raises(RejectedError):
        oauth.exchange("id", "secret", "code")


@pytest.mark.parametrize(
    ("stand_in", "page"), [(False, "https://app.intercom.com/oauth"), (True, "http://intercom.test/oauth")]
)
def test_a_person_is_sent_to_intercoms_own_page_and_to_the_stand_ins_with_a_stand_in(stand_in: bool, page: str) -> None:
    oauth = IntercomOAuth(Answers(200, {}), "http://intercom.test/", stand_in=stand_in)

    assert oauth.address("id", "state", "back").split("?")[0] == page


@pytest.mark.parametrize(("silent", "status"), [(503, 503), (429, 503), (400, 400)])
def test_only_a_code_that_intercom_refused_is_called_wrong(console: Console, silent: int, status: int) -> None:
    query = allowed(console, begin(console))
    console.app.wire.faults.add({"kind": "status", "status": silent, "path": "^/auth/eagle/token"})

    answer = console.callback(query)

    assert answer.status == status
    assert console.secret("intercom")["access_token"] == ""


def test_an_apps_secret_that_is_damaged_meanwhile_connects_nothing_and_shows_a_page(console: Console) -> None:
    query = allowed(console, begin(console))
    console.app.secrets.put_secret_value(SecretId="intercom_app", SecretString="[]")

    answer = console.callback(query)

    assert (answer.status, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "Please begin again in the console." in answer.text
    assert console.secret("intercom")["access_token"] == ""


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
