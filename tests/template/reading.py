"""Reads expanded templates and source files for the structural tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Resources:
    """Resources by logical id."""

    def __init__(self, entries: dict[str, Any]) -> None:
        self.entries = entries

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Logical id → properties."""
        return {name: entry.get("Properties", {}) for name, entry in self.entries.items() if entry["Type"] == kind}

    def properties(self, name: str) -> dict[str, Any]:
        return self.entries[name]["Properties"]


@dataclass(frozen=True)
class Function:
    """A function of the template."""

    id: str
    name: str
    properties: dict[str, Any]

    @property
    def variables(self) -> dict[str, Any]:
        return self.properties["Environment"]["Variables"]


def functions_of(resources: Resources) -> dict[str, Function]:
    found = {}
    for name, properties in resources.of_type("AWS::Lambda::Function").items():
        folder = properties["Handler"].split(".")[1]
        found[folder] = Function(name, folder, properties)
    return found


def target_of(value: Any) -> str:
    """The logical id to which a Ref, GetAtt or Sub of one resource points; of an alias that of its function."""
    match value:
        case {"Ref": str(name)}:
            return name.removesuffix("Aliaslive")
        case {"Fn::GetAtt": [str(name), *_]}:
            return name
        case {"Fn::Sub": str(text)} if text.startswith("${"):
            return text[2:].partition("}")[0].partition(".")[0]
    raise AssertionError(f"not a reference to one resource: {value}")


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements_of(resources: Resources, function: Function) -> list[dict[str, Any]]:
    role = resources.properties(target_of(function.properties["Role"]))
    assert "ManagedPolicyArns" not in role, f"{function.id}: managed policies allow more than is listed"
    always = [policy for policy in role["Policies"] if "Fn::If" not in policy]  # test_options.py has the others
    return [statement for policy in always for statement in policy["PolicyDocument"]["Statement"]]


@dataclass(frozen=True)
class Module:
    """A source file: its dotted name and its syntax tree."""

    name: str
    path: Path
    tree: ast.Module

    def imports(self) -> Iterator[str]:
        """Each imported module, and each name taken from one, dotted. Imports for type checkers only are left out."""
        skipped = {id(node) for block in self._type_checking() for statement in block for node in ast.walk(statement)}
        for node in ast.walk(self.tree):
            if id(node) in skipped:
                continue
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}: relative import"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def attributes(self) -> Iterator[str]:
        """Every dotted name that is used, such as ``datetime.now`` or ``os.environ``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                yield ast.unparse(node)
            elif isinstance(node, ast.Name):
                yield node.id

    def _type_checking(self) -> Iterator[list[ast.stmt]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
                yield node.body


def modules_under(*folders: str) -> list[Module]:
    found = []
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found.append(Module(name, path, ast.parse(path.read_text(), str(path))))
    assert found, f"nothing under {folders}"
    return found


def belongs_to(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)
