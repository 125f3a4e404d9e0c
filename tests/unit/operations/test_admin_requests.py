"""Who may call the admin API, and what becomes of calls that nobody meant."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import openapi_schema_validator
import pytest

from functions.admin_api import handler
from functions.admin_api.handler import MAX_BODY, ROUTES
from functions.admin_api.http.access import author_of, groups_of
from functions.admin_api.http.openapi import describe
from functions.admin_api.routes.connection import CALLBACK_PATH
from shared.errors import ConnectionLostError, UnavailableError
from tests.support.admin_api import GROUP, encoded, sample, sign_in
from tests.support.console_api import Console

Json = dict[str, Any]
TOO_LONG = f"/api/campaigns/{'9' * 5_000}"


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        (["admin", "ops"], {"admin", "ops"}),
        (["x admin y"], {"x admin y"}),
        (["admin", 1, None, ["ops"]], {"admin"}),
        ([], set()),
        ("admin", {"admin"}),
        ("admin ops", {"admin ops"}),
        ("[admin]", {"[admin]"}),
        ('["admin"]', {'["admin"]'}),
        (None, set()),
        (1, set()),
        ({"admin": True}, set()),
    ],
)
def test_groups_are_a_list_or_one_text_and_stay_whole(claim: Any, groups: set[str]) -> None:
    assert groups_of(claim) == groups


@pytest.mark.parametrize(
    "groups",
    [
        [],
        ["ops"],
        ["referral-admins-2"],
        ["x referral-admins y"],
        ["[referral-admins]"],
        ["Referral-Admins"],
        "x referral-admins y",
        '["referral-admins"]',
        "referral-admins,ops",
        {"referral-admins": True},
        True,
        "",
        [""],
    ],
)
def test_people_outside_the_group_are_refused_everywhere(api: Any, document: Json, groups: Any) -> None:
    api.claims = {"groups": groups, "sub": "x"}
    for path in ("/api/campaigns", "/api/campaigns/1", "/api/openapi.json", "/api/nothing"):
        assert api.call("GET", path).status == 403

    assert api.put(document).status == 403
    assert document["campaign_id"] == 1
    assert list(api.environment.campaigns.list()) == []


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer a.b",
        "Bearer a.b.c",
        "Bearer a.W10.c",
        "Bearer ..",
        "Bearer a." + "W" * 200_000 + ".c",
        "Bearer a." + base64.urlsafe_b64encode(b"[" * 100_000).decode() + ".c",
        f"Bearer a.{encoded({'groups': [GROUP], 'iss': 'https://login.example.com', 'sub': 'another'})}.c",
        f"Bearer a.{encoded({'groups': [GROUP], 'iss': 'https://elsewhere.example.com', 'sub': 'x'})}.c",
        f"Bearer a.{encoded({'groups': [GROUP]})}.c",
    ],
)
def test_a_token_that_is_not_the_verified_one_gives_nobody_a_group(api: Any, header: str) -> None:
    event = sample("admin_api_get_campaign")
    sign_in(event, api.claims)
    event["headers"]["authorization"] = header
    assert api.play(event).status == 403


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_viewer_sees_no_secret_and_changes_nothing(route: Any) -> None:
    console = Console(claims={"groups": ["viewers"], "sub": "x"})
    console.app.configure()
    before = console.app.secrets.get_secret_value(SecretId="intercom")["VersionId"]
    answer = console.call(route.method, re.sub(r"\{\w+\}", "1", route.path), None if route.method == "GET" else {})
    if route.method == "GET":
        assert answer.status in {200, 404}
    else:
        assert answer.status == 403
        assert answer.json["detail"].startswith("You may look, not change or export.")

    names = ("intercom", "intercom_app", "referral_factory", "webhook")

    held = {value for name in names for value in console.secret(name).values()} - {"", "local-client-id"}
    assert [secret for secret in held if secret in answer.text] == []
    assert console.audit_lines() == []
    assert console.app.secrets.get_secret_value(SecretId="intercom")["VersionId"] == before


def test_a_viewer_takes_no_table_away() -> None:
    console = Console(claims={"groups": ["viewers"], "sub": "x"})
    assert console.call("GET", "/api/referrals", accept="text/csv").status == 403
    assert console.call("GET", "/api/referrals", accept="text/html, Text/CSV;q=0.5").status == 403
    assert console.call("GET", "/api/referrals").status == 200


def test_without_a_viewer_group_there_are_no_viewers(api: Any) -> None:
    for groups in ("", [""], ["viewers"]):
        api.claims = {"groups": groups, "sub": "x"}
        assert api.call("GET", "/api/campaigns").status == 403


@pytest.mark.parametrize("groups", [[], ["ops"], ["viewers-2"], ["x viewers y"], "x viewers y", ["Viewers"], [""], None])
def test_who_is_in_neither_group_is_no_viewer(groups: Any) -> None:
    console = Console(claims={"groups": groups, "sub": "x"})
    assert console.call("GET", "/api/overview").status == 403


def test_an_admin_group_without_a_name_is_nobodys() -> None:
    console = Console()
    console.app.settings = replace(console.app.settings, admin_group="")
    console.app.environment = console.app.new_environment()
    for groups in ("", [""], ["admins"]):
        console.claims = {"groups": groups, "sub": "x"}
        assert console.call("GET", "/api/overview").status == 403


@pytest.mark.parametrize(
    ("claims", "author"),
    [
        ({"email": "a@b.example", "sub": "1"}, "a@b.example"),
        ({"cognito:username": "mara", "sub": "1"}, "mara"),
        ({"sub": "1"}, "1"),
        ({}, "unknown"),
        ({"email": "\x00" + "a" * 300}, "a" * 254),
    ],
)
def test_the_author_is_named_by_the_token(claims: dict[str, str], author: str) -> None:
    assert author_of(claims) == author


@pytest.mark.parametrize(
    ("claim", "verified"),
    [(True, True), (False, False), ("true", True), ("false", False), ("yes", False), (1, False), (None, None)],
)
def test_whether_the_address_was_verified_is_kept_as_a_yes_or_no(claim: Any, verified: bool | None) -> None:
    console = Console()
    console.claims |= {"email_verified": claim}
    console.post("/api/connection/referral-factory/lift-stop", {})
    assert console.kept()[0]["email_verified"] is verified


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "", "  Bearer  "])
def test_the_token_is_read_however_it_is_introduced(api: Any, scheme: str) -> None:
    event = sample("admin_api_get_campaign")
    sign_in(event, api.claims)
    event["headers"]["authorization"] = scheme + event["headers"]["authorization"].removeprefix("Bearer ")
    assert api.play(event).status != 403


def in_token(claims: Any) -> Callable[[str], str]:
    return lambda _: encoded(claims)


@pytest.mark.parametrize(
    "forged",
    [
        in_token({"iss": "https://login.example.com", "sub": "stranger", "groups": ["admins"]}),
        in_token({"iss": "https://elsewhere.example.com", "sub": "x", "groups": ["admins"]}),
        in_token({"groups": ["admins"]}),
        in_token(["admins"]),
        lambda payload: payload[:4] + "!!!!" + payload[4:],
    ],
    ids=["another person", "another issuer", "nobody", "no claims at all", "signs that no token has"],
)
def test_a_token_other_than_the_one_that_was_verified_opens_nothing(forged: Callable[[str], str]) -> None:
    console = Console()
    event = sample("admin_api_get_campaign") | {"rawPath": "/api/overview"}
    event["requestContext"]["http"] |= {"path": "/api/overview"}

    sign_in(event, console.claims)

    assert console.app.invoke(handler, event)["statusCode"] != 403

    head, payload, signature = event["headers"]["authorization"].split(".")

    event["headers"]["authorization"] = f"{head}.{forged(payload)}.{signature}"
    assert console.app.invoke(handler, event)["statusCode"] == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_only_a_browser_that_comes_back_gets_to_the_way_back_without_a_token(method: str) -> None:
    console = Console(claims={})

    answer = console.call(method, CALLBACK_PATH, query="state=x&code=y")

    assert answer.status == 403
    assert "set-cookie" not in answer.headers
    assert console.cookies == {}


def test_only_a_viewer_hears_what_a_viewer_may() -> None:
    refusals = {
        group: Console(claims={"groups": [group], "sub": "x"}).call("POST", "/api/campaigns/1/syncs", {}).json["detail"]
        for group in ("viewers", "others")
    }

    assert refusals["others"] == "Only members of the group admins may do this."
    assert refusals["viewers"] == f"You may look, not change or export. {refusals['others']}"


def test_a_call_without_claims_is_refused(api: Any) -> None:
    api.claims = {}
    answer = api.call("GET", "/api/campaigns")
    assert (answer.status, answer.json["title"]) == (403, "Forbidden")


@pytest.mark.parametrize(
    "path",
    ["/", "/api", "/api/", "/api/campaigns/", "/api/campaigns/1/x", "/api/campaigns/1%2F2/versions/3", TOO_LONG],
)
def test_unknown_addresses_are_404(api: Any, path: str) -> None:
    assert api.call("GET", path).status == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/api/campaigns", "GET, HEAD"),
        ("POST", "/api/campaigns/1", "DELETE, GET, HEAD, PUT"),
        ("PUT", "/api/openapi.json", "GET, HEAD"),
    ],
)
def test_other_methods_are_405_with_what_is_allowed(api: Any, method: str, path: str, allow: str) -> None:
    answer = api.call(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allow)


def test_head_is_get_without_the_body(api: Any, document: Json) -> None:
    api.put(document)
    answer = api.call("HEAD", "/api/campaigns/1")

    assert answer.status == 200
    assert answer.text == ""
    assert answer.headers["etag"] == '"1"'


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "\ufeff{}",
        '{"campaign_id": 1, "campaign_id": 1}',
        '{"campaign_id": 1, "name": NaN}',
        '{"campaign_id": 1, "name": -Infinity}',
        '{"campaign_id": 1, "name": 1e999}',
        '{"campaign_id": ' + "9" * 5000 + "}",
        '{"campaign_id": 9007199254740993}',
        '{"campaign_id": 1, "name": "\\ud800"}',
        '{"campaign_id": 1, "name": "\\u0000"}',
        '{"campaign_id": 1, "a\\u0000": 1}',
        "[" * 100_000,
        '{"a":' * 50 + "1" + "}" * 50,
    ],
)
def test_json_that_means_two_things_or_nothing_is_refused(api: Any, body: str) -> None:
    answer = api.call("PUT", "/api/campaigns/1", body)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")


def test_a_body_that_is_no_text_is_refused(api: Any) -> None:
    for body in ("/9j/4AA=", "not base64!"):
        event = json.loads(json.dumps({"body": body, "isBase64Encoded": True}))
        sent = api.call("PUT", "/api/campaigns/1", "{}")
        assert sent.status == 422
        event |= {"headers": {}, "rawPath": "/api/campaigns/1", "requestContext": {"http": {"method": "PUT"}}}
        sign_in(event, api.claims)
        assert api.play(event).status == 400


def test_a_large_body_is_refused_before_anything_is_read(api: Any) -> None:
    refused = api.call("PUT", "/api/campaigns/1", "x" * (MAX_BODY + 1))
    assert refused.status == 413
    assert refused.json["detail"] == "The body may have 256 kB."
    assert api.call("PUT", "/api/campaigns/1", "é" * (MAX_BODY // 2 + 1)).status == 413
    assert api.call("PUT", "/api/campaigns/1", "x" * MAX_BODY).status == 400


@pytest.mark.parametrize(("asked", "said"), [(7, "7"), (None, "1"), (0.2, "1"), (61, "60")])
def test_a_table_that_does_not_answer_is_503(api: Any, monkeypatch: pytest.MonkeyPatch, asked: float | None, said: str) -> None:
    def fail() -> Any:
        raise UnavailableError("x", vendor="aws", retry_after=asked)

    monkeypatch.setattr(api.environment.campaigns, "list", fail, raising=True)
    answer = api.call("GET", "/api/campaigns")
    assert (answer.status, answer.headers["retry-after"]) == (503, said)


@pytest.mark.parametrize(("vendor", "name"), [("intercom", "Intercom"), ("referral_factory", "Referral Factory")])
def test_a_lost_connection_is_called_by_its_vendors_name(
    api: Any, monkeypatch: pytest.MonkeyPatch, vendor: str, name: str
) -> None:
    def fail() -> Any:
        raise ConnectionLostError("x", vendor=vendor)

    monkeypatch.setattr(api.environment.campaigns, "list", fail, raising=True)
    answer = api.call("GET", "/api/campaigns")
    assert answer.status == 409
    assert answer.json["detail"] == f"{name} is not connected, or no longer takes our credentials. Connect it again."


def test_a_fault_of_ours_is_a_problem_without_its_text(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise RuntimeError("secret")

    monkeypatch.setattr(api.environment.campaigns, "list", fail, raising=True)
    answer = api.call("GET", "/api/campaigns")

    assert answer.status == 500
    assert "secret" not in answer.text


def test_every_answer_carries_the_security_headers(api: Any) -> None:
    for path in ("/api/campaigns", "/api/nothing"):
        headers = api.call("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_the_description_is_valid_and_complete(api: Any) -> None:
    description = api.call("GET", "/api/openapi.json").json

    assert description == json.loads(json.dumps(describe(ROUTES)))
    assert description["openapi"].startswith("3.1")

    described = {(method.upper(), path) for path, entry in description["paths"].items() for method in entry}
    assert described == {(route.method, route.path) for route in ROUTES}

    schemas = description["components"]["schemas"]
    for schema in schemas.values():
        openapi_schema_validator.OAS31Validator.check_schema(schema)
    for reference in _references(description):
        assert reference.removeprefix("#/components/schemas/") in schemas

    names = [entry["operationId"] for path in description["paths"].values() for entry in path.values()]
    assert len(set(names)) == len(names)


def test_answers_are_what_the_description_says(api: Any, document: Json) -> None:
    description = api.call("GET", "/api/openapi.json").json
    answers = [
        ("Saved", api.put(document)),
        ("CampaignPage", api.call("GET", "/api/campaigns")),
        ("CampaignSettings", api.call("GET", "/api/campaigns/1")),
        ("VersionPage", api.call("GET", "/api/campaigns/1/versions")),
        ("ConflictProblem", api.put(document, if_match='"9"')),
        ("SettingsProblem", api.put({"campaign_id": 1, "x": 1}, if_match='"1"')),
        ("Problem", api.call("GET", "/api/nothing")),
    ]
    for name, answer in answers:
        schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
        openapi_schema_validator.OAS31Validator(schema).validate(answer.json)


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in _references(item)]
    return [found for item in value for found in _references(item)] if isinstance(value, list) else []
