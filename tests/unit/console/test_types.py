"""The API's description as types: what each schema becomes, and that the console asks only for what is described."""

from __future__ import annotations

import re
from typing import Any

import pytest

from functions.admin_api.handler import ROUTES
from functions.admin_api.http.openapi import describe
from tests.unit.console.test_console_files import EACH_FILE
from tests.unit.console.test_texts import literals
from tools.render_types import render, type_of

DESCRIPTION = describe(ROUTES)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer"}, "number"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"enum": ["draft", "active"]}, '"draft" | "active"'),
        ({"const": "attribute"}, '"attribute"'),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Remark"}}, "Array<Remark>"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "Record<string, number>"),
        ({"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}, "{ id: string; }"),
        ({"type": "object", "properties": {"id": {"type": "string", "default": None}}}, "{ id?: string; }"),
        ({"type": "object", "properties": {"id": {"type": "string", "default": ""}}}, "{ id: string; }"),
        ({}, "any"),
    ],
)
def test_a_schema_becomes_the_type_of_its_values(schema: dict[str, Any], expected: str) -> None:
    assert type_of(schema) == expected


def test_the_more_specific_path_is_asked_first() -> None:
    types = render(DESCRIPTION)
    reading = types.split("type ReadAnswer<P> = ")[1].split("type SendAnswer")[0]
    order = re.findall(r"P extends `([^`]+)`", reading)

    assert {"/api/campaigns/${string}/versions", "/api/campaigns/${string}", "/api/campaigns"} <= set(order)

    for before, path in enumerate(order):
        pattern = re.escape(path).replace(re.escape("${string}"), ".+")
        assert [later for later in order[before + 1 :] if re.fullmatch(pattern, later.replace("${string}", "x"))] == []


def test_the_console_asks_only_for_addresses_that_are_described() -> None:
    described = [re.sub(r"\{[^}]+\}", "[^/]+", path) for path in DESCRIPTION["paths"]]
    scripts = [path.read_text("utf-8") for path in EACH_FILE if path.suffix == ".js"]
    asked = {said for text in scripts for said, _ in literals(text) if said.startswith("/api/")}
    assert len(asked) > 20

    spellings = {address: {address, address.removesuffix("…")} for address in asked}  # a query may follow
    unknown = [
        one for one, all_of_it in spellings.items() if not any(re.fullmatch(p, each) for p in described for each in all_of_it)
    ]
    assert unknown == []
