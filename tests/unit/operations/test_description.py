"""Whatever is sent by the description, the answer is one that the description names, and never a 500."""

from __future__ import annotations

import json
import os
import re
from typing import Any
from urllib.parse import quote, urlencode

import openapi_schema_validator
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.admin_api.handler import ROUTES
from functions.admin_api.http.openapi import describe
from shared.domain.person import Person
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.ports.signup import Quarantined
from tests.support.builders import App
from tests.support.clock import NOW
from tests.support.console_api import Console

DESCRIPTION = describe(ROUTES)
SCHEMAS = DESCRIPTION["components"]["schemas"]
OPERATIONS = [(method, path) for path, entry in DESCRIPTION["paths"].items() for method in entry]
TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["", "1", "person_invited", "custom_attributes.referral_link", "meta.Last Name", "i@example.com", "e30="]),
)
EXAMPLES = int(os.environ.get("API_EXAMPLES", "12"))
ODD: st.SearchStrategy[Any] = st.one_of(st.none(), st.booleans(), st.integers(), TEXTS, st.just([]), st.just({}), st.just([1]))


def values_of(schema: dict[str, Any], depth: int = 5) -> st.SearchStrategy[Any]:
    """Mostly what the schema takes, now and then something else."""
    return st.one_of(*[_fitting(schema, depth)] * 9, ODD)


def _fitting(schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _fitting(SCHEMAS[schema["$ref"].rpartition("/")[2]], depth)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return st.one_of([_fitting(one, depth) for one in schema[word]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return _object(schema, depth)
    if kind == "array":
        return st.lists(values_of(schema.get("items", {}), depth - 1), max_size=3 if depth > 0 else 0)
    plain: dict[str | None, st.SearchStrategy[Any]] = {
        "string": TEXTS,
        "integer": st.one_of(st.integers(1, 3), st.integers()),
        "number": st.floats(allow_nan=False, allow_infinity=False),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return plain.get(kind, ODD)


def _object(schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    known = schema.get("properties", {})
    if depth <= 0 or not known:
        more = schema.get("additionalProperties")
        return st.dictionaries(TEXTS, values_of(more, depth - 1) if isinstance(more, dict) and depth > 0 else TEXTS, max_size=2)
    required = set(schema.get("required", ()))
    always = {name: values_of(one, depth - 1) for name, one in known.items() if name in required}
    sometimes = {name: values_of(one, depth - 1) for name, one in known.items() if name not in required}
    return st.fixed_dictionaries(always, optional=sometimes)


@st.composite
def calls(draw: st.DrawFn, method: str, path: str) -> tuple[str, str, Any, dict[str, str]]:
    operation = DESCRIPTION["paths"][path][method]
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    for parameter in operation.get("parameters", ()):
        value = draw(values_of(parameter["schema"], 1))
        text = json.dumps(value) if not isinstance(value, str) else value
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(text, safe="") or "x")
        elif draw(st.booleans()):
            if parameter["in"] == "query":
                query.append((parameter["name"], text.encode("utf-8", "replace").decode()))
            else:
                headers[parameter["name"].replace("-", "_").lower()] = draw(st.sampled_from(['"1"', '"2"', "*", "x", ""]))
    body = None
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        body = draw(st.one_of(*[values_of(schema)] * 5, st.sampled_from(["", "{", "[]", "null"])))
    return path, urlencode(query), body, headers


@pytest.fixture
def app(app: App) -> App:
    app.sign_up()
    for user_id in (1, 2, 3):
        app.environment.referrals.add(Referral(1, user_id, State.FAILED, Person(user_id, email="a@example.com"), NOW))
    app.environment.quarantine.add(Quarantined("1", "1", "joined", "odd", "", "e30=", NOW))
    return app


def check(console: Console, method: str, path: str, call: tuple[str, str, Any, dict[str, str]]) -> None:
    address, query, body, headers = call
    answer = console.call(method.upper(), address, body, query, **headers)
    responses = DESCRIPTION["paths"][path][method]["responses"]
    assert answer.status != 500
    assert str(answer.status) in responses, (answer.status, answer.text)
    content = responses[str(answer.status)].get("content")
    if content:
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in content
        schema = {**content[kind]["schema"], "components": DESCRIPTION["components"]}
        openapi_schema_validator.OAS31Validator(schema).validate(answer.json)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_one_that_the_description_names(console: Console, method: str, path: str) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(calls(method, path))
    def play(call: tuple[str, str, Any, dict[str, str]]) -> None:
        check(console, method, path, call)

    play()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_a_body_that_is_too_large_is_refused_as_the_description_names_it(console: Console, method: str, path: str) -> None:
    address = re.sub(r"\{[a-z_]+\}", "1", path)
    answer = console.call(method, address, "x" * (256 * 1024 + 1))
    assert str(answer.status) in describe(ROUTES)["paths"][path][method.lower()]["responses"]


def test_a_client_that_has_the_description_is_not_sent_it_again(console: Console) -> None:
    first = console.call("GET", "/api/openapi.json")
    again = console.call("GET", "/api/openapi.json", if_none_match=first.headers["etag"])

    assert first.status == 200
    assert again.status == 304
    assert again.text == ""
    assert again.headers["etag"] == first.headers["etag"]
    assert console.call("GET", "/api/openapi.json", if_none_match='"another"').json == first.json


def test_every_operation_names_who_is_refused() -> None:
    for method, path in OPERATIONS:
        assert {"401", "403", "500", "503"} <= set(DESCRIPTION["paths"][path][method]["responses"])
    assert DESCRIPTION["security"] == [{"signIn": []}]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_is_closed_to_outsiders(console: Console, method: str, path: str) -> None:
    outsider = Console(console.app)
    outsider.claims = {"groups": ["others"], "sub": "y"}
    address = path.replace("{id}", "1").replace("{campaign_id}", "1").replace("{user_id}", "1")
    assert outsider.call(method.upper(), address, {}).status == 403
