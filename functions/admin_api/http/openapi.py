"""The OpenAPI 3.1 description, made from the routes and the pydantic models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.adapters.admin import answers
from shared.adapters.admin.schemas import MAX_CAMPAIGN_ID
from shared.version import VERSION

if TYPE_CHECKING:
    from functions.admin_api.http.router import Route

Model = type[BaseModel]
JSON, PROBLEM_JSON = "application/json", "application/problem+json"
REASONS: Mapping[int, str] = {
    400: "The call cannot be read",
    401: "No token, or one that is not valid",
    403: "Signed in, but not in the group that may do this",
    404: "No such thing",
    409: "It cannot be done as things stand; the detail says why",
    412: "Somebody saved in between: holds both versions",
    413: "More than 256 kB",
    422: "Settings that cannot work, each problem with its place",
    428: "If-Match is missing",
    500: "A fault of this application",
    503: "Try again in a moment",
}
COMMON = (403, 413, 500, 503)
_MODELS: dict[str, Model] = {answers.Problem.__name__: answers.Problem}
"""Every model that an operation names."""
CAMPAIGN_ID: Mapping[str, Any] = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The campaign's id in Referral Factory.",
    "schema": {"type": "integer", "minimum": 1, "maximum": MAX_CAMPAIGN_ID},
}
PAGING: tuple[Mapping[str, Any], ...] = (
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}},
    {
        "name": "cursor",
        "in": "query",
        "description": "The page before this one gave it out.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,15}$"},
    },
)


OPAQUE_PAGING: tuple[Mapping[str, Any], ...] = (
    PAGING[0],
    {
        "name": "cursor",
        "in": "query",
        "description": "The page before this one gave it out.",
        "schema": {"type": "string", "maxLength": 4000},
    },
)


def path_parameter(name: str, description: str, *, highest: int = MAX_CAMPAIGN_ID) -> dict[str, Any]:
    """A whole number from 1 in the path."""
    schema = {"type": "integer", "minimum": 1, "maximum": highest}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def query_parameter(name: str, schema: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    """An optional one."""
    return {"name": name, "in": "query", "schema": dict(schema), **({"description": description} if description else {})}


def conditional(name: str, description: str) -> dict[str, Any]:
    """A header with an ETag in it."""
    example = '"3"'
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string", "examples": [example]}}


def operation(
    summary: str,
    answer: Model,
    *,
    parameters: Iterable[Mapping[str, Any]] = (),
    body: Model | None = None,
    problems: Iterable[int] = (),
    special: Mapping[int, Model] | None = None,
    others: Mapping[int, str] | None = None,
    created: bool = False,
    etag: bool = False,
    form: bool = False,
    csv: bool = False,
    description: str = "",
) -> dict[str, Any]:
    """One operation. ``special`` are problems with further members, ``others`` answers without a body; ``form``: its body can
    be refused place by place; ``csv``: it answers a table too."""
    headers = {"headers": {"ETag": {"schema": {"type": "string"}}}} if etag else {}
    responses: dict[str, Any] = {"200": {"description": "Done", **headers, **_content(JSON, answer)}}
    if created:
        responses["201"] = {"description": "Made", **headers, **_content(JSON, answer)}
    for status, text in (others or {}).items():
        responses[str(status)] = {"description": text, **headers}
    for status in problems:
        responses[str(status)] = {"description": REASONS[status], **_content(PROBLEM_JSON, answers.Problem)}
    for status, model in (special or {}).items():
        responses[str(status)] = {"description": REASONS[status], **_content(PROBLEM_JSON, model)}
    responses |= refusals()
    if form:
        refused = {"anyOf": [_reference(answers.SettingsProblem), _reference(answers.Problem)]}
        responses["422"] = {"description": REASONS[422], "content": {PROBLEM_JSON: {"schema": refused}}}
    if csv:
        responses["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
    entry: dict[str, Any] = {"summary": summary, "parameters": list(parameters), "responses": responses}
    if description:
        entry["description"] = description
    if body:
        entry["requestBody"] = {"required": True, **_content(JSON, body)}
    return entry


def refusals() -> dict[str, Any]:
    """What every operation may answer. 401 is the authorizer's and has a body of its own."""
    found: dict[str, Any] = {
        str(status): {"description": REASONS[status], **_content(PROBLEM_JSON, answers.Problem)} for status in COMMON
    }
    return found | {"401": {"description": REASONS[401]}}


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole description."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        name = f"{route.method.lower()}{route.path.removeprefix('/api').title()}"
        entry = {"operationId": "".join(filter(str.isalnum, name)), **route.operation}
        paths.setdefault(route.path, {})[route.method.lower()] = entry
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Referral Factory and Intercom",
            "version": VERSION,
            "description": "The integration's settings and state. Problems are application/problem+json (RFC 9457).",
        },
        "servers": [{"url": "/"}],
        "security": [{"signIn": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"signIn": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _content(kind: str, model: Model) -> dict[str, Any]:
    return {"content": {kind: {"schema": _reference(model)}}}


def _reference(model: Model) -> dict[str, Any]:
    _MODELS[model.__name__] = model
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _schemas() -> dict[str, Any]:
    _, document = models_json_schema(
        [(model, "validation") for model in _MODELS.values()], by_alias=True, ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = document["$defs"]
    return schemas
