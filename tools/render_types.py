"""The API's description as TypeScript types; `make check` checks the console's scripts against them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions.admin_api.handler import ROUTES
from functions.admin_api.http.openapi import describe

TARGET = Path(__file__).parent / "console" / "api.d.ts"
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
Schema = Mapping[str, Any]


def render(description: Mapping[str, Any]) -> str:
    """Each schema as an interface, and what each path answers."""
    interfaces = [f"  interface {name} {_fields(schema)}" for name, schema in sorted(_objects(description).items())]
    others = [
        f"  type {name} = {type_of(schema)};"
        for name, schema in sorted(description["components"]["schemas"].items())
        if "properties" not in schema
    ]
    answers = [
        f"  type {verb}Answer<P> = {_by_path(description, methods)};"
        for verb, methods in {"Read": ("get",), "Send": ("post", "put", "delete")}.items()
    ]
    return "\n".join(["// Made by tools/render_types.py.", "declare namespace Api {", *interfaces, *others, *answers, "}", ""])


def type_of(schema: Schema) -> str:
    """The type of a value; ``any`` where the description leaves it open."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema or "const" in schema:
        return " | ".join(json.dumps(each) for each in schema.get("enum", [schema.get("const")]))
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(type_of(each) for each in several))
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(type_of({**schema, "type": each}) for each in kind)
    if kind == "array":
        return f"Array<{type_of(schema.get('items', {}))}>"
    if kind == "object":
        rest = schema.get("additionalProperties")
        values = type_of(rest) if isinstance(rest, dict) else "any"
        return _fields(schema) if "properties" in schema else f"Record<string, {values}>"
    return PLAIN.get(str(kind), "any")


def _objects(description: Mapping[str, Any]) -> dict[str, Schema]:
    return {name: schema for name, schema in description["components"]["schemas"].items() if "properties" in schema}


def _fields(schema: Schema) -> str:
    fields = [f"{name}{_mark(schema, name)}: {type_of(each)};" for name, each in schema["properties"].items()]
    return "{ " + " ".join(fields) + " }"


def _mark(schema: Schema, name: str) -> str:
    """What is nothing unless somebody sets it may be left out; any other default is filled in before a page looks."""
    is_given = name in schema.get("required", ()) or schema["properties"][name].get("default") is not None
    return "" if is_given else "?"


def _by_path(description: Mapping[str, Any], methods: tuple[str, ...]) -> str:
    """The most specific path first, for a parameter's pattern takes slashes as well."""
    found = {path: entry[method] for path, entry in description["paths"].items() for method in methods if method in entry}
    ordered = sorted(found, key=lambda path: (-path.count("/"), path.count("{")))
    cases = [f"P extends {_pattern(path)} ? {_answer(found[path])}" for path in ordered]
    return "\n    : ".join([*cases, "any"])


def _pattern(path: str) -> str:
    return "`" + re.sub(r"\{[^}]+\}", "${string}", path) + "`"


def _answer(operation: Mapping[str, Any]) -> str:
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            content = answer.get("content", {}).get("application/json")
            return type_of(content["schema"]) if content else "any"
    return "any"


if __name__ == "__main__":
    TARGET.write_text(render(describe(ROUTES)), "utf-8")
    sys.stdout.write(f"{TARGET.name}\n")
