"""Checks requests and answers against Intercom's own description of its REST API, 2.16.

The description is Intercom's, and not in the repository: INTERCOM_DESCRIPTION names it, else it lies beside. Where it is
missing, ``needs_description`` skips and the run says so at its end; with NEED_INTERCOM_DESCRIPTION=1 that is a failure.

Known to be wrong or silent in it, and so not checked or checked otherwise (see shared/intercom/README.md):

* formats: ``error.request_id`` is no UUID in reality, list addresses are relative, times are integers. No format is checked.
* answers that it does not list for a path (400, 404, 406, 409, 410, 422, 429, 5xx): checked as its ``error``.
* ``GET /contacts`` lists no ``per_page`` and ``starting_after``: query parameters are not checked.
* unknown fields: it forbids none, but Intercom does nothing with them; in a request they are a problem here.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

BESIDE = Path(__file__).parents[2].parent / "shared" / "intercom" / "openapi-2.16.yaml"
DESCRIPTION = Path(os.environ.get("INTERCOM_DESCRIPTION") or BESIDE)
MISSING = f"Intercom's description is not there: {DESCRIPTION}"
IS_NEEDED = os.environ.get("NEED_INTERCOM_DESCRIPTION") == "1"
needs_description = pytest.mark.skipif(not DESCRIPTION.exists() and not IS_NEEDED, reason=MISSING)

ERROR = "/components/schemas/error"
CLOSED_REQUESTS = {
    ("post", "/contacts"): "create_contact_request",
    ("put", "/contacts/{contact_id}"): "update_contact_request",
    ("post", "/contacts/search"): "contact_search_request",
    ("post", "/contacts/merge"): "merge_contacts_request",
    ("post", "/events"): "create_data_event_request",
}
"""Requests in which a field that the schema does not name is a problem."""


@lru_cache(maxsize=1)
def read_description() -> dict[str, Any]:
    """The whole description; takes about 2 s the first time."""
    with DESCRIPTION.open(encoding="utf-8") as file:
        return yaml.load(file, yaml.CSafeLoader)  # the C loader is safe and ten times as fast


@lru_cache(maxsize=1)
def _registry() -> Registry:
    resource = Resource(contents=read_description(), specification=DRAFT4)
    return Registry().with_resource("urn:oas", resource)


@lru_cache(maxsize=256)
def _validator(pointer: str) -> OAS30Validator:
    return OAS30Validator({"$ref": f"urn:oas#{pointer}"}, registry=_registry())


def find_template(method: str, path: str) -> str:
    """The description's path, such as ``/contacts/{contact_id}``; fixed words go before parameters.

    Raises AssertionError when the description does not know the call.
    """
    parts = path.partition("?")[0].strip("/").split("/")
    fitting = []
    for template, operations in read_description()["paths"].items():
        words = template.strip("/").split("/")
        if method.lower() not in operations or len(words) != len(parts):
            continue
        if all(word == part or word.startswith("{") for word, part in zip(words, parts, strict=True)):
            fitting.append((sum(word.startswith("{") for word in words), template))
    assert fitting, f"Intercom's description knows no {method} {path}"
    return min(fitting)[1]


def validate_request(method: str, path: str, body: Any) -> None:
    """``path`` as sent, ``body`` as JSON or None. Raises AssertionError with all problems."""
    template = find_template(method, path)
    operation = read_description()["paths"][template][method.lower()]
    if "requestBody" not in operation:
        assert body is None, f"{method} {template} takes no body"
        return
    pointer = f"/paths/{_escape(template)}/{method.lower()}/requestBody/content/application~1json/schema"
    problems = _problems(pointer, body)
    schema_name = CLOSED_REQUESTS.get((method.lower(), template))
    if schema_name and isinstance(body, dict):
        known = read_description()["components"]["schemas"][schema_name]["properties"]
        problems += [f"{name}: Intercom knows no such field" for name in body if name not in known]
    assert not problems, f"{method} {path}: " + "; ".join(problems)


def validate_answer(method: str, path: str, status: int, body: Any) -> None:
    """``body`` is None when there is none. Raises AssertionError with all problems."""
    if status >= 400:
        problems = _problems(ERROR, body)
        assert not problems, f"{method} {path} {status}: " + "; ".join(problems)
        return
    template = find_template(method, path)
    described = read_description()["paths"][template][method.lower()]["responses"].get(str(status))
    assert described is not None, f"{method} {template} never answers {status}"
    if "content" not in described:
        assert body is None, f"{method} {template} {status} has no body"
        return
    pointer = f"/paths/{_escape(template)}/{method.lower()}/responses/{status}/content/application~1json/schema"
    problems = _problems(pointer, body)
    assert not problems, f"{method} {path} {status}: " + "; ".join(problems)


def _problems(pointer: str, body: Any) -> list[str]:
    errors = _validator(pointer).iter_errors(body)
    return [f"{'/'.join(map(str, error.absolute_path)) or 'body'}: {error.message}" for error in errors]


def _escape(template: str) -> str:
    return template.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
