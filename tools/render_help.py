"""Makes the console's help out of docs/configure.md: `make help-pages`. A test fails when the two differ.

The browser builds elements from it and never reads HTML, so the document is kept as a tree: a text, or a list of a tag and
what is in it. Tables are kept as heads and rows.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "docs" / "configure.md"
TARGET = ROOT / "functions" / "console" / "files" / "help" / "guide.json"
TAGS = {"paragraph": "p", "strong": "strong", "em": "em", "bullet_list": "ul", "ordered_list": "ol", "list_item": "li"}
Node = str | list[Any]


class UnknownMarkupError(Exception):
    """The document uses what the console's help does not show."""


def render(text: str) -> list[dict[str, Any]]:
    """A section for each heading of the second level; what stands before the first is left out."""
    root = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(text))
    sections: list[dict[str, Any]] = []
    for node in root.children:
        if node.type == "heading" and node.tag == "h2":
            title = _text_of(node)
            sections.append({"id": _id_of(title), "title": title, "content": []})
        elif sections:
            sections[-1]["content"].extend(_nodes(node))
    return sections


def _nodes(node: SyntaxTreeNode) -> list[Node]:
    if node.type == "table":
        return [_table(node)]
    inside = _inside(node)
    match node.type:
        case "text":
            return [node.content]
        case "softbreak":
            return [" "]
        case "code_inline":
            return [["code", node.content]]
        case "inline":
            return inside
        case "paragraph" if node.hidden:  # of a tight list
            return inside
    if node.type not in TAGS:
        raise UnknownMarkupError(f"{node.type} in {SOURCE.name}")
    return [[TAGS[node.type], *inside]]


def _inside(node: SyntaxTreeNode) -> list[Node]:
    """What is in it; texts that follow each other are one."""
    joined: list[Node] = []
    for child in (child for each in node.children for child in _nodes(each)):
        if isinstance(child, str) and joined and isinstance(joined[-1], str):
            joined[-1] += child
        elif child:
            joined.append(child)
    return joined


def _table(node: SyntaxTreeNode) -> Node:
    head, body = node.children
    return ["table", [_text_of(cell) for cell in head.children[0].children], [_row(row) for row in body.children]]


def _row(row: SyntaxTreeNode) -> list[list[Node]]:
    return [_inside(cell) for cell in row.children]


def _text_of(node: SyntaxTreeNode) -> str:
    return "".join(each.content for each in node.walk() if each.type in {"text", "code_inline"})


def _id_of(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower().lstrip("0123456789. ")).strip("-")


def as_file(sections: list[dict[str, Any]]) -> str:
    """As the console serves it."""
    lines = ",\n".join(json.dumps(section, ensure_ascii=False) for section in sections)
    return f'{{"sections": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    TARGET.write_text(as_file(render(SOURCE.read_text("utf-8"))), "utf-8")
    sys.stdout.write(f"{TARGET.relative_to(ROOT)}\n")
